// A second reading of each header, as plain as can be.
#include "tests/sim/wire_judge.h"

#include <algorithm>

#include "stack/wire/tcp.h"
#include "tests/support/segment_codec.h"

namespace glasstcp::sim {

using test::obvious_checksum;
using test::obvious_sum;
using test::pseudo_header_sum;

struct WireJudge::Tcp {
  Endpoint source, destination;
  std::uint32_t seq, ack, length;
  std::uint16_t flags, window;
  std::optional<std::uint8_t> scale;
  [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  // SYN and FIN take a number each.
  [[nodiscard]] std::uint32_t end() const {
    return seq + length + (has(TcpFlags::kSyn) ? 1 : 0) + (has(TcpFlags::kFin) ? 1 : 0);
  }
  // Of the side that sends, or of the other.
  [[nodiscard]] Key key(bool own) const {
    Key bytes{};
    std::size_t at = 0;
    for (const Endpoint& end : {own ? source : destination, own ? destination : source}) {
      std::ranges::copy(end.address.bytes(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
      store_be16(&bytes[at + 16], number(end.port));
      at += 18;
    }
    return bytes;
  }
  [[noreturn]] void fault(const std::string& what) const {
    throw Violation(what + ": " + source.to_string() + " to " + destination.to_string() +
                    " sends " + test::flags_text(flags) + " seq " + std::to_string(seq) +
                    " length " + std::to_string(length) + " ack " + std::to_string(ack) + " win " +
                    std::to_string(window));
  }
};

namespace {

bool is_before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

std::optional<std::uint8_t> scale_option(ByteView options) {
  for (std::size_t i = 0; i < options.size() && options[i] != test::kOptionEnd;) {
    if (options[i] == test::kOptionNop) {
      ++i;
      continue;
    }
    if (i + 1 >= options.size() || options[i + 1] < 2) throw Violation("a malformed option");
    if (options[i] == test::kOptionScale) return options[i + 2];
    i += options[i + 1];
  }
  return std::nullopt;
}

struct Ip {
  IpAddress source, destination;
  std::uint8_t protocol;
  ByteView body;
};

Ip read_ip(const Bytes& packet) {
  const bool v4 = (packet.at(0) >> 4) == 4;
  const std::size_t header = v4 ? 20 : 40;
  if (packet.size() < header) throw Violation("shorter than an IP header");
  const std::size_t claimed = v4 ? load_be16(&packet[2]) : load_be16(&packet[4]) + header;
  if (claimed != packet.size()) throw Violation("the IP length is not the packet's");
  const ByteView all(packet);
  if (v4 && obvious_checksum(obvious_sum(all.first(20))) != 0) throw Violation("IPv4 checksum");
  if (v4)
    return {IpAddress::v4(&packet[12]), IpAddress::v4(&packet[16]), packet[9], all.subspan(20)};
  return {IpAddress::v6(&packet[8]), IpAddress::v6(&packet[24]), packet[6], all.subspan(40)};
}

}  // namespace

void WireJudge::judge(const Bytes& packet, bool partial) {
  ++judged_;
  const Ip ip = read_ip(packet);
  if (ip.protocol != 6) return;  // ICMP: its own tests judge it
  const ByteView body = ip.body;
  const std::uint32_t pseudo = pseudo_header_sum(ip.source, ip.destination, 6, body.size());
  if (body.size() < 20) throw Violation("shorter than a TCP header");
  if (!partial && obvious_checksum(obvious_sum(body, pseudo)) != 0) throw Violation("TCP checksum");
  const std::size_t header = static_cast<std::size_t>(body[12] >> 4) * 4;
  if (header < 20 || header > body.size()) throw Violation("the data offset lies outside");
  if (!partial && dice_.chance(20)) {
    if (const auto seen = test::judge(packet); !seen) throw Violation(seen.error());
  }
  Tcp tcp{{ip.source, Port{load_be16(&body[0])}},
          {ip.destination, Port{load_be16(&body[2])}},
          load_be32(&body[4]),
          load_be32(&body[8]),
          static_cast<std::uint32_t>(body.size() - header),
          static_cast<std::uint16_t>(load_be16(&body[12]) & 0x1ff),
          load_be16(&body[14]),
          scale_option(body.subspan(20, header - 20))};
  judge_tcp(tcp);
}

void WireJudge::judge_tcp(const Tcp& tcp) {
  Side& own = sides_[tcp.key(true)];
  Side& other = sides_[tcp.key(false)];
  if (tcp.has(TcpFlags::kRst)) {
    // Its other numbers answer somebody else's. The reset of an unacceptable ACK stands where that
    // ACK stood, which is not here, so this one is of the connection, or of none: RFC 9293
    // §3.10.7.1.
    if (own.has_syn && tcp.seq == own.end) own.is_over = true;
    return;
  }
  if (tcp.has(TcpFlags::kSyn)) {
    on_syn(tcp, own, other);
  } else if (!own.has_syn) {
    tcp.fault("a segment of a connection that sent no SYN");
  }
  if (own.is_mixed || other.is_mixed) return;
  check_reach(tcp, own, other);
  if (!tcp.has(TcpFlags::kAck)) return;
  check_ack(tcp, own, other);
  check_window(tcp, own, other);
}

void WireJudge::on_syn(const Tcp& tcp, Side& own, Side& other) {
  // A late duplicate of a SYN begins a connection that looks like the one that just ended here,
  // while the other side may still speak on the old one: nothing can be said about this pair any
  // more, until a SYN of its own begins the next.
  const bool is_answer = tcp.has(TcpFlags::kAck);
  const bool goes_back = is_answer && own.has_acked && is_before(tcp.ack, own.acked);
  const bool is_mixed = own.is_mixed || goes_back || (is_answer && own.is_over);
  const bool is_new = !own.has_syn || own.syn != tcp.seq;
  // The same ports again: a new connection.
  if (is_new && own.has_syn && !is_answer) other = {};
  if (is_new) own = {.has_syn = true, .syn = tcp.seq, .end = tcp.seq, .scale = tcp.scale};
  own.is_mixed = is_mixed && (is_answer || !is_new);
  // RFC 7323 §2.2: after a SYN that offered one, the SYN-ACK of a simultaneous open may have none.
  if (tcp.scale && own.scale != tcp.scale) tcp.fault("a repeated SYN with another window scale");
}

void WireJudge::check_reach(const Tcp& tcp, Side& own, const Side& other) {
  const bool is_first_flight = tcp.has(TcpFlags::kSyn) || !other.has_edge;
  if (!is_first_flight && tcp.length > 0) {
    const std::uint32_t text_end = tcp.seq + tcp.length;
    const std::uint32_t limit = other.edge + 1;  // a zero-window probe may carry one byte
    if (is_before(limit, text_end)) tcp.fault("data beyond the offered window");
  }
  if (is_before(own.end, tcp.end())) own.end = tcp.end();
}

void WireJudge::check_ack(const Tcp& tcp, Side& own, const Side& other) {
  if (!other.has_syn) tcp.fault("an ACK before the other side said anything");
  if (is_before(other.end, tcp.ack)) tcp.fault("an ACK above what was sent");
  if (own.has_acked && is_before(tcp.ack, own.acked)) tcp.fault("an ACK that goes back");
  own.acked = tcp.ack;
  own.has_acked = true;
}

std::uint8_t WireJudge::shift_of(const Side& own, const Side& other) {
  return own.scale && other.scale ? *own.scale : 0;
}

void WireJudge::check_window(const Tcp& tcp, Side& own, const Side& other) {
  const std::uint8_t shift = tcp.has(TcpFlags::kSyn) ? 0 : shift_of(own, other);
  const std::uint32_t edge = tcp.ack + (static_cast<std::uint32_t>(tcp.window) << shift);
  const std::uint32_t rounding = (1U << shift_of(own, other)) - 1;
  if (own.has_edge && is_before(edge + rounding, own.edge)) {
    tcp.fault("the window's right edge moved left by " + std::to_string(own.edge - edge) +
              ", scale " + std::to_string(shift));
  }
  if (!own.has_edge || is_before(own.edge, edge)) own.edge = edge;
  own.has_edge = true;
}

}  // namespace glasstcp::sim
