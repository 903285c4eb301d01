// One HTTP/1.1 connection: bytes in, pieces of answers out, and deadlines. It knows no socket.
//
// RFC 9112 §6.3 (bodies), §9 (connection management); RFC 9110 §10.1.1 (Expect).
//
// How its caller drives it:
//     while (auto* piece = front_piece(at)) send it, then take_piece(at);  // until TCP has no room
//     n = on_bytes(received, at); give n bytes back to TCP;                // one request at a time
//     again, while something happened; then look at wants() and next_deadline()
//
// Invariants:
//   1. Answers leave in the order of their requests: no request is read while an answer is being
//      handed out.
//   2. When idle it holds no block: only sizeof(HttpConnection) bytes.
//   3. After the last answer it closes in stages: what the peer still sends is read and thrown
//      away, within bounds of time and rate, so that a client which sends all before it reads gets
//      its answer.
//   4. While it waits for something it has a deadline.
//
// Next: server.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "http/access_log.h"
#include "http/body_decoder.h"
#include "http/limit_counters.h"
#include "http/partial_heads.h"
#include "http/site.h"
#include "stack/base/addresses.h"
#include "stack/base/message_mark.h"

namespace glasstcp::http {

/// Limits and deadlines of every connection.
struct ConnectionConfig {
  HeadLimits head;
  std::uint64_t max_discarded_body = 1u << 20;  ///< bytes of a body that nobody wants; more is 413
  /// from the first byte of a request, or from the start of the connection
  Duration header_timeout = 10s;
  Duration idle_timeout = 60s;  ///< between requests
  Duration body_timeout = 20s;  ///< without a byte of a body
  Duration send_timeout = 60s;  ///< without an acknowledgement of what was sent
  /// the same where the peer keeps its window closed and answers when TCP asks (a paused player)
  Duration pause_timeout = 10min;
  Duration linger_idle = 5s;    ///< without a byte, after the last answer has been acknowledged
  Duration linger_total = 30s;  ///< since then
  Duration linger_grace = 5s;   ///< since then; later the rate counts
  std::uint32_t linger_rate = 16'000;     ///< bytes per second at least, since then
  std::uint32_t linger_bytes = 1u << 20;  ///< taken before then; more waits with TCP
};

/// Tells who is at the other end; asked only for the access log and for services, so that no
/// connection stores an address.
class PeerNames {
 public:
  virtual ~PeerNames() = default;
  [[nodiscard]] virtual FourTuple tuple_of(std::uint32_t tag) const noexcept = 0;
};

/// Told where the messages of connections begin and end, for those who watch the packets. `tag`
/// tells the connection. What is read is told before it is taken from TCP.
class MessageListener {
 public:
  virtual ~MessageListener() = default;
  /// A request is understood as far as its head: `line` is its first line, as it came; borrowed.
  virtual void on_request_line(std::uint32_t tag, std::string_view line) noexcept = 0;
  /// All of it has been read.
  virtual void on_request_end(std::uint32_t tag) noexcept = 0;
  /// A response begins, of `length` bytes with its head; `head` begins with its status line.
  virtual void on_response_begin(std::uint32_t tag, std::string_view head,
                                 std::uint64_t length) noexcept = 0;
  /// Its last byte has been handed out.
  virtual void on_response_end(std::uint32_t tag) noexcept = 0;
  /// Why the connection is about to be closed.
  virtual void on_closing(std::uint32_t tag, const CloseNote& note) noexcept = 0;
};

/// Makes room for a partial head.
class HeadRoom {
 public:
  virtual ~HeadRoom() = default;
  /// Ends the oldest partial head. False: there is none but that of `tag`.
  virtual bool end_oldest_head(std::uint32_t tag, const Moment& at) noexcept = 0;
};

/// What all connections of a server share; borrowed by each of them.
struct ConnectionServices {
  Site& site;
  const ConnectionConfig& config;
  PartialHeads& heads;
  LimitCounters& counters;
  HeadRoom* head_room = nullptr;        ///< may be absent
  AccessLogSink* access_log = nullptr;  ///< may be absent
  const PeerNames* peers = nullptr;     ///< needed with an access log or a service
  MessageListener* messages = nullptr;  ///< may be absent
  Service* service = nullptr;           ///< may be absent
};

/// What the caller should do with the TCP connection.
enum class Want : std::uint8_t {
  KeepOpen,
  CloseWhenSent,  ///< send FIN behind what was handed out, and go on delivering bytes and time
  Release,        ///< close; nothing more is of interest
  Abort,          ///< RST: the answer cannot be completed, or the peer does not take it
};

/// The state of one connection. Not movable while an answer is in progress, except by relocation of
/// the whole object.
class HttpConnection {
 public:
  HttpConnection(const ConnectionServices& services, const Moment& at) noexcept;
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// New bytes, in order, from the first that was not consumed. Returns how many were taken; those
  /// that were not must be offered again later. Takes nothing while an answer waits to be handed
  /// out.
  std::size_t on_bytes(ByteView bytes, const Moment& at) noexcept;
  /// The peer sends no more: call when all its bytes were offered and either taken or are the start
  /// of nothing complete.
  void on_peer_closed(const Moment& at) noexcept;
  /// Time has passed: call at next_deadline() or later.
  void on_deadline(const Moment& at) noexcept;
  /// How many bytes of what was handed out are unacknowledged now: call before on_deadline(), so
  /// that a peer that takes its answer slowly is told from one that takes nothing.
  void on_progress(std::size_t unacknowledged, const Moment& at) noexcept;
  /// All of it has.
  void on_all_acknowledged(const Moment& at) noexcept;
  /// Something was handed out and waits for the peer alone, which keeps its window closed, and
  /// answers: call before on_deadline(), while nobody needs the memory.
  void on_peer_paused(const Moment& at) noexcept;
  /// The server goes down: finish the answer in progress, start no other.
  void begin_shutdown(const Moment& at) noexcept;
  /// Others need what it keeps of a request that is not whole: it is answered, and closed.
  void end_partial_head(const Moment& at) noexcept;
  /// Others need what it keeps, and it is too slow: `note` says what it was allowed.
  void end_too_slow(const CloseNote& note) noexcept;
  /// Others need its place, and it is between requests: closed at once.
  void end_idle() noexcept;

