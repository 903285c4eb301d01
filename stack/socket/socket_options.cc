// getsockopt and setsockopt: which option is which setting. Ranges and results are Linux's (tcp(7),
// socket(7), ip(7), ipv6(7)). See glasstcp.h for the list.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "stack/socket/socket_layer.h"
#include "stack/tcp/congestion_names.h"

namespace glasstcp {
namespace {

using N = LinuxNumbers;

constexpr std::uint32_t kLeastSendBuffer = 4608;
constexpr std::uint32_t kLeastReceiveBuffer = 2304;
constexpr int kMostBuffer = 0x3fffffff;
constexpr int kTimeoutOld = 20;  // SO_RCVTIMEO; SO_SNDTIMEO is the next

// A struct timeval of 64-bit Linux.
struct Timeval {
  std::int64_t seconds;
  std::int64_t microseconds;
};

int copy_out(const void* from, std::size_t size, void* value, socklen_t* length) {
  const std::size_t n = std::min<std::size_t>(size, *length);
  std::memcpy(value, from, n);
  *length = static_cast<socklen_t>(n);
  return 0;
}

std::uint32_t doubled(int value, std::uint32_t least) {
  const int sane = std::clamp(value, 0, kMostBuffer);
  return std::max(static_cast<std::uint32_t>(sane) * 2, least);
}

int seconds_of(Duration d) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(d).count());
}

}  // namespace

// What was chosen becomes the connection's, or the listener's for the connections to come.
void SocketLayer::apply(SocketObject& s) {
  for (const auto& listener : s.listeners) {
    if (listener) stack_.apply_listener_settings(*listener, s.options.settings);
  }
  apply_fast_open(s);
  if (s.connection.is_none()) return;
  stack_.apply_settings(s.connection, s.options.settings, now_);
  stack_.set_nagle(s.connection, !s.options.no_delay, now_);
  stack_.set_keep_alive(s.connection, s.options.keep_alive, now_);
  stack_.set_traffic_class(s.connection, s.options.traffic_class);
}

// -- Asking

int SocketLayer::get_option(glasstcp_handle handle, int level, int option, void* value,
                            socklen_t* length) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  if (value == nullptr || length == nullptr) return -EFAULT;
  if (static_cast<int>(*length) < 0) return -EINVAL;
  const int wide = get_wide(*s, level, option, value, length);
  if (wide != -ENOPROTOOPT) return wide;
  int number = 0;
  int result = -ENOPROTOOPT;
  if (level == SOL_SOCKET) result = get_socket_level(*s, option, number);
  if (level == IPPROTO_TCP) result = get_tcp_level(*s, option, number);
  if (level == IPPROTO_IP || level == IPPROTO_IPV6) {
    result = get_ip_level(*s, level, option, number);
  }
  return result != 0 ? result : copy_out(&number, sizeof number, value, length);
}

// Options that are not an int.
int SocketLayer::get_wide(SocketObject& s, int level, int option, void* value, socklen_t* length) {
  if (level == SOL_SOCKET && option == SO_LINGER) {
    const linger l{s.options.linger ? 1 : 0, s.options.linger_seconds};
    return copy_out(&l, sizeof l, value, length);
  }
  if (level == SOL_SOCKET && (option == kTimeoutOld || option == kTimeoutOld + 1)) {
    const std::int64_t us =
        to_us(option == kTimeoutOld ? s.options.receive_timeout : s.options.send_timeout);
    const Timeval t{us / 1000000, us % 1000000};
    return copy_out(&t, sizeof t, value, length);
  }
  if (level == SOL_SOCKET && option == N::kMemoryInfo) {
    const TcbSnapshot tcb = stack_.status(s.connection).value_or(TcbSnapshot{});
    // rmem_alloc, rcvbuf, wmem_alloc, sndbuf, fwd_alloc, wmem_queued, optmem, backlog, drops
    const std::uint32_t info[9] = {
        tcb.unread, s.options.receive_buffer, tcb.flight, s.options.send_buffer,
        0,          tcb.flight + tcb.unsent,  0,          0,
        0};
    return copy_out(info, sizeof info, value, length);
  }
  if (level != IPPROTO_TCP) return -ENOPROTOOPT;
  if (is_fast_open_option(option)) return get_fast_open_option(s, option, value, length);
  if (option == N::kCongestion) {
    char name[16] = {};
    name_of(s.options.settings.congestion).copy(name, sizeof name - 1);
    return copy_out(name, sizeof name, value, length);
  }
  if (option == N::kCongestionInfo) {
    *length = 0;
    return 0;
  }
  if (option != N::kInfo) return -ENOPROTOOPT;
  glasstcp_tcp_info info{};
  if (const auto report = stack_.report(s.connection)) {
    info = tcp_info_of(*report, now_);
  } else {
    const State otherwise = s.connect_deferred ? State::SynSent : State::Closed;
    info.tcpi_state = static_cast<std::uint8_t>(
        linux_state(s.phase == Phase::Listening ? State::Listen : otherwise));
    describe_listener(s, info);
  }
  return copy_out(&info, sizeof info, value, length);
}

