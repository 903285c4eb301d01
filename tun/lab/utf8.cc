// See utf8.h.
#include "tun/lab/utf8.h"

#include <iconv.h>

#include <array>

namespace glasstcp {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";
constexpr char32_t kReplacement = 0xfffd;

bool is_surrogate(char32_t c) {
  return c >= 0xd800 && c < 0xe000;
}

std::string from_utf16(std::string_view bytes, bool big_endian) {
  std::string text;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xd800 && c < 0xdc00 && at + 3 < bytes.size()) {
      const char32_t low = unit(at + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      }
    }
    append_utf8(text, is_surrogate(c) ? kReplacement : c);
  }
  return text;
}

}  // namespace

std::optional<char32_t> next_character(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t begin = at++;
  if (first < 0x80) return first;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || begin + length > text.size()) return std::nullopt;
  char32_t c = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[begin + i]);
    if ((next & 0xc0U) != 0x80U) return std::nullopt;
    c = c << 6 | (next & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kLeast[length] || c > 0x10ffff || is_surrogate(c)) return std::nullopt;
  at = begin + length;
  return c;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!next_character(text, at)) return false;
  }
  return true;
}

void append_utf8(std::string& text, char32_t c) {
  const auto put = [&text](char32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

std::string text_of_file(std::string_view bytes) {
  std::string text;
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    text = from_utf16(bytes, bytes.front() == '\xfe');
  } else {
    if (bytes.starts_with(kMark)) bytes.remove_prefix(kMark.size());
    text = bytes;
  }
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      lines += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      lines += '\n';
    }
  }
  return lines;
}

std::string as_utf8(std::string text) {
  if (is_utf8(text)) return text;
  std::string converted(text.size() * 4, '\0');
  const iconv_t converter = ::iconv_open("UTF-8", "GB18030");
  // glibc's iconv is a module that may be missing.
  const bool has_converter = converter != reinterpret_cast<iconv_t>(-1);
  char* in = text.data();
  char* out = converted.data();
  std::size_t in_left = text.size(), out_left = converted.size();
  const bool is_converted =
      has_converter && ::iconv(converter, &in, &in_left, &out, &out_left) != std::size_t(-1);
  if (has_converter) ::iconv_close(converter);
  if (is_converted) {
    converted.resize(converted.size() - out_left);
    return converted;
  }
  converted.clear();
  for (std::size_t at = 0; at < text.size();) {
    append_utf8(converted, next_character(text, at).value_or(kReplacement));
  }
  return converted;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWide = "\xe3\x80\x80";
  while (true) {
    if (text.starts_with(' ') || text.starts_with('\t')) {
      text.remove_prefix(1);
    } else if (text.starts_with(kWide)) {
      text.remove_prefix(kWide.size());
    } else if (text.ends_with(' ') || text.ends_with('\t')) {
      text.remove_suffix(1);
    } else if (text.ends_with(kWide)) {
      text.remove_suffix(kWide.size());
    } else {
      return text;
    }
  }
}

}  // namespace glasstcp
