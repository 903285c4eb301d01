// The whole stack behind one class: packets and time go in, packets and events come out.
//
// RFC 9293 §3.9 (interfaces), §3.10.1-3.10.6 (user calls). A pure machine: no clock, no system
// call, no thread, no global. The same inputs at the same times give the same bytes out.
//
// How a loop drives it:
//     while (read a packet) stack.receive(packet, meta, now);
//     stack.advance(now);
//     while (auto e = stack.next_event()) act on it;           // accept, read, send, close
//     while (auto c = stack.next_released()) free(*c);
//     while (stack.transmit(now, out)) write it;
//     sleep until a packet comes or stack.next_deadline()
//
// Invariants:
//   1. Only transmit() makes packets; no other call sends.
//   2. ConnectionId stays valid until the application closes or aborts it, even if the connection
//   ended before; a stale
//      id is answered with NotConnected, never with another connection.
//   3. Not safe for several threads at once: one caller at a time.
//
// Next: ../tcp/demux/tcp_layer.h.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/time.h"
#include "stack/socket/stack_config.h"
#include "stack/tcp/demux/listener.h"
#include "stack/tcp/demux/tcp_layer.h"
#include "stack/tcp/user_types.h"
#include "stack/trace/observer.h"
#include "stack/wire/packet.h"

namespace glasstcp {

/// One event.
struct Event {
  bool is_listener = false;
  ListenerId listener;
  ConnectionId connection;
  std::uint16_t mask = 0;
  std::uint64_t user = 0;  ///< what set_user stored
};

/// Counters since the start, all monotonic.
struct StackCounters {
  std::uint64_t packets_in = 0, packets_out = 0, bytes_in = 0, bytes_out = 0;
  std::uint64_t segments_in = 0,
                segments_out = 0;  ///< merged packets count as the segments they stand for
  std::uint64_t retransmitted_segments = 0;
  std::uint64_t fast_segments = 0;  ///< that took the fast path (stack/tcp/connection/fast_path.cc)
  std::uint64_t connections_opened = 0, connections_accepted = 0;
  std::uint64_t answers_dropped = 0;  ///< resets, cookies and challenges that found no room to wait
  /// what had to go so that others have room, by what it was doing (MemoryClass)
  std::array<std::uint64_t, kMemoryClassCount> evicted{};
  /// datagrams whose fragments had to go so that those of others have room, and those that were
  /// not whole in time
  std::uint64_t reassembly_evictions = 0, reassembly_timeouts = 0;
  std::uint64_t memory_given_back = 0;  ///< bytes, by release_idle_memory()
  std::uint64_t verdicts[static_cast<std::size_t>(kVerdictCount)] = {};
  std::uint64_t reasons[static_cast<std::size_t>(kSendReasonCount)] = {};
};

/// Bytes that peers can make us hold, and their limit (StackConfig::memory).
struct StackMemory {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
};

/// A userspace TCP/IP stack.
class Stack {
 public:
  Stack(const StackConfig& config, Instant start);
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  // -- Packets and time
  /// One packet from the device, borrowed during the call. Any bytes are survivable. `now` never
  /// runs backwards.
  Verdict receive(ByteView packet, const PacketMeta& meta, Instant now);
  /// Lets every deadline up to `now` happen.
  void advance(Instant now);
  /// The next packet to write, or false: nothing to say now. Its slices live until the next
  /// non-const call. Connections go first: while they have something to say, an answer (ICMP, a
  /// reset, a SYN-ACK, a challenge) leaves after kPacketsPerAnswer packets of theirs, or after
  /// fewer if those are large: each kLargePiece bytes count as one more.
  [[nodiscard]] bool transmit(Instant now, OutPacket& out);
  static constexpr std::uint32_t kPacketsPerAnswer = 7;
  static constexpr std::size_t kLargePiece = 8 * 1024;
  /// A new gso_max (StackConfig), from the next packet on: for a device that turns out to take less
  /// than it promised.
  void set_gso_max(std::uint32_t bytes);
  /// When advance() must be called at the latest; kNever when no timer runs. Never earlier than
  /// useful: no spinning.
  [[nodiscard]] Instant next_deadline() const;
  /// Whether transmit() could have something to say without a new input.
  [[nodiscard]] bool has_output() const;

  // -- Events
  [[nodiscard]] std::optional<Event> next_event();
  /// A cookie of send_borrowed whose bytes are no longer needed (acknowledged, or the connection
  /// ended).
  [[nodiscard]] std::optional<std::uint64_t> next_released();

