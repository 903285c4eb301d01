// How a connection ended: the close in its segments, who waits, and why it was reset.
//
// Next: streams.h.
#pragma once

#include "tun/report/model.h"

namespace glasstcp::report {

/// Fills Connection::close and End::fin_acknowledged. The states must be there.
void find_close(Connection& connection);
/// Fills Connection::resets.
void find_resets(const Capture& capture, Connection& connection);

}  // namespace glasstcp::report
