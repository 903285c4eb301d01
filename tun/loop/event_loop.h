// The loop: waits for packets, deadlines and signals, and makes a machine turn; the same for
// `serve` and for `get`.
//
// One thread, one poll with the machine's descriptors and a signalfd. Nothing is waited for while
// there is work; with --spin, nothing is waited for until the spin budget has passed without a
// packet.
//
// Invariants:
//   1. However busy the device is, signals are looked for every kTurnsBetweenLooks turns.
//   2. POLLOUT is waited for only while a refused packet is held.
//   3. A source whose reads fail, or that poll calls broken, is left alone for the time of a
//   ReadPause; signals and deadlines are not.
//   4. From the first signal on that asks for the end the machine is told to stop, from the second
//   on to stop now. Signals that come before the loop runs are not lost.
//
// Next: ../serve/server_machine.h.
#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include "tun/host/descriptor.h"
#include "tun/host/failure.h"
#include "tun/loop/machine.h"
#include "tun/loop/read_pause.h"
#include "tun/loop/spin_budget.h"

namespace glasstcp {

/// Turns one machine.
class EventLoop {
 public:
  /// How it ended.
  enum class End : std::uint8_t {
    Over,         ///< the machine said so
    Interrupted,  ///< by a second signal
    DeviceGone,
  };

  /// Blocks `signals` for this thread, to be read as events. `spin`: busy polling after the last
  /// packet at most; 0: sleep at once.
  static std::expected<EventLoop, Failure> make(std::span<const int> signals,
                                                Duration spin = Duration::zero());
  EventLoop(EventLoop&&) = default;

  End run(Machine& machine);
  /// The number of the signal that asked for the end first; 0: none came.
  [[nodiscard]] int first_signal() const { return first_signal_; }

 private:
  static constexpr std::uint32_t kTurnsBetweenLooks = 256;

  explicit EventLoop(Duration spin) : spin_(spin) {}
  bool should_wait(const TurnResult& turn, Instant now);
  void wait(Machine& machine, const TurnResult& turn);
  void look(Machine& machine, Duration at_most);
  void take_signals(Machine& machine);

  SpinBudget spin_;
  Descriptor signals_;
  std::uint32_t ends_asked_ = 0;
  int first_signal_ = 0;
  std::uint32_t turns_since_look_ = 0;
  ReadPause read_pause_;
  bool in_error_ = false;            // the source, by the last look
  bool looks_away_ = false;          // from the source
  bool waits_for_writable_ = false;  // after a refusal; one right after that: wait by time instead
  bool slept_ = false;
  Instant last_packet_ = Instant::min();
};

}  // namespace glasstcp
