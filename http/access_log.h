// The access log: one line per answer, in the combined log format.
//
// `host - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 1234 "referer" "user agent"`, with
// "-" for what was not said. The log time is that of the answer's first byte; the number counts
// bytes of content that were handed to TCP. Bytes from the peer are escaped, so that no request can
// forge a line.
//
// Invariants:
//   1. write() gets one complete line with its line end, and must not call back.
//
// Next: http_connection.h.
#pragma once

#include <string_view>

#include "http/request_parser.h"
#include "http/response.h"
#include "stack/base/addresses.h"

namespace glasstcp::http {

/// What a line says about a request. Longer texts are cut.
struct LoggedRequest {
  std::string_view line = "-";
  std::string_view referer = "-";
  std::string_view user_agent = "-";

  LoggedRequest() = default;
  /// Of as much of a head as has been read.
  explicit LoggedRequest(const Request& request) noexcept
      : line(shortened(request.text(request.head.line), kLongestLine)),
        referer(shortened(request.value(Field::Referer).value_or(""), kLongestValue)),
        user_agent(shortened(request.value(Field::UserAgent).value_or(""), kLongestValue)) {}

  static constexpr std::size_t kLongestLine = 1024;
  static constexpr std::size_t kLongestValue = 512;

 private:
  static std::string_view shortened(std::string_view text, std::size_t most) noexcept {
    return text.empty() ? "-" : text.substr(0, most);
  }
};

/// What a line says about an answer.
struct LoggedAnswer {
  IpAddress peer{};
  std::int64_t unix_seconds = 0;
  int status = 0;
  std::optional<std::uint64_t> bytes{};  ///< of content; "-" until it is known
};

/// Writes a line with its end. Gives the place of the number of bytes in it.
std::size_t write_log_line(TextWriter& out, const LoggedRequest& request,
                           const LoggedAnswer& answer) noexcept;

/// Where lines go.
class AccessLogSink {
 public:
  virtual ~AccessLogSink() = default;
  /// One line with its line end; borrowed during the call.
  virtual void write(std::string_view line) noexcept = 0;
};

}  // namespace glasstcp::http