// Of a listener Linux tells how many wait for accept(), and how many may.
void SocketLayer::describe_listener(const SocketObject& s, glasstcp_tcp_info& info) const {
  if (s.phase != Phase::Listening) return;
  for (const auto& listener : s.listeners) {
    if (listener) info.tcpi_unacked += stack_.acceptable_count(*listener);
  }
  info.tcpi_sacked = room_of(s.backlog) - 1;
}

int SocketLayer::send_buffer_of(const SocketObject& s) const {
  const auto report = stack_.report(s.connection);
  return static_cast<int>(report ? report->send_buffer : s.options.send_buffer);
}

int SocketLayer::get_socket_level(SocketObject& s, int option, int& value) {
  const SocketOptions& o = s.options;
  switch (option) {
    case SO_REUSEADDR:
      return value = o.reuse_address ? 1 : 0, 0;
    case SO_TYPE:
      return value = SOCK_STREAM, 0;
    case SO_DOMAIN:
      return value = s.is_v6 ? AF_INET6 : AF_INET, 0;
    case SO_PROTOCOL:
      return value = IPPROTO_TCP, 0;
    case SO_ERROR:
      value = take_error(s);
      if (value == 0) value = std::exchange(s.soft_error, 0);
      return 0;
    case SO_ACCEPTCONN:
      return value = s.phase == Phase::Listening ? 1 : 0, 0;
    case SO_KEEPALIVE:
      return value = o.keep_alive ? 1 : 0, 0;
    case SO_OOBINLINE:
      return value = o.oob_inline ? 1 : 0, 0;
    case SO_RCVBUF:
      return value = static_cast<int>(o.receive_buffer), 0;
    case SO_SNDBUF:
      return value = send_buffer_of(s), 0;
    case SO_RCVLOWAT:
      return value = o.receive_low, 0;
    case SO_SNDLOWAT:
      return value = 1, 0;
    case SO_PRIORITY:
      return value = o.priority, 0;
    case SO_MARK:
      return value = o.mark, 0;
    case N::kZerocopy:
      return value = o.zerocopy ? 1 : 0, 0;
    default:
      return -ENOPROTOOPT;
  }
}

int SocketLayer::get_tcp_level(SocketObject& s, int option, int& value) const {
  const SocketOptions& o = s.options;
  const auto tcb = stack_.status(s.connection);
  switch (option) {
    case N::kNoDelay:
      return value = o.no_delay ? 1 : 0, 0;
    case N::kCork:
      return value = o.cork ? 1 : 0, 0;
    case N::kMaxSegment: {
      const bool open = tcb && tcb->state != State::Closed && tcb->state != State::SynSent;
      const int chosen = o.settings.mss != 0 ? o.settings.mss : 536;
      return value = open ? static_cast<int>(tcb->effective_mss) : chosen, 0;
    }
    case N::kKeepIdle:
      return value = seconds_of(o.settings.keep_alive_idle), 0;
    case N::kKeepInterval:
      return value = seconds_of(o.settings.keep_alive_interval), 0;
    case N::kKeepCount:
      return value = static_cast<int>(o.settings.keep_alive_probes), 0;
    case N::kSynCount:
      return value = static_cast<int>(o.settings.syn_retries), 0;
    case N::kLinger2:
      return value = o.linger2 < 0 ? -1 : seconds_of(o.settings.fin_wait_2_timeout), 0;
    case N::kQuickAck:
      return value = o.settings.quick_ack ? 1 : 0, 0;
    case N::kUserTimeout:
      return value = static_cast<int>(to_ms(o.settings.user_timeout)), 0;
    case N::kNotSentLow:
      return value = static_cast<int>(o.unsent_low), 0;
    case N::kInq:
      return value = o.report_unread ? 1 : 0, 0;
    default:
      return -ENOPROTOOPT;
  }
}

