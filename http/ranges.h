// Byte ranges: which parts of a file a Range field asks for.
//
// RFC 9110 §14.1.2, §14.2.
//
// Invariants:
//   1. Every range of a set lies within the file: first <= last < size.
//   2. A set is bounded by kMaxRanges and by the size of the file, so that a short request cannot
//      ask for much more than it.
//
// Next: transfer.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace glasstcp::http {

/// Bytes first..last of a file, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  [[nodiscard]] std::uint64_t length() const { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// RFC 9110 §14.2 MAY R9110-22: sets of more ranges than this, or of more bytes than the file has,
/// are ignored as abuse.
inline constexpr std::size_t kMaxRanges = 16;

/// The outcome of a Range field.
struct RangeSet {
  enum class Kind : std::uint8_t {
    Ignored,        ///< absent in effect, or all of an empty file: answer with the whole file
    Satisfiable,    ///< `count` ranges: answer 206
    Unsatisfiable,  ///< valid, but nothing of it lies in the file: answer 416
  };
  Kind kind = Kind::Ignored;
  std::size_t count = 0;
  std::array<ByteRange, kMaxRanges> ranges{};
};

/// Reads the value of a Range field for a file of `size` bytes.
[[nodiscard]] RangeSet parse_ranges(std::string_view value, std::uint64_t size) noexcept;

}  // namespace glasstcp::http
