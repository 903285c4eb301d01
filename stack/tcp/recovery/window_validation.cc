// A congestion window that the application does not use: it is kept, since the path may still carry
// it, but not for ever, and a loss is answered by what was really in use.
// RFC 7661 §4 (pipe_ack.h measures, window_use.h says what may grow); beside RFC 5681 §4.1, which
// restarts after a pause, and which Linux calls slow_start_after_idle. A connection that never saw
// a loss forgets the measure when all is acknowledged: then a loss is answered by the flight alone,
// which is not more.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// RFC 7661 §4.3 R7661-02: what was acknowledged in a round trip, if that is less than half of the
// window. Nothing: the window is justified, or it is not known. A window of which half is in flight
// is justified too: the last whole round trip tells of the flight before, and where slow start has
// doubled it since, and doubles it again, that is a quarter of the window, although it is full.
std::optional<std::uint32_t> Connection::unvalidated_pipe(Instant now) const {
  const FlightState* const f = flight_state();
  if (f == nullptr || congestion().owns_recovery()) return std::nullopt;
  if (recovery_.window_use_.was_used(recovery_.cwnd(), true)) return std::nullopt;
  const auto pipe_ack = f->pipe_ack.get(now, recovery_.rtt().srtt());
  return pipe_ack && *pipe_ack < recovery_.cwnd() / 2 ? pipe_ack : std::nullopt;
}

// snd.una moved, or not: once in a round trip the window is judged.
void Connection::validate_window(FlightState& f, const AckReport& report, Instant now) {
  if (report.acked == 0 || f.episode.phase() != RecoveryPhase::Open) return;
  const Duration srtt = recovery_.rtt().srtt();
  if (!f.pipe_ack.on_acked(report.prior_una, snd.una, snd.nxt, now, srtt)) return;
  if (congestion().owns_recovery()) return;
  if (*f.pipe_ack.get(now, srtt) >= recovery_.cwnd() / 2) {
    recovery_.window_use_.on_validated(now);
  } else if (recovery_.window_use_.is_long_unvalidated(now)) {
    shrink_unused_window(now);
  }
}

// RFC 7661 §4.4.3 R7661-04: what was not used for five minutes is halved; slow start leads back to
// three quarters of what it was.
void Connection::shrink_unused_window(Instant now) {
  recovery_.window_use_.on_validated(now);  // the next five minutes begin
  const std::uint32_t least = initial_window();
  const std::uint32_t cwnd = recovery_.cwnd();
  if (cwnd <= least || congestion().owns_recovery()) return;
  recovery_.window_.ssthresh = std::max(recovery_.ssthresh(), cwnd / 4 * 3);
  CongestionModel none;
  FlightState* const f = flight_state();
  congestion().on_idle({recovery_.window_, f == nullptr ? none : f->model},
                       std::max(cwnd / 2, least), now);
}

// Nothing is outstanding and a SEND comes, `idle` after the last one.
void Connection::shrink_idle_window(Duration idle, Instant now) {
  for (; idle >= WindowUse::kPeriod; idle -= WindowUse::kPeriod) {
    if (recovery_.cwnd() <= initial_window()) return;
    shrink_unused_window(now);
  }
}

// RFC 7661 §4.4.1 R7661-05: what had to be sent again did not fit: half of it comes off as well;
// and what was measured before says nothing any more.
void Connection::end_reduction(FlightState& f, Instant now) {
  if (f.lost_unvalidated && !congestion().owns_recovery()) {
    const std::uint32_t least = 2U * effective_mss_;
    const std::uint32_t resent = f.episode.undo_state().retransmitted_bytes / 2;
    recovery_.window_.cwnd = std::max(recovery_.cwnd() - std::min(recovery_.cwnd(), resent), least);
    recovery_.window_.ssthresh = recovery_.cwnd();
  }
  forget_pipe(f, now);
}

void Connection::forget_pipe(FlightState& f, Instant now) {
  f.lost_unvalidated = false;
  f.pipe_ack.forget();
  recovery_.window_use_.on_validated(now);
}

}  // namespace glasstcp
