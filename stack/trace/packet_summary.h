// What is in a packet's headers, for people who watch: a second, independent reading of the
// bytes.
//
// RFC 791, RFC 8200, RFC 9293 §3.1, RFC 7323, RFC 2018. The wire layer lies above this one, so the
// few fields that a line of text needs are decoded here. Nothing here decides anything: a packet
// that this reader does not understand is printed as "not understood", and the stack treats it as
// if nobody had looked.
//
// Invariants:
//   1. Any bytes are survived; only the first kLookAt bytes are looked at.
//
// Leaves out: checksums, IPv4 options, reassembly.
// Next: relative_numbers.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// The fields of one packet.
struct PacketSummary {
  /// bytes from the start in which headers are looked for
  static constexpr std::size_t kLookAt = 512;
  enum class Kind : std::uint8_t { NotUnderstood, Tcp, Icmp, Udp, Fragment, Other };
  struct SackBlock {
    SeqNum left, right;
  };

  Kind kind = Kind::NotUnderstood;
  std::uint8_t ecn = 0;       ///< RFC 3168 §5: the lower two bits of the traffic class
  std::uint8_t protocol = 0;  ///< of the transport, as in the IP header
  IpAddress source;
  IpAddress destination;
  std::uint32_t total_length = 0;  ///< bytes of the IP packet as it stands

  // TCP (and the ports of UDP).
  Port source_port{};
  Port destination_port{};
  SeqNum seq;
  SeqNum ack;
  std::uint16_t flags = 0;   ///< RFC 9293 §3.1: FIN is bit 0 .. CWR is bit 7, AE is bit 8
  std::uint16_t window = 0;  ///< as in the header, not scaled
  std::uint16_t urgent = 0;
  std::uint32_t text_length = 0;  ///< bytes after the TCP header
  bool has_mss = false, has_window_scale = false, has_timestamps = false, sack_permitted = false;
  std::uint16_t mss = 0;
  std::uint8_t window_scale = 0;
  std::uint32_t ts_val = 0, ts_ecr = 0;
  std::uint8_t sack_count = 0;
  std::array<SackBlock, 4> sack;

  // ICMP.
  std::uint8_t icmp_type = 0, icmp_code = 0;

  static constexpr std::uint16_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32,
                                 kEce = 64, kCwr = 128, kAe = 256;
  [[nodiscard]] bool is_tcp() const { return kind == Kind::Tcp; }
  /// The connection it belongs to, seen from this host; `outgoing`: this host sent it.
  [[nodiscard]] FourTuple tuple(bool outgoing) const {
    if (outgoing) return {source, destination, source_port, destination_port};
    return {destination, source, destination_port, source_port};
  }
  [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  /// RFC 9293 §3.4: the sequence numbers that it occupies: SYN and FIN count for one each.
  [[nodiscard]] std::uint32_t segment_length() const {
    return text_length + (has(kSyn) ? 1U : 0U) + (has(kFin) ? 1U : 0U);
  }
};

/// Reads the headers of a packet that is given in pieces (as in PacketSentEvent). Pieces behind a
/// TCP header are not touched: they may be bytes of a mapped file that somebody has cut.
[[nodiscard]] PacketSummary summarize(std::span<const ByteView> pieces);
[[nodiscard]] PacketSummary summarize(ByteView packet);

/// Appends the control bits as people say them: "SYN-ACK", "ACK", "PSH-ACK", "FIN-PSH-ACK"; "none"
/// without any.
void add_flags(TextBuffer& out, std::uint16_t flags);

}  // namespace glasstcp
