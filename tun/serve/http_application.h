// The HTTP server as the event loop's application: it is told the wall time, and the files that are
// written beside it are flushed.
//
// After a peak, memory goes back to the system: some seconds later, in one turn, so that no packet
// pays for it.
//
// Invariants:
//   1. One look at the wall clock and at most one write per file and turn.
//
// Next: ../http/server.h.
#pragma once

#include <malloc.h>

#include <algorithm>

#include "http/server.h"
#include "tun/control/control_server.h"
#include "tun/files/access_log_file.h"
#include "tun/files/packet_watchers.h"
#include "tun/loop/application.h"
#include "tun/loop/system_clock.h"
#include "tun/view/view_hub.h"

namespace glasstcp {

/// Joins an HttpServer to the loop.
class HttpApplication final : public Application {
 public:
  /// Borrowed.
  HttpApplication(http::HttpServer& server, Stack& stack) : server_(server), stack_(stack) {}
  /// Flushes it after each turn. Borrowed.
  void set_log(AccessLogFile& log) { log_ = &log; }
  /// Lets those who watch packets come and go behind each turn. Borrowed.
  void set_packets(PacketWatchers& packets) { packets_ = &packets; }
  /// Makes what views are told, when it is time. Borrowed; null: there is none.
  void set_view(ViewHub* view) { view_ = view; }
  /// Sends on what it has for its clients. Borrowed.
  void set_control(ControlServer& control) { control_ = &control; }

  void turn(Instant now, Timers timers) noexcept override {
    if (view_ != nullptr) view_->on_time(now);
    server_.turn(moment(now), timers == Timers::Run);
    if (now >= release_at_) {
      release_at_ = kNever;
      release_idle_memory();
      if (view_ != nullptr) view_->release_idle_memory(now);
    } else if (release_at_ == kNever && holds_memory()) {
      release_at_ = now + kReleaseEvery;
    }
  }
  void flush(Instant now) noexcept override {
    if (packets_ != nullptr) packets_->update(now);
    if (control_ != nullptr) control_->flush();
    if (log_ != nullptr) log_->flush(now);
  }
  [[nodiscard]] Instant next_deadline() const noexcept override {
    const Instant log = log_ != nullptr ? log_->next_deadline() : kNever;
    const Instant view = view_ != nullptr ? view_->next_deadline() : kNever;
    const Instant packets = packets_ != nullptr ? packets_->next_deadline() : kNever;
    return std::min({server_.next_deadline(), log, view, packets, release_at_});
  }
  void stop(Instant now) noexcept override { server_.stop(moment(now)); }
  [[nodiscard]] bool is_finished() const noexcept override { return server_.is_finished(); }

 private:
  static constexpr Duration kReleaseEvery = 10s;
  static constexpr std::uint64_t kWorthATrim = 1U << 20;

  static http::Moment moment(Instant now) { return {now, SystemClock::unix_seconds()}; }

  // While nobody is here nothing grows, and nobody has to be woken.
  [[nodiscard]] bool holds_memory() const noexcept {
    return server_.connection_count() > 0 || stack_.time_wait_count() > 0;
  }
  void release_idle_memory() noexcept {
    const std::uint64_t given = server_.release_idle_memory() + stack_.release_idle_memory();
    if (given >= kWorthATrim) ::malloc_trim(0);  // or the heap would keep it
  }

  http::HttpServer& server_;
  Stack& stack_;
  AccessLogFile* log_ = nullptr;
  PacketWatchers* packets_ = nullptr;
  ControlServer* control_ = nullptr;
  ViewHub* view_ = nullptr;
  Instant release_at_ = kNever;
};

}  // namespace glasstcp
