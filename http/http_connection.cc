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
  side_ = side_for_head(bytes.size(), at);
  if (!side_) return false;
  services_->heads.add(*side_);
  std::ranges::copy(bytes, side_.extra().begin());
  side_->stored = bytes.size();
  side_->parser = parser;
  phase_ = Phase::Head;
  note_head_progress(false, parser, at);
  return true;
}

/// Memory for a partial head of `size` bytes; older ones end for it. Empty: there are none.
Pooled<HttpConnection::Side> HttpConnection::side_for_head(std::size_t size,
                                                           const Moment& at) noexcept {
  while (true) {
    Pooled<Side> made = Pooled<Side>::make(services_->heads.pool(), size);
    const bool is_vain = sizeof(Side) + size > BufferPool::kLargest;
    if (made) made->owner = tag_;
    if (made || is_vain || services_->head_room == nullptr) return made;
    if (!services_->head_room->end_oldest_head(tag_, at)) return made;
  }
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
        append_to_head(bytes.subspan(taken, std::min(kHeadStep, bytes.size() - taken)), at);
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
    done->unlink();
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
std::size_t HttpConnection::append_to_head(ByteView bytes, const Moment& at) noexcept {
  if (side_.extra().size() < side_->stored + bytes.size()) {
    Pooled<Side> larger = side_for_head(side_->stored + bytes.size(), at);
    if (larger) {
      services_->heads.replace(*side_, *larger);
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
    ServiceBody* const wanted = side_->service_body.get();
    const std::uint64_t most = wanted ? wanted->most : services_->config.max_discarded_body;
    const bool is_too_long = !side_->sink.is_upload && side_->body_bytes > most;
    if (wanted && !is_too_long) wanted->text += as_text(step.content);
    if (step.status == BodyDecoder::Status::Failed || is_too_long) {
      const Pooled<Side> done = std::move(side_);
      const int status = is_too_long ? 413 : 400;
      const RefusedRequest request{done->method, stored_logged(done)};
      if (done->service_body) {
        refuse_service_body(status, done->service_body->refuse, request, at);
      } else {
        refuse(status, request.method, request.logged, at);
      }
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

std::optional<std::uint64_t> HttpConnection::body_progress() const noexcept {
  if (phase_ != Phase::Body) return std::nullopt;
  return side_->body_bytes;
}

void HttpConnection::end_body(const Moment& at) noexcept {
  tell_request_end();
  const Pooled<Side> done = std::move(side_);
  const LoggedRequest logged = stored_logged(done);
  if (done->service_body) {
    ServiceAnswer answer = done->service_body->use(done->service_body->text);
    begin_answer(services_->site.served_by(std::move(answer), done->method, at), logged, at);
    return;
  }
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
      tell_closing({CloseCause::PeerClosed});
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
    reply = services_->site.no_room();
    close_after_answer_ = true;
  }
  lacks_room_ = reply.status == 503 && !is_service_;
  if (lacks_room_) ++services_->counters.no_room;
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

const OwnedBytes* HttpConnection::front_piece(const Moment& at, const PoolShare& share) noexcept {
  if (head_.bytes.empty() && body_size_ > 0) {
    head_ = {.bytes = {body_, body_size_}, .owner = std::move(body_owner_)};
    set_body({});
  }
  if (transfer_ && transfer_->has_lost_its_bytes(at.now)) end(Want::Abort);
  if (head_.bytes.empty() && transfer_) pull_transfer(at, share);
  return head_.bytes.empty() ? nullptr : &head_;
}

void HttpConnection::pull_transfer(const Moment& at, const PoolShare& share) noexcept {
  Transfer::Next next = transfer_->next(services_->site.pool(), all_acknowledged_, at.now, share);
  switch (next.status) {
    case Transfer::Status::Piece:
      head_ = std::move(next.piece);
      break;
    case Transfer::Status::WaitAcknowledgement:
    case Transfer::Status::WaitRoom:
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

std::size_t HttpConnection::pooled_bytes() const noexcept {
  const auto kept_by = [](const Ref<Shared>& owner) { return owner ? owner->pooled_bytes() : 0; };
  const std::size_t side = phase_ == Phase::Head ? 0 : side_.pooled_bytes();
  return side + transfer_.pooled_bytes() + kept_by(head_.owner) + kept_by(body_owner_);
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
    tell_closing({peer_closed_        ? CloseCause::PeerClosed
                  : is_shutting_down_ ? CloseCause::Shutdown
                  : lacks_room_       ? CloseCause::NoRoom
                  : is_refusing_      ? CloseCause::BadRequest
                  : is_service_       ? CloseCause::Finished
                                      : CloseCause::AskedByPeer});
    begin_closing(at);
    return;
  }
  phase_ = Phase::Idle;
  has_answered_ = true;
  deadline_ = at.now + services_->config.idle_timeout;
}

}  // namespace glasstcp::http
