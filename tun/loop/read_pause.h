// How long the loop leaves a device alone whose reads fail, so that an error that stays costs no
// processor: longer each time, and none once a packet came.
//
// A descriptor with an error or a packet that cannot be read stays ready for poll(2), which would
// make the loop spin.
//
// Next: event_loop.h.
#pragma once

#include <algorithm>

#include "stack/base/time.h"
#include "tun/loop/pump.h"

namespace glasstcp {

/// The pauses of one loop.
class ReadPause {
 public:
  static constexpr Duration kFirst = 1ms;
  static constexpr Duration kLongest = 256ms;

  /// After a turn: for how long the device is not to be looked at; zero: as usual. `in_error`: poll
  /// says so of the device (POLLERR, POLLHUP), though a read does not.
  [[nodiscard]] Duration after(const TurnResult& turn, bool in_error) {
    if (turn.received > 0 || !(turn.is_failing || in_error)) {
      next_ = kFirst;
      return Duration::zero();
    }
    const Duration pause = next_;
    next_ = std::min(2 * next_, kLongest);
    return pause;
  }

 private:
  Duration next_ = kFirst;
};

}  // namespace glasstcp
