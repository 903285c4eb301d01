// What each option is for, and when it goes along. See segment_options.h.
// Next: transmit.cc.
#include "stack/tcp/connection/segment_options.h"

#include <algorithm>

#include "stack/tcp/handshake/agreement.h"
#include "stack/tcp/handshake/user_timeout_option.h"

namespace glasstcp {

TcpOptions SegmentOptions::of(const SendDecision& d, Instant now) const {
  if (d.flags.syn()) return d.flags.ack() ? of_syn_ack(d, now) : of_syn(now);
  TcpOptions options;
  const std::uint8_t ecn_fields =
      tcb_.ecn_ == kNone ? std::uint8_t{0} : tcb_.ecn()->option_fields(departure(d, options));
  // RFC 7323 §3.2 R7323-09: once negotiated, on every segment; §5.2 R7323-18: a reset may carry it
  // too.
  if (tcb_.timestamps_.enabled()) {
    options.timestamps = TimestampsOption{tcb_.timestamps_.now_value(now),
                                          d.flags.ack() ? tcb_.timestamps_.recent() : TsVal{0}};
  }
  // RFC 9768 §3.2.2.1: the report of how a SYN-ACK arrived stands on an ACK without blocks.
  const bool is_report = tcb_.ecn_ != kNone && tcb_.ecn()->owes_handshake_feedback() &&
                         d.length == 0 && !d.flags.fin();
  if (tcb_.sack_ && !d.flags.rst() && !is_report && tcb_.receiver_.has_sack_blocks()) {
    std::uint8_t room = tcb_.timestamps_.enabled() ? 3 : 4;
    if (ecn_fields > 0) --room;
    options.sack_count = tcb_.receiver_.sack_blocks(tcb_.context_.receive, options.sack, room);
  }
  // RFC 5482 §3.3: once when the wish changed, on a segment without data or SACK, so that nothing
  // else has to give way.
  if (tcb_.user_timeout_due_ && d.kind == SendDecision::Kind::Ack && options.sack_count == 0)
    options.user_timeout = user_timeout();
  // RFC 9768 §3.2.3.3 R9768-22: before a third SACK block, but never instead of the second.
  const bool fits = ecn_fields < 3 || options.sack_count == 0 || !tcb_.timestamps_.enabled();
  if (ecn_fields > 0 && fits) options.accurate_ecn = tcb_.ecn()->option(ecn_fields);
  return options;
}

// Of our SYN: what we offer.
TcpOptions SegmentOptions::of_syn(Instant now) const {
  const TcpConfig& config = tcb_.context_.config;
  TcpOptions options;
  options.mss = mss(now);
  if (tcb_.retransmissions_ > config.syn_option_retries) return options;
  options.sack_permitted = config.use_sack;
  if (config.use_window_scale) options.window_scale = tcb_.context_.rcv_shift;
  if (config.use_timestamps)
    options.timestamps = TimestampsOption{tcb_.timestamps_.now_value(now), TsVal{0}};
  const FastOpenPlan plan = tcb_.fast_open_plan();
  options.fast_open = plan.option;
  options.fast_open_experimental = plan.experimental;
  options.fast_open_cookie = plan.cookie;
  // RFC 5482 §3.3: on SYNs; but a long cookie needs its room, and may not be left out.
  if (plan.cookie.empty()) options.user_timeout = user_timeout();
  return options;
}

// Of our SYN-ACK by Fast Open or of crossing SYNs: what a half-open record would say.
TcpOptions SegmentOptions::of_syn_ack(const SendDecision& d, Instant now) const {
  Agreement agreed;
  agreed.sack = tcb_.sack_;
  agreed.scaled = tcb_.snd.scaled;
  agreed.rcv_shift = tcb_.rcv().shift;
  agreed.timestamps = tcb_.timestamps_.enabled();
  agreed.ts_recent = tcb_.timestamps_.recent();
  if (tcb_.ecn_ != kNone) agreed.ecn = tcb_.ecn()->agreed();
  SynAckWords words;
  words.mss = mss(now);
  words.clock = tcb_.timestamps_.now_value(now);
  words.is_first = d.reason != SendReason::SynAckRetransmit;
  words.user_timeout = user_timeout();
  if (tcb_.fast_open_passive_) {
    const FastOpenPassive& how = tcb_.context_.extras[tcb_.extras_].fast_open.passive;
    if (how.gives_cookie) words.fast_open_cookie = how.new_cookie;
    words.fast_open_experimental = how.experimental;
  }
  return agreed.syn_ack_options(words);
}

// RFC 9293 §3.7.1 MAY-3, §3.2 MUST-65: on every SYN, and on nothing else.
std::uint16_t SegmentOptions::mss(Instant now) const {
  const std::uint16_t own = tcb_.settings().mss;
  const std::uint16_t offered = tcb_.context_.offered_mss(tcb_.tuple_.remote_address, now);
  return own == 0 ? offered : std::min(offered, own);
}

// Empty: the peer is not told.
std::optional<std::uint16_t> SegmentOptions::user_timeout() const {
  if (!tcb_.context_.config.announce_user_timeout) return std::nullopt;
  return UserTimeoutOption::encode(tcb_.settings().user_timeout);
}

EcnDeparture SegmentOptions::departure(const SendDecision& d, const TcpOptions& options) const {
  EcnDeparture departure;
  departure.flags = d.flags;
  departure.is_new_data = d.kind == SendDecision::Kind::NewData && d.length > 0;
  departure.is_retransmission =
      d.kind == SendDecision::Kind::Retransmission || d.kind == SendDecision::Kind::TailProbe;
  departure.is_pure_ack = d.length == 0 && !d.flags.fin() && options.sack_count == 0;
  departure.retries = tcb_.retransmissions_;
  departure.end = d.seq + d.length;
  return departure;
}

}  // namespace glasstcp
