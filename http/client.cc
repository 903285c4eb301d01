// The other side of HTTP/1.1. See client.h.
#include "http/client.h"

#include <algorithm>

namespace glasstcp::http {

std::optional<Url> parse_url(std::string_view text) noexcept {
  constexpr std::string_view kScheme = "http://";
  if (!equals_ignoring_case(text.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  text = text.substr(0, text.find('#'));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return std::nullopt;  // it would end the request line
  }
  text.remove_prefix(kScheme.size());
  const std::size_t end = text.find_first_of("/?");
  std::string_view authority = text.substr(0, end);
  if (!is_valid_host(authority)) return std::nullopt;
  Url url;
  url.target = end == std::string_view::npos ? std::string_view("/") : text.substr(end);
  url.is_ipv6 = authority.starts_with('[');
  const std::size_t host_end =
      url.is_ipv6 ? authority.find(']') + 1 : std::min(authority.find(':'), authority.size());
  url.host = url.is_ipv6 ? authority.substr(1, host_end - 2) : authority.substr(0, host_end);
  if (url.host.empty()) return std::nullopt;
  authority.remove_prefix(host_end);
  if (authority.size() > 1) {
    const std::optional<std::uint64_t> port = parse_decimal(authority.substr(1));
    if (!port.has_value() || *port == 0 || *port > 65535) return std::nullopt;
    url.port = Port{static_cast<std::uint16_t>(*port)};
  }
  return url;
}

void write_request(TextWriter& out, const ClientRequest& request) noexcept {
  const Url& url = request.url;
  out.text(request.is_head ? "HEAD " : "GET ");
  if (!url.target.starts_with('/')) out.text("/");  // "http://host?query"
  out.text(url.target).text(" HTTP/1.1\r\nHost: ");
  out.text(url.is_ipv6 ? "[" : "").text(url.host).text(url.is_ipv6 ? "]" : "");
  if (url.port != Port{80}) out.text(":").number(number(url.port));
  out.text("\r\nUser-Agent: glasstcp\r\nAccept: */*\r\nConnection: close\r\n");
  if (!request.range.empty()) out.text("Range: bytes=").text(request.range).text("\r\n");
  out.text("\r\n");
}

ResponseReader::Step ResponseReader::feed(ByteView bytes) noexcept {
  Step step;
  while (stage_ == Stage::Head && step.consumed < bytes.size())
    step.consumed += take_head(bytes.subspan(step.consumed));
  const ByteView rest = bytes.subspan(step.consumed);
  if (stage_ == Stage::UntilClose) {
    step.content = rest;
    step.consumed = bytes.size();
  }
  if (stage_ == Stage::Body) {
    const BodyDecoder::Step body = body_.decode(rest);
    step.consumed += body.consumed;
    step.content = body.content;
    if (body.status == BodyDecoder::Status::Done) stage_ = Stage::Done;
    if (body.status == BodyDecoder::Status::Failed) stage_ = Stage::Failed;
  }
  if (stage_ == Stage::Done) step.status = Status::Done;
  if (stage_ == Stage::Failed) step.status = Status::Failed;
  return step;
}

/// Takes bytes up to the end of the next line.
std::size_t ResponseReader::take_head(ByteView bytes) noexcept {
  const std::string_view text = as_text(bytes);
  const std::size_t end = text.find('\n');
  const std::size_t taken = end == std::string_view::npos ? text.size() : end + 1;
  if (taken > kMaxHead - head_size_) {
    stage_ = Stage::Failed;
    return taken;
  }
  text.copy(head_.data() + head_size_, taken);
  head_size_ += taken;
  const std::string_view so_far(head_.data(), head_size_);
  const bool is_first_line = so_far.find('\n') == head_size_ - 1;
  if (is_first_line && end != std::string_view::npos && !read_status_line()) {
    stage_ = Stage::Failed;
  } else if (so_far.ends_with("\n\r\n") || so_far.ends_with("\n\n")) {
    stage_ = on_head();
  }
  return taken;
}

bool ResponseReader::read_status_line() noexcept {
  const std::string_view line(head_.data(), head_size_);
  if (!line.starts_with("HTTP/1.") || line.size() < 13 || !is_digit(line[7]) || line[8] != ' ')
    return false;
  const std::optional<std::uint64_t> code = parse_decimal(line.substr(9, 3));
  if (!code.has_value() || *code < 100) return false;
  status_ = static_cast<int>(*code);
  return true;
}

// RFC 9112 §6.3: how the body of a response is delimited, in the order of that section.
ResponseReader::Stage ResponseReader::on_head() noexcept {
  if (status_ < 200) {
    head_size_ = 0;  // interim: the final response follows
    return Stage::Head;
  }
  stage_ = Stage::Body;  // so that field() reads the head
  if (ends_with_head()) return Stage::Done;
  if (const auto coding = field("transfer-encoding"); coding.has_value()) {
    if (!equals_ignoring_case(*coding, "chunked")) return Stage::Failed;
    body_ = BodyDecoder(Framing::Chunked, 0, BodyDecoder::Padding::Skipped);
    return Stage::Body;
  }
  if (const auto value = field("content-length"); value.has_value()) {
    const std::optional<std::uint64_t> length = parse_decimal(*value);
    if (!length.has_value()) return Stage::Failed;
    body_ = BodyDecoder(Framing::Length, *length);
    return Stage::Body;
  }
  return Stage::UntilClose;
}

std::optional<std::string_view> ResponseReader::field(std::string_view name) const noexcept {
  std::string_view rest = head();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignoring_case(line.substr(0, colon), name))
      continue;
    line.remove_prefix(colon + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return trim(line);
  }
  return std::nullopt;
}

}  // namespace glasstcp::http
