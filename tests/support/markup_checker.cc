// Two small readers, strict on purpose.
#include "tests/support/markup_checker.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace glasstcp::test {
namespace {

constexpr std::array<std::string_view, 3> kVoid = {"meta", "br", "link"};

class MarkupReader {
 public:
  explicit MarkupReader(std::string_view text) : text_(text) {}

  Markup read() {
    while (at_ < text_.size() && result_.error.empty()) {
      if (text_[at_] == '<') {
        read_tag();
      } else {
        read_text();
      }
    }
    if (result_.error.empty() && !open_.empty()) fail("not closed: " + open_.back());
    return std::move(result_);
  }

 private:
  void fail(const std::string& what) {
    result_.error = what + " at " + std::string(text_.substr(at_, 60));
  }

  void read_text() {
    const std::size_t end = std::min(text_.find('<', at_), text_.size());
    for (; at_ < end; ++at_) {
      const char c = text_[at_];
      if (c == '&' && !is_entity()) return fail("a bare &");
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') return fail("a control");
      result_.text += c;
    }
  }
  [[nodiscard]] bool is_entity() const {
    const std::size_t end = text_.find(';', at_);
    return end != std::string_view::npos && end - at_ < 8;
  }

  void read_tag() {
    if (text_.substr(at_).starts_with("<!DOCTYPE") || text_.substr(at_).starts_with("<?xml")) {
      at_ = text_.find('>', at_) + 1;
      return;
    }
    const std::size_t end = end_of_tag();
    if (end == std::string_view::npos) return fail("a tag without end");
    const std::string tag(text_.substr(at_, end + 1 - at_));
    const bool is_end = tag[1] == '/';
    const std::size_t from = is_end ? 2 : 1;
    const std::string name = tag.substr(from, tag.find_first_of(" >/", from) - from);
    if (name.empty() || !std::isalpha(static_cast<unsigned char>(name[0]))) return fail("no tag");
    result_.tags.push_back(is_end ? "</" + name + ">" : tag);
    at_ = end + 1;
    if (is_end) return close(name);
    const bool is_alone = tag.ends_with("/>") || std::ranges::count(kVoid, name) > 0;
    if (!is_alone) open_.push_back(name);
    if (name == "style") at_ = std::min(text_.find("</style>", at_), text_.size());
  }

  void close(const std::string& name) {
    if (open_.empty() || open_.back() != name) return fail("closes what is not open: " + name);
    open_.pop_back();
  }

  // The ">" that is not within an attribute's quotes.
  [[nodiscard]] std::size_t end_of_tag() const {
    bool is_quoted = false;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') is_quoted = !is_quoted;
      if (text_[i] == '<') return std::string_view::npos;
      if (text_[i] == '>' && !is_quoted) return i;
    }
    return std::string_view::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  Markup result_;
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  std::string error() {
    const bool is_good = value() && (space(), at_ == text_.size());
    return is_good ? std::string() : "wrong at: " + std::string(text_.substr(at_, 60));
  }

 private:
  void space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view w) {
    if (!text_.substr(at_).starts_with(w)) return false;
    at_ += w.size();
    return true;
  }
  bool value() {
    space();
    if (at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{':
        return list('{', '}', true);
      case '[':
        return list('[', ']', false);
      case '"':
        return string();
      default:
        return word("true") || word("false") || word("null") || number();
    }
  }
  bool list(char open, char close, bool has_keys) {
    if (!take(open)) return false;
    if (take(close)) return true;
    do {
      if (has_keys && !((space(), string()) && take(':'))) return false;
      if (!value()) return false;
    } while (take(','));
    return take(close);
  }
  bool string() {
    if (!take('"')) return false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\') ++at_;
    }
    return take('"');
  }
  bool number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view("+-.eE0123456789").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
    return at_ > begin;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Markup read_markup(std::string_view text) {
  return MarkupReader(text).read();
}
std::string json_error(std::string_view text) {
  return JsonReader(text).error();
}

}  // namespace glasstcp::test
