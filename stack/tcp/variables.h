// The send and receive sequence variables of a transmission control block, under the RFC's names.
//
// RFC 9293 §3.3.1.
//
// Next: segment.h.
#pragma once

#include <cstdint>

#include "stack/base/seq_num.h"

namespace glasstcp {

/// RFC 9293 §3.3.1: send sequence variables.
struct SendVariables {
  SeqNum una;  ///< oldest unacknowledged
  SeqNum nxt;  ///< next to send
  SeqNum up;   ///< urgent pointer
  SeqNum wl1;  ///< seg.seq of the last window update
  SeqNum wl2;  ///< seg.ack of the last window update
  SeqNum iss;
  // RFC 9293 §3.1 REC-1: windows are 32-bit quantities here.
  std::uint32_t wnd = 0;   ///< the peer's window, scaled
  std::uint8_t shift = 0;  ///< scale of the peer's window fields
  bool scaled = false;     ///< both SYNs had the option, whatever the scales (RFC 7323 §2.2)
};

/// RFC 9293 §3.3.1: receive sequence variables.
struct ReceiveVariables {
  SeqNum nxt;   ///< next expected
  SeqNum edge;  ///< right edge of what was ever offered: rcv.nxt + rcv.wnd
  SeqNum up;
  SeqNum irs;
  std::uint8_t shift = 0;  ///< scale of our window fields
  [[nodiscard]] std::uint32_t wnd() const {
    return edge > nxt ? static_cast<std::uint32_t>(edge - nxt) : 0;
  }
};

}  // namespace glasstcp
