// A TCP segment that arrived and whose form is good, in the words of RFC 9293 §3.3.1: seg.seq,
// seg.ack, seg.len ...
//
// Made once at the border (TcpLayer::receive), after lengths, checksum and options were checked;
// from then on it is trusted as far as its form goes. What it *says* is still judged, check by
// check, in segment_arrives.
//
// Invariants:
//   1. Views are borrowed from the packet and live only during the call that brought it.
//   2. tuple.local_* is ours, tuple.remote_* the sender's; `hash` is the keyed hash of the tuple,
//   computed once.
//
// Next: connection/tcb.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/trace/verdict.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// What a check of an arriving segment says: a verdict ends its processing; empty lets the next
/// check see it.
using Check = std::optional<Verdict>;

/// Bytes of the IP and TCP headers of a segment without options.
[[nodiscard]] constexpr std::uint16_t header_bytes(IpVersion version) {
  return version == IpVersion::V4 ? 20 + 20 : 40 + 20;
}

/// RFC 9293 §3.7.1 MUST-15: what a peer can receive when it does not say.
[[nodiscard]] constexpr std::uint16_t default_mss(IpVersion version) {
  return version == IpVersion::V4 ? 536 : 1220;
}

/// An incoming segment.
struct Segment {
  FourTuple tuple;
  std::uint64_t hash = 0;
  SeqNum seq;
  SeqNum ack;
  // RFC 9293 §3.1 MUST-1: the window is unsigned.
  std::uint16_t wnd = 0;  ///< as in the header, not scaled
  std::uint16_t up = 0;   ///< urgent pointer, offset from seq
  TcpFlags flags;
  std::uint8_t traffic_class = 0;
  bool had_syn = false;  ///< it had a SYN, which was trimmed
  /// bytes of data of each segment it was merged from; 0: it is one segment
  std::uint16_t gso_size = 0;
  ByteView data;
  TcpOptions options;

  /// RFC 9293 §3.4: its data, and one each for SYN and FIN.
  [[nodiscard]] std::uint32_t len() const {
    return static_cast<std::uint32_t>(data.size()) + (flags.syn() ? 1U : 0U) +
           (flags.fin() ? 1U : 0U);
  }
  /// The first number after it.
  [[nodiscard]] SeqNum end() const { return seq + len(); }
  // RFC 7323 §2.2 R7323-03, §2.3 R7323-05: the window of a SYN is never scaled, every other one is.
  /// The window that it offers, in bytes; `shift`: what the sender's windows are scaled by.
  [[nodiscard]] std::uint32_t window(std::uint8_t shift) const {
    return flags.syn() || had_syn ? wnd : static_cast<std::uint32_t>(wnd) << shift;
  }
  /// How many segments of the wire it stands for (more than 1 after receive offload merged some).
  [[nodiscard]] std::uint32_t count() const {
    if (gso_size == 0 || data.size() <= gso_size) return 1;
    return (static_cast<std::uint32_t>(data.size()) + gso_size - 1) / gso_size;
  }
};

// RFC 9293 §3.10.7.4 R9293-P6, Table 6:
//   seg.len = 0, rcv.wnd = 0:  seg.seq = rcv.nxt
//   seg.len = 0, rcv.wnd > 0:  rcv.nxt =< seg.seq < rcv.nxt + rcv.wnd
//   seg.len > 0, rcv.wnd = 0:  not acceptable
//   seg.len > 0, rcv.wnd > 0:  its first or its last number lies in the window
// RFC 9293 Appendix A.2 R9293-A1: an empty segment exactly at the right edge is accepted, since a
// peer that has filled our window sends its ACKs with that number. Were they refused, two ends that
// filled each other's windows would answer ACK with ACK until both gave up, and a handshake whose
// data is lost could not be completed. RFC 5961 §3.2 R5961-03: a reset there is outside, as ever.
/// Whether a segment is acceptable to a receiver that expects `rcv_nxt` and offered `rcv_wnd`
/// bytes.
[[nodiscard]] inline bool is_acceptable(const Segment& seg, SeqNum rcv_nxt, std::uint32_t rcv_wnd) {
  if (seg.len() == 0) {
    const bool edge_counts = rcv_wnd == 0 || !seg.flags.rst();
    return is_within(seg.seq, rcv_nxt, rcv_wnd + (edge_counts ? 1U : 0U));
  }
  if (rcv_wnd == 0) return false;
  return is_within(seg.seq, rcv_nxt, rcv_wnd) || is_within(seg.end() - 1, rcv_nxt, rcv_wnd);
}

}  // namespace glasstcp
