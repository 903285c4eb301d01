// Reads a script's text piece by piece: words, numbers, times; comments are kept aside.
//
// Invariants:
//   1. A mistake is thrown as ParseError with its line; script_parser.cc catches it.
//
// Next: script_parser.h.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/time.h"

namespace glasstcp::test {

/// What is wrong and where; only within the reader.
struct ParseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Without the space around it.
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

/// Whether it can stand in a word.
inline bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// A comment and where it stands: notes are found by line after the events are read.
struct Comment {
  int line;
  std::string_view text;
};

/// The characters of a script, with comments out of the way and the line at hand.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] int line() const { return line_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  // What was read since `begin`, without the space and comments behind it.
  [[nodiscard]] std::string_view since(std::size_t begin) const {
    return text_.substr(begin, token_end_ - begin);
  }
  [[nodiscard]] const std::vector<Comment>& comments() const { return comments_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw ParseError("line " + std::to_string(line_) + ": " + what);
  }

  bool at_end() {
    skip_space();
    return position_ == text_.size();
  }
  char peek() {
    skip_space();
    return raw_peek();
  }
  bool accept(std::string_view expected) {
    skip_space();
    if (!text_.substr(position_).starts_with(expected)) return false;
    const std::size_t end = position_ + expected.size();
    const bool ends_in_word = is_word(expected.back()) && end < text_.size() && is_word(text_[end]);
    if (ends_in_word) return false;
    take(expected.size());
    return true;
  }
  void expect(std::string_view expected) {
    if (!accept(expected)) {
      fail("expected '" + std::string(expected) + "' before '" +
           std::string(text_.substr(position_, 20)) + "'");
    }
  }
  std::string word() {
    skip_space();
    const std::size_t begin = position_;
    while (is_word(raw_peek())) take(1);
    if (begin == position_) fail("expected a word before " + rest_of_line());
    return std::string(since(begin));
  }
  std::uint32_t number() {
    skip_space();
    const bool hex = text_.substr(position_).starts_with("0x");
    if (hex) take(2);
    std::uint32_t value = 0;
    const char* begin = text_.data() + position_;
    const auto [end, error] =
        std::from_chars(begin, text_.data() + text_.size(), value, hex ? 16 : 10);
    if (error != std::errc()) fail("expected a number before " + rest_of_line());
    take(static_cast<std::size_t>(end - begin));
    return value;
  }
  // Seconds with a fraction; "0...0.2" must not read the first dots as a fraction.
  Duration seconds() {
    skip_space();
    std::int64_t nanoseconds = 0;  // ".02" has no digit before its point
    if (raw_peek() != '.') nanoseconds = static_cast<std::int64_t>(number()) * 1'000'000'000;
    if (raw_peek() != '.' || text_.substr(position_).starts_with("..."))
      return Duration(nanoseconds);
    take(1);
    for (std::int64_t unit = 100'000'000; std::isdigit(raw_peek()) != 0; unit /= 10) {
      nanoseconds += (raw_peek() - '0') * unit;
      take(1);
    }
    return Duration(nanoseconds);
  }
  // Everything up to `stop`, which is taken too.
  std::string_view until(std::string_view stop) {
    const std::size_t found = text_.find(stop, position_);
    if (found == std::string_view::npos) fail("missing '" + std::string(stop) + "'");
    const std::size_t begin = position_;
    take(found - position_);
    const std::string_view inside = text_.substr(begin, found - begin);
    take(stop.size());
    return inside;
  }
  [[nodiscard]] char raw_peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  void take(std::size_t count) {
    skip(count);
    token_end_ = position_;
  }

 private:
  // What stands where something else was expected.
  [[nodiscard]] std::string rest_of_line() const {
    const std::string_view rest = text_.substr(position_);
    return "'" + std::string(rest.substr(0, std::min<std::size_t>(20, rest.find('\n')))) + "'";
  }
  void skip(std::size_t count) {
    for (; count > 0; --count) {
      if (text_[position_++] == '\n') ++line_;
    }
  }
  void skip_space() {
    while (position_ < text_.size()) {
      const std::string_view rest = text_.substr(position_);
      if (std::isspace(static_cast<unsigned char>(rest.front())) != 0) {
        skip(1);
      } else if (rest.starts_with("//") || rest.starts_with("#")) {
        const std::string_view text = rest.substr(0, rest.find('\n'));
        comments_.push_back({line_, text});
        skip(text.size());
      } else if (rest.starts_with("/*")) {
        const std::size_t end = rest.find("*/");
        if (end == std::string_view::npos) fail("missing '*/'");
        skip(end + 2);
      } else {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t token_end_ = 0;
  int line_ = 1;
  std::vector<Comment> comments_;
};

}  // namespace glasstcp::test
