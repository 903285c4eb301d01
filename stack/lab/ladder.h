// The ladder of a run as lines of text: each packet an arrow between the two ends, beside it their
// states and the instants at which it left and came; below it why it was sent, what it did, and
// the variables that the scenario watches. Rows stand in the order in which the
// end whose capture shows it best (`view`) sent and got them, as in that capture; where packets
// cross, a row says so.
//
// Long runs of data and ACKs that nothing happens to are one line; a capture has them all.
//
// Invariants:
//   1. Rows with arrows all take the same columns (UAX #11), 79 at most.
//   2. Nothing is said by colour alone: a row names its reason.
//
// Next: telling.h.
#pragma once

#include <cstdint>
#include <string>

#include "stack/lab/journal.h"

namespace glasstcp::lab {

/// How what stands out is marked.
enum class Paint : std::uint8_t {
  None,
  Terminal,  ///< ECMA-48, colours of 256
  Html,      ///< <span class="c-data">, and all text escaped
};

struct LadderOptions {
  Language language = Language::English;
  Paint paint = Paint::None;
  bool ascii = false;  ///< arrows and lines of ASCII characters alone
  bool folds = true;
};

[[nodiscard]] std::string ladder(const Scenario& scenario, const Journal& journal,
                                 const LadderOptions& options);

/// Text for HTML, also in attributes.
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace glasstcp::lab
