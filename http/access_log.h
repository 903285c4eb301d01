// The access log: one line per answer, in the common log format.
//
// `host - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 1234`. The log time is that of the
// answer's first byte; the number counts bytes of content that were handed to TCP. Bytes from the
// peer are escaped, so that no request can forge a line.
//
// Invariants:
//   1. write() gets one complete line with its line end, and must not call back.
//
// Next: http_connection.h.
#pragma once

#include <string_view>

namespace glasstcp::http {

/// Where lines go.
class AccessLogSink {
 public:
  virtual ~AccessLogSink() = default;
  /// One line with its line end; borrowed during the call.
  virtual void write(std::string_view line) noexcept = 0;
};

}  // namespace glasstcp::http
