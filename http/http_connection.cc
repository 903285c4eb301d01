// One HTTP/1.1 connection. See http_connection.h.
#include "http/http_connection.h"

#include <sodium/crypto_hash_sha256.h>

#include <algorithm>

#include "http/connection_side.h"

namespace glasstcp::http {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
/// How a partial head grows: small steps, so that what follows the head is not copied with it.
constexpr std::size_t kHeadStep = 1024;
constexpr Duration kRetry = 10ms;

int status_of(HeadError error) {
  switch (error) {
    case HeadError::TargetTooLong:
      return 414;
    case HeadError::FieldsTooLarge:
      return 431;
    case HeadError::UnknownMethod:
    case HeadError::UnknownCoding:
      return 501;
    case HeadError::UnsupportedVersion:
      return 505;
    default:
      return 400;
  }
}

}  // namespace

/// Keeps what the log says of a request behind a side block, which must have room for it.
void HttpConnection::store_logged(Pooled<Side>& side, const LoggedRequest& logged) noexcept {
  for (const std::string_view text : {logged.line, logged.referer, logged.user_agent}) {
    std::ranges::copy(as_bytes(text),
                      side.extra().begin() + static_cast<std::ptrdiff_t>(side->stored));
    side->stored += text.size();
  }
  side->first_cut = logged.line.size();
  side->second_cut = logged.line.size() + logged.referer.size();
}

LoggedRequest HttpConnection::stored_logged(const Pooled<Side>& side) noexcept {
  LoggedRequest logged;
  const std::string_view all = as_text(ByteView(side.extra()).first(side->stored));
  logged.line = all.substr(0, side->first_cut);
  logged.referer = all.substr(side->first_cut, side->second_cut - side->first_cut);
  logged.user_agent = all.substr(side->second_cut);
  return logged;
}

HttpConnection::HttpConnection(const ConnectionServices& services, const Moment& at) noexcept
    : services_(&services), deadline_(at.now + services.config.header_timeout) {}

HttpConnection::~HttpConnection() {
  finish_log();
}

// -- Input

std::size_t HttpConnection::on_bytes(ByteView bytes, const Moment& at) noexcept {
  if (bytes.empty()) return 0;
  switch (phase_) {
    case Phase::Idle:
      return take_head_in_place(bytes, at);
    case Phase::Head:
      return take_partial_head(bytes, at);
    case Phase::Body:
      return take_body(bytes, at);
    case Phase::Closing:
      return take_lingering(bytes, at);
    // RFC 9112 §9.3.2 MUST R9112-30: the next request waits until this answer has been handed out.
    case Phase::Sending:
      return 0;
    case Phase::Ended:
      return 0;
  }
  return 0;
}

/// The fast path: a head that lies complete in the received bytes is read where it lies.
std::size_t HttpConnection::take_head_in_place(ByteView bytes, const Moment& at) noexcept {
  HeadParser parser;
  const std::string_view text = as_text(bytes);
  switch (parser.parse(text, services_->config.head)) {
    case HeadParser::Status::Complete:
      on_request({.head = parser.head(), .bytes = text}, at);
      return parser.head().size;
    case HeadParser::Status::Failed:
      on_head_error(parser, text, at);
      return bytes.size();
    case HeadParser::Status::Incomplete:
      break;
  }
  if (!keep_partial_head(parser, bytes, at)) refuse(503, Method::Unknown, {}, at);
  return bytes.size();
}

bool HttpConnection::keep_partial_head(const HeadParser& parser, ByteView bytes,
                                       const Moment& at) noexcept {
  side_ = Pooled<Side>::make(services_->site.pool(), bytes.size());
  if (!side_) return false;
  std::ranges::copy(bytes, side_.extra().begin());
  side_->stored = bytes.size();
  side_->parser = parser;
  phase_ = Phase::Head;
  note_head_progress(false, parser, at);
  return true;
}

/// The header deadline runs from the first byte of a request. Empty lines are none, and leave the
/// idle deadline as it is.
void HttpConnection::note_head_progress(bool had_begun, const HeadParser& parser,
                                        const Moment& at) noexcept {
  if (!had_begun && parser.has_begun()) deadline_ = at.now + services_->config.header_timeout;
}

