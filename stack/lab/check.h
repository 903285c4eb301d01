// Whether a run showed what its scenario says that it shows.
//
// Next: catalogue.h.
#pragma once

#include <string>
#include <vector>

#include "stack/lab/journal.h"

namespace glasstcp::lab {

/// What was expected and did not come (in this order), or came and must never; empty: all is as it
/// says. "line 12: expect client reason=SynRetransmit".
[[nodiscard]] std::vector<std::string> unmet_expectations(const Scenario& scenario,
                                                          const std::vector<Line>& lines);

/// Whether a line of a capture has what a term asks: key=value (one of several values separated by
/// comma; DuplicateAck fits DuplicateAck3), key<number, key>number.
[[nodiscard]] bool has_term(std::string_view fields, std::string_view term);

}  // namespace glasstcp::lab
