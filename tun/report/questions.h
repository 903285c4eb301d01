// The answers to a laboratory report's questions: fills Capture::findings.
//
// Next: figures.h.
#pragma once

#include "tun/report/model.h"

namespace glasstcp::report {

/// At most kMostAlike findings of a kind for one connection; the last says how many more there are.
inline constexpr std::size_t kMostAlike = 3;
inline constexpr std::size_t kMostOfKind = 500;  ///< in the whole capture
void answer_questions(Capture& capture);

}  // namespace glasstcp::report
