// What the pump tells those who watch packets: when each really passed, and where a turn stands.
//
// The stack is told one time for a whole turn; a capture is to show when read() returned and when
// write() took a packet. So the clock is read for each packet, but only while somebody watches.
//
// Next: pump.h.
#pragma once

#include "stack/base/time.h"

namespace glasstcp {

/// Told by the pump. Must not throw or block.
class PacketWatch {
 public:
  PacketWatch() = default;
  PacketWatch(const PacketWatch&) = delete;
  PacketWatch& operator=(const PacketWatch&) = delete;
  virtual ~PacketWatch() = default;

  /// A packet was read just now; the stack gets it next.
  virtual void on_read() noexcept = 0;
  /// The application has acted on what came.
  virtual void on_application_done() noexcept = 0;
  /// The device has just taken the packet that the stack made last.
  virtual void on_written() noexcept = 0;
  /// It never will.
  virtual void on_not_written() noexcept = 0;
  /// The turn is over.
  virtual void on_turn_done(Instant now) noexcept = 0;
  /// When on_turn_done() must be called at the latest; kNever: nothing waits.
  [[nodiscard]] virtual Instant next_deadline() const noexcept = 0;
};

}  // namespace glasstcp
