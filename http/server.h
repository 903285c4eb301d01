// The HTTP server: joins the stack's connections to HttpConnections, and borrowed bytes to their
// owners.
//
// RFC 9112 §9. No socket, clock or thread: the event loop calls turn() after packets and at
// next_deadline().
//
// Invariants:
//   1. Bytes lent to the stack stay alive until it releases them, whatever happens to their
//      connection.
//   2. Each accepted connection has one slot, from accept() to close() or abort(). What HTTP knows
//      of one is put away when it has been idle for some seconds: then it costs sizeof(Slot), 40
//      bytes.
//   3. Nothing is allocated in steady state: slots and loans come from slabs.
//   4. A connection that has much unacknowledged output, or holds its share of the memory, is not
//      read from: pipelining is bounded.
//   5. A stream that has bytes to give wakes the server once, not as long as its reader is slow.
//   6. At most max_lingering connections are read from only to be thrown away.
//   7. A request is answered with 503, not with a reset, when there is no memory for its answer.
//   8. Peers are ended for being slow only while a shared pool (memory, loans, places) is more than
//      three quarters full.
//
// Leaves out TLS and HTTP/2.
// Next: client.h.
#pragma once

#include <expected>
#include <vector>

#include "http/http_connection.h"
#include "http/slow_peers.h"
#include "stack/base/slab.h"
#include "stack/base/timing_wheel.h"
#include "stack/socket/stack.h"

namespace glasstcp::http {

/// What a server is made from.
struct ServerConfig {
  SiteConfig site;
  ConnectionConfig connection;
  AccessLogSink* access_log = nullptr;  ///< borrowed; may be absent
  Service* service = nullptr;           ///< borrowed; may be absent
  /// bytes of response heads, pieces of large files and partial requests together; an eighth is for
  /// partial requests
  std::size_t memory = 64u << 20;
  LeastRate least_rate;                      ///< of peers, while memory is short
  std::uint32_t max_connections = 1u << 20;  ///< beyond, one that is idle ends
  std::uint32_t max_loans = 1u << 20;        ///< pieces lent to the stack at once
  /// unacknowledged output at which a connection's requests wait
  std::uint32_t pipeline_bytes = 1u << 20;
  /// unacknowledged output at which the pieces of a long answer wait
  std::uint32_t in_flight_bytes = 4u << 20;
  std::uint32_t backlog = 4096;
  /// connections that send on after their last answer; beyond, the oldest ends
  std::uint32_t max_lingering = 256;
  Duration drain_timeout = 5s;  ///< for answers in flight after stop()
};

/// Serves a FileStore over a Stack.
class HttpServer final : private PeerNames, private MessageListener, private HeadRoom {
 public:
  /// All borrowed for the life of the server, but `config`, which is copied.
  HttpServer(Stack& stack, FileStore& store, const MediaTypes& types, const ServerConfig& config,
             Instant start);
  ~HttpServer() override;

  /// Listens on one endpoint (an unspecified address means every own address of its version). May
  /// be called again.
  std::expected<void, OpenError> listen(const Endpoint& local);

  /// Takes every event and released cookie off the stack, and lets deadlines up to `at` happen.
  /// Without `runs_timers` deadlines end nothing yet: packets wait that were sent before them.
  void turn(const Moment& at, bool runs_timers = true) noexcept;
  /// When turn() must be called at the latest; kNever: only after a packet.
  [[nodiscard]] Instant next_deadline() const noexcept;
  /// Stops listening. Idle connections close; answers in flight end, or are aborted after
  /// drain_timeout.
  void stop(const Moment& at) noexcept;
  /// Whether stop() was called and no connection is left.
  [[nodiscard]] bool is_finished() const noexcept { return is_stopping_ && slots_.size() == 0; }

  /// Where it listens.
  [[nodiscard]] const std::vector<ListenerId>& listeners() const noexcept { return listeners_; }
  /// Connections that have a slot now.
  [[nodiscard]] std::uint32_t connection_count() const noexcept { return slots_.size(); }
  /// Those of which only the deadline is kept.
  [[nodiscard]] std::uint32_t resting_count() const noexcept {
    return slots_.size() - states_.size();
  }
  /// Pieces that the stack still holds.
  [[nodiscard]] std::uint32_t loan_count() const noexcept { return loans_.size(); }
  [[nodiscard]] const BufferPool& pool() const noexcept { return pool_; }
  [[nodiscard]] const PartialHeads& partial_heads() const noexcept { return heads_; }
  [[nodiscard]] const LimitCounters& counters() const noexcept { return counters_; }
  /// Puts connections between requests to rest, and gives back to the heap what a peak has left
  /// behind; looks at everything, so it is for quiet moments. Returns the bytes given.
  std::uint64_t release_idle_memory() noexcept;
  /// See Stack::reserve(): for the stack, and for the answers.
  [[nodiscard]] bool reserve() noexcept;

