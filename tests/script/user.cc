// Socket calls by name.
#include "tests/script/user.h"

#include <algorithm>
#include <charconv>

#include "tests/script/conversation.h"

namespace glasstcp::test {
namespace {

// The number in "[1]", "1000" or "0x10".
std::optional<std::uint32_t> number_in(std::string_view text) {
  const std::size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin);
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  return value;
}

bool mentions(const std::vector<std::string>& arguments, std::string_view word) {
  return std::ranges::any_of(
      arguments, [word](const std::string& a) { return a.find(word) != std::string::npos; });
}

CallOutcome success(long long result = 0) {
  return {false, result, ""};
}

}  // namespace

std::string errno_of(StreamError error) {
  switch (error) {
    case StreamError::NotConnected:
      return "ENOTCONN";
    case StreamError::WouldBlock:
      return "EAGAIN";
    case StreamError::Closing:
      return "EPIPE";
    case StreamError::ResetByPeer:
      return "ECONNRESET";
    case StreamError::TimedOut:
      return "ETIMEDOUT";
    case StreamError::Refused:
      return "ECONNREFUSED";
    case StreamError::Unreachable:
      return "EHOSTUNREACH";
    case StreamError::Aborted:
      return "ECONNABORTED";
    case StreamError::OutOfMemory:
      return "ENOMEM";
  }
  return "EINVAL";
}

std::string errno_of(OpenError error) {
  switch (error) {
    case OpenError::AddressInUse:
      return "EADDRINUSE";
    case OpenError::AddressNotOurs:
    case OpenError::NoPorts:
      return "EADDRNOTAVAIL";
    case OpenError::InvalidRemote:
      return "EINVAL";
    case OpenError::NoRoute:
      return "ENETUNREACH";
    case OpenError::InsufficientResources:
      return "ENOMEM";
  }
  return "EINVAL";
}

User::Outcome User::perform(const ScriptCall& call, Instant now) {
  if (call.name == "socket") return open(call);
  const auto fd = call.arguments.empty() ? std::nullopt : number_in(call.arguments[0]);
  const auto found = descriptors_.find(fd ? static_cast<int>(*fd) : -1);
  if (found == descriptors_.end() || found->second.kind == Descriptor::Kind::Closed) {
    return failed("EBADF");
  }
  Descriptor& d = found->second;
  if (d.kind == Descriptor::Kind::Connection) {
    last_ = d.connection;
    if (const auto tuple = stack_.tuple(last_)) last_tuple_ = tuple;
  }
  if (call.name == "bind") return bind(d);
  if (call.name == "listen") return listen(d, call);
  if (call.name == "accept") return accept(d, now);
  if (call.name == "connect") return connect(d, now);
  if (call.name == "read" || call.name == "recv") return read(d, call, now);
  if (call.name == "write" || call.name == "send") return write(d, call, now);
  if (call.name == "sendto") return connect_and_send(d, call, now);
  if (call.name == "shutdown") return shutdown(d, call, now);
  if (call.name == "close") return close(d, now);
  if (call.name == "setsockopt") return set_option(d, call, now);
  if (call.name == "getsockopt") return get_option(d, call);
  if (call.name == "poll") return poll(call);
  if (call.name == "fcntl") return control(d, call);
  return std::unexpected("the runner does not know the call " + call.name);
}

User::Outcome User::blocked(const Descriptor& d) const {
  if (d.is_nonblocking) return failed("EAGAIN");
  return CallOutcome{true, -1, "EAGAIN"};
}

User::Outcome User::open(const ScriptCall& call) {
  Descriptor d;
  d.is_nonblocking = mentions(call.arguments, "SOCK_NONBLOCK");
  descriptors_[next_descriptor_] = d;
  return success(next_descriptor_++);
}

User::Outcome User::bind(Descriptor& d) {
  d.bound = Port{kOurPort};
  return success();
}

User::Outcome User::listen(Descriptor& d, const ScriptCall& call) {
  const IpAddress any = *named_address("unspecified", our_address(world_.version));
  const auto backlog = call.arguments.size() > 1 ? number_in(call.arguments[1]) : std::nullopt;
  const auto id = stack_.listen({any, d.bound.value_or(Port{kOurPort})}, backlog.value_or(1));
  if (!id) return failed(errno_of(id.error()));
  d.kind = Descriptor::Kind::Listener;
  d.listener = *id;
  if (const auto settings = settings_of(d)) stack_.apply_listener_settings(d.listener, *settings);
  apply_fast_open(d);
  return success();
}

