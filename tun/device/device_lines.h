// What a device does not do as it promised, as lines on stderr: each thing once, however often it
// happens.
//
// Next: serve.cc.
#pragma once

#include <string>
#include <vector>

#include "stack/trace/language.h"
#include "tun/loop/pump.h"

namespace glasstcp {

/// Tells people what a pump finds out about its device.
class DeviceLines final : public PumpListener {
 public:
  /// `interface`: its name.
  explicit DeviceLines(std::string interface, Language language = Language::English)
      : interface_(std::move(interface)), language_(language) {}

  void on_shape_refused(PacketShape plainest, int error) noexcept override;
  void on_read_failed(int error, bool plain) noexcept override;
  /// At the end: how many packets are missing, if any.
  void tell_unread(const PumpCounters& counters) const;

 private:
  void say(const std::string& line) const;

  std::string interface_;
  Language language_;
  std::vector<int> told_;  // errnos of reads
};

}  // namespace glasstcp
