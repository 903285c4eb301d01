// A closed window is asked about: how many probes were sent, and what one may have brought along.
//
// RFC 9293 §3.8.6.1. The persist timer (timer_table.h) says when; connection.h does it.
//
// Invariants:
//   1. A probe is due only while something waits behind a closed window.
//
// Leaves out: the override timer of silly-window avoidance (§3.8.6.2.1), which has a name of its
// own.
//
// Next: keep_alive.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/time.h"

namespace glasstcp {

/// The zero-window probes of one connection. 2 bytes.
class Persist {
 public:
  /// The timer expired: one more probe is to be sent.
  void on_timer() {
    ++unanswered_;
    backoff_ = std::min(backoff_ + 1U, kMostDoublings) & 31U;
    due_ = true;
  }
  /// A probe left. `carried_new`: it had the octet (or FIN) at snd.nxt, which does not count as
  /// sent, but which the peer may acknowledge.
  void on_probe_sent(bool carried_new) {
    due_ = false;
    new_octet_sent_ = new_octet_sent_ || carried_new;
  }
  /// The octet at snd.nxt counts as sent, by itself or with others.
  void on_octet_counted() { new_octet_sent_ = false; }
  /// The peer answered, whatever its window.
  void on_answer() { unanswered_ = 0; }
  void on_window_opened() {
    backoff_ = 0;
    due_ = false;
  }
  /// Nothing waits behind a closed window any more.
  void stop() { due_ = false; }

  [[nodiscard]] bool is_due() const { return due_; }
  [[nodiscard]] bool has_sent_new_octet() const { return new_octet_sent_; }
  /// Probes in a row without any answer.
  [[nodiscard]] std::uint8_t unanswered() const { return unanswered_; }
  /// Probes since the window closed, answered or not.
  [[nodiscard]] std::uint8_t backoff() const { return backoff_; }
  // RFC 9293 §3.8.6.1 SHLD-29, SHLD-30: after one timeout, then with doubled intervals.
  /// From now until the next probe.
  [[nodiscard]] Duration interval(Duration rto, Duration most) const {
    Duration interval = rto;
    for (unsigned i = 0; i < backoff_ && interval < most; ++i) interval *= 2;
    return std::min(interval, most);
  }

 private:
  static constexpr unsigned kMostDoublings = 30;

  std::uint8_t unanswered_ = 0;
  std::uint8_t backoff_ : 5 = 0;
  bool due_ : 1 = false;
  bool new_octet_sent_ : 1 = false;
};

}  // namespace glasstcp
