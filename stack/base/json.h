// JSON, written piece by piece into a string: as much of it as the lab page and the live view read.
//
// RFC 8259 §7 (strings).
//
// Invariants:
//   1. What is written is valid as long as begin and end calls are paired.
//
// Next: ../lab/lab.h.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace glasstcp {

/// Appends to a string that it owns.
class Json {
 public:
  void begin(char bracket) {
    separate();
    text_ += bracket;
    fresh_ = true;
  }
  void end(char bracket) {
    text_ += bracket;
    fresh_ = false;
  }
  Json& key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    fresh_ = true;
    return *this;
  }
  void string(std::string_view value) {
    separate();
    quote(value);
  }
  template <typename Integer>
  void number(Integer value) {
    separate();
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value);
    text_.append(digits, end.ptr);
  }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  /// Something that is JSON already.
  void raw(std::string_view json) {
    separate();
    text_ += json;
  }
  void field(std::string_view name, std::string_view value) { key(name).string(value); }
  template <typename Integer>
  void count(std::string_view name, Integer value) {
    key(name).number(value);
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  void clear() {
    text_.clear();
    fresh_ = true;
  }

 private:
  void separate() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }
  void quote(std::string_view value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text_ += '"';
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20) {
        text_ += "\\u00";
        text_ += kDigits[byte >> 4U];
        text_ += kDigits[byte & 15U];
        continue;
      }
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += c;
    }
    text_ += '"';
  }

  std::string text_;
  bool fresh_ = true;
};

}  // namespace glasstcp
