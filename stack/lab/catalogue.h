// The scenarios that are compiled in: stack/lab/scenarios/NN-NAME.txt, in the order of the course.
//
// CMake writes them into a C++ file, and not an assembler as http/site does: WebAssembly's has no
// .incbin for read-only data in these sections.
//
// Next: ladder.h.
#pragma once

#include <span>
#include <string_view>

namespace glasstcp::lab {

struct CatalogueEntry {
  std::string_view name;  ///< "lost-syn"
  std::string_view text;
};

/// All of them. Static lifetime.
[[nodiscard]] std::span<const CatalogueEntry> catalogue();
/// The one of that name, or null.
[[nodiscard]] const CatalogueEntry* scenario_named(std::string_view name);

/// A chapter of the course; the key is what scenarios name.
struct Chapter {
  std::string_view key;
  std::string_view english;
  std::string_view chinese;
};
/// All of them, in order. Static lifetime.
[[nodiscard]] std::span<const Chapter> chapters();

}  // namespace glasstcp::lab
