// Heads and error pages. See response.h.
#include "http/response.h"

namespace glasstcp::http {

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

TextWriter& TextWriter::number(std::uint64_t value) noexcept {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return text({digits, static_cast<std::size_t>(end - digits)});
}

TextWriter& TextWriter::hex(std::uint64_t value) noexcept {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  return text({digits, static_cast<std::size_t>(end - digits)});
}

TextWriter& TextWriter::escaped(std::string_view s) noexcept {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u < 0x7f && c != '"' && c != '\\') {
      text({&c, 1});
    } else {
      const char escape[] = {'\\', 'x', kHex[u >> 4], kHex[u & 15]};
      text({escape, sizeof escape});
    }
  }
  return *this;
}

void write_head_start(TextWriter& out, const HeadStart& start) noexcept {
  // RFC 9112 §4 MUST R9112-13: the space after the code is there whatever the phrase.
  out.text("HTTP/1.1 ").number(static_cast<std::uint64_t>(start.status)).text(" ");
  out.text(reason_phrase(start.status)).text("\r\n");
  // RFC 9112 §6.1 MUST R9112-18, §6.2 MUST R9112-21: no head of ours ever says Transfer-Encoding,
  // since every length is known.
  if (!start.server.empty()) out.field("Server", start.server);
  // RFC 9110 §6.6.1 MUST R9110-09: a Date on every final response, since the wall time is always
  // handed in.
  out.field("Date", start.date);
  if (start.persistence == Persistence::Close) out.field("Connection", "close");
  const bool says_how_long =
      start.keep_alive_seconds > 0 && start.persistence != Persistence::Close;
  // RFC 9110 §7.6.1: a field about the connection is named in Connection, in HTTP/1.1 too.
  if (start.persistence == Persistence::KeepAlive || says_how_long) {
    out.field("Connection", "keep-alive");
  }
  // A client that knows when we close does not send its next request into that.
  if (says_how_long) {
    out.text("Keep-Alive: timeout=").number(start.keep_alive_seconds).text("\r\n");
  }
  out.text(start.extra_fields);
}

void write_error_page(TextWriter& out, int status, std::string_view explanation) noexcept {
  out.text(
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
  out.number(static_cast<std::uint64_t>(status)).text(" ").text(reason_phrase(status));
  out.text(
      "</title>\n<style>body{font:1.1em/1.5 system-ui,sans-serif;max-width:34em;margin:18vh "
      "auto;padding:0 1em;"
      "color:#234;background:#f6f9fb}h1{font-weight:300}b{color:#07a}"
      "@media(prefers-color-scheme:dark){body{color:#cde;background:#123}b{color:#5cf}}</"
      "style>\n<h1><b>");
  out.number(static_cast<std::uint64_t>(status)).text("</b> ").text(reason_phrase(status));
  out.text("</h1>\n<p>").text(explanation).text("</p>\n</html>\n");
}

}  // namespace glasstcp::http
