// The language that the environment asks for.
//
// POSIX.1-2017, XBD 8.2 (LC_ALL, LC_MESSAGES, LANG and which of them wins).
//
// Next: options.h.
#pragma once

#include <cstdlib>
#include <string_view>

#include "stack/trace/language.h"

namespace glasstcp {

/// The language of a locale's name: zh_CN.UTF-8, zh-TW and zh are Chinese; everything else, C and
/// POSIX too, is English.
[[nodiscard]] inline Language language_of_locale(std::string_view locale) {
  const bool is_chinese = locale.starts_with("zh") &&
                          (locale.size() == 2 || std::string_view("_-.@").contains(locale[2]));
  return is_chinese ? Language::Chinese : Language::English;
}

/// The language that the environment asks for: the first of LC_ALL, LC_MESSAGES and LANG that is
/// set and not empty (POSIX, "Environment Variables").
[[nodiscard]] inline Language language_of_environment() {
  for (const char* const name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return language_of_locale(value);
  }
  return Language::English;
}

}  // namespace glasstcp
