// The names of timers.
#include "stack/trace/event.h"

#include <array>

namespace glasstcp {
namespace {

constexpr std::array<std::string_view, 10> kTimerNames = {
    "Retransmit", "Persist",     "DelayedAck",    "KeepAlive",      "FinWait2",
    "TimeWait",   "UserTimeout", "TailLossProbe", "RackReordering", "Pacing",
};
static_assert(static_cast<std::size_t>(TimerName::Pacing) + 1 == kTimerNames.size());

}  // namespace

std::string_view name_of(TimerName timer) {
  return kTimerNames[static_cast<std::size_t>(timer)];
}

}  // namespace glasstcp
