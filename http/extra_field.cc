// Fields of whoever runs the server. See extra_field.h.
#include "http/extra_field.h"

#include <algorithm>

#include "http/text.h"

namespace glasstcp::http {
namespace {

/// Framing, connection, and what each answer says for itself. Cache-Control and Server are not
/// among them: given, they replace ours.
constexpr std::string_view kOurs[] = {
    "content-length", "transfer-encoding",
    "connection",     "keep-alive",
    "trailer",        "te",
    "upgrade",        "date",
    "content-type",   "content-encoding",
    "content-range",  "accept-ranges",
    "etag",           "last-modified",
    "location",       "proxy-connection",
    "allow",
};

}  // namespace

std::expected<std::string, std::string> extra_field_line(std::string_view text) {
  using Wrong = std::unexpected<std::string>;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Wrong("has no colon: write 'Name: value'");
  const std::string_view name = text.substr(0, colon);
  if (!is_token(name)) {
    return Wrong("does not begin with a field name (letters, digits and '-', then the colon)");
  }
  const auto is_it = [&](std::string_view ours) { return equals_ignoring_case(name, ours); };
  if (std::ranges::any_of(kOurs, is_it)) {
    return Wrong("names a field that the server writes itself");
  }
  const std::string_view value = trim(text.substr(colon + 1));
  // RFC 9110 §5.5: a line end in a value would begin another field, or the content.
  if (!has_only_field_characters(value)) {
    return Wrong("has a line end or another control character in its value");
  }
  return std::string(name) + ": " + std::string(value) + "\r\n";
}

bool has_field_line(std::string_view lines, std::string_view name) noexcept {
  while (!lines.empty()) {
    if (equals_ignoring_case(lines.substr(0, lines.find(':')), name)) return true;
    lines.remove_prefix(std::min(lines.find('\n'), lines.size() - 1) + 1);
  }
  return false;
}

}  // namespace glasstcp::http