User::Outcome User::accept(Descriptor& d, Instant now) {
  if (d.kind != Descriptor::Kind::Listener) return failed("EINVAL");
  const auto id = stack_.accept(d.listener);
  if (!id) return blocked(d);
  Descriptor accepted;
  accepted.kind = Descriptor::Kind::Connection;
  accepted.connection = *id;
  accepted.options = d.options;
  accepted.resets_on_close = d.resets_on_close;
  apply_options(accepted, now);
  last_ = *id;
  last_tuple_ = stack_.tuple(*id);
  descriptors_[next_descriptor_] = accepted;
  return success(next_descriptor_++);
}

User::Outcome User::connect(Descriptor& d, Instant now) {
  if (d.is_connecting) return connect_progress(d);
  if (d.kind == Descriptor::Kind::Connection) return failed("EISCONN");
  ConnectOptions options;
  options.remote = {peer_address(world_.version), Port{kOurPort}};
  options.local_port = d.bound;
  options.fast_open = d.fast_open;
  options.settings = settings_of(d);
  const auto id = stack_.connect(options, now);
  if (!id) return failed(errno_of(id.error()));
  d.kind = Descriptor::Kind::Connection;
  d.connection = last_ = *id;
  d.is_connecting = true;
  active_tuple_ = last_tuple_ = stack_.tuple(*id);
  apply_options(d, now);
  if (d.is_nonblocking) return failed("EINPROGRESS");
  return CallOutcome{true, -1, "EINPROGRESS"};
}

// sendto(fd, ..., n, MSG_FASTOPEN, ..., ...), never blocking: as many bytes as the SYN carries.
User::Outcome User::connect_and_send(Descriptor& d, const ScriptCall& call, Instant now) {
  const auto wanted = call.arguments.size() > 2 ? number_in(call.arguments[2]) : std::nullopt;
  if (!wanted || !mentions(call.arguments, "MSG_FASTOPEN")) {
    return std::unexpected("the runner knows only sendto with MSG_FASTOPEN");
  }
  if (d.is_connecting) return failed("EALREADY");
  d.is_nonblocking = true;
  d.fast_open =
      d.options.contains("TCP_FASTOPEN_NO_COOKIE") ? FastOpenUse::WithoutCookie : FastOpenUse::Yes;
  const Outcome begun = connect(d, now);
  const std::uint32_t room = std::min(stack_.fast_open_room(d.connection), *wanted);
  if (room == 0) return begun;
  const Bytes bytes = pattern_bytes(d.written, room, kOurPattern);
  const auto count = stack_.send(d.connection, bytes, {}, now);
  if (!count) return failed(errno_of(count.error()));
  d.written += *count;
  return success(static_cast<long long>(*count));
}

User::Outcome User::connect_progress(Descriptor& d) {
  const std::uint16_t seen = events_[d.connection.index];
  if ((seen & EventMask::kError) != 0) {
    d.is_connecting = false;
    return failed(errno_of(stack_.error(d.connection).value_or(StreamError::NotConnected)));
  }
  if ((seen & EventMask::kConnected) != 0) {
    d.is_connecting = false;
    return success();
  }
  if (d.is_nonblocking) return failed("EALREADY");
  return CallOutcome{true, -1, "EINPROGRESS"};
}

User::Outcome User::read(Descriptor& d, const ScriptCall& call, Instant now) {
  const auto wanted = call.arguments.size() > 2 ? number_in(call.arguments[2]) : std::nullopt;
  if (!wanted) return std::unexpected("read needs a length");
  Bytes into(*wanted);
  const auto count = stack_.read(d.connection, into, now);
  if (!count) {
    if (count.error() == StreamError::WouldBlock) return blocked(d);
    return failed(errno_of(count.error()));
  }
  into.resize(*count);
  if (into != pattern_bytes(d.read, *count, kPeerPattern)) {
    return std::unexpected("the bytes read are not those that the peer sent");
  }
  d.read += *count;
  return success(static_cast<long long>(*count));
}

User::Outcome User::write(Descriptor& d, const ScriptCall& call, Instant now) {
  const auto wanted = call.arguments.size() > 2 ? number_in(call.arguments[2]) : std::nullopt;
  if (!wanted) return std::unexpected("write needs a length");
  const Bytes bytes = pattern_bytes(d.written, *wanted, kOurPattern);
  SendOptions options;
  options.more = mentions(call.arguments, "MSG_MORE");
  options.urgent = mentions(call.arguments, "MSG_OOB");
  const auto count = stack_.send(d.connection, bytes, options, now);
  if (!count) {
    if (count.error() == StreamError::WouldBlock) return blocked(d);
    return failed(errno_of(count.error()));
  }
  d.written += *count;
  return success(static_cast<long long>(*count));
}

