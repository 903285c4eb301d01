// What a command line that cannot be read is answered with: which word is wrong, and what is near.
//
// Invariants:
//   1. Of several wrong words the first is told, as the person typed it.
//   2. What is proposed exists: a command, or an option of the command that was named.
//
// Next: options.h.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasstcp {

/// The candidate that a slip of the fingers turns into `word`; empty: none is near enough.
[[nodiscard]] std::string nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

/// The command that the arguments name, or null.
[[nodiscard]] const CLI::App* named_command(const CLI::App& app,
                                            const std::vector<std::string>& arguments);

/// What is wrong with the first word, which should name a command; empty: it does, or it is an
/// option of the program's own.
[[nodiscard]] std::string about_first_word(const CLI::App& app,
                                           const std::vector<std::string>& arguments);

/// What is wrong with a word that the parser left over. `arguments` are all.
[[nodiscard]] std::string about_unexpected(const CLI::App& app, const CLI::App& command,
                                           const std::vector<std::string>& arguments,
                                           const std::string& word);

/// CLI11's refusal in our words: of a command, or (null) of the program's own options.
[[nodiscard]] std::string in_our_words(const CLI::App& app, const CLI::App* command,
                                       const std::vector<std::string>& arguments,
                                       const CLI::ParseError& error);

/// A help page, with no line longer than 100 columns where a space lets it be broken.
[[nodiscard]] std::string wrapped(const std::string& page);

}  // namespace glasstcp
