// All of TCP: who a segment belongs to, and everyone it may belong to.
//
// RFC 9293 §3.10.7.1 (CLOSED), §3.10.7.2 (LISTEN), §3.10.1 (OPEN); the rest is done by the object
// that the segment belongs to. One table finds a tuple's Connection, HalfOpen or TimeWaitRecord in
// one look-up.
//
// Invariants:
//   1. A tuple is in the table at most once, under exactly one of the three kinds.
//   2. A Connection is freed only here, when it is finished: CLOSED or TIME-WAIT, silent, and given
//   back.
//
// Next: ../../socket/stack.cc.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "stack/base/flow_table.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/random.h"
#include "stack/base/slab.h"
#include "stack/tcp/connection/connection.h"
#include "stack/tcp/connection/stack_context.h"
#include "stack/tcp/demux/half_open.h"
#include "stack/tcp/demux/listener_table.h"
#include "stack/tcp/demux/peer_ledger.h"
#include "stack/tcp/demux/syn_gate.h"
#include "stack/tcp/demux/time_wait.h"

namespace glasstcp {

/// A number for each State.
using StateCounts = std::array<std::uint32_t, kStateCount>;

[[nodiscard]] inline const IpAddress& remote_address_of(const Connection& connection) {
  return connection.tuple().remote_address;
}
[[nodiscard]] inline const IpAddress& remote_address_of(const HalfOpen& half_open) {
  return half_open.agreement().tuple.remote_address;
}

/// One line of a listing.
struct ConnectionEntry {
  FourTuple tuple;
  State state = State::Closed;
};

/// What became of a segment, and whose it was. Snapshots are filled only while somebody observes.
struct SegmentOutcome {
  Verdict verdict = Verdict::NoConnection;
  ConnectionId connection;
  std::uint32_t segments = 1;
  bool observed = false;
  TcbSnapshot before;
  TcbSnapshot after;
};

/// A packet to send, and whose. Snapshots as above.
struct TransmitOutcome {
  bool observed = false;
  TcbSnapshot before;
  TcbSnapshot after;
};

/// Every connection of a stack.
class TcpLayer {
 public:
  TcpLayer(const TcpSetup& setup, IpLayer& ip, Instant start);
  ~TcpLayer();
  TcpLayer(const TcpLayer&) = delete;
  TcpLayer& operator=(const TcpLayer&) = delete;

  void receive(const IpDatagram& datagram, Instant now, SegmentOutcome& outcome);
  Verdict icmp_arrives(const IcmpSignal& signal, Instant now);
  void advance(Instant now);
  /// The next segment of a connection; false: none has anything to say.
  [[nodiscard]] bool transmit(Instant now, OutPacket& out, TransmitOutcome& outcome);
  /// The next segment that no connection stands behind: resets, SYN-ACKs, challenges of TIME-WAIT.
  [[nodiscard]] bool transmit_answer(Instant now, OutPacket& out);
  [[nodiscard]] Instant next_deadline() const;
  [[nodiscard]] bool has_output() const { return has_answers() || !context_.ready.empty(); }
  [[nodiscard]] bool has_answers() const {
    return !context_.replies.empty() || !half_open_ready_.empty();
  }

  std::expected<ListenerId, OpenError> listen(const Endpoint& local, std::uint32_t backlog);
  void close_listener(ListenerId id, Instant now);
  [[nodiscard]] std::optional<ConnectionId> accept(ListenerId id);
  std::expected<ConnectionId, OpenError> connect(const ConnectOptions& options, Instant now);
  [[nodiscard]] Listener* find(ListenerId id) { return listeners_.get(id); }
  /// Null: stale, or an orphan.
  [[nodiscard]] Connection* find(ConnectionId id);
  /// To be called after any user call on a connection: it may have ended.
  void remove_if_ended(Connection& connection, Instant now);

  /// The next listener or connection with events.
  [[nodiscard]] std::optional<ListenerId> next_listener_event();
  [[nodiscard]] Connection* next_connection_event();