std::size_t HttpConnection::take_partial_head(ByteView bytes, const Moment& at) noexcept {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::size_t before = side_->stored;
    const std::size_t added =
        append_to_head(bytes.subspan(taken, std::min(kHeadStep, bytes.size() - taken)));
    if (added == 0) {
      refuse(503, Method::Unknown, {}, at);
      return bytes.size();
    }
    taken += added;
    const std::string_view text = as_text(ByteView(side_.extra()).first(side_->stored));
    const bool had_begun = side_->parser.has_begun();
    const HeadParser::Status status = side_->parser.parse(text, services_->config.head);
    note_head_progress(had_begun, side_->parser, at);
    if (status == HeadParser::Status::Incomplete) continue;
    // From here on the side block may be replaced; the head stays alive in `done`.
    const Pooled<Side> done = std::move(side_);
    if (status == HeadParser::Status::Failed) {
      on_head_error(done->parser, text, at);
      return bytes.size();
    }
    on_request({.head = done->parser.head(), .bytes = text}, at);
    return taken - added + (done->parser.head().size - before);
  }
  return taken;
}

/// Stores what fits behind the side block, which is replaced by a larger one when it is full; 0
/// when there is no memory.
std::size_t HttpConnection::append_to_head(ByteView bytes) noexcept {
  if (side_.extra().size() < side_->stored + bytes.size()) {
    Pooled<Side> larger = Pooled<Side>::make(services_->site.pool(), side_->stored + bytes.size());
    if (larger) {
      std::ranges::copy(side_.extra().first(side_->stored), larger.extra().begin());
      larger->parser = side_->parser;
      larger->stored = side_->stored;
      side_ = std::move(larger);
    }
  }
  const std::size_t added = std::min(bytes.size(), side_.extra().size() - side_->stored);
  std::ranges::copy(bytes.first(added),
                    side_.extra().begin() + static_cast<std::ptrdiff_t>(side_->stored));
  side_->stored += added;
  return added;
}

// RFC 9112 §2.2 SHOULD R9112-06: 400 (or what fits better) and close: after a broken message nobody
// knows where the next begins.
void HttpConnection::on_head_error(const HeadParser& parser, std::string_view bytes,
                                   const Moment& at) noexcept {
  if (parser.error() == HeadError::TlsClientHello) {
    close_after_answer_ = true;
    begin_answer(services_->site.refuse_tls(at), {}, at);
    return;
  }
  const int status = status_of(parser.error());
  refuse(status, parser.head().method, LoggedRequest({.head = parser.head(), .bytes = bytes}), at);
}

// -- Requests

void HttpConnection::on_request(const Request& request, const Moment& at) noexcept {
  tell_request(request);
  close_after_answer_ = false;
  if (services_->service != nullptr && on_service_request(request, at)) return;
  Site& site = services_->site;
  const Site::SinkMatch sink = site.match_sink(request);
  if (request.head.framing != Framing::None || sink.is_upload) {
    on_request_with_body(request, sink, at);
    return;
  }
  tell_request_end();
  begin_answer(site.respond(request, persistence_for(request.head), at), LoggedRequest(request),
               at);
}

// RFC 9112 §9.3 MUST R9112-29: a body is read to its end, or the connection closes behind the
// answer.
void HttpConnection::on_request_with_body(const Request& request, Site::SinkMatch sink,
                                          const Moment& at) noexcept {
  Site& site = services_->site;
  const RequestHead& head = request.head;
  // RFC 9110 §10.1.1 MUST R9110-29, §15.2 MUST R9110-30: an HTTP/1.0 client knows no expectations
  // and gets no 1xx.
  const bool is_new_enough = head.minor_version >= 1;
  const bool may_wait = head.expects_continue && is_new_enough;
  const bool is_refused = head.expects_unknown && is_new_enough;
  Persistence persistence = persistence_for(head);
  if (sink.is_upload && !is_refused) {
    begin_body(request, Reply{}, sink, at);
    return;
  }
  Reply reply = site.respond(request, persistence, at);
  const bool is_too_long =
      head.framing == Framing::Length && head.content_length > services_->config.max_discarded_body;
  // A client that waits for our word gets the final one at once; whether it sends the body after
  // all is unknown, so we close.
  if (!is_too_long && !(may_wait && reply.is_error())) {
    begin_body(request, std::move(reply), Site::SinkMatch{}, at);
    return;
  }
  close_after_answer_ = true;
  persistence = Persistence::Close;
  const bool was_error = reply.is_error();
  reply = was_error ? site.respond(request, persistence, at)
                    : site.refuse(413, head.method, persistence, at);
  begin_answer(std::move(reply), LoggedRequest(request), at);
}

