// What an application does, as a sentence in English or Chinese.
//
// Next: journal.h.
#pragma once

#include <string>

#include "stack/lab/scenario.h"

namespace glasstcp::lab {

/// "the application writes 500 bytes", without a full stop.
[[nodiscard]] std::string words_of(const Action& action, Language language);

}  // namespace glasstcp::lab
