// Paths of URLs. See path.h.
#include "http/path.h"

#include <algorithm>

namespace glasstcp::http {
namespace {

/// Undoes percent-encoding; the length written, or -1.
std::ptrdiff_t undo_percent(std::string_view raw, char* out) {
  char* at = out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      const int high = i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
      const int low = i + 2 < raw.size() ? hex_value(raw[i + 2]) : -1;
      if (high < 0 || low < 0) return -1;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return -1;
    *at++ = c;
  }
  return at - out;
}

}  // namespace

// RFC 9110 §17.3 SHOULD R9110-33: first decoded, then cut at slashes, then dot segments; a path
// cannot climb above its root.
DecodedPath decode_path(std::string_view raw, ByteSpan memory) noexcept {
  char* const begin = reinterpret_cast<char*>(memory.data());
  if (memory.size() < raw.size()) return {};
  const std::ptrdiff_t decoded_size = undo_percent(raw, begin);
  if (decoded_size < 0) return {};
  std::string_view rest(begin, static_cast<std::size_t>(decoded_size));
  std::size_t size =
      0;  // the result grows in the same memory, always behind what is still to be read
  DecodedPath result{.is_valid = true};
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    // What ends in a slash, "." or ".." names a directory.
    result.has_trailing_slash = end < rest.size() || segment == "." || segment == "..";
    if (segment == "..") {
      const std::size_t slash = std::string_view(begin, size).rfind('/');
      size = slash == std::string_view::npos ? 0 : slash;
    } else if (!segment.empty() && segment != ".") {
      const std::size_t length = segment.size();
      if (size > 0) begin[size++] = '/';
      std::memmove(begin + size, segment.data(), length);
      size += length;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  result.path = {begin, size};
  return result;
}

namespace {

void write_encoded(TextWriter& out, std::string_view text, std::string_view also_plain) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (is_alpha(c) || is_digit(c) || also_plain.find(c) != std::string_view::npos) {
      out.text({&c, 1});
    } else {
      const char encoded[] = {'%', kHex[u >> 4], kHex[u & 15]};
      out.text({encoded, sizeof encoded});
    }
  }
}

}  // namespace

void write_encoded_name(TextWriter& out, std::string_view name) noexcept {
  write_encoded(out, name, "-._~");
}

void write_encoded_path(TextWriter& out, std::string_view path) noexcept {
  write_encoded(out, path, "-._~/!$&'()*+,;=:@");
}

}  // namespace glasstcp::http
