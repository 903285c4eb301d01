// See quantity.h.
#include "stack/base/quantity.h"

#include <charconv>
#include <limits>

namespace glasstcp {
namespace {

struct Quantity {
  std::uint64_t number;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  Quantity quantity{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, quantity.number);
  if (error != std::errc{} || rest == text.data()) return std::nullopt;
  quantity.unit = {rest, static_cast<std::size_t>(end - rest)};
  return quantity;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto quantity = split(text);
  if (!quantity) return std::nullopt;
  std::string_view unit = quantity->unit;
  unsigned shift = 0;
  constexpr std::string_view kPrefixes = "KMGT";
  if (!unit.empty()) {
    const char upper = static_cast<char>(unit.front() & ~0x20);
    const std::size_t at = kPrefixes.find(upper);
    if (at != std::string_view::npos) {
      shift = static_cast<unsigned>(at + 1) * 10;
      unit.remove_prefix(1);
      if (unit == "iB") unit = "B";
    }
  }
  if (!unit.empty() && unit != "B") return std::nullopt;
  if (quantity->number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return quantity->number << shift;
}

std::optional<Duration> parse_duration(std::string_view text, Duration unit) {
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  if (quantity->unit == "us") {
    unit = 1us;
  } else if (quantity->unit == "ms") {
    unit = 1ms;
  } else if (quantity->unit == "s") {
    unit = 1s;
  } else if (quantity->unit == "min") {
    unit = 1min;
  } else if (quantity->unit == "h") {
    unit = 1h;
  } else if (!quantity->unit.empty()) {
    return std::nullopt;
  }
  const auto most = static_cast<std::uint64_t>(Duration::max().count() / unit.count());
  if (quantity->number > most) return std::nullopt;
  return unit * static_cast<std::int64_t>(quantity->number);
}

}  // namespace glasstcp