User::Outcome User::shutdown(Descriptor& d, const ScriptCall& call, Instant now) {
  if (!mentions(call.arguments, "SHUT_WR") && !mentions(call.arguments, "SHUT_RDWR")) {
    return success();
  }
  const auto done = stack_.shutdown_send(d.connection, now);
  return done ? Outcome(success()) : failed(errno_of(done.error()));
}

User::Outcome User::close(Descriptor& d, Instant now) {
  if (d.kind == Descriptor::Kind::Listener) stack_.close_listener(d.listener);
  if (d.kind == Descriptor::Kind::Connection && d.resets_on_close) {
    stack_.abort(d.connection, now);
  } else if (d.kind == Descriptor::Kind::Connection) {
    stack_.close(d.connection, now);
  }
  d.kind = Descriptor::Kind::Closed;
  return success();
}

User::Outcome User::set_option(Descriptor& d, const ScriptCall& call, Instant now) {
  if (call.arguments.size() < 4) return std::unexpected("setsockopt needs a value");
  const std::string& name = call.arguments[2];
  if (name == "SO_REUSEADDR") return success();
  if (name == "SO_LINGER") {
    d.resets_on_close = call.arguments[3].find("onoff=1") != std::string::npos &&
                        call.arguments[3].find("linger=0") != std::string::npos;
    return success();
  }
  const auto value = number_in(call.arguments[3]);
  static constexpr std::string_view kKnown[] = {
      "TCP_NODELAY", "SO_KEEPALIVE", "TCP_USER_TIMEOUT",
      "IP_TOS",      "TCP_FASTOPEN", "TCP_FASTOPEN_NO_COOKIE",
      "TCP_CORK",    "TCP_LINGER2",  "TCP_MAXSEG",
      "SO_RCVBUF",   "SO_SNDBUF"};
  if (!value || std::ranges::find(kKnown, name) == std::end(kKnown)) {
    return std::unexpected("the runner does not know the option " + name);
  }
  d.options[name] = *value;
  apply_options(d, now);
  const bool uncorks = name == "TCP_CORK" && *value == 0;
  if (uncorks && d.kind == Descriptor::Kind::Connection) stack_.push(d.connection, now);
  const auto settings = settings_of(d);
  if (settings && d.kind == Descriptor::Kind::Listener)
    stack_.apply_listener_settings(d.listener, *settings);
  apply_fast_open(d);
  return success();
}

std::expected<void, std::string> User::choose(const ScriptSettings& chosen, Instant now) {
  ConnectionSettings settings = chosen_.value_or(stack_.default_settings());
  for (const auto& [key, value] : chosen) {
    if (key == "nagle" && (value == "on" || value == "off")) {
      nagle_ = value == "on";
    } else if (const auto done = change(settings, key, value); !done) {
      return done;
    }
  }
  chosen_ = settings;
  for (auto& [number, d] : descriptors_) {
    apply_options(d, now);
    const auto its = settings_of(d);
    if (d.kind == Descriptor::Kind::Listener && its)
      stack_.apply_listener_settings(d.listener, *its);
  }
  return {};
}

void User::apply_fast_open(const Descriptor& d) {
  const auto limit = d.options.find("TCP_FASTOPEN");
  if (d.kind != Descriptor::Kind::Listener || limit == d.options.end()) return;
  FastOpenListening how;
  how.limit = limit->second;
  how.needs_cookie = !d.options.contains("TCP_FASTOPEN_NO_COOKIE");
  stack_.set_listener_fast_open(d.listener, how);
}

