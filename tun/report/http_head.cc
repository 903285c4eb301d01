// See http_head.h.
#include "tun/report/http_head.h"

#include <algorithm>
#include <charconv>

#include "http/text.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostLine = 8192, kMostFields = 200;

// The next line without its end; `text` goes on behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool read_start_line(Message& m, std::string_view line) {
  m.start_line = line.substr(0, kMostLine);
  const std::size_t one = line.find(' ');
  if (one == std::string_view::npos) return false;
  std::string_view rest = line.substr(one + 1);
  if (m.is_request) {
    const std::size_t two = rest.rfind(' ');
    m.method = line.substr(0, one);
    m.target = rest.substr(0, two).substr(0, kMostLine);
    if (two != std::string_view::npos) m.version = rest.substr(two + 1);
    return m.version.starts_with("HTTP/1");
  }
  m.version = line.substr(0, one);
  const char* const digits = rest.data();
  const auto [end, error] =
      std::from_chars(digits, digits + std::min<std::size_t>(3, rest.size()), m.status);
  if (error != std::errc{} || end != digits + 3) return false;
  if (rest.size() > 4) m.reason = rest.substr(4);
  return m.version.starts_with("HTTP/1");
}

std::string lower(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), http::to_lower);
  return all;
}

// "bytes 0-499/1234"
void read_content_range(Message& m) {
  const std::string* const value = m.header("content-range");
  if (value == nullptr || !lower(*value).starts_with("bytes ")) return;
  const std::string_view text = std::string_view(*value).substr(6);
  const std::size_t dash = text.find('-'), slash = text.find('/');
  if (slash == std::string_view::npos) return;
  m.range_total = http::parse_decimal(http::trim(text.substr(slash + 1)));
  if (dash == std::string_view::npos || dash > slash) return;
  m.range_first = http::parse_decimal(http::trim(text.substr(0, dash)));
  m.range_last = http::parse_decimal(http::trim(text.substr(dash + 1, slash - dash - 1)));
}

// RFC 9112 §6.3, in its order.
BodyFraming framing_of(const Message& m, const Message* request) {
  if (!m.is_request) {
    const bool has_none = m.status < 200 || m.status == 204 || m.status == 304;
    if (has_none || (request != nullptr && request->method == "HEAD")) return BodyFraming::None;
  }
  const std::string* const coding = m.header("transfer-encoding");
  if (coding != nullptr && lower(*coding).find("chunked") != std::string::npos) {
    return BodyFraming::Chunked;
  }
  if (m.announced) return BodyFraming::Length;
  return m.is_request ? BodyFraming::None : BodyFraming::UntilClose;
}

void read_fields(Message& m, std::string_view text) {
  while (!text.empty() && m.headers.size() < kMostFields) {
    const std::string_view line = take_line(text);
    if (line.empty()) return;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    m.headers.emplace_back(http::trim(line.substr(0, colon)), http::trim(line.substr(colon + 1)));
  }
}

}  // namespace

std::size_t head_length(std::string_view text) {
  std::size_t from = 0;
  while (true) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string_view::npos) return end;
    if (text.substr(end + 1, 1) == "\n") return end + 2;
    if (text.substr(end + 1, 2) == "\r\n") return end + 3;
    from = end + 1;
  }
}

std::optional<Message> read_head(std::string_view head, bool is_request, const Message* request) {
  Message m;
  m.is_request = is_request;
  m.head_bytes = head.size();
  if (!read_start_line(m, take_line(head))) return std::nullopt;
  read_fields(m, head);
  if (const std::string* length = m.header("content-length")) {
    m.announced = http::parse_decimal(*length);
  }
  if (const std::string* type = m.header("content-type")) {
    m.media_type = lower(http::trim(std::string_view(*type).substr(0, type->find(';'))));
  }
  if (const std::string* coding = m.header("content-encoding")) {
    if (!http::equals_ignoring_case(*coding, "identity")) m.coding = lower(*coding);
  }
  read_content_range(m);
  m.framing = framing_of(m, request);
  return m;
}

}  // namespace glasstcp::report
