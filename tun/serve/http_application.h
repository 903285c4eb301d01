// The HTTP server as the event loop's application: it is told the wall time, and the files that are
// written beside it are flushed.
//
// Invariants:
//   1. One look at the wall clock and at most one write per file and turn.
//
// Next: ../http/server.h.
#pragma once

#include <algorithm>

#include "http/server.h"
#include "tun/control/control_server.h"
#include "tun/files/access_log_file.h"
#include "tun/files/packet_watchers.h"
#include "tun/loop/application.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {

/// Joins an HttpServer to the loop.
class HttpApplication final : public Application {
 public:
  /// Borrowed.
  explicit HttpApplication(http::HttpServer& server) : server_(server) {}
  /// Flushes it after each turn. Borrowed.
  void set_log(AccessLogFile& log) { log_ = &log; }
  /// Lets those who watch packets come and go behind each turn. Borrowed.
  void set_packets(PacketWatchers& packets) { packets_ = &packets; }
  /// Sends on what it has for its clients. Borrowed.
  void set_control(ControlServer& control) { control_ = &control; }

  void turn(Instant now) noexcept override { server_.turn(moment(now)); }
  void flush(Instant now) noexcept override {
    if (packets_ != nullptr) packets_->update(now);
    if (control_ != nullptr) control_->flush();
    if (log_ != nullptr) log_->flush(now);
  }
  [[nodiscard]] Instant next_deadline() const noexcept override {
    const Instant log = log_ != nullptr ? log_->next_deadline() : kNever;
    return std::min(server_.next_deadline(), log);
  }
  void stop(Instant now) noexcept override { server_.stop(moment(now)); }
  [[nodiscard]] bool is_finished() const noexcept override { return server_.is_finished(); }

 private:
  static http::Moment moment(Instant now) { return {now, SystemClock::unix_seconds()}; }

  http::HttpServer& server_;
  AccessLogFile* log_ = nullptr;
  PacketWatchers* packets_ = nullptr;
  ControlServer* control_ = nullptr;
};

}  // namespace glasstcp
