// The outbox: ICMP messages that wait to be sent, cut into fragments on their way out.
//
// RFC 791 §3.2 and RFC 8200 §4.5 (fragmenting), RFC 6864 §4 and RFC 8200 §4.5 (identifications).
// A message stands whole in a ring of bytes; transmit() writes a header and borrows the next slice
// of it.
//
// Invariants:
//   1. Messages leave in the order in which they came, each whole before the next.
//   2. The bytes that transmit() lent are not overwritten before its next call.
//   3. All memory is taken at construction; a message that does not fit is not taken.
//
// Next: icmp_output.h.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "stack/base/keyed_hash.h"
#include "stack/wire/ip_header.h"
#include "stack/wire/packet.h"

namespace glasstcp {

/// Identifications for packets that we fragment: each number once before any comes again, in an
/// order that an outsider cannot foretell.
class FragmentIds {
 public:
  explicit FragmentIds(const Seed& seed);
  [[nodiscard]] std::uint16_t next_v4() {
    return static_cast<std::uint16_t>(permute(count_v4_++, 8));
  }
  [[nodiscard]] std::uint32_t next_v6() { return permute(count_v6_++, 16); }

 private:
  [[nodiscard]] std::uint32_t permute(std::uint32_t number, unsigned half_bits) const;

  KeyedHash hash_;
  std::uint32_t count_v4_;
  std::uint32_t count_v6_;
};

/// A message as the outbox needs to know it.
struct OutboxMessage {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t traffic_class = 0;
  SendReason reason = SendReason::EchoReply;
  std::uint32_t identification = 0;  ///< used if it has to be fragmented
};

/// What is known of the way that a message takes.
struct OutboxPath {
  std::uint16_t mtu = 0;
  bool may_be_cut = false;  ///< routers may cut packets on it (PathMtuCache::may_be_cut)
};

/// A bounded queue of transport messages.
class Outbox {
 public:
  struct Limits {
    std::uint32_t bytes = 0;
    std::uint32_t messages = 0;
  };
  explicit Outbox(const Limits& limits);

  /// Room for a message of `length` bytes, to be filled in and then given to commit(); empty when
  /// there is none.
  [[nodiscard]] ByteSpan reserve(std::size_t length);
  /// Queues the message whose bytes were written into the room that the last reserve() gave.
  void commit(const OutboxMessage& message);

  [[nodiscard]] bool is_empty() const { return count_ == (front_is_sent_ ? 1U : 0U); }
  /// Destination of the message that is next. Only if !is_empty().
  [[nodiscard]] const IpAddress& next_destination();
  /// Writes the next packet; `path` is the one to next_destination(). Only if !is_empty().
  void transmit(OutPacket& out, const OutboxPath& path, std::uint8_t hop_limit);

 private:
  struct Slot {
    OutboxMessage message;
    std::uint32_t at = 0;      // in the ring
    std::uint32_t length = 0;  // bytes of the message
    std::uint32_t sent = 0;    // bytes that have left
  };

  [[nodiscard]] Slot& front() { return slots_[first_]; }
  void drop_sent();

  std::uint32_t size_;
  std::unique_ptr<std::uint8_t[]> ring_;
  std::vector<Slot> slots_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::uint32_t write_at_ = 0;  // where the next message begins, if it fits there
  std::uint32_t reserved_at_ = 0;
  std::uint32_t reserved_length_ = 0;
  bool front_is_sent_ = false;  // the front has left, but its last slice may still be borrowed
};

}  // namespace glasstcp
