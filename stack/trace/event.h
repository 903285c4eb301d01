// What an observer may see: packets with their reasons or verdicts, changes of state, timers; each
// with the TCB beside it.
//
// Invariants:
//   1. Watching does not change what is watched: events are const, and observers have no way back
//   into the stack.
//   2. Pointers and views in an event live only during the call.
//
// Next: observer.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/message_mark.h"
#include "stack/base/seq_num.h"
#include "stack/base/tcp_state.h"
#include "stack/base/time.h"
#include "stack/trace/reason.h"
#include "stack/trace/verdict.h"

namespace glasstcp {

/// The timers of a connection.
enum class TimerName : std::uint8_t {
  Retransmit,      ///< RFC 6298: what is outstanding was not acknowledged in time
  Persist,         ///< RFC 9293 §3.8.6.1: a closed window is to be probed
  SwsOverride,     ///< RFC 9293 §3.8.6.2.1: too little to send waited long enough
  MemoryRetry,     ///< what could not be sent for want of memory is tried again
  DelayedAck,      ///< RFC 9293 §3.8.6.3
  KeepAlive,       ///< RFC 9293 §3.8.4
  FinWait2,        ///< the peer of an orphan never sent its FIN
  TimeWait,        ///< 2 MSL are over
  UserTimeout,     ///< RFC 9293 §3.8.3
  TailLossProbe,   ///< RFC 8985 §7
  RackReordering,  ///< RFC 8985 §6.2: the wait for segments that may only be reordered ended
  Pacing,          ///< pacing lets the next burst leave
};

/// A row of the table: what people read about a timer.
struct TimerInfo {
  TimerName timer;
  std::string_view name;         ///< as the enumerator, e.g. "Persist"
  std::string_view rfc;          ///< empty: no RFC has it
  std::string_view sentence;     ///< English: what it means that it ended; no full stop
  std::string_view sentence_zh;  ///< Chinese, the same
};
/// The row of a timer. Static lifetime.
[[nodiscard]] const TimerInfo& info(TimerName timer);
/// The enumerator's name.
[[nodiscard]] std::string_view name_of(TimerName timer);
/// All rows, in the order of the enumerators.
[[nodiscard]] std::span<const TimerInfo> all_timers();

/// A timer that runs.
struct RunningTimer {
  TimerName name{};
  Instant deadline{};
  friend bool operator==(const RunningTimer&, const RunningTimer&) = default;
};

/// A copy of the variables of RFC 9293 §3.3.1 and of congestion control, in the RFCs' names.
struct TcbSnapshot {
  State state = State::Closed;
  struct {
    SeqNum una, nxt, up, wl1, wl2, iss;
    std::uint32_t wnd = 0;
  } snd;
  struct {
    SeqNum nxt, up, irs;
    std::uint32_t wnd = 0;
  } rcv;
  std::uint32_t cwnd = 0;      ///< bytes
  std::uint32_t ssthresh = 0;  ///< bytes; 0xffffffff: none yet
  std::uint32_t flight = 0;    ///< bytes sent and not acknowledged
  std::uint32_t pipe = 0;      ///< of those, what is believed to be in the network
  std::uint32_t sacked = 0;    ///< what SACK reported
  std::uint32_t lost = 0;      ///< what was judged lost and not sent again
  std::uint32_t unsent = 0;    ///< bytes queued and not sent
  std::uint32_t unread = 0;    ///< bytes received and not read by the application
  std::uint32_t effective_mss = 0;
  std::uint8_t snd_shift = 0;  ///< window scale of the peer's windows
  std::uint8_t rcv_shift = 0;  ///< window scale of ours
  bool in_recovery = false;
  bool window_limited = false;  ///< what waits, waits for the peer's window, not for the network
  bool has_gap = false;         ///< bytes have come behind others that are missing
  Duration srtt{};
  Duration rttvar{};
  Duration rto{};
  Duration
      reordering_window{};  ///< RFC 8985 §6.2: how much later a delivered segment must have left
  std::uint32_t duplicate_acks = 0;
  std::uint32_t retransmissions = 0;  ///< in a row, without progress
};

/// The connection an event belongs to; index 0xffffffff: none.
struct ConnectionId {
  std::uint32_t index = 0xffffffffU;
  std::uint32_t generation = 0;
  [[nodiscard]] constexpr bool is_none() const { return index == 0xffffffffU; }
  friend constexpr bool operator==(ConnectionId, ConnectionId) = default;
};

/// A packet is about to leave.
struct PacketSentEvent {
  Instant at;
  SendReason reason;
  ConnectionId connection;
  std::span<const ByteView> pieces;  ///< the whole IP packet, in order
  bool checksum_partial;             ///< the device or kernel completes the checksum
  std::uint16_t gso_size;            ///< payload bytes per segment; 0: an ordinary packet
  const TcbSnapshot* before;         ///< null when no connection is concerned
  const TcbSnapshot* after;
};

/// A packet came and was dealt with.
struct PacketReceivedEvent {
  Instant at;
  Verdict verdict;
  ConnectionId connection;
  ByteView packet;
  bool checksum_partial;
  std::uint16_t gso_size;
  const TcbSnapshot* before;
  const TcbSnapshot* after;
};

/// A connection took an arrow of Figure 5. One that is half-open or in TIME-WAIT has no id.
struct StateChangedEvent {
  Instant at;
  ConnectionId connection;
  FourTuple tuple;
  State from;
  State to;
  StateCause cause;
};

/// A deadline came.
struct TimerFiredEvent {
  Instant at;
  ConnectionId connection;
  TimerName timer;
  const TcbSnapshot* after;
};

/// The application said where one of its messages lies.
struct MessageEvent {
  Instant at;
  ConnectionId connection;
  FourTuple tuple;
  MessageMark mark;
};

/// The application closes or aborts a connection, and says why.
struct CloseEvent {
  Instant at;
  ConnectionId connection;
  FourTuple tuple;
  CloseNote note;
  std::uint32_t unsent;  ///< bytes that are queued before the FIN
};

}  // namespace glasstcp