 private:
  struct Slot;
  struct HttpState;
  struct Loan;

  [[nodiscard]] FourTuple tuple_of(std::uint32_t tag) const noexcept override;
  // Hands marks on to whoever watches the stack's packets.
  void on_request_line(std::uint32_t tag, std::string_view line) noexcept override;
  void on_request_end(std::uint32_t tag) noexcept override;
  void on_response_begin(std::uint32_t tag, std::string_view head,
                         std::uint64_t length) noexcept override;
  void on_response_end(std::uint32_t tag) noexcept override;
  void on_closing(std::uint32_t tag, const CloseNote& note) noexcept override;
  // server_pressure.cc
  bool end_oldest_head(std::uint32_t tag, const Moment& at) noexcept override;
  [[nodiscard]] Instant idle_since(const Slot& slot, const Moment& at) const noexcept;
  [[nodiscard]] PoolShare share_of(const Slot& slot) const noexcept;
  [[nodiscard]] bool has_its_share(const Slot& slot) const noexcept;
  [[nodiscard]] bool is_tcp_pressed() const noexcept;
  [[nodiscard]] bool is_pressed() const noexcept;
  void relieve(const Moment& at) noexcept;
  [[nodiscard]] PeerLook look_at(std::uint32_t index, const Slot& slot,
                                 std::size_t held) const noexcept;
  [[nodiscard]] static bool keeps_window_closed(const TcbSnapshot& status) noexcept;
  void end_slow(Slot& slot, bool is_sending, const Moment& at) noexcept;
  bool close_idle_one(const Moment& at) noexcept;
  // server_rest.cc
  [[nodiscard]] HttpConnection& http_of(const Slot& slot) noexcept;
  [[nodiscard]] const HttpConnection& http_of(const Slot& slot) const noexcept;
  [[nodiscard]] bool make_state(Slot& slot, const Moment& at) noexcept;
  [[nodiscard]] bool wake_up(Slot& slot, const Moment& at) noexcept;
  void put_to_rest() noexcept;
  // server.cc
  void accept_all(ListenerId listener, const Moment& at) noexcept;
  void on_event(const Event& event, const Moment& at) noexcept;
  Loan give_back(std::uint32_t index) noexcept;
  void take_released(const Moment& at) noexcept;
  void run_timers(const Moment& at) noexcept;
  void on_timer(Slot& slot, const Moment& at) noexcept;
  void pump(Slot& slot, const Moment& at) noexcept;
  bool send_pieces(Slot& slot, const Moment& at) noexcept;
  bool read_bytes(Slot& slot, const Moment& at) noexcept;
  void settle(Slot& slot, const Moment& at) noexcept;
  void note_lingering(std::uint32_t index, const Moment& at) noexcept;
  void note_streaming(Slot& slot, const Moment& at) noexcept;
  void send_news(const Moment& at) noexcept;
  void wake_by(Slot& slot, Instant deadline) noexcept;
  void drop(Slot& slot) noexcept;

  Stack& stack_;
  ServerConfig config_;
  LimitCounters counters_;
  PartialHeads heads_;  // these outlive the site, the loans and the slots below
  BufferPool pool_;
  Site site_;
  ConnectionServices services_;
  Instant latest_;
  TimingWheel wheel_;
  Slab<Loan> loans_;
  Slab<Slot> slots_;
  Slab<HttpState> states_;
  SlowPeers slow_peers_;
  Instant next_look_ = kNever;   // at who is slow
  std::uint32_t idle_hand_ = 0;  // the last slot that was asked whether it is idle
  std::vector<ListenerId> listeners_;
  std::vector<std::uint32_t> lingering_;  // slots, in the order of their beginning
  std::vector<std::uint32_t> streaming_;  // slots whose answer is a stream
  Instant drain_end_ = kNever;
  bool is_stopping_ = false;
  bool request_ended_ = false;  // in the bytes that are being read
};

}  // namespace glasstcp::http
