// A scenario told on a terminal, in the order in which it teaches: question, predict first, ladder,
// what happened, see it in Wireshark, change it.
//
// Next: ladder.h.
#pragma once

#include <string>
#include <vector>

#include "stack/lab/ladder.h"

namespace glasstcp::lab {

/// The headings, in both languages; static lifetime.
struct Headings {
  std::string_view question, predict, ladder, happened, see, change, not_shown, without;
};
[[nodiscard]] const Headings& headings(Language language);

/// What the order of a ladder's lines is, and its times.
[[nodiscard]] std::string ladder_note(const Scenario& scenario, Language language);

/// All of it, lines of at most 79 columns. `unmet`: what was expected and did not come
/// (check.h), which the reader is told.
[[nodiscard]] std::string tell(const Scenario& scenario, const Journal& journal,
                               const LadderOptions& options, const std::vector<std::string>& unmet);

/// "seed 3: delay 17ms, bytes 5000"
[[nodiscard]] std::string chosen_text(const Scenario& scenario, Language language);

}  // namespace glasstcp::lab
