// The tables of stack/README.md that are made from tables in the code, and their comparison with
// what stands there. GLASSTCP_GOLDEN_UPDATE=1 in the environment writes them (scripts/tables).
//
// Next: ../../stack/README.md.
#pragma once

#include <string>

namespace glasstcp::test {

/// The rows in which Linux or BSD do otherwise (stack/tcp/personality/personality.h), as Markdown.
[[nodiscard]] std::string personality_table();

/// The settings of a stack (stack/socket/settings.h), as Markdown.
[[nodiscard]] std::string settings_table();

/// Fails unless the section with that heading ("## ...") has exactly this table.
void expect_in_book(const std::string& heading, const std::string& table);

}  // namespace glasstcp::test
