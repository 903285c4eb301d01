// See device_lines.h.
#include "tun/device/device_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace glasstcp {

void DeviceLines::on_shape_refused(PacketShape plainest, int error) noexcept {
  const bool sums_too = plainest == PacketShape::Plain;
  lines_.say(
      fmt::format("the kernel refuses {} on {} ({}), though it said it would take them: sending "
                  "plain segments{} from now on",
                  sums_too ? "partial checksums" : "merged segments", interface_,
                  std::strerror(error), sums_too ? " with whole checksums" : ""));
}

void DeviceLines::on_read_failed(int error, bool plain) noexcept {
  const bool is_new = std::ranges::find(told_, error) == told_.end();
  if (is_new) told_.push_back(error);
  if (!is_new && !plain) return;
  lines_.say(fmt::format("a packet of {} cannot be read ({}): it is skipped{}", interface_,
                         std::strerror(error),
                         plain ? ", and the kernel is to merge none from now on" : ""));
}

void DeviceLines::tell_unread(const PumpCounters& counters) const {
  if (counters.unread < 2) return;
  lines_.say(fmt::format("{} packets of {} could not be read", counters.unread, interface_));
}

}  // namespace glasstcp
