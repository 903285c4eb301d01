// The HTTP server. See server.h.
#include "http/server.h"

#include <algorithm>

#include "http/server_slot.h"

namespace glasstcp::http {
namespace {

/// Requests of one connection that are answered in a row before others have their turn.
constexpr int kRequestsPerTurn = 64;
/// Streams at once, of which the server is reminded without a new allocation.
constexpr std::size_t kMostStreams = 4096;
/// When to try again after running out of loans.
constexpr Duration kLoanRetry = 10ms;
/// How long the reader of a stream may be silent until TCP asks whether it is there, and how often.
constexpr Duration kStreamKeepAlive = 30s;
constexpr std::uint32_t kStreamProbes = 3;
/// How much earlier than we close a client is told to stop using an idle connection: its last
/// request may be so long on the way.
constexpr Duration kKeepAliveMargin = 5s;

SiteConfig site_config(const ServerConfig& config) {
  SiteConfig site = config.site;
  const Duration usable = config.connection.idle_timeout - kKeepAliveMargin;
  if (usable >= 1s) {
    site.keep_alive_seconds = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(usable).count());
  }
  return site;
}

/// What of the memory is for partial heads.
std::size_t head_memory(std::size_t memory) {
  constexpr std::size_t kTwo = 2 * BufferPool::kLargest;
  return std::max(memory / 8, std::min(memory / 4, kTwo));
}

}  // namespace

HttpServer::HttpServer(Stack& stack, FileStore& store, const MediaTypes& types,
                       const ServerConfig& config, Instant start)
    : stack_(stack),
      config_(config),
      heads_(head_memory(config.memory)),
      pool_(config.memory - head_memory(config.memory)),
      site_(store, pool_, types, site_config(config)),
      services_{.site = site_,
                .config = config_.connection,
                .heads = heads_,
                .counters = counters_,
                .head_room = this,
                .access_log = config.access_log,
                .peers = this,
                .messages = this,
                .service = config.service},
      latest_(start),
      wheel_(start),
      loans_(config.max_loans),
      slots_(config.max_connections),
      states_(config.max_connections),
      slow_peers_(config.least_rate) {
  static_assert(sizeof(Slot) <= 40, "the HTTP state of an idle connection");
  lingering_.reserve(std::size_t{config.max_lingering} + 1);
  streaming_.reserve(kMostStreams);
}

HttpServer::~HttpServer() {
  // Aborting makes the stack give back what it holds, before the owners go.
  slots_.for_each([this](Slot& slot) {
    stack_.abort(slot.id, latest_);
    drop(slot);
  });
  while (const std::optional<std::uint64_t> cookie = stack_.next_released()) {
    give_back(static_cast<std::uint32_t>(*cookie));
  }
  // Connections that were closed before may still have been sending: their stack goes with us.
  loans_.for_each([this](std::uint32_t index, Loan&) { give_back(index); });
}

std::expected<void, OpenError> HttpServer::listen(const Endpoint& local) {
  const std::expected<ListenerId, OpenError> listener = stack_.listen(local, config_.backlog);
  if (!listener.has_value()) return std::unexpected(listener.error());
  listeners_.push_back(*listener);
  return {};
}

void HttpServer::turn(const Moment& at, bool runs_timers) noexcept {
  latest_ = at.now;
  while (const std::optional<Event> event = stack_.next_event()) on_event(*event, at);
  take_released(at);
  send_news(at);
  if (!runs_timers) return;
  run_timers(at);
  relieve(at);
}

Instant HttpServer::next_deadline() const noexcept {
  for (const std::uint32_t index : streaming_) {
    const BodyStream* const stream = http_of(slots_[index]).stream();
    if (stream != nullptr && stream->has_news()) return latest_;
  }
  const Instant timer = std::min(wheel_.next_deadline(), next_look_);
  return slots_.size() > 0 ? std::min(timer, drain_end_) : timer;
}

void HttpServer::stop(const Moment& at) noexcept {
  if (is_stopping_) return;
  is_stopping_ = true;
  drain_end_ = at.now + config_.drain_timeout;
  for (const ListenerId listener : listeners_) {
    accept_all(listener, at);  // whoever finished the handshake is not reset, but closed in order
    stack_.close_listener(listener);
  }
  slots_.for_each([&](Slot& slot) {
    if (!wake_up(slot, at)) return;
    http_of(slot).begin_shutdown(at);
    pump(slot, at);
  });
}