  [[nodiscard]] TcpContext& context() { return context_; }
  [[nodiscard]] const TcpContext& context() const { return context_; }
  [[nodiscard]] std::uint32_t connection_count() const { return open_connections_; }
  [[nodiscard]] std::uint32_t half_open_count() const { return half_open_.size(); }
  /// What had to go so that others have room, by MemoryClass.
  [[nodiscard]] const std::array<std::uint64_t, kMemoryClassCount>& evicted() const {
    return evicted_;
  }
  [[nodiscard]] bool only_fin_wait_2_left() const;
  [[nodiscard]] std::uint32_t time_wait_count() const { return time_waits_.size(); }
  [[nodiscard]] std::vector<ConnectionId> connections() const;
  /// Listeners and everything that has a tuple, in no order.
  [[nodiscard]] std::vector<ConnectionEntry> entries() const;
  /// How many entries() has in each state; allocates nothing.
  [[nodiscard]] StateCounts states() const;
  /// What runs for this tuple, be it a connection, half-open or in TIME-WAIT; the earliest first.
  [[nodiscard]] std::vector<RunningTimer> timers(const FourTuple& tuple) const;
  /// How the connection with this tuple stands; empty: there is none.
  [[nodiscard]] std::optional<TcbSnapshot> status(const FourTuple& tuple) const;
  /// What the connection with this tuple has sent and not heard an acknowledgment of, in order.
  [[nodiscard]] std::vector<OutstandingRange> outstanding(const FourTuple& tuple) const;
  /// Ends what has this tuple, with a reset where the peer knows of it. False: there is nothing.
  bool drop(const FourTuple& tuple, Instant now);
  void abort_all(Instant now);
  /// Bytes held from the heap.
  [[nodiscard]] std::uint64_t memory_bytes() const;
  /// Gives back what a peak has left behind; O(all that was ever held). Returns the bytes given.
  std::uint64_t release_idle_memory();
  /// See Stack::reserve().
  [[nodiscard]] bool reserve();
  void check_invariants() const;

 private:
  // A table value: two bits of kind, thirty of index.
  enum class Kind : std::uint32_t { Connection = 0, HalfOpen = 1, TimeWait = 2 };
  static constexpr std::uint32_t kKindShift = 30;
  static constexpr std::uint32_t kIndexMask = (1U << kKindShift) - 1;
  static std::uint32_t value_of(Kind kind, std::uint32_t index) {
    return (static_cast<std::uint32_t>(kind) << kKindShift) | index;
  }

