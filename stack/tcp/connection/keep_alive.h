// Is the other end of an idle connection still there? Whether that is asked, and how often it was
// without an answer.
//
// RFC 9293 §3.8.4. The keep-alive timer (timer_table.h) says when; connection.h does it.
//
// Next: challenge_limit.h.
#pragma once

#include <cstdint>

namespace glasstcp {

/// The keep-alive probes of one connection. 2 bytes.
class KeepAlive {
 public:
  // RFC 9293 §3.8.4 MUST-25: off unless the application asks.
  void set(bool on) { on_ = on; }
  /// The timer expired: one more probe is to be sent. False: `most` were not answered.
  bool on_timer(std::uint32_t most) {
    if (unanswered_ >= most) return false;
    ++unanswered_;
    due_ = true;
    return true;
  }
  void on_probe_sent() { due_ = false; }
  /// The peer was heard of, or the count begins anew.
  void on_segment() { unanswered_ = 0; }

  [[nodiscard]] bool is_on() const { return on_; }
  [[nodiscard]] bool is_due() const { return due_; }
  /// Probes in a row without any answer.
  [[nodiscard]] std::uint8_t unanswered() const { return unanswered_; }

 private:
  std::uint8_t unanswered_ = 0;
  bool on_ : 1 = false;
  bool due_ : 1 = false;
};

}  // namespace glasstcp
