// The loop: waits for packets, deadlines and signals, and makes the machine turn.
//
// One thread, one epoll with the device and a signalfd. Nothing is waited for while there is work;
// with --spin, nothing is waited for until the spin budget has passed without a packet.
//
// Invariants:
//   1. However busy the device is, signals are looked for every kTurnsBetweenLooks turns.
//   2. EPOLLOUT is waited for only while a refused packet is held.
//   3. A device whose reads fail, or that poll calls broken, is left alone for the time of a
//   ReadPause; signals and deadlines are not.
//   4. After the first signal the loop ends within the grace period and a tenth of a second: what
//   is left after the former is reset.
//
// Next: main.cc.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "tun/host/descriptor.h"
#include "tun/host/failure.h"
#include "tun/loop/pump.h"
#include "tun/loop/read_pause.h"
#include "tun/loop/spin_budget.h"

namespace glasstcp {

/// Runs a device, a stack and an application until a signal.
class EventLoop {
 public:
  struct Options {
    /// busy polling after the last packet at most; 0: sleep at once
    Duration spin = Duration::zero();
    Duration grace = 5s;  ///< for responses in flight after the first signal
  };
  /// How it ended.
  enum class End : std::uint8_t {
    Stopped,      ///< after a signal, in order
    Interrupted,  ///< by a second signal, at once
    DeviceGone,
  };

  /// Blocks SIGINT and SIGTERM for this thread, to be read as events.
  static std::expected<EventLoop, Failure> make(Device& device, Options options);
  EventLoop(EventLoop&&) = default;

  End run(Pump& pump, Stack& stack, Application& application);

 private:
  static constexpr std::uint32_t kTurnsBetweenLooks = 256;

  EventLoop(int device, Options options)
      : device_(device), options_(options), spin_(options.spin) {}
  bool should_wait(const TurnResult& turn, Instant now);
  void wait(const TurnResult& turn, Instant deadline);
  void look_away(bool away);
  void look(Duration at_most);
  void want_writable(bool wanted);
  void take_signals();
  void stop(Stack& stack, Application& application, Instant now);
  [[nodiscard]] Instant end_of_grace(Instant now) const;
  [[nodiscard]] bool has_stopped(const Pump& pump, const Stack& stack,
                                 const Application& application, Instant now);

  int device_;
  Options options_;
  SpinBudget spin_;
  Descriptor epoll_;
  Descriptor signals_;
  bool waits_for_writable_ = false;
  ReadPause read_pause_;
  bool in_error_ = false;       // the device, by the last look
  bool looks_away_ = false;     // from the device
  bool refused_again_ = false;  // a refusal right after EPOLLOUT: wait by time instead
  std::uint32_t turns_since_look_ = 0;
  std::uint32_t signals_seen_ = 0;
  bool slept_ = false;
  Instant last_packet_ = Instant::min();
  std::optional<Instant> stop_deadline_;
  std::optional<Instant> last_wait_;  // nothing is missing but the FINs of peers: until then
};

}  // namespace glasstcp