void HttpConnection::begin_body(const Request& request, Reply reply, Site::SinkMatch sink,
                                const Moment& at) noexcept {
  const RequestHead& head = request.head;
  const LoggedRequest logged =
      services_->access_log != nullptr ? LoggedRequest(request) : LoggedRequest{};
  side_ = Pooled<Side>::make(services_->site.pool(),
                             logged.line.size() + logged.referer.size() + logged.user_agent.size());
  if (!side_) {
    refuse(503, head.method, logged, at);
    return;
  }
  store_logged(side_, logged);
  side_->decoder = BodyDecoder(head.framing, head.content_length);
  side_->reply = std::move(reply);
  side_->sink = sink;
  side_->method = head.method;
  side_->persistence = close_after_answer_       ? Persistence::Close
                       : head.minor_version == 0 ? Persistence::KeepAlive
                                                 : Persistence::Implied;
  if (sink.wants_sha256) crypto_hash_sha256_init(&side_->sha256);
  phase_ = Phase::Body;
  deadline_ = at.now + services_->config.body_timeout;
  if (head.expects_continue && head.minor_version >= 1 && head.framing != Framing::None) {
    head_ = {.bytes = as_bytes(kContinue), .owner = {}};
  }
  if (head.framing == Framing::None) end_body(at);
}

std::size_t HttpConnection::take_body(ByteView bytes, const Moment& at) noexcept {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const BodyDecoder::Step step = side_->decoder.decode(bytes.subspan(taken));
    taken += step.consumed;
    side_->body_bytes += step.content.size();
    if (side_->sink.wants_sha256) {
      crypto_hash_sha256_update(&side_->sha256, step.content.data(), step.content.size());
    }
    const bool is_too_long =
        !side_->sink.is_upload && side_->body_bytes > services_->config.max_discarded_body;
    if (step.status == BodyDecoder::Status::Failed || is_too_long) {
      const Pooled<Side> done = std::move(side_);
      refuse(is_too_long ? 413 : 400, done->method, stored_logged(done), at);
      return bytes.size();
    }
    if (step.status == BodyDecoder::Status::Done) {
      end_body(at);
      return taken;
    }
  }
  deadline_ = at.now + services_->config.body_timeout;
  return taken;
}

void HttpConnection::end_body(const Moment& at) noexcept {
  tell_request_end();
  const Pooled<Side> done = std::move(side_);
  const LoggedRequest logged = stored_logged(done);
  if (!done->sink.is_upload) {
    begin_answer(std::move(done->reply), logged, at);
    return;
  }
  char hex[2 * crypto_hash_sha256_BYTES];
  TextWriter out(reinterpret_cast<std::uint8_t*>(hex), sizeof hex);
  if (done->sink.wants_sha256) {
    std::uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&done->sha256, digest);
    for (const std::uint8_t b : digest) out.hex(b >> 4u).hex(b & 15u);
  }
  begin_answer(services_->site.sink_report(done->body_bytes, out.written(), done->persistence, at),
               logged, at);
}

void HttpConnection::on_peer_closed(const Moment& at) noexcept {
  peer_closed_ = true;
  switch (phase_) {
    case Phase::Idle:
      tell_closing(CloseCause::PeerClosed);
      begin_closing(at);
      break;
    case Phase::Head: {
      // RFC 9112 §8 MAY R9112-27: a person who typed half a request learns why nothing came.
      const bool has_begun = side_->parser.has_begun();
      const Method method = side_->parser.head().method;
      if (has_begun) {
        refuse(400, method, {}, at);
      } else {
        begin_closing(at);
      }
      break;
    }
    case Phase::Body: {
      // RFC 9112 §6.3 MUST R9112-24: a body cut short is incomplete, and the connection closes.
      const Pooled<Side> done = std::move(side_);
      refuse(400, done->method, stored_logged(done), at);
      break;
    }
    case Phase::Closing:
      end(Want::Release);
      break;
    case Phase::Sending:
      // Whoever says no more is not waiting for what has no end: it gets what is there.
      if (stream() != nullptr) stream()->end();
      break;
    case Phase::Ended:
      break;
  }
}

// -- Time

// How long nothing may come between requests: less before the first one, which nobody may ever
// send.
Duration HttpConnection::silence_allowed() const noexcept {
  return has_answered_ ? services_->config.idle_timeout : services_->config.header_timeout;
}

