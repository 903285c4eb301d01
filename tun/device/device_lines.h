// What a device does not do as it promised, as lines on stderr: each thing once, however often it
// happens.
//
// Next: serve.cc.
#pragma once

#include <string>
#include <vector>

#include "tun/files/error_lines.h"
#include "tun/loop/pump.h"

namespace glasstcp {

/// Tells people what a pump finds out about its device.
class DeviceLines final : public PumpListener {
 public:
  /// `interface`: its name. `lines` is borrowed.
  DeviceLines(std::string interface, ErrorLines& lines)
      : interface_(std::move(interface)), lines_(lines) {}

  void on_shape_refused(PacketShape plainest, int error) noexcept override;
  void on_read_failed(int error, bool plain) noexcept override;
  /// At the end: how many packets are missing, if any.
  void tell_unread(const PumpCounters& counters) const;

 private:
  std::string interface_;
  ErrorLines& lines_;
  std::vector<int> told_;  // errnos of reads
};

}  // namespace glasstcp
