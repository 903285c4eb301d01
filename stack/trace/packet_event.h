// What a packet did: to the connection that it came for, or what is true of one that leaves.
//
// A verdict says whether a packet was used and a reason says why one was sent; events say what that
// meant. One packet may be several: a request that also acknowledges data and opens the window.
// Everything is read from the packet and from the TCB before and after it, so that the stack does
// no more work for being watched.
//
// RFC 9293 §3.10.7.4 (what an ACK, data and a FIN do), RFC 5681 §2 (duplicate ACK), RFC 9293
// §3.8.6 (windows).
//
// Invariants:
//   1. The table has a row for each enumerator, in the same order (checked at compile time).
//   2. Sentences are made in packet_event_words.cc alone.
//
// Next: connection_memory.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace glasstcp {

/// What happened. The names stand in captures (event=...) and are stable.
enum class PacketEvent : std::uint8_t {
  // Of a packet that came.
  PeerSyn,              ///< their SYN: a handshake begins
  PeerSynAck,           ///< their SYN, and the ACK of ours
  PeerSynAgain,         ///< the same SYN or SYN-ACK once more
  AckOfSyn,             ///< our SYN is acknowledged
  AckOfData,            ///< bytes of ours are acknowledged for the first time
  AckOfRetransmission,  ///< the same, and some of them had been sent more than once
  AckOfFin,             ///< our FIN is acknowledged
  DuplicateAck,         ///< asks for the same byte once more
  OldAck,               ///< left before an ACK that has come already
  SackReport,           ///< SACK reports bytes beyond a gap
  DuplicateReport,      ///< D-SACK: bytes arrived twice
  WindowUpdate,         ///< only their window changed
  WindowClosed,         ///< their window is zero from here on
  WindowStaysClosed,    ///< it is still zero
  WindowOpened,         ///< it is no longer
  ProbeAnswered,        ///< the answer to our zero-window probe
  KeepAliveAnswered,    ///< the answer to our keep-alive: they are there
  DataInOrder,          ///< the bytes that were expected next
  DataOutOfOrder,       ///< bytes beyond a gap
  DataFillsGap,         ///< bytes that close a gap: others that waited follow them
  DataFillsPart,        ///< bytes inside a gap that stays open behind them
  DataDuplicate,        ///< bytes that had come before
  DataAfterFin,         ///< bytes behind their FIN, which cannot be
  DataSentAgain,        ///< some of them had been sent before, whether they were taken or not
  OurWindowFull,        ///< it uses up our window: they have to wait
  PeerFin,              ///< their FIN, in order
  PeerFinEarly,         ///< their FIN beyond a gap: it does not count yet
  PeerFinAgain,         ///< the same FIN once more
  PeerReset,            ///< their RST
  PeerKeepAlive,        ///< a byte (or none) before what is expected: are you there?
  PeerWindowProbe,      ///< a byte for our closed window
  // Of a packet that leaves.
  Retransmission,       ///< it repeats numbers that were sent before
  AckOnData,            ///< an acknowledgment rides on the data (piggybacked)
  PushEndOfMessage,     ///< PSH: the last byte of a message is in it
  PushEndOfQueue,       ///< PSH: nothing more is queued
  DuplicateAckSent,     ///< asks for the same byte as our ACK before
  WindowUpdateSent,     ///< only our window changed
  AnswersKeepAlive,     ///< of theirs: we are here
  AnswersProbe,         ///< of theirs, for our closed window
  OurWindowClosed,      ///< our window is zero
  FinAcknowledgesFin,   ///< our FIN is also the first ACK of theirs
  PeerWindowFull,       ///< it uses up their window: the next byte waits
  CwndFull,             ///< the last that the congestion window allows
  SlowStart,            ///< cwnd is below ssthresh
  CongestionAvoidance,  ///< it is not
  Recovery,             ///< losses are being repaired
};
inline constexpr int kPacketEventCount = static_cast<int>(PacketEvent::Recovery) + 1;

/// A row of the table.
struct PacketEventInfo {
  PacketEvent event;
  std::string_view name;  ///< as the enumerator
  std::string_view rfc;   ///< e.g. "RFC 5681 §2"
};
/// The row of an event. Static lifetime.
[[nodiscard]] const PacketEventInfo& info(PacketEvent event);
/// All rows, in the order of the enumerators.
[[nodiscard]] std::span<const PacketEventInfo> all_packet_events();

/// An event with its numbers; which of them mean something stands beside each use in
/// connection_memory.cc. Sequence numbers are relative to the connection's first.
struct PacketEventValue {
  PacketEvent what{};
  std::uint32_t count = 0;  ///< bytes, or the number of a duplicate ACK, from 1
  std::uint32_t from = 0;   ///< sequence number or window before
  std::uint32_t to = 0;     ///< sequence number or window after
};

/// The events of one packet, in the order in which they are told.
class PacketEvents {
 public:
  static constexpr std::size_t kMost = 8;

  /// What exceeds kMost is dropped: the first ones matter most.
  void add(PacketEventValue value) {
    if (count_ < kMost) values_[count_++] = value;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::span<const PacketEventValue> all() const {
    return std::span(values_).first(count_);
  }
  [[nodiscard]] bool has(PacketEvent what) const {
    for (const PacketEventValue& value : all()) {
      if (value.what == what) return true;
    }
    return false;
  }

 private:
  std::array<PacketEventValue, kMost> values_{};
  std::size_t count_ = 0;
};

}  // namespace glasstcp