void HttpConnection::on_deadline(const Moment& at) noexcept {
  if (at.now < deadline_) return;
  switch (phase_) {
    case Phase::Idle:
      // RFC 9112 §9.5 SHOULD R9112-31: a connection that nobody uses is closed in order.
      tell_closing(CloseCause::Idle, silence_allowed());
      begin_closing(at);
      break;
    case Phase::Head:
    case Phase::Body: {
      const bool is_silent = phase_ == Phase::Head && !side_->parser.has_begun();
      const Method method = phase_ == Phase::Head ? side_->parser.head().method : side_->method;
      if (is_silent) {
        tell_closing(CloseCause::HeaderTimeout, silence_allowed());
        begin_closing(at);
      } else {
        refuse(408, method, {}, at);
      }
      break;
    }
    case Phase::Sending:
      if (waits_a_little_) {
        waits_a_little_ = false;
        deadline_ = at.now + services_->config.send_timeout;
      } else if (waits_for_stream()) {
        deadline_ = kNever;
      } else {
        tell_closing(CloseCause::SendTimeout, services_->config.send_timeout);
        end(Want::Abort);
      }
      break;
    case Phase::Closing:
      // Acknowledged: it lingered long enough. Not acknowledged: the peer does not take the answer.
      if (!all_acknowledged_) tell_closing(CloseCause::SendTimeout, services_->config.send_timeout);
      end(all_acknowledged_ ? Want::Release : Want::Abort);
      break;
    case Phase::Ended:
      deadline_ = kNever;
      break;
  }
}

void HttpConnection::on_progress(std::size_t unacknowledged, const Moment& at) noexcept {
  const auto left = static_cast<std::uint32_t>(unacknowledged);
  if (std::exchange(unacknowledged_, left) <= left) return;
  const bool sends = phase_ == Phase::Sending || (phase_ == Phase::Closing && !all_acknowledged_);
  if (sends && !waits_a_little_) deadline_ = at.now + services_->config.send_timeout;
  if (phase_ == Phase::Idle && !all_acknowledged_)
    deadline_ = at.now + services_->config.idle_timeout;
}

void HttpConnection::on_all_acknowledged(const Moment& at) noexcept {
  unacknowledged_ = std::max(unacknowledged_, 1u);
  on_progress(0, at);
  const bool is_news = !all_acknowledged_;
  all_acknowledged_ = true;
  if (phase_ == Phase::Closing && is_news) begin_lingering(at);
}

void HttpConnection::begin_shutdown(const Moment& at) noexcept {
  is_shutting_down_ = true;
  close_after_answer_ = true;
  if (stream() != nullptr) stream()->end();
  if (phase_ != Phase::Idle && phase_ != Phase::Head) return;
  tell_closing(CloseCause::Shutdown);
  begin_closing(at);
}

// -- Output

Persistence HttpConnection::persistence_for(const RequestHead& head) noexcept {
  close_after_answer_ = !head.may_persist() || is_shutting_down_;
  if (close_after_answer_) return Persistence::Close;
  return head.minor_version == 0 ? Persistence::KeepAlive : Persistence::Implied;
}

/// An error after which the connection closes.
void HttpConnection::refuse(int status, Method method, const LoggedRequest& logged,
                            const Moment& at) noexcept {
  close_after_answer_ = true;
  is_refusing_ = true;
  begin_answer(services_->site.refuse(status, method, Persistence::Close, at), logged, at);
}

void HttpConnection::begin_answer(Reply reply, const LoggedRequest& logged,
                                  const Moment& at) noexcept {
  side_.reset();
  if (reply.status == 0) {
    end(Want::Abort);
    return;
  }
  if (services_->access_log != nullptr) log_answer(reply, logged, at);
  if (services_->messages != nullptr) {
    const std::uint64_t body = reply.transfer ? reply.transfer->length() : reply.body.bytes.size();
    const bool is_endless = reply.transfer && reply.transfer->stream() != nullptr;
    services_->messages->on_response_begin(tag_, as_text(reply.head.bytes),
                                           is_endless ? 0 : reply.head.bytes.size() + body);
  }
  head_ = std::move(reply.head);  // a 100 that was not handed out yet has become pointless
  set_body(std::move(reply.body));
  transfer_ = std::move(reply.transfer);
  phase_ = Phase::Sending;
  deadline_ = at.now + services_->config.send_timeout;
}

void HttpConnection::set_body(OwnedBytes body) noexcept {
  body_ = body.bytes.data();
  body_size_ =
      static_cast<std::uint32_t>(body.bytes.size());  // a file in memory: at most kWholeFileLimit
  body_owner_ = std::move(body.owner);
}

const OwnedBytes* HttpConnection::front_piece(const Moment& at) noexcept {
  if (head_.bytes.empty() && body_size_ > 0) {
    head_ = {.bytes = {body_, body_size_}, .owner = std::move(body_owner_)};
    set_body({});
  }
  if (head_.bytes.empty() && transfer_) pull_transfer(at);
  return head_.bytes.empty() ? nullptr : &head_;
}