std::uint64_t HttpServer::release_idle_memory() noexcept {
  const std::uint64_t before = pool_.idle();
  pool_.trim();
  const std::uint64_t buffers = before - pool_.idle();
  put_to_rest();
  return buffers + slots_.release_idle_memory() + states_.release_idle_memory() +
         loans_.release_idle_memory();
}

bool HttpServer::reserve() noexcept {
  return stack_.reserve() && slots_.reserve() && states_.reserve() && loans_.reserve() &&
         pool_.reserve();
}

FourTuple HttpServer::tuple_of(std::uint32_t tag) const noexcept {
  return stack_.tuple(slots_[tag].id).value_or(FourTuple{});
}

// -- For those who watch

void HttpServer::on_request_line(std::uint32_t tag, std::string_view line) noexcept {
  MessageMark mark;
  mark.kind = MessageMark::Kind::Name;
  mark.label = line;
  stack_.note_message(slots_[tag].id, mark, latest_);
}

// The bytes are taken from TCP a little later: see read_bytes.
void HttpServer::on_request_end(std::uint32_t) noexcept {
  request_ended_ = true;
}

void HttpServer::on_response_begin(std::uint32_t tag, std::string_view head,
                                   std::uint64_t length) noexcept {
  MessageMark mark;
  mark.role = MessageRole::Response;
  mark.outgoing = true;
  stack_.note_message(slots_[tag].id, mark, latest_);
  mark.kind = MessageMark::Kind::Name;
  mark.length = length;
  mark.label = head.substr(0, head.find('\r'));
  stack_.note_message(slots_[tag].id, mark, latest_);
}

void HttpServer::on_response_end(std::uint32_t tag) noexcept {
  MessageMark mark;
  mark.kind = MessageMark::Kind::End;
  mark.role = MessageRole::Response;
  mark.outgoing = true;
  stack_.note_message(slots_[tag].id, mark, latest_);
}

void HttpServer::on_closing(std::uint32_t tag, const CloseNote& note) noexcept {
  stack_.note_close(slots_[tag].id, note, latest_);
}

// -- Events

void HttpServer::on_event(const Event& event, const Moment& at) noexcept {
  if (event.is_listener) {
    accept_all(event.listener, at);
    return;
  }
  const auto index = static_cast<std::uint32_t>(event.user);
  if (!slots_.is_live(index) || slots_[index].id != event.connection) return;
  Slot& slot = slots_[index];
  if ((event.mask & EventMask::kError) != 0) {
    stack_.close(slot.id, at.now);
    drop(slot);
    return;
  }
  if (!wake_up(slot, at)) return;
  if ((event.mask & EventMask::kDrained) != 0 && stack_.unacknowledged(slot.id) == 0) {
    http_of(slot).on_all_acknowledged(at);
  }
  pump(slot, at);
  const bool is_over = (event.mask & EventMask::kClosed) != 0;
  if (is_over && slots_.is_live(index) && slots_[index].id == event.connection) {
    stack_.close(event.connection, at.now);
    drop(slots_[index]);
  }
}

void HttpServer::accept_all(ListenerId listener, const Moment& at) noexcept {
  while (const std::optional<ConnectionId> id = stack_.accept(listener)) {
    std::uint32_t index = slots_.acquire(*id);
    if (index == kNone && close_idle_one(at)) index = slots_.acquire(*id);
    if (index == kNone) {
      ++counters_.refused;
      stack_.abort(*id, at.now);
      continue;
    }
    Slot& slot = slots_[index];
    slot.index = index;
    if (!make_state(slot, at)) {
      ++counters_.refused;
      stack_.abort(*id, at.now);
      drop(slot);
      continue;
    }
    stack_.set_user(*id, index);
    // An answer is queued as a whole, so that Nagle's algorithm could only hold its last segment
    // back.
    stack_.set_nagle(*id, false, at.now);
    pump(slot, at);  // the request may have come with the handshake's last ACK
  }
}

/// Ends a loan; the answer says whose it was. Its slot, if it lives, is told by take_released().
HttpServer::Loan HttpServer::give_back(std::uint32_t index) noexcept {
  const Loan loan = loans_[index];
  loans_.release(index);
  if (loan.owner != nullptr) loan.owner->release();
  return loan;
}

