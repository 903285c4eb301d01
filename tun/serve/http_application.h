// The HTTP server as the event loop's application: it is told the wall time, and the files that are
// written beside it are flushed.
//
// Invariants:
//   1. One look at the wall clock and at most one write per file and turn.
//
// Next: ../http/server.h.
#pragma once

#include <algorithm>
#include <vector>

#include "http/server.h"
#include "tun/control/control_server.h"
#include "tun/files/output_file.h"
#include "tun/files/packet_watchers.h"
#include "tun/loop/application.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {

/// Joins an HttpServer to the loop.
class HttpApplication final : public Application {
 public:
  /// Borrowed.
  explicit HttpApplication(http::HttpServer& server) : server_(server) {}
  /// Flushes `file`, borrowed, after each turn.
  void add_output(OutputFile& file) { outputs_.push_back(&file); }
  /// Lets those who watch packets come and go behind each turn. Borrowed.
  void set_packets(PacketWatchers& packets) { packets_ = &packets; }
  /// Sends on what it has for its clients. Borrowed.
  void set_control(ControlServer& control) { control_ = &control; }

  void turn(Instant now) noexcept override { server_.turn(moment(now)); }
  void flush(Instant now) noexcept override {
    if (packets_ != nullptr) packets_->update(now);
    if (control_ != nullptr) control_->flush();
    retry_at_ = kNever;
    for (OutputFile* file : outputs_) {
      file->flush();
      if (file->has_pending()) retry_at_ = now + kRetry;
    }
  }
  [[nodiscard]] Instant next_deadline() const noexcept override {
    return std::min(server_.next_deadline(), retry_at_);
  }
  void stop(Instant now) noexcept override { server_.stop(moment(now)); }
  [[nodiscard]] bool is_finished() const noexcept override { return server_.is_finished(); }

 private:
  static constexpr Duration kRetry = 10ms;  // for a pipe whose reader is slow

  static http::Moment moment(Instant now) { return {now, SystemClock::unix_seconds()}; }

  http::HttpServer& server_;
  std::vector<OutputFile*> outputs_;
  PacketWatchers* packets_ = nullptr;
  ControlServer* control_ = nullptr;
  Instant retry_at_ = kNever;
};

}  // namespace glasstcp