  /// The next bytes to send; null when there are none now. Valid until the next call. `share`: what
  /// they may take of the pool.
  [[nodiscard]] const OwnedBytes* front_piece(const Moment& at,
                                              const PoolShare& share = {}) noexcept;
  /// Whether the front piece is a head whose content follows at once: TCP need not send a small
  /// segment for it alone.
  [[nodiscard]] bool is_followed_at_once() const noexcept {
    return body_size_ > 0 ||
           (transfer_ && transfer_->stream() == nullptr && transfer_->handed_out() == 0);
  }
  /// Hands the front piece over, which must exist. The caller keeps the owner until the bytes are
  /// acknowledged.
  [[nodiscard]] OwnedBytes take_piece(const Moment& at) noexcept;
  /// The stream that is being sent; null: none is.
  [[nodiscard]] BodyStream* stream() const noexcept {
    return transfer_ ? transfer_->stream() : nullptr;
  }
  /// Whether on_bytes() would take anything.
  [[nodiscard]] bool is_reading() const noexcept {
    return phase_ != Phase::Sending && phase_ != Phase::Ended;
  }
  /// Whether a body is sent piece by piece.
  [[nodiscard]] bool is_transferring() const noexcept { return static_cast<bool>(transfer_); }
  /// Bytes of the body that is being read so far; empty: none is.
  [[nodiscard]] std::optional<std::uint64_t> body_progress() const noexcept;
  /// Bytes of the pool of answers that it keeps, without those that were handed out.
  [[nodiscard]] std::size_t pooled_bytes() const noexcept;
  [[nodiscard]] Want wants() const noexcept { return want_; }
  /// Whether the peer has its last answer and goes on sending, which is thrown away.
  [[nodiscard]] bool is_lingering() const noexcept { return is_lingering_; }
  /// No longer: others need the room.
  void end_lingering() noexcept { end(Want::Release); }
  /// When on_deadline() must be called; kNever when nothing is waited for.
  [[nodiscard]] Instant next_deadline() const noexcept { return deadline_; }

  /// Whether the next byte begins a request.
  [[nodiscard]] bool is_between_requests() const noexcept { return phase_ == Phase::Idle; }
  /// The same, and nobody waits for anything: all that was handed out has been acknowledged, or the
  /// first request has had a second to come.
  [[nodiscard]] bool is_idle(const Moment& at) const noexcept {
    if (phase_ != Phase::Idle || !all_acknowledged_) return false;
    return has_answered_ || at.now - idle_since() >= 1s;
  }
  /// Between requests: since when.
  [[nodiscard]] Instant idle_since() const noexcept { return deadline_ - silence_allowed(); }
  /// Whether its deadline is all that it remembers: it may be destroyed, and one that resume()s be
  /// made in its place.
  [[nodiscard]] bool is_at_rest() const noexcept;
  /// A new one goes on where one that was at rest ended.
  void resume(Instant deadline) noexcept {
    deadline_ = deadline;
    has_answered_ = true;
  }
  /// What its owner calls it, for PeerNames and for itself.
  void set_tag(std::uint32_t tag) noexcept { tag_ = tag; }
  [[nodiscard]] std::uint32_t tag() const noexcept { return tag_; }