void HttpServer::take_released(const Moment& at) noexcept {
  while (const std::optional<std::uint64_t> cookie = stack_.next_released()) {
    const Loan loan = give_back(static_cast<std::uint32_t>(*cookie));
    const bool is_known = slots_.is_live(loan.slot) &&
                          (slots_.generation(loan.slot) & Loan::kGenerationMask) == loan.generation;
    if (!is_known) continue;
    Slot& slot = slots_[loan.slot];
    const std::uint32_t bytes = loan.units * static_cast<std::uint32_t>(Loan::kUnit);
    if (bytes > 0) states_[slot.state].lent -= bytes;  // so that it is not at rest
    if (loan.wakes != 0 && wake_up(slot, at)) pump(slot, at);
  }
}

void HttpServer::run_timers(const Moment& at) noexcept {
  while (TimerNode* node = wheel_.pop_expired(at.now)) on_timer(static_cast<Slot&>(*node), at);
  if (at.now < drain_end_) return;
  slots_.for_each([&](Slot& slot) {
    stack_.abort(slot.id, at.now);
    drop(slot);
  });
}

void HttpServer::on_timer(Slot& slot, const Moment& at) noexcept {
  if (!wake_up(slot, at)) return;
  http_of(slot).on_progress(stack_.unacknowledged(slot.id), at);
  if (at.now >= http_of(slot).next_deadline() && !is_pressed()) {
    const auto status = stack_.status(slot.id);
    if (status.has_value() && keeps_window_closed(*status)) http_of(slot).on_peer_paused(at);
  }
  http_of(slot).on_deadline(at);
  pump(slot, at);
}

// -- Bytes

/// Answers what can be answered now: output first, since its end lets the next request be read.
void HttpServer::pump(Slot& slot, const Moment& at) noexcept {
  if (http_of(slot).stream() != nullptr) {
    const std::expected<ByteView, StreamError> received = stack_.peek(slot.id);
    if (received.has_value() && received->empty()) http_of(slot).on_peer_closed(at);
  }
  for (int i = 0; i < kRequestsPerTurn; ++i) {
    if (!send_pieces(slot, at)) {
      settle(slot, at);
      return;
    }
    if (!read_bytes(slot, at)) {
      settle(slot, at);
      return;
    }
  }
  wake_by(slot, at.now);  // the others first
}

/// Lends pieces to the stack. False: some are left and must wait.
bool HttpServer::send_pieces(Slot& slot, const Moment& at) noexcept {
  while (const OwnedBytes* piece = http_of(slot).front_piece(at, share_of(slot))) {
    if (stack_.unacknowledged(slot.id) >= config_.in_flight_bytes) return false;
    // Static text has no owner and needs no loan of its own, but the stack wants a cookie that it
    // can give back.
    const std::uint32_t loan = loans_.acquire();
    if (loan == kNone) {
      wake_by(slot, at.now + kLoanRetry);
      return false;
    }
    const SendOptions options{.more = http_of(slot).is_followed_at_once(), .urgent = false};
    const auto sent = stack_.send_borrowed(slot.id, piece->bytes, loan, options, at.now);
    if (!sent.has_value()) {
      loans_.release(loan);
      // Else kWritable or kError follows.
      if (sent.error() == StreamError::OutOfMemory) wake_by(slot, at.now + kLoanRetry);
      return false;
    }
    OwnedBytes taken = http_of(slot).take_piece(at);
    const std::size_t kept = taken.owner ? taken.owner->pooled_bytes() : 0;
    states_[slot.state].lent += static_cast<std::uint32_t>(kept);
    const bool is_much = stack_.unacknowledged(slot.id) > config_.pipeline_bytes / 2;
    loans_[loan] = {.owner = taken.owner.detach(),
                    .slot = slot.index,
                    .generation = slots_.generation(slot.index) & Loan::kGenerationMask,
                    .units = static_cast<std::uint32_t>(kept / Loan::kUnit) & 511u,
                    .wakes = is_much || http_of(slot).is_transferring() ? 1u : 0u};
  }
  return true;
}

