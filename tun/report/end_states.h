// The states of both ends beside each frame, as far as the frames prove them (RFC 9293 §3.3.2).
//
// Next: closing.h.
#pragma once

#include "tun/report/model.h"

namespace glasstcp::report {

/// Fills Frame::before and Frame::after, and Event::FinAcknowledged. Machine lines of our own
/// captures overrule what is inferred.
void infer_states(const Capture& capture, Connection& connection);

}  // namespace glasstcp::report