// The options that are the stack's settings; empty where the script chose none. Sizes are taken as
// written: the doubling that Linux does is its bookkeeping, not TCP's.
std::optional<ConnectionSettings> User::settings_of(const Descriptor& d) const {
  ConnectionSettings settings = chosen_.value_or(stack_.default_settings());
  bool is_chosen = chosen_.has_value();
  for (const auto& [name, value] : d.options) {
    if (name == "TCP_USER_TIMEOUT") settings.user_timeout = std::chrono::milliseconds(value);
    if (name == "IP_TOS") settings.traffic_class = static_cast<std::uint8_t>(value);
    if (name == "TCP_CORK") settings.cork = value != 0;
    if (name == "TCP_LINGER2") settings.fin_wait_2_timeout = std::chrono::seconds(value);
    if (name == "TCP_MAXSEG") settings.mss = static_cast<std::uint16_t>(value);
    if (name == "SO_RCVBUF") settings.receive_buffer = value;
    if (name == "SO_SNDBUF") {
      settings.send_buffer = value;
      settings.send_buffer_chosen = true;
    }
    is_chosen = is_chosen || name == "TCP_CORK" || name == "TCP_LINGER2" || name == "TCP_MAXSEG" ||
                name == "SO_RCVBUF" || name == "SO_SNDBUF";
  }
  return is_chosen ? std::optional(settings) : std::nullopt;
}

void User::apply_options(Descriptor& d, Instant now) {
  if (d.kind != Descriptor::Kind::Connection) return;
  if (const auto settings = settings_of(d)) stack_.apply_settings(d.connection, *settings, now);
  if (nagle_) stack_.set_nagle(d.connection, *nagle_, now);
  for (const auto& [name, value] : d.options) {
    if (name == "TCP_NODELAY") stack_.set_nagle(d.connection, value == 0, now);
    if (name == "SO_KEEPALIVE") stack_.set_keep_alive(d.connection, value != 0, now);
    if (name == "TCP_USER_TIMEOUT") {
      stack_.set_user_timeout(d.connection, std::chrono::milliseconds(value), now);
    }
    if (name == "IP_TOS") {
      stack_.set_traffic_class(d.connection, static_cast<std::uint8_t>(value));
    }
  }
}

User::Outcome User::get_option(const Descriptor& d, const ScriptCall& call) const {
  if (call.arguments.size() < 4 || call.arguments[2] != "SO_ERROR") {
    return std::unexpected("the runner knows only getsockopt SO_ERROR");
  }
  const auto error = stack_.error(d.connection);
  const std::string actual = error ? '[' + errno_of(*error) + ']' : "[0]";
  if (actual == call.arguments[3]) return success();
  return std::unexpected("SO_ERROR is " + actual);
}

// What a poll() of POSIX would say of it, in the order of kPollNames.
std::string User::readiness(const Descriptor& d) const {
  if (d.kind == Descriptor::Kind::Listener) {
    return stack_.has_acceptable(d.listener) ? "POLLIN" : "";
  }
  const auto seen = events_.find(d.connection.index);
  const std::uint16_t mask = seen == events_.end() ? 0 : seen->second;
  const auto next = stack_.peek(d.connection);
  const bool can_read = next || next.error() != StreamError::WouldBlock;
  const auto status = stack_.status(d.connection);
  const bool can_write =
      status && (status->state == State::Established || status->state == State::CloseWait);
  std::string words = can_read ? "POLLIN" : "";
  const auto add = [&words](bool holds, const char* word) {
    if (holds) words += (words.empty() ? "" : "|") + std::string(word);
  };
  add(can_write, "POLLOUT");
  add((mask & EventMask::kError) != 0, "POLLERR");
  return words;
}

// poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0), as packetdrill writes it; one descriptor, at
// once. POLLOUT asks for the state alone, not for room in the buffer.
User::Outcome User::poll(const ScriptCall& call) {
  const auto field = [&call](std::string_view key) {
    const std::size_t at = call.arguments[0].find(std::string(key) + '=');
    if (at == std::string::npos) return std::string();
    const std::string value = call.arguments[0].substr(at + key.size() + 1);
    return value.substr(0, value.find_first_of(",}] "));
  };
  const auto fd = number_in(field("fd"));
  const std::string asked = field("events"), expected = '|' + field("revents") + '|';
  std::string seen = '|' + readiness(descriptors_.at(static_cast<int>(fd.value_or(0)))) + '|';
  std::string found = "|";
  for (const std::string_view word : {"POLLIN", "POLLOUT", "POLLERR"}) {
    const std::string whole = '|' + std::string(word) + '|';
    const bool is_asked = word == "POLLERR" || ('|' + asked + '|').find(whole) != std::string::npos;
    if (is_asked && seen.find(whole) != std::string::npos) found += std::string(word) + '|';
  }
  if (found == "|") found = "|0|";
  if (found != expected && expected != "||") {
    return std::unexpected("poll says " + found + ", the script " + expected);
  }
  return success(found == "|0|" ? 0 : 1);
}

User::Outcome User::control(Descriptor& d, const ScriptCall& call) {
  d.is_nonblocking = mentions(call.arguments, "O_NONBLOCK");
  return success();
}

