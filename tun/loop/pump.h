// One turn of the machine: packets in, timers, the application, packets out; in virtual time as in
// real time.
//
// Design D1 and D4: the stack is told the packets and the time, and output is pulled. This file has
// no clock and does not wait, so tests drive it with a FakeDevice; event_loop.h adds the waiting.
//
// Invariants:
//   1. A turn is bounded: at most kBatch packets are read and kBatch are written, so neither
//   direction starves the other. What is read in less time than a packet with data is written
//   counts as a part of one: acknowledgments a quarter, SYNs that are dropped unread a sixteenth.
//   2. Timers, the stack's and the application's, run after what has arrived was read, so that none
//   ends although its answer lies in the device; only a device that stays full for kPatience turns
//   does not hold them up longer.
//   3. A refused packet is held and goes first next time; until then nothing is asked of the stack.
//   4. A packet that the device does not take in its shape goes in a plainer one, nothing of it is
//   lost, and what the device has been seen to refuse is not offered again.
//   5. Nothing is allocated.
//
// Next: machine.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"
#include "stack/socket/stack.h"
#include "tun/device/device.h"
#include "tun/device/packet_shape.h"
#include "tun/loop/application.h"
#include "tun/loop/hold_buffer.h"
#include "tun/loop/packet_watch.h"

namespace glasstcp {

/// What a turn did, and what it left.
struct TurnResult {
  std::uint32_t received = 0;  ///< packets
  std::uint32_t sent = 0;      ///< packets
  bool has_more = false;       ///< a limit ended the turn: there is work without waiting
  bool is_blocked = false;     ///< the device refused a packet, which is held
  bool is_failing = false;     ///< reads failed one after the other: do not ask again at once
  bool device_gone = false;
};

/// Counters of what never reached the network, or us.
struct PumpCounters {
  std::uint64_t refused = 0;  ///< writes to be tried again
  std::uint64_t failed = 0;   ///< packets lost because the device will never take them
  std::uint64_t unread = 0;   ///< packets lost because a read of them failed
};

/// Told of what the device does not do as it promised.
class PumpListener {
 public:
  PumpListener() = default;
  PumpListener(const PumpListener&) = delete;
  PumpListener& operator=(const PumpListener&) = delete;
  virtual ~PumpListener() = default;
  /// `plainest`: the shape in which packets leave from now on, at most. `error`: the errno.
  virtual void on_shape_refused(PacketShape plainest, int error) noexcept = 0;
  /// A packet was lost; `plain`: from now on the other side merges none.
  virtual void on_read_failed(int error, bool plain) noexcept = 0;
};

/// Moves packets between a device and a stack.
class Pump {
 public:
  static constexpr std::uint32_t kBatch = 64;
  static constexpr std::uint32_t kSmallPerPacket = 4;     ///< packets of up to kSmall bytes
  static constexpr std::uint32_t kDroppedPerPacket = 16;  ///< SYNs that are dropped unread
  static constexpr std::size_t kSmall = 128;
  static constexpr std::uint32_t kPatience = 8;  ///< full batches; a TUN device queues 500 packets
  /// Failed reads in one turn, at most.
  static constexpr std::uint32_t kReadFailures = 8;
  /// A held packet that was refused as often is tried in a plainer shape, whatever the errno: an
  /// interface that is down refuses all of them, so one that goes tells.
  static constexpr std::uint32_t kRefusals = 3;
  /// As often such a trial must tell the same, one after the other, until the shape is given up.
  static constexpr std::uint32_t kProofs = 3;

  Pump(Device& device, Stack& stack, Application& application)
      : device_(device), stack_(stack), application_(application) {}

  /// Borrowed; null: nobody listens.
  void set_listener(PumpListener* listener) { listener_ = listener; }
  /// Borrowed; null: nobody watches.
  void set_watch(PacketWatch* watch) { watch_ = watch; }
  TurnResult turn(Instant now);
  /// The earliest deadline of the stack, the application and the device.
  [[nodiscard]] Instant next_deadline() const;
  /// Whether the device keeps no packet for later.
  [[nodiscard]] bool is_drained() const { return device_.next_deadline() == kNever; }
  [[nodiscard]] const PumpCounters& counters() const { return counters_; }

 private:
  void receive(Instant now, TurnResult& result);
  std::uint32_t take(const ReceivedPacket& packet, Instant now);
  void note_failed_read();
  void send(Instant now, TurnResult& result);
  bool hold(WriteOutcome why);
  bool write_held();
  struct Attempt {
    WriteOutcome outcome;
    PacketShape shape;
  };
  Attempt write_piece(PacketShape shape);
  Attempt write_plainer(Attempt refused);
  bool learn(PacketShape written, bool is_certain);
  [[nodiscard]] bool may_run_timers(const TurnResult& result);

  Device& device_;
  Stack& stack_;
  Application& application_;
  PumpListener* listener_ = nullptr;
  PacketWatch* watch_ = nullptr;
  HoldBuffer hold_;
  std::uint32_t held_sent_ = 0;     ///< bytes of the held packet's payload that went in pieces
  std::uint32_t refusals_ = 0;      ///< of the held packet
  std::uint32_t proofs_ = 0;        ///< that the device refuses a shape
  std::uint32_t full_batches_ = 0;  ///< read one after the other
  PacketShape plainest_ = PacketShape::Gso;  ///< that is still offered: not before this
  OutPacket out_{};
  PumpCounters counters_;
};

}  // namespace glasstcp
