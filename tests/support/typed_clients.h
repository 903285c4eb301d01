// A server's stack and any number of clients whose segments are typed by hand: they cost no memory,
// so that there can be a million of them.
//
// Invariants:
//   1. The server's initial number is fixed, or nobody could type an acknowledgment.
//   2. The application answers whatever it reads by kAnswer bytes.
//
// Next: two_hosts.h.
#pragma once

#include <string>
#include <vector>

#include "stack/socket/stack.h"
#include "tests/support/raw_packet.h"

namespace glasstcp::test {

inline constexpr std::uint32_t kTypedIss = 1000;         ///< of the server
inline constexpr std::uint32_t kAckNow = kTypedIss + 1;  ///< acknowledges its SYN
inline constexpr std::uint32_t kAnswer = 500;            ///< bytes: one segment
inline constexpr std::uint32_t kAsked = 100;             ///< bytes of a request

/// The server is 192.0.2.1 and 2001:db8::1.
inline StackConfig typed_config(std::uint64_t memory) {
  StackConfig config;
  config.addresses = {*Cidr::parse("192.0.2.1/24"), *Cidr::parse("2001:db8::1/64")};
  config.memory = memory;
  config.tcp.fixed_iss = kTypedIss;
  config.seed = Seed::from_number(1);
  return config;
}
/// 198.x.y.z: one of 2^24 clients.
inline IpAddress typed_v4(std::uint32_t number) {
  return IpAddress::v4(198, static_cast<std::uint8_t>(number >> 16),
                       static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number));
}
/// A client's port.
inline std::uint16_t port_of(std::uint32_t number) {
  return static_cast<std::uint16_t>(1024 + number % 60'000);
}

/// RFC 791 §3.1: of an IPv4 packet whose field for it is zero.
inline void write_header_checksum(Bytes& packet) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += load_be16(&packet[i]);
  sum = (sum & 0xffff) + (sum >> 16);
  store_be16(&packet[10], static_cast<std::uint16_t>(~sum - (sum >> 16)));
}

/// The server, which listens on port 80.
class TypedClients {
 public:
  explicit TypedClients(const StackConfig& config) : stack(config, now) {
    for (const char* any : {"0.0.0.0", "::"})
      listening = stack.listen({*IpAddress::parse(any), Port(80)}, 4096).has_value();
  }

  static FourTuple tuple(const IpAddress& from, std::uint16_t port) {
    return {from, from.is_v4() ? IpAddress::v4(192, 0, 2, 1) : *IpAddress::parse("2001:db8::1"),
            Port(port), Port(80)};
  }
  Verdict send(const RawTcp& segment) {
    PacketMeta verified;
    verified.checksum_valid = true;
    write_raw_packet(segment, packet_);
    if (packet_[0] >> 4 == 4) write_header_checksum(packet_);
    return stack.receive(packet_, verified, now);
  }
  Verdict send(const IpAddress& from, std::uint16_t port, std::uint16_t flags, std::uint32_t seq,
               std::uint32_t ack) {
    RawTcp segment;
    segment.tuple = tuple(from, port);
    segment.flags = flags;
    segment.seq = seq;
    segment.ack = ack;
    return send(segment);
  }
  /// A handshake; what becomes of its last segment.
  Verdict open(const IpAddress& from, std::uint16_t port) {
    send(from, port, kSyn, 0, 0);
    settle();
    const Verdict verdict = send(from, port, kAck, 1, kAckNow);
    settle();
    return verdict;
  }
  /// A request as the first on its connection: whether it is answered. The answer is not
  /// acknowledged.
  bool ask(const IpAddress& from, std::uint16_t port) {
    const std::uint64_t before = answered;
    RawTcp request;
    request.tuple = tuple(from, port);
    request.flags = kAck | kPsh;
    request.seq = 1;
    request.ack = kAckNow;
    request.text = kAsked;
    send(request);
    settle();
    return answered == before + 1;
  }
  /// Acknowledges the answer to ask(): whether the connection is still there to be told.
  bool thank(const IpAddress& from, std::uint16_t port) {
    return send(from, port, kAck, 1 + kAsked, kAckNow + kAnswer) == Verdict::Accepted;
  }
  /// Handshake, request, answer: whether all of it went well.
  bool visit(const IpAddress& from, std::uint16_t port) {
    return open(from, port) == Verdict::HandshakeComplete && ask(from, port);
  }
  /// Output leaves, the application accepts and answers; 10 us pass.
  void settle() {
    now += 10us;
    stack.advance(now);
    for (bool moved = true; moved;) {
      moved = false;
      while (const auto event = stack.next_event()) {
        moved = true;
        act_on(*event);
      }
      OutPacket out;
      while (stack.transmit(now, out)) {
        moved = true;
        if (out.reason == SendReason::NewData) ++answered;
        if (out.reason == SendReason::RstEvicted) ++resets;
      }
    }
  }
  [[nodiscard]] std::uint64_t evicted(MemoryClass of) const {
    return stack.counters().evicted[static_cast<std::size_t>(of)];
  }

  Instant now{1s};
  Stack stack;
  bool listening = false;
  std::uint64_t answered = 0;
  std::uint64_t resets = 0;  ///< of connections that others took the room of

 private:
  void act_on(const Event& event) {
    if (event.is_listener) {
      while (const auto id = stack.accept(event.listener)) answer(*id);
    } else if ((event.mask & EventMask::kError) != 0) {
      stack.close(event.connection, now);
    } else {
      answer(event.connection);
    }
  }
  void answer(ConnectionId id) {
    const auto bytes = stack.peek(id);
    if (!bytes || bytes->empty()) return;
    stack.consume(id, bytes->size(), now);
    static_cast<void>(stack.send(id, body_, {}, now));
  }

  std::vector<std::uint8_t> body_ = std::vector<std::uint8_t>(kAnswer, 'b');
  Bytes packet_;
};

}  // namespace glasstcp::test
