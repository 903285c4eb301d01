// A small writer of JSON (RFC 8259): objects and arrays, keys in the order in which they are given.
//
// Strings are UTF-8: bytes of the capture that are not become U+FFFD, and control characters are
// escaped.
//
// Invariants:
//   1. What begin_* opened, end_* closes: the output is one valid value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace glasstcp::report {

/// Text as a JSON string, with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);

class JsonWriter {
 public:
  void begin_object(std::string_view key = {}) { begin('{', key); }
  void end_object() { end('}'); }
  void begin_array(std::string_view key = {}) { begin('[', key); }
  void end_array() { end(']'); }

  void text(std::string_view key, std::string_view value) { put(key, json_string(value)); }
  void number(std::string_view key, std::int64_t value) { put(key, std::to_string(value)); }
  void boolean(std::string_view key, bool value) { put(key, value ? "true" : "false"); }
  void null(std::string_view key) { put(key, "null"); }
  /// In an array.
  void text(std::string_view value) { text({}, value); }
  void number(std::int64_t value) { number({}, value); }

  /// The value, with a line feed. To be called once, when everything is closed.
  [[nodiscard]] std::string take() { return std::move(out_) + "\n"; }

 private:
  void begin(char bracket, std::string_view key) {
    put(key, std::string(1, bracket));
    is_first_ = true;
  }
  void end(char bracket) {
    out_ += bracket;
    is_first_ = false;
  }
  void put(std::string_view key, std::string_view value) {
    if (!is_first_ && !out_.empty()) out_ += ',';
    is_first_ = false;
    if (!key.empty()) out_.append(json_string(key)) += ':';
    out_ += value;
  }

  std::string out_;
  bool is_first_ = true;
};

}  // namespace glasstcp::report
