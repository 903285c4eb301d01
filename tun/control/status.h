// What a server says of itself: counters and settings as rows of sections, which people read as
// text and programs as JSON. Both are made from the same rows.
//
// Invariants:
//   1. JSON has every row, and the same keys at all times; the text leaves out counters that are 0.
//
// Next: ../serve/server_status.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stack/trace/language.h"

namespace glasstcp {

/// A text in both languages.
struct Words {
  std::string_view english;
  std::string_view chinese;
  [[nodiscard]] std::string_view in(Language language) const {
    return language == Language::Chinese ? chinese : english;
  }
};

/// One number or text.
struct StatusRow {
  std::string key;  ///< of JSON
  Words label;      ///< static
  std::variant<std::uint64_t, std::string> value;
  Words note{};  ///< what it means, behind it; static
};

/// Rows of one kind.
struct StatusSection {
  std::string key;
  Words title;              ///< static
  bool is_counters = true;  ///< rows of 0 are left out of the text
  std::vector<StatusRow> rows{};

  void add(std::string key_, Words label, std::variant<std::uint64_t, std::string> value,
           Words note = {}) {
    rows.push_back({std::move(key_), label, std::move(value), note});
  }
};

/// All of it.
struct Status {
  std::vector<StatusSection> sections;
};

/// For people: several lines, each with its line feed.
[[nodiscard]] std::string text_of(const Status& status, Language language);
/// For programs: one object with an object for each section, and a line feed.
[[nodiscard]] std::string json_of(const Status& status);

}  // namespace glasstcp
