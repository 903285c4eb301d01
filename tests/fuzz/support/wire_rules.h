// What no stack may ever send, whatever came before: the judge of the targets that talk to a whole
// stack.
//
// RFC 9293 §3.4 and §3.8.6 (numbers and windows), §3.10.7 (answers); RFC 1122 §3.2.2 and RFC 4443
// §2.4(e) (what is never answered by an ICMP error); RFC 791, RFC 8200 (headers). It reads the
// bytes by itself and asks the stack only for STATUS.
#pragma once

#include <array>
#include <cstdint>

#include "stack/socket/stack.h"
#include "tests/fuzz/support/byte_source.h"
#include "tests/fuzz/support/peer_packets.h"

namespace glasstcp::fuzz {

constexpr bool is_before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

/// A packet that left, read field by field.
struct Sent {
  IpAddress source, destination;
  std::uint8_t protocol = 0;
  bool is_fragment = false;
  ByteView transport;  ///< what of it stands in the packet's own header bytes
  [[nodiscard]] bool is_tcp() const { return protocol == 6 && !is_fragment; }
  [[nodiscard]] bool is_icmp_error() const {
    if (is_fragment || transport.empty()) return false;
    if (protocol == 58) return transport[0] < 128;
    return protocol == 1 && (transport[0] == 3 || transport[0] == 11 || transport[0] == 12);
  }
};

/// Reads the header of a packet that left, and judges it: lengths, checksums, addresses.
inline Sent read_header(const OutPacket& out, const Stack& stack, std::uint32_t mtu) {
  const bool is_v4 = out.header[0] >> 4 == 4;
  const std::size_t header = is_v4 ? 20 : 40;
  require(out.is_v6 != is_v4 && out.header_length >= header);
  const ByteView bytes = ByteView(out.header).first(out.header_length);
  const std::size_t length = is_v4 ? load_be16(&bytes[2]) : load_be16(&bytes[4]) + 40U;
  require(length == out.size() && (length <= mtu || out.gso_size != 0));
  if (is_v4) require(folded(plain_sum(bytes.first(20))) == 0xffff);
  Sent sent;
  sent.source = is_v4 ? IpAddress::v4(&bytes[12]) : IpAddress::v6(&bytes[8]);
  sent.destination = is_v4 ? IpAddress::v4(&bytes[16]) : IpAddress::v6(&bytes[24]);
  sent.protocol = is_v4 ? bytes[9] : bytes[6];
  sent.is_fragment = is_v4 ? (load_be16(&bytes[6]) & 0x3fff) != 0 : bytes[6] == 44;
  sent.transport = bytes.subspan(header);
  require(bytes[is_v4 ? 8 : 7] != 0);
  // A group, a broadcast, nobody or ourselves is never spoken to.
  require(stack.is_own(sent.source) && !stack.is_own(sent.destination));
  const ByteView to = sent.destination.bytes();
  if (is_v4) {
    require(to[0] < 224 && to[0] != 0 && to[0] != 127);
    require(load_be32(to.data()) != 0xc00002ffU && load_be32(to.data()) != 0xc0000200U);
  } else {
    require(to[0] != 0xff && sent.destination != *IpAddress::parse("::"));
  }
  return sent;
}

/// The checksum of a segment over all slices, where nobody else completes it.
inline bool has_right_checksum(const OutPacket& out, const Sent& sent) {
  if (out.checksum_partial || out.gso_size != 0) return true;
  test::Bytes bytes(sent.transport.begin(), sent.transport.end());
  for (std::size_t i = 0; i < out.payload_slices; ++i)
    bytes.insert(bytes.end(), out.payload[i].begin(), out.payload[i].end());
  std::uint32_t sum = plain_sum(bytes, sent.protocol + static_cast<std::uint32_t>(bytes.size()));
  sum = plain_sum(sent.source.bytes(), plain_sum(sent.destination.bytes(), sum));
  return folded(sum) == 0xffff;
}

/// What is known of one connection from what passed.
class ConnectionRules {
 public:
  [[nodiscard]] ConnectionId id() const { return id_; }
  void begin(ConnectionId id) { *this = ConnectionRules(id); }

  /// Before and after anything that may change the peer's window.
  void note_window(const TcbSnapshot& tcb) {
    const SeqNum edge = tcb.snd.una + tcb.snd.wnd;
    if (!has_window_ || is_before(right_edge_, edge.raw())) right_edge_ = edge.raw();
    has_window_ = true;
  }

  /// A segment of the connection left. `fed`: octets that the peer ever sent on its ports.
  void judge(const OutPacket& out, const TcbSnapshot& tcb, std::uint64_t fed) {
    const test::SentTcp seg = test::read_sent(out);
    if (seg.has(test::kRst)) return;
    if (seg.text > 0) judge_data(out, seg, tcb);
    if (seg.has(test::kAck)) judge_ack(seg, tcb, fed);
  }

 private:
  explicit ConnectionRules(ConnectionId id) : id_(id) {}

  void judge_data(const OutPacket& out, const test::SentTcp& seg, const TcbSnapshot& tcb) const {
    const std::uint32_t first = seg.seq + (seg.has(test::kSyn) ? 1U : 0U);
    const std::uint32_t end = first + seg.text;
    // RFC 9293 §3.8.6.1: one octet may look whether a closed window opened; it is not counted.
    const bool is_probe = out.reason == SendReason::ZeroWindowProbe;
    require(!is_before(tcb.snd.nxt.raw() + (is_probe ? 1 : 0), end));
    require(!is_probe || seg.text <= 1);
    const bool is_free = seg.has(test::kSyn) || is_probe || out.reason == SendReason::KeepAlive;
    if (!is_free && has_window_) require(!is_before(right_edge_, end));
    if (out.reason == SendReason::KeepAlive) return;  // an old number, and whatever octet
    std::uint32_t seq = first;
    for (std::size_t i = 0; i < out.payload_slices; ++i) {
      for (const std::uint8_t byte : out.payload[i]) require(byte == byte_at(seq++));
    }
  }

  void judge_ack(const test::SentTcp& seg, const TcbSnapshot& tcb, std::uint64_t fed) {
    require(seg.ack - tcb.rcv.irs.raw() <= fed + 2);  // SYN and FIN
    if (has_acked_) require(!is_before(seg.ack, acked_));
    acked_ = seg.ack;
    has_acked_ = true;
    // RFC 9293 §3.8.6 SHLD-14: the right edge never moves left, but for what its scale cannot say.
    const std::uint8_t shift = seg.has(test::kSyn) ? 0 : tcb.rcv_shift;
    const std::uint32_t edge = seg.ack + (std::uint32_t{seg.window} << shift);
    const std::uint32_t rounding = (1U << tcb.rcv_shift) - 1;
    if (has_edge_) require(!is_before(edge + rounding, edge_));
    if (!has_edge_ || is_before(edge_, edge)) edge_ = edge;
    has_edge_ = true;
  }

 public:
  ConnectionRules() = default;

 private:
  ConnectionId id_;
  bool has_window_ = false, has_acked_ = false, has_edge_ = false;
  std::uint32_t right_edge_ = 0, acked_ = 0, edge_ = 0;
};

}  // namespace glasstcp::fuzz
