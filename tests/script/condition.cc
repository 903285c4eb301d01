// Recursive descent: comparison, sum, product, primary.
#include "tests/script/condition.h"

#include <cctype>
#include <stdexcept>

namespace glasstcp::test {
namespace {

struct ConditionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Reader {
 public:
  Reader(std::string_view text, const Lookup& lookup) : text_(text), lookup_(lookup) {}

  std::string violation() {
    const std::string_view whole = text_;
    const Value left = sum();
    const std::string_view comparison = comparison_sign();
    const Value right = sum();
    skip_space();
    if (!text_.empty()) throw ConditionError("what is '" + std::string(text_) + "'?");
    if (left.is_text != right.is_text) throw ConditionError("compares a text with a number");
    if (holds(left, comparison, right)) return "";
    return std::string(whole) + " does not hold: left is " + left.shown() + ", right is " +
           right.shown();
  }

 private:
  void skip_space() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) {
      text_.remove_prefix(1);
    }
  }
  bool accept(std::string_view sign) {
    skip_space();
    if (!text_.starts_with(sign)) return false;
    text_.remove_prefix(sign.size());
    return true;
  }
  std::string_view comparison_sign() {
    for (const std::string_view sign : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (accept(sign)) return sign;
    }
    throw ConditionError("expected a comparison before '" + std::string(text_) + "'");
  }
  static bool holds(const Value& left, std::string_view sign, const Value& right) {
    if (sign == "==") return left == right;
    if (sign == "!=") return !(left == right);
    if (left.is_text) throw ConditionError("texts are only equal or not");
    if (sign == "<=") return left.number <= right.number;
    if (sign == ">=") return left.number >= right.number;
    return sign == "<" ? left.number < right.number : left.number > right.number;
  }
  Value sum() {
    Value value = product();
    for (;;) {
      if (accept("+")) {
        value.number += product().number;
      } else if (accept("-")) {
        value.number -= product().number;
      } else {
        return value;
      }
    }
  }
  Value product() {
    Value value = primary();
    for (;;) {
      if (accept("*")) {
        value.number *= primary().number;
      } else if (accept("/")) {
        const Value divisor = primary();
        if (divisor.number == 0) throw ConditionError("division by zero");
        value.number /= divisor.number;
      } else {
        return value;
      }
    }
  }
  Value primary() {
    if (accept("(")) {
      Value value = sum();
      if (!accept(")")) throw ConditionError("missing ')'");
      return value;
    }
    if (accept("-")) return {-primary().number, "", false};
    if (accept("\"")) {
      const std::size_t end = text_.find('"');
      if (end == std::string_view::npos) throw ConditionError("missing '\"'");
      Value value{0, std::string(text_.substr(0, end)), true};
      text_.remove_prefix(end + 1);
      return value;
    }
    std::size_t length = 0;
    while (length < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[length])) != 0 || text_[length] == '_')) {
      ++length;
    }
    if (length == 0) throw ConditionError("expected a value before '" + std::string(text_) + "'");
    const std::string word(text_.substr(0, length));
    text_.remove_prefix(length);
    if (std::isdigit(static_cast<unsigned char>(word[0])) != 0) {
      return {std::stoll(word, nullptr, 0), "", false};
    }
    const auto found = lookup_(word);
    if (!found) throw ConditionError("no variable is called '" + word + "'");
    return *found;
  }

  std::string_view text_;
  const Lookup& lookup_;
};

}  // namespace

std::string Value::shown() const {
  return is_text ? '"' + text + '"' : std::to_string(number);
}

std::expected<std::string, std::string> violation(std::string_view condition,
                                                  const Lookup& lookup) {
  try {
    return Reader(condition, lookup).violation();
  } catch (const std::exception& error) {
    return std::unexpected(std::string(condition) + ": " + error.what());
  }
}

}  // namespace glasstcp::test
