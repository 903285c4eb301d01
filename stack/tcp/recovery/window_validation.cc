// A congestion window that the application does not use: it is kept, since the path may still carry
// it, but not for ever, and a loss is answered by what was really in use.
// RFC 7661 §4 (pipe_ack.h measures, window_use.h says what may grow); beside RFC 5681 §4.1, which
// restarts after a pause, and which Linux calls slow_start_after_idle. A connection that never saw
// a loss forgets the measure when all is acknowledged: then a loss is answered by the flight alone,
// which is not more.
// Next: ../congestion/congestion_control.h.
#include <algorithm>

#include "stack/tcp/recovery/loss_recovery.h"

namespace glasstcp {

// RFC 7661 §4.3 R7661-02: what was acknowledged in a round trip, if that is less than half of the
// window. Nothing: the window is justified, or it is not known. A window of which half is in flight
// is justified too: the last whole round trip tells of the flight before, and where slow start has
// doubled it since, and doubles it again, that is a quarter of the window, although it is full.
std::optional<std::uint32_t> LossRecovery::unvalidated_pipe(const SenderFacts& s,
                                                            const FlightState& f) const {
  if (s.congestion.owns_recovery()) return std::nullopt;
  if (window_use_.was_used(window_.cwnd, true)) return std::nullopt;
  const auto pipe_ack = f.pipe_ack.get(s.now, rtt_.srtt());
  return pipe_ack && *pipe_ack < window_.cwnd / 2 ? pipe_ack : std::nullopt;
}

// snd.una moved, or not: once in a round trip it is asked whether the window is justified.
void LossRecovery::validate_window(const SenderFacts& s, FlightState& f, const AckReport& report) {
  if (report.acked == 0 || f.episode.phase() != RecoveryPhase::Open) return;
  const Duration srtt = rtt_.srtt();
  if (!f.pipe_ack.on_acked(report.prior_una, s.snd.una, s.snd.nxt, s.now, srtt)) return;
  if (s.congestion.owns_recovery()) return;
  if (*f.pipe_ack.get(s.now, srtt) >= window_.cwnd / 2) {
    window_use_.on_validated(s.now);
  } else if (window_use_.is_long_unvalidated(s.now)) {
    shrink_unused_window(s);
  }
}

// RFC 7661 §4.4.3 R7661-04: what was not used for five minutes is halved; slow start leads back to
// three quarters of what it was.
void LossRecovery::shrink_unused_window(const SenderFacts& s) {
  window_use_.on_validated(s.now);  // the next five minutes begin
  const std::uint32_t least = initial_window(s.settings, s.mss);
  const std::uint32_t cwnd = window_.cwnd;
  if (cwnd <= least || s.congestion.owns_recovery()) return;
  window_.ssthresh = std::max(window_.ssthresh, cwnd / 4 * 3);
  restart_from(s, std::max(cwnd / 2, least));
}

void LossRecovery::shrink_idle_window(const SenderFacts& s, Duration idle) {
  for (; idle >= WindowUse::kPeriod; idle -= WindowUse::kPeriod) {
    if (window_.cwnd <= initial_window(s.settings, s.mss)) return;
    shrink_unused_window(s);
  }
}

// RFC 5681 §4.1 R5681-13: after an idle time longer than a timeout the old window says nothing
// about the path.
void LossRecovery::restart_after_idle(const SenderFacts& s) {
  restart_from(s, initial_window(s.settings, s.mss));
}

void LossRecovery::restart_from(const SenderFacts& s, std::uint32_t window) {
  CongestionModel none;
  FlightState* const f = flight(s.context);
  s.congestion.on_idle({window_, f == nullptr ? none : f->model}, window, s.now);
}

// RFC 7661 §4.4.1 R7661-05: what had to be retransmitted did not fit: half of it comes off as well;
// and what was measured before says nothing any more.
void LossRecovery::end_reduction(const SenderFacts& s, FlightState& f) {
  if (f.lost_unvalidated && !s.congestion.owns_recovery()) {
    const std::uint32_t least = 2U * s.mss;
    const std::uint32_t excess = f.episode.undo_state().retransmitted_bytes / 2;
    window_.cwnd = std::max(window_.cwnd - std::min(window_.cwnd, excess), least);
    window_.ssthresh = window_.cwnd;
  }
  forget_pipe_ack(f, s.now);
}

void LossRecovery::forget_pipe_ack(FlightState& f, Instant now) {
  f.lost_unvalidated = false;
  f.pipe_ack.forget();
  window_use_.on_validated(now);
}

}  // namespace glasstcp
