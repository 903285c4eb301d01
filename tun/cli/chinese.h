// Messages and help in Chinese: one catalogue, as gettext has it.
//
// Messages are made in English, by many modules; some of them know no language (CLI11, the table of
// settings, the links' words). Whoever prints one puts it into the reader's language here, as the
// last step. `{}` in a key stands for what varies; quoted, it is left as it is, else it is looked
// up in turn. So "'x' is not a port from 1 to 65535" needs two rows: "'{}' is not {}" and "a port
// from 1 to 65535".
//
// Invariants:
//   1. What no row knows stays as it is: a message is never lost.
//   2. Names (options, RFC variables, states, paths, what a program said) stay as they are.
//
// Next: chinese.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stack/trace/language.h"

namespace glasstcp {

/// A row of the catalogue. {} in `chinese` are the key's, in its order; {0}, {1} say another order.
struct Translation {
  std::string_view english;
  std::string_view chinese;
};
/// Of messages, and of help. Static lifetime.
[[nodiscard]] std::span<const Translation> chinese_messages();
[[nodiscard]] std::span<const Translation> chinese_help();

/// A message in the language.
[[nodiscard]] std::string spoken(std::string message, Language language);
/// A help page (CLI11's layout) in the language, lines broken at 100 columns.
[[nodiscard]] std::string spoken_page(const std::string& page, Language language);

/// The language that a command line asks for by --lang, wherever that is; else the environment's.
[[nodiscard]] Language language_of(const std::vector<std::string>& arguments);

}  // namespace glasstcp