  [[nodiscard]] std::uint32_t look_up(const FourTuple& tuple, std::uint64_t hash) const;
  [[nodiscard]] bool turns_away(std::uint32_t value, TcpFlags flags, const Segment& seg,
                                Instant now);
  Verdict dispatch(std::uint32_t value, const Segment& seg, Instant now, SegmentOutcome& outcome);
  Verdict arrives_without_connection(const Segment& seg, Instant now, std::optional<SeqNum> above,
                                     SegmentOutcome& outcome);
  // active_open.cc
  std::expected<FourTuple, OpenError> choose_tuple(const ConnectOptions& options);
  [[nodiscard]] std::optional<Port> choose_port(FourTuple tuple);
  // passive_open.cc
  Verdict arrives_at_listener(std::uint32_t listener, const Segment& seg, Instant now,
                              std::optional<SeqNum> above, SegmentOutcome& outcome);
  [[nodiscard]] const ConnectionSettings& settings_of(std::uint32_t listener) const;
  [[nodiscard]] Agreement agree(const Segment& syn, const struct SynPlan& plan, Instant now) const;
  Verdict make_half_open(const Segment& seg, Instant now, const SynPlan& plan);
  std::optional<Verdict> open_fast(const Segment& seg, Instant now, const SynPlan& plan,
                                   SegmentOutcome& outcome);
  void judge_fast_open(const Segment& seg, Instant now, SynPlan& plan);
  Verdict send_cookie(const Segment& seg, Instant now, const SynPlan& plan);
  std::optional<Verdict> arrives_with_cookie(std::uint32_t listener, const Segment& seg,
                                             Instant now, SegmentOutcome& outcome);
  void free_fast_open_place(Connection& connection, Instant now);
  // tcp_layer.cc
  Verdict arrives_half_open(std::uint32_t index, const Segment& seg, Instant now,
                            SegmentOutcome& outcome);
  Verdict icmp_half_open(std::uint32_t index, const IcmpSignal& signal, Instant now);
  Verdict arrives_time_wait(std::uint32_t index, const Segment& seg, Instant now,
                            SegmentOutcome& outcome);
  /// A handshake that is to become a connection by the segment at hand.
  struct Completion {
    std::uint32_t listener = kNone;
    std::uint32_t half_open = kNone;  // kNone: nothing was remembered (SYN cookie)
    Agreement agreed;
  };
  Verdict complete(const Completion& what, const Segment& seg, Instant now,
                   SegmentOutcome& outcome);
  Verdict refuse(const Completion& what, const Segment& seg, Verdict why, Instant now);
  void remove_half_open(std::uint32_t index);
  /// What was half-open ends, and whoever watches is told; `to`: CLOSED, or LISTEN again.
  void end_half_open(std::uint32_t index, State to, StateCause cause, Instant now);
  void end_time_wait(std::uint32_t index, StateCause cause, Instant now);
  void tell_state(const FourTuple& tuple, const Transition& arrow, StateCause cause, Instant now);
  void move_to_time_wait(Connection& connection, Instant now);
  void count_orphan(Connection& connection, Instant now);
  void leave_table(Connection& connection);
  void send_reply(const Reply& reply, OutPacket& out);
  void signal_listener(std::uint32_t index);
  // eviction.cc
  [[nodiscard]] bool reserve_window(std::uint32_t bytes, const IpAddress& newcomer, Instant now);
  bool evict_idle_connection(Instant now);
  bool evict_connection(const IpAddress& newcomer, Instant now);
  [[nodiscard]] std::uint32_t victim_of_a_great_holder(const IpAddress& newcomer);
  bool evict_for_buffers(Instant now);
  template <typename Choose>
  std::uint32_t look_for_victim(Choose choose);
  void evict(std::uint32_t index, Instant now);
  [[nodiscard]] bool note_half_open_peer(std::uint32_t index);
  void make_half_open_room(Instant now);
  void evict_half_open(std::uint32_t index, Instant now);
  void relieve(Instant now);
  [[nodiscard]] bool stands_for_many(const IpAddress& address) const;

  TcpContext context_;
  KeyedHash flow_hash_;
  KeyedHash port_hash_;
  std::uint64_t port_counter_ = 0;
  FlowTable table_;
  Slab<Connection, PeerPlace> connections_;
  Slab<HalfOpen, PeerPlace> half_open_;
  Slab<TimeWaitRecord> time_waits_;
  PeerLedger<Connection> peers_;  // of connections that the peer has opened
  PeerLedger<HalfOpen> half_open_peers_;
  const std::vector<IpAddress> shared_sources_;
  const std::uint64_t roomy_connections_;  // above so many, a newcomer takes the room of another
  std::array<std::uint64_t, kMemoryClassCount> evicted_{};
  ListenerTable listeners_;
  SynGate syn_gate_;
  IntrusiveList<HalfOpen, HalfOpenReadyTag> half_open_ready_;
  IntrusiveList<HalfOpen, HalfOpenAgeTag> half_open_ages_;  // the oldest first
  IntrusiveList<TimeWaitRecord, TimeWaitTag> time_wait_order_;
  std::vector<std::uint32_t> listener_events_;
  std::optional<Instant> last_cookie_;  // when a SYN cookie was given last
  std::uint32_t orphans_ = 0;           // connections whose application has gone, not ended yet
  std::uint32_t quantum_used_ = 0;
  std::uint32_t open_connections_ = 0;
};

}  // namespace glasstcp
