// Proportional rate reduction: during recovery as much is sent as was delivered, in the proportion
// in which the window shrinks.
//
// RFC 9937 §6 (which obsoletes RFC 6937). Halving the window at once stops the sender for half a
// round trip and lets the acknowledgment clock run dry; here each delivery lets a part of it go, so
// that the flight is at ssthresh when recovery ends.
//
// Invariants:
//   1. It adds to the flight at most what was delivered in this recovery and not yet followed by
//      sent bytes (or what was just delivered, if that is more), and one segment (the first
//      retransmission, or slow start under a safe ACK).
//
// Next: recovery_episode.h.
#pragma once

#include <algorithm>
#include <cstdint>

namespace glasstcp {

/// What an acknowledgment brought. Bytes.
struct PrrFacts {
  std::uint32_t delivered = 0;  ///< newly, by ACK and SACK
  std::uint32_t in_flight = 0;  ///< believed to be in the network now
  std::uint32_t ssthresh = 0;
  std::uint32_t mss = 0;
  bool is_safe = false;  ///< snd.una advanced, and no further loss was found
};

/// RFC 9937's variables of one recovery. 12 bytes.
class Prr {
 public:
  // RFC 9937 §6.1 R9937-01.
  /// RecoveryEpisode begins with `recover_fs` bytes in flight: outstanding, less what SACK had
  /// reported before this acknowledgment.
  void start(std::uint32_t recover_fs) {
    delivered_ = out_ = 0;
    recover_fs_ = std::max(recover_fs, 1U);
  }
  /// The window after an acknowledgment: what is in flight, and what may be added.
  [[nodiscard]] std::uint32_t on_ack(const PrrFacts& facts) {
    delivered_ += facts.delivered;
    return facts.in_flight + may_send(facts);
  }
  void on_sent(std::uint32_t bytes) { out_ += bytes; }

 private:
  [[nodiscard]] std::uint32_t may_send(const PrrFacts& facts) const {
    std::uint64_t room = 0;
    const std::uint32_t owed = delivered_ > out_ ? delivered_ - out_ : 0;
    if (facts.in_flight > facts.ssthresh) {
      // RFC 6937 §3 R6937-01: in proportion, rounded up.
      const std::uint64_t share =
          (std::uint64_t{delivered_} * facts.ssthresh + recover_fs_ - 1) / recover_fs_;
      room = share > out_ ? share - out_ : 0;
    } else {
      // RFC 6937 §3 R6937-02, RFC 9937 §6.2 R9937-02: at the threshold no more than was delivered; under a safe ACK one
      // segment more, as slow start would.
      room = std::max(owed, facts.delivered) + (facts.is_safe ? facts.mss : 0U);
      room = std::min<std::uint64_t>(room, facts.ssthresh - facts.in_flight);
    }
    // RFC 9937 §6.2 R9937-03: the first retransmission is never held back.
    if (out_ == 0 && room < facts.mss) room = facts.mss;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(room, 1U << 30));
  }

  std::uint32_t delivered_ = 0;
  std::uint32_t out_ = 0;
  std::uint32_t recover_fs_ = 1;
};

}  // namespace glasstcp