  // -- User calls (RFC 9293 §3.10)
  /// Passive OPEN. `local.address` unspecified (0.0.0.0 or ::) = every own address of that version.
  /// `backlog`: finished connections that wait for accept(), at least 1.
  std::expected<ListenerId, OpenError> listen(const Endpoint& local, std::uint32_t backlog);
  /// Stops listening: half-open and unaccepted connections of this listener are reset.
  void close_listener(ListenerId id);
  /// The next finished connection, if any. The connection is the application's from then on.
  [[nodiscard]] std::optional<ConnectionId> accept(ListenerId id);
  /// Whether accept() has a connection to give.
  [[nodiscard]] bool has_acceptable(ListenerId id) const;
  /// How many it has.
  [[nodiscard]] std::uint32_t acceptable_count(ListenerId id) const;
  /// Replaces our addresses. Connections on an address that was removed receive nothing any more.
  void set_addresses(const std::vector<Cidr>& addresses);
  /// Whether the address is one of ours.
  [[nodiscard]] bool is_own(const IpAddress& address) const;
  /// Active OPEN: kConnected or kError follows as an event.
  std::expected<ConnectionId, OpenError> connect(const ConnectOptions& options, Instant now);

  /// SEND with a copy: as much as fits; 0 < result <= bytes.size(), or WouldBlock.
  std::expected<std::size_t, StreamError> send(ConnectionId id, ByteView bytes, SendOptions options,
                                               Instant now);
  /// SEND without a copy: all or nothing. The bytes must stay as they are until next_released()
  /// gives `cookie` (also when the connection fails). On an error the cookie is not taken over.
  std::expected<void, StreamError> send_borrowed(ConnectionId id, ByteView bytes,
                                                 std::uint64_t cookie, SendOptions options,
                                                 Instant now);
  /// RECEIVE without a copy: the first contiguous run of unread bytes, borrowed until the next
  /// non-const call on this connection. Empty view = end of stream (the peer closed); WouldBlock =
  /// nothing yet.
  [[nodiscard]] std::expected<ByteView, StreamError> peek(ConnectionId id) const;
  /// Says that the first n unread bytes were used; opens the window.
  void consume(ConnectionId id, std::size_t n, Instant now);
  /// RECEIVE with a copy; 0 = end of stream.
  std::expected<std::size_t, StreamError> read(ConnectionId id, ByteSpan into, Instant now);
  /// RFC 9293 §3.10.4 CLOSE: no more to send; FIN follows the queued bytes. Reading goes on.
  std::expected<void, StreamError> shutdown_send(ConnectionId id, Instant now);
  /// The application is done in both directions and gives the id back. Queued bytes and FIN are
  /// still delivered; unread data turns it into a reset (SHLD-3).
  void close(ConnectionId id, Instant now);
  /// RFC 9293 §3.10.5 ABORT: RST, and the id is given back.
  void abort(ConnectionId id, Instant now);
  /// RFC 9293 §3.10.6 STATUS; empty for a stale id.
  [[nodiscard]] std::optional<TcbSnapshot> status(ConnectionId id) const;
  /// Why it failed, if it did.
  [[nodiscard]] std::optional<StreamError> error(ConnectionId id) const;
  [[nodiscard]] std::optional<FourTuple> tuple(ConnectionId id) const;
  /// Bytes to the end of urgent data, 0: none pending (MUST-33).
  [[nodiscard]] std::uint32_t urgent_remaining(ConnectionId id) const;
  /// Bytes queued and not yet acknowledged.
  [[nodiscard]] std::size_t unacknowledged(ConnectionId id) const;

  // -- Options of one connection
  void set_user(ConnectionId id, std::uint64_t user);
  void set_listener_user(ListenerId id, std::uint64_t user);
  void set_nagle(ConnectionId id, bool on, Instant now);                  ///< MUST-17
  void set_keep_alive(ConnectionId id, bool on, Instant now);             ///< MUST-24
  void set_user_timeout(ConnectionId id, Duration timeout, Instant now);  ///< MUST-21; 0: R2 alone
  void set_traffic_class(ConnectionId id,
                         std::uint8_t dscp_byte);  ///< MUST-48: DSCP in the upper six bits

