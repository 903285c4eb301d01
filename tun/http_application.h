// The HTTP server as the event loop's application: it is told the wall time, and its log is
// flushed.
//
// Invariants:
//   1. One look at the wall clock and at most one write of the log per turn.
//
// Next: ../http/server.h.
#pragma once

#include "http/server.h"
#include "tun/access_log_file.h"
#include "tun/application.h"
#include "tun/system_clock.h"

namespace glasstcp {

/// Joins an HttpServer to the loop. Both arguments are borrowed; the log may be null.
class HttpApplication final : public Application {
 public:
  HttpApplication(http::HttpServer& server, AccessLogFile* log) : server_(server), log_(log) {}

  void turn(Instant now) noexcept override {
    server_.turn(moment(now));
    if (log_ != nullptr) log_->flush();
  }
  [[nodiscard]] Instant next_deadline() const noexcept override { return server_.next_deadline(); }
  void stop(Instant now) noexcept override { server_.stop(moment(now)); }
  [[nodiscard]] bool is_finished() const noexcept override { return server_.is_finished(); }

 private:
  static http::Moment moment(Instant now) { return {now, SystemClock::unix_seconds()}; }

  http::HttpServer& server_;
  AccessLogFile* log_;
};

}  // namespace glasstcp
