// When what may be sent leaves (pacing), what its departure notes for the rate of delivery, and
// what congestion control is told of it.
//
// draft-ietf-ccwg-bbr §4.1.2 (delivery rate), §5.4 (restart from idle), §5.6.2 (pacing).
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// How fast the next segments may leave; off where pacing would do nothing.
Pace Connection::pace() const {
  const FlightState* const f = flight_state();
  const TcpConfig& config = context_.config;
  if (f == nullptr || !recovery_.rtt().has_sample() || recovery_.rtt().srtt() < kPacingLeastSrtt)
    return {};
  PacingFacts facts;
  facts.own_rate = congestion().pacing_rate(recovery_.window_, f->model);
  if (!config.pacing && facts.own_rate == 0) return {};
  facts.cwnd = recovery_.cwnd();
  facts.ssthresh = recovery_.ssthresh();
  facts.mss = effective_mss_;
  facts.srtt = recovery_.rtt().srtt();
  if (recovery_.min_rtt_.has_sample()) facts.least_rtt = recovery_.min_rtt_.get();
  facts.is_first_flight = is_first_flight(snd.iss, snd.una);
  return Pace::choose(facts);
}

// How many bytes pacing lets go now: nothing, or a segment and more.
std::uint32_t Connection::allowance(Instant now) const {
  const FlightState* const f = flight_state();
  if (f == nullptr) return kMaxWindow;
  const std::uint32_t bytes = f->pacing.allowance(now, pace());
  return bytes == 0 ? 0 : std::max<std::uint32_t>(bytes, effective_mss_);
}

// `length` bytes leave now, beside `in_flight` others.
DeliveryStamp Connection::note_departure(FlightState& f, std::uint32_t in_flight,
                                         std::uint32_t length, Instant now) {
  if (in_flight == 0 && f.rate.is_app_limited()) {
    congestion().on_restart({recovery_.window_, f.model}, now);
  }
  f.pacing.on_sent(length, now, pace());
  return f.rate.stamp(now, in_flight, length);
}

// Asked, and nothing may leave: is it the application, or is it only not yet time?
void Connection::note_why_nothing_left(Instant now) {
  FlightState* const f = flight_state();
  if (f == nullptr || !is_synchronized(state_)) return;
  const bool has_losses = f->queue.lost_bytes() > 0;
  if (unsent() == 0 && !has_losses) {
    // draft-ietf-ccwg-bbr §4.1.2.4.
    if (cwnd_room() >= effective_mss_) f->rate.note_app_limited(pipe());
    return;
  }
  const Instant at = f->pacing.next_send(now);
  if (at > now && cwnd_room() > 0) context_.pacing_wheel.schedule(*f, at);
}

void Connection::on_burst_time() {
  wants_output();
}

void Connection::tell_lost(FlightState& f, const SentSegment& segment, Instant now) {
  LostSegment lost;
  lost.now = now;
  lost.begin = segment.begin;
  lost.end = segment.end;
  lost.delivered = f.rate.delivered();
  lost.mss = effective_mss_;
  lost.tx_in_flight = segment.stamp.tx_in_flight;
  lost.lost_since = f.rate.lost_since(segment.stamp);
  lost.is_app_limited = segment.stamp.is_app_limited != 0;
  lost.in_recovery = f.episode.phase() == RecoveryPhase::FastRecovery ||
                     f.episode.phase() == RecoveryPhase::Timeout;
  lost.has_sack = sack_;
  congestion().on_segment_lost({recovery_.window_, f.model}, lost);
}

}  // namespace glasstcp
