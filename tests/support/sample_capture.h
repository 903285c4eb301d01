// A capture made by hand, as the model of `glasstcp report` has it: for tests of its views.
#pragma once

#include "tun/report/model.h"

namespace glasstcp::test {

/// Two connections: a page and a song (206) with a retransmission and a window update, closed in
/// three segments by the client; and one that stays idle and is reset. The target of the first
/// request and a header hold `hostile`.
[[nodiscard]] report::Capture sample_capture(const std::string& hostile = "");

}  // namespace glasstcp::test
