// What the application wants done with what it has queued, and what follows for a segment that is
// not full: whether it may leave, or waits for company.
//
// RFC 9293 §3.7.4 (Nagle), §3.8.6.2.1 (silly windows on the sending side), §3.9.1.2 (PSH), §3.8.5
// (urgent data).
//
// Invariants:
//   1. A FIN that is queued stays: no more data comes behind it, nor is any waited for.
//   2. What a small segment waits for ends: by an ACK, by more data, by push(), or by the override
//   timer.
//
// Leaves out: the timer (connection/timers.cc) and the window (connection/next_segment.cc).
//
// Next: ../connection/transmit.cc.
#pragma once

#include <cstdint>

namespace glasstcp {

/// A segment that is not full, and what there is beside it. Bytes.
struct SmallSegment {
  std::uint32_t length = 0;
  std::uint32_t unsent = 0;      ///< all that was never sent, with it
  std::uint32_t max_window = 0;  ///< the largest window that the peer ever offered
  bool none_in_flight = false;
  bool corked = false;  ///< the application lets only full segments go
};

/// The application's wishes for one connection's data. 1 byte.
class SendIntent {
 public:
  // RFC 9293 §3.7.4 MUST-17: Nagle can be switched off.
  void set_nagle(bool on) { nagle_ = on; }
  /// Data was queued; `more`: the application says that more comes soon.
  void on_queued(bool more) { more_coming_ = unpushed_ = more; }
  /// Urgent data was queued, up to the urgent pointer.
  void on_urgent() { urgent_ = true; }
  /// The urgent data is acknowledged.
  void end_urgent() { urgent_ = false; }
  /// What was held back since more was to come may go.
  void end_more() { more_coming_ = false; }
  /// The next small segment may go whatever else holds it back, this once.
  void override_once() { override_small_ = true; }
  /// Nothing is queued any more but a FIN, behind the last byte.
  void queue_fin() {
    fin_queued_ = true;
    more_coming_ = unpushed_ = false;
  }
  // RFC 9293 §3.8.6.2.1 rule (4).
  /// What was too little to be sent has waited long enough.
  void on_override_timer() {
    override_small_ = true;
    unpushed_ = false;
  }
  /// New data left.
  void on_sent() { override_small_ = false; }
  /// The application was refused space, and is told when there is some; or no longer.
  void want_space(bool wants) { wants_space_ = wants; }

  [[nodiscard]] bool fin_queued() const { return fin_queued_; }
  [[nodiscard]] bool is_urgent() const { return urgent_; }
  [[nodiscard]] bool wants_space() const { return wants_space_; }
  [[nodiscard]] bool overrides() const { return override_small_; }
  // RFC 9293 §3.9.1.2 MUST-60, MUST-61, SHLD-27: no push flag in the call; the segment that empties
  // the queue carries PSH.
  /// Whether the last byte that is queued carries PSH.
  [[nodiscard]] bool pushes_end() const { return !unpushed_; }

  // RFC 9293 §3.8.6.2.1 MUST-38: the sender's silly-window rules, and §3.7.4 SHLD-7: Nagle.
  /// Whether a segment that is not full may leave.
  [[nodiscard]] bool may_send(const SmallSegment& s) const {
    if (override_small_) return true;
    const bool is_all = s.length == s.unsent;
    if (is_all && (more_coming_ || s.corked)) return false;
    // A FIN behind the data means that no more will come to be coalesced.
    if (is_all && (!nagle_ || fin_queued_ || s.none_in_flight)) return true;
    // Rule (3): half of the largest window ever offered is worth a segment even if it is short of a
    // full one; with Nagle, only while nothing is in flight.
    return (s.none_in_flight || !nagle_) && s.length >= s.max_window / 2 && s.length > 0;
  }
  /// Whether the small segment at the end of all that is queued may ride in a packet behind full
  /// ones: only if it could also go alone, or `alone` says that nothing is in flight before them.
  [[nodiscard]] bool may_ride(bool corked, bool alone) const {
    return !more_coming_ && !corked && (!nagle_ || fin_queued_ || alone);
  }

 private:
  bool nagle_ : 1 = true;
  bool fin_queued_ : 1 = false;
  bool more_coming_ : 1 = false;     // the last SEND said so
  bool unpushed_ : 1 = false;        // its last bytes do not carry PSH
  bool override_small_ : 1 = false;  // by the override timer, or by a push
  bool urgent_ : 1 = false;          // we have urgent data to announce
  bool wants_space_ : 1 = false;     // to be told by kWritable
};

}  // namespace glasstcp
