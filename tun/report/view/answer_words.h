// The sentences of an answer: theory, and what the frames of the capture show of it.
//
// Invariants:
//   1. Each finding gets a sentence, shown or not.
#pragma once

#include <string>
#include <vector>

#include "tun/report/view/sections.h"

namespace glasstcp::report {

/// What holds in general, and what this capture shows. Marked text.
struct AnswerParts {
  std::vector<std::string> general;
  std::vector<std::string> here;
};
[[nodiscard]] AnswerParts parts_of_answer(const View& view, const Finding& finding);

}  // namespace glasstcp::report