  /// Chooses differently from the stack; false: stale id, or no memory for it.
  bool apply_settings(ConnectionId id, const ConnectionSettings& settings, Instant now);
  /// For the connections that a listener brings from now on.
  void apply_listener_settings(ListenerId id, const ConnectionSettings& settings);
  /// What SYNs offer and accept from now on (SACK, timestamps, scaled windows), how they are
  /// answered (cookies, timeouts of SYN-ACKs), and whether new connections begin with Nagle's
  /// algorithm. What a connection chooses (ConnectionSettings) and all else stays as it is.
  void choose_for_new(const TcpConfig& config);
  /// Finished connections that wait for accept() from now on, at least 1. Without memory for more
  /// it stays as it is.
  void set_listener_backlog(ListenerId id, std::uint32_t backlog);
  /// Whether and how it takes data in SYNs (RFC 7413); off until asked for. Without memory for it
  /// it stays as it is.
  void set_listener_fast_open(ListenerId id, const FastOpenListening& how);
  /// Keys of Fast Open cookies, to share them between servers; empty backup: cookies of the keys
  /// before are void.
  void set_fast_open_keys(const Key128& primary, const std::optional<Key128>& backup);
  /// Bytes that the SYN of an active open with Fast Open will carry; 0: none, or it has left.
  [[nodiscard]] std::uint32_t fast_open_room(ConnectionId id) const;
  /// Whether a SYN to that address would carry data.
  [[nodiscard]] bool can_fast_open(const IpAddress& remote, Instant now) const;
  /// Forgets what is known of servers: cookies, and MSS.
  void forget_fast_open_servers();
  /// The settings that connections have unless they choose others.
  [[nodiscard]] const ConnectionSettings& default_settings() const;
  /// What a SEND with `more` held back may go.
  void push(ConnectionId id, Instant now);
  /// A delayed ACK leaves with the next output.
  void acknowledge_now(ConnectionId id, Instant now);
  /// Asks for kWritable at the next room to send, without a refused send().
  void want_writable(ConnectionId id);
  /// Copies unread bytes from `offset` on without taking them (MSG_PEEK); returns how many.
  [[nodiscard]] std::size_t copy_unread(ConnectionId id, std::size_t offset, ByteSpan into) const;

  // -- Looking in
  /// Borrowed until replaced; null: nobody watches.
  void set_observer(Observer* observer);
  [[nodiscard]] bool is_observed() const;
  /// Tells the observer where the next message lies: the mark's number is filled in here, for what
  /// comes the next byte to be read, for what leaves the next to be queued. Nothing is done for a
  /// stale id, or while nobody watches.
  void note_message(ConnectionId id, const MessageMark& mark, Instant now);
  /// Tells the observer why the application is about to close or abort.
  void note_close(ConnectionId id, const CloseNote& note, Instant now);
  [[nodiscard]] const StackCounters& counters() const;
  [[nodiscard]] StackMemory memory() const;
  /// The ids of all connections that are not CLOSED. Half-open ones have no id: half_open_count()
  /// counts them.
  [[nodiscard]] std::vector<ConnectionId> connections() const;
  /// What TCP_INFO is filled from; empty for a stale id.
  [[nodiscard]] std::optional<ConnectionReport> report(ConnectionId id) const;
  /// What runs for the connection with this tuple, half-open and TIME-WAIT too, and when each ends;
  /// the earliest first. Empty: nothing runs, or there is no such connection.
  [[nodiscard]] std::vector<RunningTimer> timers(const FourTuple& tuple) const;
  /// How the connection with this tuple stands; empty: there is none, or it is half-open or in
  /// TIME-WAIT.
  [[nodiscard]] std::optional<TcbSnapshot> status(const FourTuple& tuple) const;
  /// What the connection with this tuple has sent and not heard an acknowledgment of, in order;
  /// with what is known of each part (reported by SACK, judged lost). O(segments outstanding).
  [[nodiscard]] std::vector<OutstandingRange> outstanding(const FourTuple& tuple) const;
  /// Listeners and everything that has a tuple, TIME-WAIT too, in no order.
  [[nodiscard]] std::vector<ConnectionEntry> entries() const;
  /// Ends the connection with this tuple, as an administrator would: the peer gets a reset, the
  /// application an error. False: there is none.
  bool drop(const FourTuple& tuple, Instant now);
  /// How many there are in each state, listeners, half-open ones and TIME-WAIT among them. Looks at
  /// all of them.
  [[nodiscard]] StateCounts states() const;
  [[nodiscard]] std::uint32_t connection_count() const;
  /// Whether every connection has had its FIN and all before it acknowledged, and only the peers'
  /// FINs are missing; true if there is none.
  [[nodiscard]] bool only_fin_wait_2_left() const;
  [[nodiscard]] std::uint32_t half_open_count() const;
  [[nodiscard]] std::uint32_t time_wait_count() const;
  /// Ends every connection that the application still has, each with a reset. Allocates nothing.
  void abort_all(Instant now);
  /// Bytes that connections and their data hold from the heap.
  [[nodiscard]] std::uint64_t memory_bytes() const;
  /// Gives back to the heap what a peak has left behind, where that is more than half of what is
  /// held; looks at everything, so it is for quiet moments, some seconds apart. Returns the bytes
  /// given.
  std::uint64_t release_idle_memory();
  /// Gets the memory of a few connections and their data, and keeps it, so that they can be served
  /// when the system has none left. False: it has none now.
  [[nodiscard]] bool reserve();
  /// Checks every invariant of every connection; aborts on a violation. For debug builds,
  /// simulation and fuzzing.
  void check_invariants() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace glasstcp
