// Encodings that texts declare. See text_encoding.h.
#include "http/text_encoding.h"

#include <algorithm>
#include <cstring>

#include "http/text.h"

namespace glasstcp::http {
namespace {

/// Labels of the Encoding Standard §4.2. An unknown label declares nothing, as in a browser.
constexpr std::string_view kLabels =
    " unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"
    " 866 cp866 csibm866 ibm866 csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2"
    " iso_8859-2:1987 l2 latin2 csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3"
    " iso_8859-3:1988 l3 latin3 csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4"
    " iso_8859-4:1988 l4 latin4 csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5"
    " iso88595 iso_8859-5 iso_8859-5:1988 arabic asmo-708 csiso88596e csiso88596i"
    " csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6"
    " iso88596 iso_8859-6 iso_8859-6:1987 csisolatingreek ecma-118 elot_928 greek greek8"
    " iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"
    " csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598"
    " iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical csisolatin6 iso-8859-10"
    " iso-ir-157 iso8859-10 iso885910 l6 latin6 iso-8859-13 iso8859-13 iso885913 iso-8859-14"
    " iso8859-14 iso885914 csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"
    " iso-8859-16 cskoi8r koi koi8 koi8-r koi8_r koi8-ru koi8-u csmacintosh mac macintosh"
    " x-mac-roman dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 cp1250"
    " windows-1250 x-cp1250 cp1251 windows-1251 x-cp1251 ansi_x3.4-1968 ascii cp1252 cp819"
    " csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1"
    " latin1 us-ascii windows-1252 x-cp1252 cp1253 windows-1253 x-cp1253 cp1254 csisolatin5"
    " iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254"
    " x-cp1254 cp1255 windows-1255 x-cp1255 cp1256 windows-1256 x-cp1256 cp1257 windows-1257"
    " x-cp1257 cp1258 windows-1258 x-cp1258 x-mac-cyrillic x-mac-ukrainian chinese csgb2312"
    " csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030 big5 big5-hkscs"
    " cn-big5 csbig5 x-x-big5 cseucpkdfmtjapanese euc-jp x-euc-jp csiso2022jp iso-2022-jp"
    " csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis cseuckr"
    " csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601"
    " windows-949 csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement"
    " unicodefffe utf-16be csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"
    " x-user-defined ";

constexpr std::size_t kLongestLabel = 24;

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool is_label(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.empty() || text.size() > kLongestLabel) return false;
  char word[kLongestLabel + 2];
  word[0] = ' ';
  std::ranges::transform(text, word + 1, to_lower);
  word[text.size() + 1] = ' ';
  if (std::any_of(word + 1, word + 1 + text.size(), is_space)) return false;
  return kLabels.find(std::string_view(word, text.size() + 2)) != std::string_view::npos;
}

std::size_t find_ignoring_case(std::string_view text, std::string_view word, std::size_t from) {
  for (std::size_t i = from; i + word.size() <= text.size(); ++i) {
    if (equals_ignoring_case(text.substr(i, word.size()), word)) return i;
  }
  return std::string_view::npos;
}

/// WHATWG HTML §2.5.3: "text/html; charset=gbk" in the content of a meta.
bool content_names_encoding(std::string_view content) {
  std::size_t at = 0;
  while ((at = find_ignoring_case(content, "charset", at)) != std::string_view::npos) {
    at += 7;
    while (at < content.size() && is_space(content[at])) ++at;
    if (at == content.size() || content[at] != '=') continue;
    ++at;
    while (at < content.size() && is_space(content[at])) ++at;
    std::string_view rest = content.substr(at);
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
      const std::size_t end = rest.find(rest.front(), 1);
      return end != std::string_view::npos && is_label(rest.substr(1, end - 1));
    }
    return is_label(rest.substr(0, rest.find_first_of("; \t\n\f\r")));
  }
  return false;
}

/// Reads the beginning of a document as a browser does before it parses it.
class Prescan {
 public:
  explicit Prescan(std::string_view text) : text_(text) {}

  bool finds_encoding() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != '<') continue;
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<!--")) {
        // The comment may end with the hyphens it began with: "<!-->".
        const std::size_t end = text_.find("-->", at_ + 2);
        if (end == std::string_view::npos) return false;
        at_ = end + 2;
      } else if (rest.size() > 5 && equals_ignoring_case(rest.substr(0, 5), "<meta") &&
                 (is_space(rest[5]) || rest[5] == '/')) {
        at_ += 5;
        if (meta_names_encoding()) return true;
      } else if (is_tag(rest)) {
        while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '>') ++at_;
        while (next_attribute()) {
        }
      } else if (rest.starts_with("<!") || rest.starts_with("</") || rest.starts_with("<?")) {
        at_ = std::min(text_.find('>', at_), text_.size());
      }
    }
    return false;
  }

 private:
  static bool is_tag(std::string_view rest) {
    if (rest.size() > 1 && is_alpha(rest[1])) return true;
    return rest.size() > 2 && rest[1] == '/' && is_alpha(rest[2]);
  }

  // Stands behind the name; afterwards on the '>' or at the end.
  bool meta_names_encoding() {
    bool is_pragma = false;
    bool by_content = false;
    bool by_charset = false;
    bool has_seen_charset = false;
    while (next_attribute()) {
      if (equals_ignoring_case(name_, "http-equiv")) {
        is_pragma = is_pragma || equals_ignoring_case(value_, "content-type");
      } else if (equals_ignoring_case(name_, "content")) {
        by_content = by_content || content_names_encoding(value_);
      } else if (equals_ignoring_case(name_, "charset") && !has_seen_charset) {
        has_seen_charset = true;
        by_charset = is_label(value_);
      }
    }
    // What the 1,024 bytes cut off declares nothing.
    if (at_ >= text_.size()) return false;
    return has_seen_charset ? by_charset : is_pragma && by_content;
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  // WHATWG HTML §13.2.3.2, "get an attribute". False: the tag ends here.
  bool next_attribute() {
    while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == '/')) ++at_;
    if (at_ >= text_.size() || text_[at_] == '>') return false;
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '/' && text_[at_] != '>' &&
           (text_[at_] != '=' || at_ == begin)) {
      ++at_;
    }
    name_ = text_.substr(begin, at_ - begin);
    value_ = {};
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != '=') return at_ < text_.size();
    ++at_;
    skip_spaces();
    if (at_ >= text_.size()) return false;
    return take_value();
  }

  bool take_value() {
    const char first = text_[at_];
    if (first == '"' || first == '\'') {
      const std::size_t end = text_.find(first, at_ + 1);
      value_ = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end == std::string_view::npos ? text_.size() : end + 1;
      return end != std::string_view::npos;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '>') ++at_;
    value_ = text_.substr(begin, at_ - begin);
    return at_ < text_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view name_{};
  std::string_view value_{};
};

