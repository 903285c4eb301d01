// Segments that no connection stands behind: resets for nobody, and acknowledgments from TIME-WAIT.
//
// RFC 9293 §3.5.2, §3.10.7.1-3. A bounded ring: when it is full, replies that wait still leave and
// new ones are dropped, as by a rate limit.
//
// Invariants:
//   1. A reply is a value: nothing is borrowed from the packet that caused it.
//
// Next: ../demux/half_open.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/chunk_sizes.h"
#include "stack/base/seq_num.h"
#include "stack/trace/reason.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// What a SYN-ACK without a record says beside timestamps.
struct ReplyOptions {
  std::uint16_t mss = 0;
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
};

/// A segment without data.
struct Reply {
  FourTuple tuple;
  SeqNum seq;
  SeqNum ack;
  TcpFlags flags;
  std::uint16_t window = 0;
  SendReason reason = SendReason::RstNoConnection;
  std::optional<TimestampsOption> timestamps;
  std::optional<ReplyOptions> of_syn;
};

/// First in, first out; at most kCapacity.
class ReplyQueue {
 public:
  static constexpr std::uint32_t kCapacity = kQueuedReplies;

  /// False: full, not kept.
  bool push(const Reply& reply) {
    if (count_ == kCapacity) {
      ++dropped_;
      return false;
    }
    ring_[(first_ + count_++) % kCapacity] = reply;
    return true;
  }
  std::optional<Reply> pop() {
    if (count_ == 0) return std::nullopt;
    const Reply reply = ring_[first_];
    first_ = (first_ + 1) % kCapacity;
    --count_;
    return reply;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool full() const { return count_ == kCapacity; }
  /// Replies that were not kept, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::array<Reply, kCapacity> ring_{};
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  std::uint64_t dropped_ = 0;
};

// RFC 9293 §3.5.2 R9293-P1, R9293-P2: a reset is never answered; with an ACK the reset takes its
// place in sequence from it, without one it acknowledges all of the segment.
/// The reset that a segment draws; empty if the segment is a reset itself.
template <typename SegmentType>
std::optional<Reply> reset_for(const SegmentType& seg, SendReason reason) {
  if (seg.flags.rst()) return std::nullopt;
  Reply reply;
  reply.tuple = seg.tuple;
  reply.reason = reason;
  if (seg.flags.ack()) {
    reply.seq = seg.ack;
    reply.flags.bits = TcpFlags::kRst;
  } else {
    reply.ack = seg.end();
    reply.flags.bits = TcpFlags::kRst | TcpFlags::kAck;
  }
  return reply;
}

}  // namespace glasstcp