int SocketLayer::get_ip_level(const SocketObject& s, int level, int option, int& value) const {
  const bool v6 = level == IPPROTO_IPV6;
  if (v6 && !s.is_v6) return -ENOPROTOOPT;
  const auto report = stack_.report(s.connection);
  if (option == (v6 ? IPV6_TCLASS : IP_TOS)) return value = s.options.traffic_class, 0;
  if (option == (v6 ? IPV6_UNICAST_HOPS : IP_TTL)) return value = s.options.settings.hop_limit, 0;
  if (option == (v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER)) {
    return value = s.options.mtu_discover, 0;
  }
  if (option == (v6 ? IPV6_MTU : IP_MTU)) {
    if (!report) return -ENOTCONN;
    return value = static_cast<int>(report->path_mtu), 0;
  }
  if (v6 && option == IPV6_V6ONLY) return value = s.options.v6_only ? 1 : 0, 0;
  if (option == (v6 ? N::kFreeBind6 : N::kFreeBind)) {
    return value = s.options.free_bind ? 1 : 0, 0;
  }
  return -ENOPROTOOPT;
}

// -- Choosing

int SocketLayer::set_option(glasstcp_handle handle, int level, int option, ByteView value) {
  SocketObject* s = find_socket(handle);
  if (s == nullptr) return find(handle) == nullptr ? -EBADF : -ENOTSOCK;
  int result = -ENOPROTOOPT;
  if (level == SOL_SOCKET) {
    result = set_socket_level(*s, option, value);
  } else if (level == IPPROTO_TCP && is_fast_open_option(option)) {
    result = set_fast_open_option(*s, option, value);
  } else if (level == IPPROTO_TCP && option == N::kCongestion) {
    const auto* text = reinterpret_cast<const char*>(value.data());
    const std::string_view name(text, strnlen(text, value.size()));
    const auto algorithm = congestion_named(name);
    result = algorithm ? 0 : -ENOENT;
    if (algorithm) s->options.settings.congestion = *algorithm;
  } else if (level == IPPROTO_TCP || level == IPPROTO_IP || level == IPPROTO_IPV6) {
    int number = 0;
    if (level == IPPROTO_IP && value.size() == 1) {  // ip(7) takes a char too
      number = value[0];
    } else {
      if (value.size() < sizeof number) return -EINVAL;
      std::memcpy(&number, value.data(), sizeof number);
    }
    result = level == IPPROTO_TCP ? set_tcp_level(*s, option, number)
                                  : set_ip_level(*s, level, option, number);
  }
  if (result == 0) apply(*s);
  pump();
  return result;
}

int SocketLayer::set_socket_level(SocketObject& s, int option, ByteView value) {
  SocketOptions& o = s.options;
  if (option == SO_LINGER) {
    linger l{};
    if (value.size() < sizeof l) return -EINVAL;
    std::memcpy(&l, value.data(), sizeof l);
    o.linger = l.l_onoff != 0;
    o.linger_seconds = std::max(l.l_linger, 0);
    return 0;
  }
  if (option == kTimeoutOld || option == kTimeoutOld + 1) {
    Timeval t{};
    if (value.size() < sizeof t) return -EINVAL;
    std::memcpy(&t, value.data(), sizeof t);
    if (t.microseconds < 0 || t.microseconds >= 1000000) return -EDOM;
    const Duration d =
        t.seconds < 0 ? Duration(1)  // no wait at all; zero would be for ever
                      : Duration(std::chrono::seconds(std::min<std::int64_t>(t.seconds, 1 << 30))) +
                            std::chrono::microseconds(t.microseconds);
    (option == kTimeoutOld ? o.receive_timeout : o.send_timeout) = d;
    return 0;
  }
  int number = 0;
  if (value.size() < sizeof number) return -EINVAL;
  std::memcpy(&number, value.data(), sizeof number);
  switch (option) {
    case SO_REUSEADDR:
      return o.reuse_address = number != 0, 0;
    case SO_KEEPALIVE:
      return o.keep_alive = number != 0, 0;
    case SO_OOBINLINE:
      return o.oob_inline = number != 0, 0;
    case SO_RCVBUF:
      o.receive_buffer = doubled(number, kLeastReceiveBuffer);
      o.receive_buffer_chosen = true;
      o.settings.receive_buffer = o.receive_buffer / 2;
      return 0;
    case SO_SNDBUF:
      o.send_buffer = doubled(number, kLeastSendBuffer);
      o.settings.send_buffer = o.send_buffer / 2;
      o.settings.send_buffer_chosen = true;
      return 0;
    case SO_RCVLOWAT:
      return o.receive_low = number < 0 ? 0x7fffffff : std::max(number, 1), 0;
    case SO_PRIORITY:
      return o.priority = number, 0;
    case SO_MARK:
      return o.mark = number, 0;
    case N::kZerocopy:
      if (number < 0 || number > 1) return -EINVAL;
      return o.zerocopy = number != 0, 0;
    case SO_TYPE:
    case SO_DOMAIN:
    case SO_PROTOCOL:
    case SO_ERROR:
    case SO_ACCEPTCONN:
    case SO_SNDLOWAT:
    default:
      return -ENOPROTOOPT;
  }
}