void HttpConnection::pull_transfer(const Moment& at) noexcept {
  Transfer::Next next = transfer_->next(services_->site.pool(), all_acknowledged_, at.now);
  switch (next.status) {
    case Transfer::Status::Piece:
      head_ = std::move(next.piece);
      break;
    case Transfer::Status::WaitAcknowledgement:
      break;
    case Transfer::Status::WaitStream:
      if (all_acknowledged_) deadline_ = kNever;
      break;
    case Transfer::Status::WaitLittle:
      waits_a_little_ = true;
      deadline_ = at.now + kRetry;
      break;
    case Transfer::Status::Done:
      end_answer(at);
      break;
    case Transfer::Status::Failed:
      // The length has been promised and the bytes are gone: only a reset tells the client that
      // what it has is not the file.
      end(Want::Abort);
      break;
  }
}

OwnedBytes HttpConnection::take_piece(const Moment& at) noexcept {
  OwnedBytes piece = std::exchange(head_, OwnedBytes{});
  if (stream() != nullptr && all_acknowledged_) {
    deadline_ = at.now + services_->config.send_timeout;
  }
  all_acknowledged_ = false;
  unacknowledged_ += static_cast<std::uint32_t>(piece.bytes.size());
  const bool is_last = body_size_ == 0 && (!transfer_ || transfer_->is_finished());
  if (phase_ == Phase::Sending && is_last) end_answer(at);
  return piece;
}

void HttpConnection::end_answer(const Moment& at) noexcept {
  if (services_->messages != nullptr) services_->messages->on_response_end(tag_);
  finish_log();
  transfer_.reset();
  side_.reset();
  // RFC 9112 §9.6 MUST R9112-32: after close, no further request is looked at.
  if (close_after_answer_ || peer_closed_) {
    tell_closing(peer_closed_        ? CloseCause::PeerClosed
                 : is_shutting_down_ ? CloseCause::Shutdown
                 : is_refusing_      ? CloseCause::BadRequest
                 : is_service_       ? CloseCause::Finished
                                     : CloseCause::AskedByPeer);
    begin_closing(at);
    return;
  }
  phase_ = Phase::Idle;
  has_answered_ = true;
  deadline_ = at.now + services_->config.idle_timeout;
}

// RFC 9112 §9.6 SHOULD R9112-33: first we stop writing; then we go on reading, so that bytes which
// are still on their way do not make TCP answer with a reset that would destroy the answer in the
// peer's buffer.
void HttpConnection::begin_closing(const Moment& at) noexcept {
  side_.reset();
  if (peer_closed_) {
    end(Want::Release);
    return;
  }
  phase_ = Phase::Closing;
  want_ = Want::CloseWhenSent;
  deadline_ = at.now + services_->config.send_timeout;
  if (all_acknowledged_) begin_lingering(at);
}

/// From here on the peer has its answer, and only the time and the rate bound what it may still
/// send.
void HttpConnection::begin_lingering(const Moment& at) noexcept {
  if (side_) {
    side_->linger_begin = at.now;
    side_->lingered_bytes = 0;
  }
  deadline_ = at.now + services_->config.linger_idle;
}

std::size_t HttpConnection::take_lingering(ByteView bytes, const Moment& at) noexcept {
  const ConnectionConfig& config = services_->config;
  const bool is_new = !side_;
  if (is_new) side_ = Pooled<Side>::make(services_->site.pool(), 0);
  if (!all_acknowledged_) {
    // The answer is still under way, and so are bytes of somebody who has not seen it.
    if (!side_ || side_->lingered_bytes >= config.linger_bytes) return 0;
    const auto taken =
        std::min<std::uint64_t>(bytes.size(), config.linger_bytes - side_->lingered_bytes);
    side_->lingered_bytes += taken;
    return static_cast<std::size_t>(taken);
  }
  is_lingering_ = true;
  // Without memory to count in, the first deadline stays.
  if (!side_) return bytes.size();
  if (is_new) side_->linger_begin = deadline_ - config.linger_idle;
  side_->lingered_bytes += bytes.size();
  deadline_ = linger_deadline(at);
  return bytes.size();
}

Instant HttpConnection::linger_deadline(const Moment& at) const noexcept {
  const ConnectionConfig& config = services_->config;
  const Duration earned =
      std::chrono::milliseconds(side_->lingered_bytes * 1000 / config.linger_rate);
  const Duration allowed = std::min(std::max(config.linger_grace, earned), config.linger_total);
  return std::min(at.now + config.linger_idle, side_->linger_begin + allowed);
}

void HttpConnection::end(Want want) noexcept {
  finish_log();
  phase_ = Phase::Ended;
  is_lingering_ = false;
  want_ = want;
  deadline_ = kNever;
  head_ = {};
  set_body({});
  transfer_.reset();
  side_.reset();
}

}  // namespace glasstcp::http
