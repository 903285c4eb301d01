// See expression.h: a value is a number, or a number of nanoseconds.
#include "stack/lab/expression.h"

#include <algorithm>
#include <array>

#include "stack/base/quantity.h"

namespace glasstcp::lab {
namespace {

struct Value {
  std::int64_t number = 0;
  bool is_time = false;
};

constexpr std::int64_t kMost = std::int64_t{1} << 53;  // beyond any size or time of a scenario

bool is_bare(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "20ms" or, with one to three digits behind a point, "12.5ms".
std::optional<Duration> duration(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return parse_duration(text, 1ms);
  const std::string_view behind = text.substr(point + 1);
  const std::size_t digits = std::min(behind.find_first_not_of("0123456789"), behind.size());
  if (point == 0 || digits == 0 || digits > 3 || digits == behind.size()) return std::nullopt;
  const std::string unit(behind.substr(digits));
  const auto whole = parse_duration(std::string(text.substr(0, point)) + unit, 1ms);
  const auto part = parse_duration(std::string(behind.substr(0, digits)) + unit, 1ms);
  if (!whole || !part) return std::nullopt;
  constexpr std::array<std::int64_t, 4> kPowers = {1, 10, 100, 1000};
  return *whole + *part / kPowers[digits];
}

std::optional<Value> operand(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (const auto size = parse_size(text)) {
    if (*size > std::uint64_t{kMost}) return std::nullopt;
    return Value{static_cast<std::int64_t>(*size), false};
  }
  const auto time = is_bare(text) ? std::nullopt : duration(text);
  if (!time || time->count() > kMost) return std::nullopt;
  return Value{time->count(), true};
}

std::optional<Value> multiplied(Value a, Value b) {
  std::int64_t product = 0;
  const bool is_too_large = __builtin_mul_overflow(a.number, b.number, &product);
  if ((a.is_time && b.is_time) || is_too_large || product > kMost) return std::nullopt;
  return Value{product, a.is_time || b.is_time};
}

std::optional<Value> divided(Value a, Value b) {
  if (b.is_time || b.number == 0) return std::nullopt;
  return Value{a.number / b.number, a.is_time};
}

// A product, up to the next + or -.
std::optional<Value> product(std::string_view text) {
  std::size_t at = text.find_first_of("*/");
  std::optional<Value> value = operand(text.substr(0, at));
  while (value && at != std::string_view::npos) {
    const char sign = text[at];
    const std::size_t next = text.find_first_of("*/", at + 1);
    const auto factor = operand(text.substr(at + 1, next - at - 1));
    if (!factor) return std::nullopt;
    value = sign == '*' ? multiplied(*value, *factor) : divided(*value, *factor);
    at = next;
  }
  return value;
}

std::optional<Value> sum(std::string_view text) {
  std::size_t at = text.find_first_of("+-");
  std::optional<Value> value = product(text.substr(0, at));
  while (value && at != std::string_view::npos) {
    const bool is_plus = text[at] == '+';
    const std::size_t next = text.find_first_of("+-", at + 1);
    const auto term = product(text.substr(at + 1, next - at - 1));
    if (!term || term->is_time != value->is_time) return std::nullopt;
    value->number += is_plus ? term->number : -term->number;
    at = next;
  }
  if (!value || value->number < 0 || value->number > kMost) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint64_t> evaluate_number(std::string_view text) {
  const auto value = sum(text);
  if (!value || value->is_time) return std::nullopt;
  return static_cast<std::uint64_t>(value->number);
}

std::optional<Duration> evaluate_time(std::string_view text) {
  const auto value = sum(text);
  if (!value || (!value->is_time && value->number != 0)) return std::nullopt;
  return Duration(value->number);
}

std::string time_text(Duration time) {
  const std::int64_t us = to_us(time);
  if (us % 1'000'000 == 0) return std::to_string(us / 1'000'000) + "s";
  if (us % 1000 == 0) return std::to_string(us / 1000) + "ms";
  return std::to_string(us) + "us";
}

}  // namespace glasstcp::lab
