// Byte ranges. See ranges.h.
#include "http/ranges.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "http/text.h"

namespace glasstcp::http {
namespace {

/// A position; one beyond 2^64-1 is as good as 2^64-1, since no file is that large. Empty when not
/// digits.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  return parse_decimal(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

enum class SpecKind : std::uint8_t { Invalid, Outside, Inside, AllOfNothing };

/// Reads "first-", "first-last" or "-suffix".
SpecKind parse_spec(std::string_view spec, std::uint64_t size, ByteRange& range) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return SpecKind::Invalid;
  const std::string_view before = spec.substr(0, dash);
  const std::string_view after = spec.substr(dash + 1);
  const std::optional<std::uint64_t> second = parse_position(after);
  if (before.empty()) {
    if (!second.has_value()) return SpecKind::Invalid;
    if (*second == 0) return SpecKind::Outside;
    if (size == 0) return SpecKind::AllOfNothing;
    range = {.first = size - std::min(*second, size), .last = size - 1};
    return SpecKind::Inside;
  }
  const std::optional<std::uint64_t> first = parse_position(before);
  if (!first.has_value() || (!after.empty() && !second.has_value())) return SpecKind::Invalid;
  if (second.has_value() && *second < *first) return SpecKind::Invalid;
  if (*first >= size) return SpecKind::Outside;
  range = {.first = *first, .last = std::min(second.value_or(size - 1), size - 1)};
  return SpecKind::Inside;
}

}  // namespace

RangeSet parse_ranges(std::string_view value, std::uint64_t size) noexcept {
  constexpr std::string_view kUnit = "bytes=";
  RangeSet set;
  // RFC 9110 §14.2 MUST R9110-21: another unit, or what is no range at all, is ignored.
  if (!equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return set;
  value.remove_prefix(kUnit.size());
  std::uint64_t total = 0;
  std::size_t specs = 0;
  while (!value.empty()) {
    const std::string_view spec = take_list_element(value);
    if (spec.empty()) continue;
    if (++specs > kMaxRanges) return {};
    ByteRange range;
    const SpecKind kind = parse_spec(spec, size, range);
    // RFC 9110 §14.1.2: a suffix that is not empty can be satisfied whatever the length, and of an
    // empty file it is the whole. No Content-Range can say so (§14.4), so the answer is a plain
    // 200.
    if (kind == SpecKind::Invalid || kind == SpecKind::AllOfNothing) return {};
    if (kind == SpecKind::Outside) continue;
    if (range.length() > size - total) return {};
    total += range.length();
    set.ranges[set.count++] = range;
  }
  if (specs == 0) return {};
  set.kind = set.count > 0 ? RangeSet::Kind::Satisfiable : RangeSet::Kind::Unsatisfiable;
  return set;
}

}  // namespace glasstcp::http