void User::on_event(const Event& event) {
  if (!event.is_listener) events_[event.connection.index] |= event.mask;
}

std::string User::state_name() const {
  if (const auto status = stack_.status(last_)) return std::string(name_of(status->state));
  // The application gave the id back, or TIME-WAIT is only a record: the watch saw where it went.
  const State state = last_tuple_ ? watch_.state(*last_tuple_) : State::Closed;
  const bool expired = state == State::TimeWait && stack_.time_wait_count() == 0;
  return std::string(name_of(expired ? State::Closed : state));
}

std::optional<Value> User::lookup_number(std::string_view name) const {
  const auto number = [](auto value) { return Value{static_cast<std::int64_t>(value), "", false}; };
  if (name == "half_open") return number(stack_.half_open_count());
  if (name == "default_mss") return number(world_.version == IpVersion::V4 ? 536 : 1220);
  if (name == "time_wait") return number(stack_.time_wait_count());
  if (name == "connections") return number(stack_.connection_count());
  if (name == "syn_data") {
    const auto report = stack_.report(last_);
    return number(report && report->syn_data ? 1 : 0);
  }
  if (name == "urgent_remaining") return number(stack_.urgent_remaining(last_));
  if (name == "unacknowledged") return number(stack_.unacknowledged(last_));
  static const std::map<std::string_view, std::uint16_t> masks = {
      {"connected", EventMask::kConnected}, {"readable", EventMask::kReadable},
      {"writable", EventMask::kWritable},   {"peer_closed", EventMask::kPeerClosed},
      {"urgent", EventMask::kUrgent},       {"drained", EventMask::kDrained},
      {"failed", EventMask::kError},        {"soft_error", EventMask::kSoftError},
      {"closed", EventMask::kClosed}};
  const auto mask = masks.find(name);
  if (mask == masks.end()) return std::nullopt;
  const auto seen = events_.find(last_.index);
  return number(seen != events_.end() && (seen->second & mask->second) != 0 ? 1 : 0);
}

std::optional<Value> User::lookup(std::string_view name, std::uint32_t our_isn,
                                  std::uint32_t peer_isn) const {
  const auto number = [](auto value) { return Value{static_cast<std::int64_t>(value), "", false}; };
  if (name == "state") return Value{0, state_name(), true};
  if (name == "cause") {
    const auto cause = watch_.cause();
    return Value{0, cause ? std::string(name_of(*cause)) : "none", true};
  }
  if (name == "error") {
    const auto error = stack_.error(last_);
    return Value{0, error ? errno_of(*error) : "none", true};
  }
  if (auto value = lookup_number(name)) return value;
  const auto tcb = stack_.status(last_);
  if (!tcb) return std::nullopt;
  if (name == "cwnd") return number(tcb->cwnd);
  if (name == "ssthresh") return number(tcb->ssthresh);
  if (name == "flight") return number(tcb->flight);
  if (name == "pipe") return number(tcb->pipe);
  if (name == "sacked") return number(tcb->sacked);
  if (name == "lost") return number(tcb->lost);
  if (name == "unsent") return number(tcb->unsent);
  if (name == "unread") return number(tcb->unread);
  if (name == "mss") return number(tcb->effective_mss);
  if (name == "snd_wnd") return number(tcb->snd.wnd);
  if (name == "rcv_wnd") return number(tcb->rcv.wnd);
  if (name == "snd_una") return number(tcb->snd.una.raw() - our_isn);
  if (name == "snd_nxt") return number(tcb->snd.nxt.raw() - our_isn);
  if (name == "snd_up") return number(tcb->snd.up.raw() - our_isn);
  if (name == "rcv_nxt") return number(tcb->rcv.nxt.raw() - peer_isn);
  if (name == "rcv_up") return number(tcb->rcv.up.raw() - peer_isn);
  if (name == "snd_shift") return number(tcb->snd_shift);
  if (name == "rcv_shift") return number(tcb->rcv_shift);
  if (name == "in_recovery") return number(tcb->in_recovery ? 1 : 0);
  if (name == "duplicate_acks") return number(tcb->duplicate_acks);
  if (name == "retransmissions") return number(tcb->retransmissions);
  if (name == "srtt_ms") return number(to_ms(tcb->srtt));
  if (name == "rttvar_ms") return number(to_ms(tcb->rttvar));
  if (name == "rto_ms") return number(to_ms(tcb->rto));
  return std::nullopt;
}

}  // namespace glasstcp::test
