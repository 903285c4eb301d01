// Conditional requests: entity tags, dates, and the order in which preconditions are asked.
//
// RFC 9110 §8.8 (validators), §13 (preconditions).
//
// Invariants:
//   1. The order is that of RFC 9110 §13.2.2 and no other.
//   2. A precondition that cannot be understood never makes an answer shorter than the
//      unconditional one, except If-Match, which fails safe.
//
// Next: ranges.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "http/file_store.h"
#include "http/request_parser.h"

namespace glasstcp::http {

/// An entity tag as text, with its quotes.
struct EntityTag {
  std::array<char, 60> characters{};
  std::uint8_t length = 0;
  [[nodiscard]] std::string_view text() const { return {characters.data(), length}; }
};

/// The strong entity tag of a file: size, modification time in nanoseconds and identity, in
/// hexadecimal. `coding`: its suffix in a tag of its own for what is sent in a content coding (""
/// otherwise).
[[nodiscard]] EntityTag entity_tag(const FileInfo& info, std::string_view coding = {}) noexcept;

/// What a representation is compared by.
struct Validators {
  std::string_view entity_tag{};   ///< strong, with quotes
  std::int64_t last_modified = 0;  ///< seconds since 1970, not later than now
};

/// What the preconditions say.
enum class Precondition : std::uint8_t { Proceed, NotModified, Failed };

/// Asks If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in that order. Only for
/// a request whose unconditional answer would be 2xx. `now`: seconds since 1970.
[[nodiscard]] Precondition evaluate_preconditions(const Request& request, const Validators& current,
                                                  std::int64_t now) noexcept;

/// Whether a Range field counts, as far as If-Range and the method decide it.
[[nodiscard]] bool range_counts(const Request& request, const Validators& current,
                                std::int64_t now) noexcept;

}  // namespace glasstcp::http
