// What cures a machine that does not let us serve: the same words wherever the same thing is
// missing.
//
// Invariants:
//   1. One lack has one cure: `serve`, `get` and `doctor` never send the reader two ways. In a
//   container it is a flag of its start, since what runs inside cannot give itself a right.
//
// Next: container.h.
#pragma once

#include <string>

#include "stack/trace/language.h"

namespace glasstcp {

/// Whom a cure is for.
struct Patient {
  bool in_container = false;
  bool is_root = true;
  Language language = Language::English;
};

/// This process.
[[nodiscard]] Patient this_process(Language language = Language::English);

/// One of two texts.
[[nodiscard]] inline const char* in_language(Language language, const char* english,
                                             const char* chinese) {
  return language == Language::Chinese ? chinese : english;
}

/// For a missing device file or capability NET_ADMIN.
[[nodiscard]] std::string rights_cure(const Patient& patient);
/// For IPv6 that is switched off.
[[nodiscard]] std::string ipv6_cure(const Patient& patient);
/// For forwarding that is off and that we cannot switch on.
[[nodiscard]] std::string forwarding_cure(const Patient& patient);

}  // namespace glasstcp
