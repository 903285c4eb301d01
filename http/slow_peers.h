// Who is too slow while others need the memory: peers that keep a window closed, or the body of a
// request back.
//
// CWE-400; RFC 6429 leaves it to the owner of a server when it ends a connection whose window stays
// closed. RFC 4898 calls the time that is counted here SndLimTimeRwin.
//
// Connections are looked at while memory is short, and only then: without that nothing is counted.
// A look is a sample; time counts if the peer alone kept the bytes waiting at both of its ends.
// Loss, and what TCP waits after it, are no offence. But what is lost we know from the peer alone:
// by SACK it can claim a hole that it never lets be filled, and acknowledge an octet a minute.
//
// Invariants:
//   1. Nothing is kept while nobody looks.
//   2. A peer is slow once it kept us waiting for `after`, and moved fewer bytes than the rate asks
//      for in that time; what it moved meanwhile counts, whatever held it back.
//   3. A look that comes late, since we were stopped, counts as one that came nearly in time.
//   4. Who sends is not seen to wait after a loss. One that sends whole segments with pauses may do
//      so, and has four times as long.
//   5. Time in which bytes seemed lost counts once more of them were acknowledged, so that the path
//      carries: at most `after` of it each time, and four times as much is asked for. A path that
//      loses every third packet moves more than the rate meanwhile.
//   6. No number of peers that are fast enough keeps a slow one from being seen: where places run
//      out, those above suspicion lose theirs first, and a suspect keeps its own.
//
// Next: server.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "stack/base/time.h"

namespace glasstcp::http {

/// What a peer must move while memory is short.
struct LeastRate {
  std::uint32_t bytes_per_second = 500;  ///< 0: nothing
  Duration after = 30s;                  ///< of waiting for it

  /// From one look to the next.
  [[nodiscard]] Duration between_looks() const noexcept;
};

/// What a look at a connection saw.
struct PeerLook {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< of the slot
  std::uint32_t position = 0;    ///< bytes that the peer took, or sent, so far; modulo 2^32
  std::uint32_t held = 0;        ///< bytes of memory that are held for it
  bool is_sending = false;       ///< it sends a body; else it takes an answer
  bool is_waited_for = false;    ///< it alone keeps bytes waiting
  bool has_losses = false;       ///< bytes wait that it is thought not to have got; else
};

/// Samples the connections of a server.
class SlowPeers {
 public:
  explicit SlowPeers(const LeastRate& rate) noexcept : rate_(rate) {}

  /// A look at them all begins.
  void begin(Instant now) noexcept;
  /// One of them; in the order of their slots.
  void look(const PeerLook& seen) noexcept;
  /// The look ends: those that are slow, who holds most first. Valid until the next begin().
  [[nodiscard]] std::span<const PeerLook> end() noexcept;
  /// Nobody needs the memory any more.
  void forget() noexcept;
  /// How many are remembered.
  [[nodiscard]] std::size_t watched() const noexcept { return before_count_; }

 private:
  /// At most so many are remembered. Where more are looked at, only those that may be slow are.
  static constexpr std::size_t kMost = 16384;
  struct Watch {
    PeerLook last{};
    std::uint32_t moved = 0;    // bytes since the count began
    Duration waited{};          // for it, in the same time
    Duration repaired{};        // losses were, and what followed was acknowledged
    Duration pending{};         // they were, and nothing was acknowledged yet
    bool is_in_crumbs = false;  // what it sends are not whole segments
  };

  [[nodiscard]] bool is_below_rate(const Watch& watch, Duration time) const noexcept;
  [[nodiscard]] bool is_slow(const Watch& watch) const noexcept;
  /// It is below the rate, or keeps bytes waiting since this look.
  [[nodiscard]] bool is_suspect(const Watch& watch) const noexcept;
  void drop_those_above_suspicion() noexcept;
  void count(Watch& watch, const PeerLook& seen) const noexcept;

  LeastRate rate_;
  std::unique_ptr<Watch[]> before_, now_;  // in the order of slots
  std::unique_ptr<PeerLook[]> slow_;
  std::size_t before_count_ = 0;
  std::size_t now_count_ = 0;
  std::size_t next_ = 0;     // of before_
  bool is_crowded_ = false;  // in this look; only suspects are remembered
  Instant looked_at_{};
  Duration since_{};  // the look before
};

}  // namespace glasstcp::http
