// A line of a scenario as words: what is between quotation marks is one of them.
//
// Next: scenario_reader.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasstcp::lab {

/// The words of a line, read from left to right.
class Words {
 public:
  /// Comments are dropped. A quoted word keeps its first quotation mark, so that it is told apart.
  explicit Words(std::string_view line);

  [[nodiscard]] bool is_open_quote() const { return open_quote_; }
  [[nodiscard]] bool at_end() const { return at_ == words_.size(); }
  /// The next word; empty at the end.
  std::string_view take() { return at_end() ? std::string_view{} : words_[at_++]; }
  [[nodiscard]] std::string_view peek() const {
    return at_end() ? std::string_view{} : words_[at_];
  }
  /// Takes the next word if it is this one.
  bool take_if(std::string_view word) {
    if (peek() != word) return false;
    ++at_;
    return true;
  }
  /// All that are left, as one text without spaces: an expression.
  std::string take_expression();

 private:
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  bool open_quote_ = false;
};

/// What a quoted word says; empty: it is not quoted.
[[nodiscard]] std::optional<std::string> unquoted(std::string_view word);

}  // namespace glasstcp::lab
