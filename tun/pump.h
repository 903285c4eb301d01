// One turn of the machine: packets in, timers, the application, packets out; in virtual time as in
// real time.
//
// Design D1 and D4: the stack is told the packets and the time, and output is pulled. This file has
// no clock and does not wait, so tests drive it with a FakeDevice; event_loop.h adds the waiting.
//
// Invariants:
//   1. A turn is bounded: at most kBatch packets are read and kBatch are written, so neither
//   direction starves the other.
//   2. Timers run after what has arrived was read, so that none ends although its answer lies in
//   the device; only a device that stays full for kPatience turns does not hold them up longer.
//   3. A refused packet is held and goes first next time; until then nothing is asked of the stack.
//   4. Nothing is allocated.
//
// Next: event_loop.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"
#include "stack/socket/stack.h"
#include "tun/application.h"
#include "tun/device.h"
#include "tun/hold_buffer.h"

namespace glasstcp {

/// What a turn did, and what it left.
struct TurnResult {
  std::uint32_t received = 0;  ///< packets
  std::uint32_t sent = 0;      ///< packets
  bool has_more = false;       ///< a limit ended the turn: there is work without waiting
  bool is_blocked = false;     ///< the device refused a packet, which is held
  bool device_gone = false;
};

/// Counters of what never reached the network.
struct PumpCounters {
  std::uint64_t refused = 0;  ///< writes to be tried again
  std::uint64_t failed = 0;   ///< packets lost because the device will never take them
};

/// Moves packets between a device and a stack.
class Pump {
 public:
  static constexpr std::uint32_t kBatch = 64;
  static constexpr std::uint32_t kPatience = 8;  ///< full batches; a TUN device queues 500 packets

  Pump(Device& device, Stack& stack, Application& application)
      : device_(device), stack_(stack), application_(application) {}

  TurnResult turn(Instant now);
  /// The earliest deadline of the stack, the application and the device.
  [[nodiscard]] Instant next_deadline() const;
  /// Whether the device keeps no packet for later.
  [[nodiscard]] bool is_drained() const { return device_.next_deadline() == kNever; }
  [[nodiscard]] const PumpCounters& counters() const { return counters_; }

 private:
  void receive(Instant now, TurnResult& result);
  void send(Instant now, TurnResult& result);
  bool write_held();
  [[nodiscard]] bool may_run_timers(const TurnResult& result);

  Device& device_;
  Stack& stack_;
  Application& application_;
  HoldBuffer hold_;
  std::uint32_t full_batches_ = 0;  ///< read one after the other
  OutPacket out_{};
  PumpCounters counters_;
};

}  // namespace glasstcp