 private:
  enum class Phase : std::uint8_t {
    Idle,     // between requests
    Head,     // a part of a head has arrived
    Body,     // a body is being read; the answer is ready and waits
    Sending,  // an answer is being handed out
    Closing,  // the last answer has been handed out
    Ended,    // Release or Abort
  };
  struct Side;

  std::size_t take_head_in_place(ByteView bytes, const Moment& at) noexcept;
  std::size_t take_partial_head(ByteView bytes, const Moment& at) noexcept;
  bool keep_partial_head(const HeadParser& parser, ByteView bytes, const Moment& at) noexcept;
  std::size_t append_to_head(ByteView bytes, const Moment& at) noexcept;
  [[nodiscard]] Pooled<Side> side_for_head(std::size_t size, const Moment& at) noexcept;
  void note_head_progress(bool had_begun, const HeadParser& parser, const Moment& at) noexcept;
  void on_head_error(const HeadParser& parser, std::string_view bytes, const Moment& at) noexcept;
  void on_request(const Request& request, const Moment& at) noexcept;
  bool on_service_request(const Request& request, const Moment& at) noexcept;
  void begin_service_body(const Request& request, ServiceAnswer answer, const Moment& at) noexcept;
  /// A request that is refused once some of its body is read.
  struct RefusedRequest {
    Method method = Method::Get;
    LoggedRequest logged{};
  };
  /// `answer` says it in the service's own form, if it has one.
  void refuse_service_body(int status, const std::function<ServiceAnswer(int)>& answer,
                           const RefusedRequest& request, const Moment& at) noexcept;
  [[nodiscard]] bool waits_for_stream() const noexcept {
    return stream() != nullptr && all_acknowledged_ && head_.bytes.empty();
  }
  void on_request_with_body(const Request& request, Site::SinkMatch sink,
                            const Moment& at) noexcept;
  void begin_body(const Request& request, Reply reply, Site::SinkMatch sink,
                  const Moment& at) noexcept;
  std::size_t take_body(ByteView bytes, const Moment& at) noexcept;
  void end_body(const Moment& at) noexcept;
  std::size_t take_lingering(ByteView bytes, const Moment& at) noexcept;
  void refuse(int status, Method method, const LoggedRequest& logged, const Moment& at) noexcept;
  void begin_answer(Reply reply, const LoggedRequest& logged, const Moment& at) noexcept;
  void end_answer(const Moment& at) noexcept;
  void begin_closing(const Moment& at) noexcept;
  void begin_lingering(const Moment& at) noexcept;
  [[nodiscard]] Instant linger_deadline(const Moment& at) const noexcept;
  [[nodiscard]] Duration silence_allowed() const noexcept;
  void end(Want want) noexcept;
  void tell_request(const Request& request) const noexcept;
  void tell_request_end() const noexcept;
  void tell_closing(const CloseNote& note) const noexcept;
  [[nodiscard]] Persistence persistence_for(const RequestHead& head) noexcept;
  void set_body(OwnedBytes body) noexcept;
  void pull_transfer(const Moment& at, const PoolShare& share) noexcept;
  void log_answer(const Reply& reply, const LoggedRequest& logged, const Moment& at) noexcept;
  void finish_log() noexcept;
  static void store_logged(Pooled<Side>& side, const LoggedRequest& logged) noexcept;
  [[nodiscard]] static LoggedRequest stored_logged(const Pooled<Side>& side) noexcept;

  // Ordered and packed for size: an idle connection is little else than this.
  const ConnectionServices* services_;
  OwnedBytes head_{};                   // the front piece,
  const std::uint8_t* body_ = nullptr;  // the piece after it,
  Ref<Shared> body_owner_{};
  Pooled<Transfer> transfer_{};  // and the pieces after that
  Pooled<Side> side_{};          // what only a busy connection needs
  Instant deadline_;
  Phase phase_ = Phase::Idle;
  Want want_ = Want::KeepOpen;
  bool close_after_answer_ : 1 = false;
  bool all_acknowledged_ : 1 = true;
  bool peer_closed_ : 1 = false;
  bool is_shutting_down_ : 1 = false;
  bool waits_a_little_ : 1 = false;
  bool is_lingering_ : 1 = false;
  bool has_answered_ : 1 = false;
  bool is_refusing_ : 1 = false;  // the last answer is to a request that cannot be taken
  bool is_service_ : 1 = false;   // the last answer is a service's
  bool lacks_room_ : 1 = false;   // the last answer says that there is none
  std::uint8_t pauses_ : 4 = 0;   // send timeouts that the peer was allowed in a row
  std::uint32_t body_size_ = 0;
  std::uint32_t unacknowledged_ = 0;  // at the last on_progress(), and what was handed out since
  std::uint32_t tag_ = 0;
};
static_assert(sizeof(HttpConnection) <= 88, "an idle connection is cheap");

}  // namespace glasstcp::http
