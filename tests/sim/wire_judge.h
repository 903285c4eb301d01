// Watches every packet between two stacks, and knows what a correct one may say.
//
// RFC 9293 §3.4, §3.8.6 (windows), §3.10.7.4 (ACKs); RFC 7323 §2.3 (scaling). It reads headers by itself, and asks
// libtins about a sample.
//
// Invariants (of the stacks, checked here):
//   1. Lengths and checksums are right; a partial checksum only where offload is on.
//   2. No byte beyond the window that the other side offered (one byte of a zero-window probe
//   apart).
//   3. The right edge of an offered window never moves left by more than the rounding of its scale.
//   4. No ACK above what the other side sent, and no ACK below one given before.
//
// Next: talker.h.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "stack/wire/packet.h"
#include "tests/sim/dice.h"
#include "tests/support/segment.h"

namespace glasstcp::sim {

using test::Bytes;

/// A rule was broken; what() tells which and where.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Judges packets in the order in which they leave their stacks.
class WireJudge {
 public:
  explicit WireJudge(Dice dice) : dice_(dice) {}

  /// Throws Violation. `partial`: the checksum may be left to the device.
  void judge(const Bytes& packet, bool partial);
  [[nodiscard]] std::uint64_t judged() const { return judged_; }

 private:
  // What one side of a connection has said so far.
  struct Side {
    bool has_syn = false;
    std::uint32_t syn = 0;
    std::uint32_t end = 0;  ///< one past the highest number sent
    std::optional<std::uint8_t> scale;
    bool has_edge = false;
    std::uint32_t edge = 0;  ///< the highest right edge offered to the other side
    bool has_acked = false;
    std::uint32_t acked = 0;
    bool is_mixed = false;  ///< two connections with the same numbers
    bool is_over = false;   ///< it sent a reset from where it stood
  };
  struct Tcp;
  /// Addresses and ports of the one that sends, then of the other, as bytes.
  using Key = std::array<std::uint8_t, 36>;

  void judge_tcp(const Tcp& tcp);
  void on_syn(const Tcp& tcp, Side& own, Side& other);
  void check_ack(const Tcp& tcp, Side& own, const Side& other);
  void check_window(const Tcp& tcp, Side& own, const Side& other);
  void check_reach(const Tcp& tcp, Side& own, const Side& other);
  [[nodiscard]] static std::uint8_t shift_of(const Side& own, const Side& other);

  Dice dice_;
  std::map<Key, Side> sides_;
  std::uint64_t judged_ = 0;
};

}  // namespace glasstcp::sim