int SocketLayer::set_tcp_level(SocketObject& s, int option, int value) {
  SocketOptions& o = s.options;
  const auto within = [value](int low, int high) { return value >= low && value <= high; };
  switch (option) {
    case N::kNoDelay:
      o.no_delay = value != 0;
      if (o.no_delay && !s.connection.is_none()) stack_.push(s.connection, now_);
      return 0;
    case N::kCork:
      o.cork = o.settings.cork = value != 0;
      if (!o.cork && !s.connection.is_none()) stack_.push(s.connection, now_);
      return 0;
    case N::kMaxSegment:
      if (value != 0 && !within(88, 32767)) return -EINVAL;
      return o.settings.mss = static_cast<std::uint16_t>(value), 0;
    case N::kKeepIdle:
      if (!within(1, 32767)) return -EINVAL;
      return o.settings.keep_alive_idle = std::chrono::seconds(value), 0;
    case N::kKeepInterval:
      if (!within(1, 32767)) return -EINVAL;
      return o.settings.keep_alive_interval = std::chrono::seconds(value), 0;
    case N::kKeepCount:
      if (!within(1, 127)) return -EINVAL;
      return o.settings.keep_alive_probes = static_cast<std::uint32_t>(value), 0;
    case N::kSynCount:
      if (!within(1, 127)) return -EINVAL;
      return o.settings.syn_retries = static_cast<std::uint32_t>(value), 0;
    case N::kLinger2:
      o.linger2 = value;
      o.settings.fin_wait_2_timeout = value > 0
                                          ? Duration(std::chrono::seconds(std::min(value, 120)))
                                          : stack_.default_settings().fin_wait_2_timeout;
      if (value < 0) o.settings.fin_wait_2_timeout = Duration(1);
      return 0;
    case N::kQuickAck:
      o.settings.quick_ack = value != 0;
      if (o.settings.quick_ack && !s.connection.is_none())
        stack_.acknowledge_now(s.connection, now_);
      return 0;
    case N::kUserTimeout:
      if (value < 0) return -EINVAL;
      o.settings.user_timeout = std::chrono::milliseconds(value);
      if (!s.connection.is_none()) {
        stack_.set_user_timeout(s.connection, o.settings.user_timeout, now_);
      }
      return 0;
    case N::kNotSentLow:
      o.unsent_low = static_cast<std::uint32_t>(value);
      o.settings.unsent_low =
          o.unsent_low == 0 ? stack_.default_settings().unsent_low : o.unsent_low;
      return 0;
    case N::kInq:
      if (!within(0, 1)) return -EINVAL;
      return o.report_unread = value != 0, 0;
    default:
      return -ENOPROTOOPT;
  }
}

int SocketLayer::set_ip_level(SocketObject& s, int level, int option, int value) {
  const bool v6 = level == IPPROTO_IPV6;
  if (v6 && !s.is_v6) return -ENOPROTOOPT;
  SocketOptions& o = s.options;
  if (option == (v6 ? IPV6_TCLASS : IP_TOS)) {
    if (v6 && (value < -1 || value > 255)) return -EINVAL;
    o.traffic_class = static_cast<std::uint8_t>(std::max(value, 0) & 0xfc);
    return o.settings.traffic_class = o.traffic_class, 0;
  }
  if (option == (v6 ? IPV6_UNICAST_HOPS : IP_TTL)) {
    if (value != -1 && (value < 1 || value > 255)) return -EINVAL;
    const int hops = value == -1 ? stack_.default_settings().hop_limit : value;
    return o.settings.hop_limit = static_cast<std::uint8_t>(hops), 0;
  }
  if (option == (v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER)) {
    if (value < 0 || value > 5) return -EINVAL;
    if (value > IP_PMTUDISC_DO) return -EOPNOTSUPP;  // those that do not believe ICMP
    o.settings.may_fragment = value == IP_PMTUDISC_DONT;
    return o.mtu_discover = value, 0;
  }
  if (option == (v6 ? N::kFreeBind6 : N::kFreeBind)) return o.free_bind = value != 0, 0;
  if (v6 && option == IPV6_V6ONLY) {
    if (s.is_bound) return -EINVAL;
    return o.v6_only = value != 0, 0;
  }
  return -ENOPROTOOPT;
}

}  // namespace glasstcp