/// `<?xml version="1.0" encoding="gbk"?>`.
bool xml_names_encoding(std::string_view text) {
  if (!text.starts_with("<?xml")) return false;
  text = text.substr(0, text.find('>'));
  std::size_t at = text.find("encoding");
  if (at == std::string_view::npos) return false;
  at += 8;
  while (at < text.size() && is_space(text[at])) ++at;
  if (at >= text.size() || text[at] != '=') return false;
  ++at;
  while (at < text.size() && is_space(text[at])) ++at;
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return false;
  const std::size_t end = text.find(text[at], at + 1);
  return end != std::string_view::npos && is_label(text.substr(at + 1, end - at - 1));
}

bool css_names_encoding(std::string_view text) {
  constexpr std::string_view kRule = "@charset \"";
  if (!text.starts_with(kRule)) return false;
  const std::string_view rest = text.substr(kRule.size());
  const std::size_t end = rest.find('"');
  return end != std::string_view::npos && rest.substr(end).starts_with("\";") &&
         is_label(rest.substr(0, end));
}

/// A byte order mark, or an XML declaration in UTF-16 without one (whose zeros would pass as
/// UTF-8).
bool begins_as_unicode(std::string_view text) {
  using namespace std::string_view_literals;
  return text.starts_with("\xef\xbb\xbf") || text.starts_with("\xfe\xff") ||
         text.starts_with("\xff\xfe") || text.starts_with("<\0?\0x\0"sv) ||
         text.starts_with("\0<\0?\0x"sv);
}

/// The length of the character at `p`, of at most `left` bytes; 0: none; -1: it is cut off.
int character_length(const std::uint8_t* p, std::size_t left) {
  const std::uint8_t first = p[0];
  if (first < 0x80) return 1;
  const int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  // The second byte has bounds of its own: neither overlong forms, surrogates, nor more than
  // 10FFFF.
  const std::uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  for (int i = 1; i < length; ++i) {
    if (static_cast<std::size_t>(i) >= left) return -1;
    if (p[i] < (i == 1 ? least : 0x80) || p[i] > (i == 1 ? most : 0xbf)) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(ByteView bytes, bool is_whole) noexcept {
  constexpr std::uint64_t kHigh = 0x8080808080808080u;
  std::size_t i = 0;
  while (i < bytes.size()) {
    std::uint64_t word;
    for (; i + 8 <= bytes.size(); i += 8) {  // eight characters of ASCII at once
      std::memcpy(&word, bytes.data() + i, 8);
      if ((word & kHigh) != 0) break;
    }
    if (i == bytes.size()) break;
    const int length = character_length(bytes.data() + i, bytes.size() - i);
    if (length < 0) return !is_whole;
    if (length == 0) return false;
    i += static_cast<std::size_t>(length);
  }
  return true;
}

std::size_t utf8_length(ByteView bytes) noexcept {
  return static_cast<std::size_t>(std::max(character_length(bytes.data(), bytes.size()), 0));
}

bool declares_encoding(ByteView bytes, std::string_view type) noexcept {
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), kPrescan)));
  if (begins_as_unicode(text)) return true;
  if (type.starts_with("text/html")) {
    return Prescan(text).finds_encoding() || xml_names_encoding(text);
  }
  if (type.starts_with("text/css")) return css_names_encoding(text);
  return type.starts_with("text/xml") && xml_names_encoding(text);
}

TextForm text_form_of(File& file, std::string_view type, BufferPool& pool) noexcept {
  if (file.text_form() != TextForm::Unknown) return file.text_form();
  std::optional<ByteView> bytes = file.whole();
  const bool is_whole = bytes.has_value();
  BufferRef buffer;
  if (!is_whole) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(file.info().size, kLookedAt));
    buffer = pool.take(kLookedAt);
    if (!buffer || !file.read(0, {buffer->data(), size})) return TextForm::Other;
    bytes = ByteView(buffer->data(), size);
  }
  const bool is_plain_utf8 = !declares_encoding(*bytes, type) && is_utf8(*bytes, is_whole);
  file.note_text_form(is_plain_utf8 ? TextForm::Utf8 : TextForm::Other);
  return file.text_form();
}

}  // namespace glasstcp::http
