// The small language of checks in scripts: `cwnd == 10 * mss`, `state == "ESTABLISHED"`, `flight <=
// cwnd`.
//
// packetdrill hands such lines to Python; we need only comparisons of sums and products, so that is
// all there is.
//
// Invariants:
//   1. An unknown name or a leftover character is an error, never "false".
//
// Next: runner.h.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace glasstcp::test {

/// A number or a text.
struct Value {
  std::int64_t number = 0;
  std::string text;
  bool is_text = false;

  [[nodiscard]] std::string shown() const;
  friend bool operator==(const Value&, const Value&) = default;
};

/// What a name stands for; empty: no such name.
using Lookup = std::function<std::optional<Value>(std::string_view)>;

/// Whether the condition holds: empty if so, else a sentence that gives the two values. An
/// unreadable condition is an unexpected.
[[nodiscard]] std::expected<std::string, std::string> violation(std::string_view condition,
                                                                const Lookup& lookup);

}  // namespace glasstcp::test
