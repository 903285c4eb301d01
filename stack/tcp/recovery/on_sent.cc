// What leaves: how much may (window and pacing), what is remembered of it until it is acknowledged,
// and which timer then waits for that.
//
// RFC 6675 §4 (pipe), RFC 5681 §3.1, RFC 6298 §5.1, RFC 8985 §7.2; draft-ietf-ccwg-bbr §4.1.2
// (delivery rate), §5.4 (restart from idle), §5.6.2 (pacing).
// Next: loss_timers.cc.
#include <algorithm>

#include "stack/tcp/recovery/loss_recovery.h"

namespace glasstcp {

// -- How much may leave

// RFC 6675 §4 R6675-01: what is outstanding, neither reported delivered nor found lost. What was
// retransmitted is in the network again.
std::uint32_t LossRecovery::pipe(const RecoveryContext& context, const SendVariables& snd) const {
  const auto outstanding = static_cast<std::uint32_t>(snd.nxt - snd.una);
  const FlightState* const f = flight(context);
  if (f == nullptr) return outstanding;
  const std::uint32_t gone =
      f->queue.lost_bytes() + f->queue.sacked_bytes() + f->episode.assumed_delivered();
  return (outstanding > gone ? outstanding - gone : 0) + f->episode.copies();
}

// RFC 5681 §2 R5681-01, §3.2 R5681-10, R5681-11, RFC 6675 §5 R6675-06: what the congestion window
// still allows. RFC 3042 §2 R3042-01: what duplicates report has left the network, so new data
// follows it; with SACK a duplicate must report something new for that.
std::uint32_t LossRecovery::cwnd_space(const RecoveryContext& context, const SendVariables& snd,
                                       std::uint32_t syn_in_flight) const {
  const std::uint32_t in_network = pipe(context, snd);
  const std::uint32_t counted = in_network - std::min(in_network, syn_in_flight);
  return window_.cwnd > counted ? window_.cwnd - counted : 0;
}

// How fast the next segments may leave; off where pacing would do nothing.
Pace LossRecovery::pace(const SenderFacts& s) const {
  if (!may_pace()) return {};
  PacingFacts facts;
  facts.own_rate = s.congestion.pacing_rate(window_, flight(s.context)->model);
  if (!s.settings.pacing && facts.own_rate == 0) return {};
  facts.cwnd = window_.cwnd;
  facts.ssthresh = window_.ssthresh;
  facts.mss = s.mss;
  facts.srtt = rtt_.srtt();
  if (min_rtt_.has_sample()) facts.least_rtt = min_rtt_.get();
  facts.is_first_flight = is_first_flight(s.snd.iss, s.snd.una);
  return Pace::choose(facts);
}

std::uint32_t LossRecovery::allowance(const SenderFacts& s) const {
  if (!may_pace()) return kMaxWindow;
  const std::uint32_t bytes = flight(s.context)->pacing.allowance(s.now, pace(s));
  return bytes == 0 ? 0 : std::max<std::uint32_t>(bytes, s.mss);
}

void LossRecovery::on_application_limited(RecoveryContext& context, const SendVariables& snd) {
  context.flights[flight_].rate.note_app_limited(pipe(context, snd));
}

void LossRecovery::await_next_burst(RecoveryContext& context, Instant now) {
  FlightState& f = context.flights[flight_];
  const Instant at = f.pacing.next_send(now);
  if (at > now) context.pacing_wheel.schedule(f, at);
}

// -- What has left

bool LossRecovery::add(const SenderFacts& s, const NewTransmission& sent) {
  FlightState& f = *flight(s.context);
  const std::uint32_t in_flight = pipe(s.context, s.snd);
  const auto payload = static_cast<std::uint16_t>(s.max_payload);
  // A SYN has an entry of its own: it may be acknowledged, or lost, without the data behind it.
  const bool is_apart = sent.has_syn && sent.payload > 0;
  const SeqNum begin = s.snd.nxt;
  const SeqNum from = begin + (is_apart ? 1U : 0U);
  auto& pool = s.context.sent;
  const bool has_memory = (!is_apart || f.queue.append(pool, begin, from, payload, s.now)) &&
                          f.queue.append(pool, from, sent.end, payload, s.now);
  if (!has_memory) {
    if (sent.has_syn) f.queue.clear(pool);
    if (f.queue.empty()) release_flight(s.context);
    return false;
  }
  const auto stamp = stamp_departure(s, f, in_flight, sent.payload);
  pool[f.queue.tail()].stamp = stamp;
  if (is_apart) pool[f.queue.head()].stamp = stamp;
  return true;
}

// `length` bytes leave now, beside `in_flight` others.
DeliveryStamp LossRecovery::stamp_departure(const SenderFacts& s, FlightState& f,
                                            std::uint32_t in_flight, std::uint32_t length) {
  if (in_flight == 0 && f.rate.is_app_limited()) s.congestion.on_restart(variables(f), s.now);
  f.pacing.on_sent(length, s.now, pace(s));
  return f.rate.stamp(s.now, in_flight, length);
}

std::optional<LossTimer> LossRecovery::on_sent(const SenderFacts& s, const NewTransmission& sent,
                                               bool is_probe, bool fills_window) {
  FlightState& f = *flight(s.context);
  window_use_.on_sent(s.snd.una, s.snd.nxt, s.flight(), fills_window);
  if (f.episode.reduces_window()) f.episode.prr().on_sent(sent.payload);
  if (is_probe) {
    f.probe.on_sent(s.snd.nxt, false);
    return retransmission_timer(s);  // RFC 8985 §7.3 R8985-11
  }
  // RFC 8985 §7.2: the probe is due two round trips after the last segment.
  if (!may_probe_tail(s) || s.armed_timer == TimerName::RackReordering) return std::nullopt;
  return tail_probe_timer(s, rto_after_head(s));
}

// An entry has left again, or its first `length` numbers.
std::optional<LossTimer> LossRecovery::retransmitted(const SenderFacts& s, std::uint32_t entry,
                                                     std::uint32_t length) {
  FlightState& f = *flight(s.context);
  const std::uint32_t in_flight = pipe(s.context, s.snd);
  f.queue.on_retransmitted(s.context.sent, entry, length, s.now);
  SentSegment& segment = s.context.sent[entry];
  segment.stamp = stamp_departure(s, f, in_flight, segment.length());
  f.episode.on_retransmitted(segment.begin, segment.end, s.timestamps.now_value(s.now));
  // RFC 5682 §2.1, step 2b: no new data could go, so nothing will tell.
  if (f.episode.wants_new_data()) f.episode.stop_detecting();
  if (f.episode.reduces_window()) f.episode.prr().on_sent(segment.length());
  // RFC 6298 §5: what is waited for first has just left.
  // A SYN that came again is answered, but prolongs nothing.
  const bool is_answer = !s.is_synchronized && s.armed_timer == TimerName::Retransmit;
  const bool is_first = entry == f.queue.head();
  if (!is_first || is_answer || s.armed_timer == TimerName::RackReordering) return std::nullopt;
  return retransmission_timer(s);
}

std::optional<LossTimer> LossRecovery::on_syn_retransmitted(const SenderFacts& s) {
  return retransmitted(s, flight(s.context)->queue.head(), 1);
}

std::optional<LossTimer> LossRecovery::on_retransmitted(const SenderFacts& s,
                                                        const Retransmission& sent) {
  note_copy(s, sent);
  const auto timer = retransmitted(s, sent.entry, sent.length);
  // RFC 8201 §5.4: it was cut as the path takes it now, and so it will be reported.
  s.context.sent[sent.entry].payload = static_cast<std::uint16_t>(s.max_payload);
  if (retransmit_reason_ == SendReason::RetransmitTimeout) {
    retransmit_reason_ = SendReason::RetransmitAfterTimeout;
  }
  retransmit_now_ = false;
  return timer;
}

std::optional<LossTimer> LossRecovery::on_tail_retransmitted(const SenderFacts& s,
                                                             Retransmission sent) {
  FlightState& f = *flight(s.context);
  if (note_copy(s, sent)) f.episode.on_rescue();
  sent.entry = f.queue.split_tail(s.context.sent, sent.length);
  const auto timer = retransmitted(s, sent.entry, sent.length);
  if (sent.reason != SendReason::TailLossProbe) return timer;
  f.probe.on_sent(s.snd.nxt, true);
  return retransmission_timer(s);  // RFC 8985 §7.3 R8985-11
}

// RFC 6675 §4: what NextSeg's rules (3) and (4) send is in the network beside the original.
bool LossRecovery::note_copy(const SenderFacts& s, const Retransmission& sent) {
  FlightState& f = *flight(s.context);
  if (sent.reason != SendReason::SackHole || f.queue.lost_bytes() > 0) return false;
  f.episode.on_copy_sent(sent.length);
  return true;
}

void LossRecovery::on_window_probe_sent(RecoveryContext& context, Instant now) {
  flight(context)->queue.touch_first(context.sent, now);
}

// RFC 6298 §3 R6298-06: it was sent twice, and gives no sample.
void LossRecovery::on_fin_repeated(RecoveryContext& context) {
  const std::uint32_t fin = flight(context)->queue.split_tail(context.sent, 1);
  flight(context)->queue.note_repeated(context.sent, fin);
}

bool LossRecovery::add_probed_octet(const SenderFacts& s) {
  RetransmissionQueue& queue = flight(s.context)->queue;
  if (!queue.append(s.context.sent, s.snd.nxt, s.snd.nxt + 1, 1, s.now)) return false;
  // Which of the probes it was is unknown: no RTT sample.
  queue.on_retransmitted(s.context.sent, queue.tail(), 1, s.now);
  return true;
}

std::uint32_t LossRecovery::retransmitted_bytes(const RecoveryContext& context) const {
  std::uint32_t bytes = 0;
  for (auto i = queue(context).first_sent_again(); i != kNone; i = context.sent[i].after)
    bytes += context.sent[i].length();
  return bytes;
}

}  // namespace glasstcp