/// Offers received bytes to HTTP, one request at a time. False: nothing moved.
bool HttpServer::read_bytes(Slot& slot, const Moment& at) noexcept {
  if (!http_of(slot).is_reading() || stack_.unacknowledged(slot.id) > config_.pipeline_bytes ||
      has_its_share(slot)) {
    return false;
  }
  const std::expected<ByteView, StreamError> received = stack_.peek(slot.id);
  if (!received.has_value()) return false;
  if (received->empty()) {
    const Want before = http_of(slot).wants();
    http_of(slot).on_peer_closed(at);
    return http_of(slot).wants() == before &&
           !http_of(slot).is_reading();  // an error page may have to be sent
  }
  if (stack_.is_observed() && http_of(slot).is_between_requests())
    stack_.note_message(slot.id, MessageMark{}, at.now);  // a request begins here
  const std::size_t taken = http_of(slot).on_bytes(*received, at);
  if (taken > 0) stack_.consume(slot.id, taken, at.now);
  if (std::exchange(request_ended_, false) && stack_.is_observed()) {
    MessageMark mark;
    mark.kind = MessageMark::Kind::End;
    stack_.note_message(slot.id, mark, at.now);
  }
  return taken > 0;
}

/// Does what HTTP wants of the TCP connection, and arms its timer.
void HttpServer::settle(Slot& slot, const Moment& at) noexcept {
  switch (http_of(slot).wants()) {
    case Want::KeepOpen:
      break;
    case Want::CloseWhenSent:
      // RFC 9112 §9.6 SHOULD R9112-33: FIN behind the answer; reading goes on. A second call finds
      // it closing already.
      (void)stack_.shutdown_send(slot.id, at.now);
      break;
    case Want::Release:
      stack_.close(slot.id, at.now);
      drop(slot);
      return;
    case Want::Abort:
      stack_.abort(slot.id, at.now);
      drop(slot);
      return;
  }
  wake_by(slot, http_of(slot).next_deadline());
  if (http_of(slot).is_transferring()) wake_by(slot, at.now + Transfer::kLook);
  if (http_of(slot).is_lingering()) note_lingering(slot.index, at);
  if (http_of(slot).stream() != nullptr) note_streaming(slot, at);
}

/// Remembers a slot whose stream is to be asked for news, and lets TCP ask a silent peer whether it
/// is still there: a stream may have nothing to send for long.
void HttpServer::note_streaming(Slot& slot, const Moment& at) noexcept {
  if (std::ranges::find(streaming_, slot.index) != streaming_.end()) return;
  if (streaming_.size() == streaming_.capacity()) {  // nobody would ask the stream for news
    stack_.abort(slot.id, at.now);
    drop(slot);
    return;
  }
  streaming_.push_back(slot.index);
  ConnectionSettings settings = stack_.default_settings();
  settings.keep_alive_idle = kStreamKeepAlive;
  settings.keep_alive_interval = kStreamKeepAlive;
  settings.keep_alive_probes = kStreamProbes;
  (void)stack_.apply_settings(slot.id, settings, at.now);
  stack_.set_keep_alive(slot.id, true, at.now);
}

/// Each stream that came to have bytes since it was asked last gets its turn.
void HttpServer::send_news(const Moment& at) noexcept {
  for (std::size_t i = streaming_.size(); i-- > 0;) {
    if (i >= streaming_.size()) continue;  // a turn may have ended others, too
    Slot& slot = slots_[streaming_[i]];
    BodyStream* const stream = http_of(slot).stream();
    if (stream != nullptr && stream->take_news()) pump(slot, at);
  }
}

/// Puts a slot behind the others that linger, unless it stands there. One too many: the oldest
/// ends, which may be this one. All that it sent was read, so that it ends without a reset.
void HttpServer::note_lingering(std::uint32_t index, const Moment& at) noexcept {
  if (std::ranges::find(lingering_, index) != lingering_.end()) return;
  lingering_.push_back(index);
  if (lingering_.size() <= config_.max_lingering) return;
  Slot& oldest = slots_[lingering_.front()];
  http_of(oldest).end_lingering();
  stack_.close(oldest.id, at.now);
  drop(oldest);
}

/// A deadline that moves later does not touch the wheel: the timer fires early, finds nothing due,
/// and is armed again.
void HttpServer::wake_by(Slot& slot, Instant deadline) noexcept {
  if (deadline < slot.deadline()) wheel_.schedule(slot, deadline);
}

void HttpServer::drop(Slot& slot) noexcept {
  if (!lingering_.empty()) std::erase(lingering_, slot.index);
  if (!streaming_.empty()) std::erase(streaming_, slot.index);
  if (slot.state != kNone) states_.release(slot.state);
  slots_.release(slot.index);
}

}  // namespace glasstcp::http
