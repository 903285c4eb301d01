// What each option is for, and when it goes along. See segment_options.h.
// Next: transmit.cc.
#include "stack/tcp/connection/segment_options.h"

#include <algorithm>

#include "stack/tcp/handshake/user_timeout_option.h"

namespace glasstcp {

TcpOptions SegmentOptions::of(const SendDecision& d, Instant now) const {
  TcpOptions options;
  const TcpConfig& config = tcb_.context_.config;
  const bool syn = d.flags.syn();
  if (syn) {
    // RFC 9293 §3.7.1 MAY-3, §3.2 MUST-65: on every SYN, and on nothing else.
    options.mss = tcb_.context_.offered_mss(tcb_.tuple_.remote_address, now);
    if (tcb_.settings().mss != 0) options.mss = std::min(*options.mss, tcb_.settings().mss);
    // What the peer's SYN did not offer is left out of our SYN-ACK (RFC 7323 §2.3 R7323-04, RFC
    // 2018 §2 R2018-01).
    const bool answering = d.flags.ack();
    if (!answering && tcb_.retransmissions_ > config.syn_option_retries) return options;
    options.sack_permitted = answering ? tcb_.sack_ : config.use_sack;
    const bool scale =
        answering ? tcb_.rcv().shift > 0 || tcb_.snd.shift > 0 : config.use_window_scale;
    if (scale) options.window_scale = tcb_.context_.rcv_shift;
    add_fast_open(options, d);
  }
  const std::uint8_t ecn_fields =
      tcb_.ecn_ == kNone ? std::uint8_t{0} : tcb_.ecn()->option_fields(departure(d, options));
  // RFC 7323 §3.2 R7323-09: once negotiated, on every segment; §5.2 R7323-18: a reset may carry it
  // too.
  const bool stamped = syn && !d.flags.ack() ? config.use_timestamps : tcb_.timestamps_.enabled();
  if (stamped) {
    options.timestamps = TimestampsOption{tcb_.timestamps_.now_value(now),
                                          d.flags.ack() ? tcb_.timestamps_.recent() : TsVal{0}};
  }
  // RFC 9768 §3.2.2.1: the report of how a SYN-ACK arrived stands on an ACK without blocks.
  const bool is_report = tcb_.ecn_ != kNone && tcb_.ecn()->owes_handshake_feedback() &&
                         d.length == 0 && !d.flags.fin();
  if (tcb_.sack_ && !syn && !d.flags.rst() && !is_report && tcb_.receiver_.has_sack_blocks()) {
    std::uint8_t room = tcb_.timestamps_.enabled() ? 3 : 4;
    if (ecn_fields > 0) --room;
    options.sack_count = tcb_.receiver_.sack_blocks(tcb_.context_.receive, options.sack, room);
  }
  add_user_timeout(options, d);
  // RFC 9768 §3.2.3.3 R9768-22: before a third SACK block, but never instead of the second.
  const bool fits = ecn_fields < 3 || options.sack_count == 0 || !tcb_.timestamps_.enabled();
  if (ecn_fields > 0 && fits) options.accurate_ecn = tcb_.ecn()->option(ecn_fields);
  return options;
}

void SegmentOptions::add_fast_open(TcpOptions& options, const SendDecision& d) const {
  if (!d.flags.ack()) {
    const FastOpenPlan plan = tcb_.fast_open_plan();
    options.fast_open = plan.option;
    options.fast_open_experimental = plan.experimental;
    options.fast_open_cookie = plan.cookie;
    return;
  }
  if (!tcb_.fast_open_passive_ || d.reason != SendReason::SynAckFastOpen) return;
  const FastOpenPassive& how = tcb_.context_.extras[tcb_.extras_].fast_open.passive;
  if (!how.gives_cookie) return;
  options.fast_open = true;
  options.fast_open_experimental = how.experimental;
  options.fast_open_cookie = how.new_cookie;
}

// RFC 5482 §3.3: on SYNs, and once when the wish changed; then on a segment without data or SACK,
// so that nothing else has to give way.
void SegmentOptions::add_user_timeout(TcpOptions& options, const SendDecision& d) const {
  if (!tcb_.context_.config.announce_user_timeout) return;
  const bool has_room = d.kind == SendDecision::Kind::Ack && options.sack_count == 0;
  if (!d.flags.syn() && !(tcb_.user_timeout_due_ && has_room)) return;
  options.user_timeout = UserTimeoutOption::encode(tcb_.settings().user_timeout);
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
