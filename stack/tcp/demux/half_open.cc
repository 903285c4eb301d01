// RFC 9293 §3.10.7.4 for SYN-RECEIVED after a passive open. See half_open.h.
#include "stack/tcp/demux/half_open.h"

#include <algorithm>

#include "stack/tcp/handshake/user_timeout_option.h"
#include "stack/tcp/send/segment_writer.h"

namespace glasstcp {

HalfOpen::HalfOpen(const Agreement& agreed, const ConnectionSettings& settings,
                   std::uint32_t listener)
    : agreed_(agreed),
      listener_(listener),
      mss_(settings.mss),
      hop_limit_(settings.hop_limit),
      traffic_class_(settings.traffic_class) {}

std::uint16_t HalfOpen::window() const {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(agreed_.buffer, 65535));
}

HalfOpenResult HalfOpen::segment_arrives(const Segment& seg, TcpContext& context, Instant now) {
  const SeqNum rcv_nxt = agreed_.irs + 1;
  // The SYN again: our SYN-ACK was lost or is late; it goes again.
  if (seg.flags.syn() && !seg.flags.ack() && !seg.flags.rst() && seg.seq == agreed_.irs) {
    const EcnAgreement asked = agreed_.ecn.asked_again(seg.flags, ip_ecn(seg.traffic_class));
    // RFC 9768 §3.1.5 R9768-23: a peer that asks for both kinds of feedback on one connection could
    // not tell which of them we took: it is reset.
    if (agreed_.ecn.is_contradicted_by(asked)) {
      Reply reply;
      reply.tuple = agreed_.tuple;
      reply.seq = agreed_.iss + 1;
      reply.ack = seg.end();
      reply.flags.bits = TcpFlags::kRst | TcpFlags::kAck;
      reply.reason = SendReason::RstEcnAmbiguous;
      context.replies.push(reply);
      return {HalfOpenFate::Dies, Verdict::SynAsksForOtherEcn};
    }
    agreed_.ecn.on_syn_again(asked);
    if (due_) return {HalfOpenFate::Stays, Verdict::SynDuplicate};
    // Not gated as the first one was (syn_gate.h), so no more often than a challenge: somebody
    // else's SYN, repeated in a flood, would make us repeat the answer to him as often.
    if (!answers_again_.take(now, context.config.challenge_acks_per_second))
      return {HalfOpenFate::Stays, Verdict::SynDropped};
    reason_ = SendReason::SynAckRetransmit;
    due_ = true;
    return {HalfOpenFate::Stays, Verdict::SynDuplicate};
  }
  // RFC 5961 §4.2 R5961-04: any other SYN is challenged, wherever its number lies and whatever its
  // options say: see Connection::check_timestamps.
  if (seg.flags.syn() && !seg.flags.rst()) {
    reply_ack(context, SendReason::ChallengeSyn, now);
    return {HalfOpenFate::Stays, Verdict::SynChallenged};
  }
  const bool tolerates_missing = context.config.tolerates_missing_timestamps;
  if (const Check refused = agreed_.timestamps_at(now).check(seg, tolerates_missing, now)) {
    if (*refused == Verdict::PawsRejected) reply_ack(context, SendReason::AckOldTimestamp, now);
    return {HalfOpenFate::Stays, *refused};
  }
  // First check: sequence number, with the window that our SYN-ACK offered.
  if (!is_acceptable(seg, rcv_nxt, window())) {
    if (seg.flags.rst()) return {HalfOpenFate::Stays, Verdict::ResetOutsideWindow};
    reply_ack(context, SendReason::AckOutsideWindow, now);
    return {HalfOpenFate::Stays, Verdict::OutsideWindow};
  }
  // RFC 9293 §3.5 MUST-11: second: RST. After a passive open the connection returns to LISTEN, and
  // the user is not told.
  if (seg.flags.rst()) {
    if (context.config.blind_attack_defence && seg.seq != rcv_nxt) {
      reply_ack(context, SendReason::ChallengeReset, now);
      return {HalfOpenFate::Stays, Verdict::ResetChallenged};
    }
    return {HalfOpenFate::Dies, Verdict::ResetAccepted};
  }
  // Fifth: ACK.
  if (!seg.flags.ack()) return {HalfOpenFate::Stays, Verdict::NoAckFlag};
  if (seg.ack != agreed_.iss + 1) {
    if (const auto reply = reset_for(seg, SendReason::RstUnacceptableAck))
      context.replies.push(*reply);
    return {HalfOpenFate::Stays, Verdict::ListenBadAck};
  }
  return {HalfOpenFate::Completes, Verdict::HandshakeComplete};
}

void HalfOpen::reply_ack(TcpContext& context, SendReason reason, Instant now) {
  if (!challenges_.take(now, context.config.challenge_acks_per_second)) return;
  Reply reply;
  reply.tuple = agreed_.tuple;
  reply.seq = agreed_.iss + 1;
  reply.ack = agreed_.irs + 1;
  reply.flags.bits = TcpFlags::kAck;
  reply.flags.bits |= Ecn(agreed_.ecn).flags(false);
  reply.window = static_cast<std::uint16_t>(window() >> agreed_.rcv_shift);
  reply.reason = reason;
  if (agreed_.timestamps) {
    reply.timestamps =
        TimestampsOption{Timestamps::clock(agreed_.ts_offset, now), agreed_.ts_recent};
  }
  context.replies.push(reply);
}

// RFC 4987 §3.3 R4987-02; RFC 9293 §3.8.3 MUST-22.
bool HalfOpen::on_timer(const TcpContext& context) {
  if (agreed_.syn_ack_retries >= std::min(context.config.syn_ack_retries, kMostRetries))
    return false;
  ++agreed_.syn_ack_retries;
  reason_ = SendReason::SynAckRetransmit;
  due_ = true;
  return true;
}

void HalfOpen::transmit(TcpContext& context, Instant now, OutPacket& out) {
  TcpHeader header;
  header.source = agreed_.tuple.local_port;
  header.destination = agreed_.tuple.remote_port;
  header.seq = agreed_.iss;
  header.ack = agreed_.irs + 1;
  header.flags.bits = TcpFlags::kSyn | TcpFlags::kAck;
  const bool is_again = agreed_.syn_ack_sent != Instant{};
  const std::uint16_t ecn_flags = ecn_syn_ack_flags(agreed_.ecn, agreed_.syn_ack_retries);
  header.flags.bits |= ecn_flags;
  agreed_.ecn.on_syn_ack_sent(ecn_flags);
  header.window = window();  // RFC 7323 §2.2 R7323-03: never scaled on a SYN
  SynAckWords words;
  words.mss = context.offered_mss(agreed_.tuple.remote_address, now);
  if (mss_ != 0) words.mss = std::min(words.mss, mss_);
  words.clock = Timestamps::clock(agreed_.ts_offset, now);
  words.is_first = !is_again;
  words.fast_open_cookie = cookie_.view();
  words.fast_open_experimental = cookie_experimental_;
  // RFC 5482 §3.3: before the connection has a user, the stack's own wish.
  if (context.config.announce_user_timeout) {
    words.user_timeout = UserTimeoutOption::encode(context.config.user_timeout);
  }
  SegmentFrame frame = context.frame(agreed_.tuple, agreed_.hash);
  frame.hop_limit = hop_limit_;
  frame.traffic_class = traffic_class_;
  out.payload_slices = 0;
  out.payload_length = 0;
  write_segment(frame, header, agreed_.syn_ack_options(words), out);
  out.reason = reason_;
  out.connection = {};
  due_ = false;
  agreed_.syn_ack_again = is_again;
  agreed_.syn_ack_sent = now;
  // A SYN that comes again is answered, but does not keep the record alive.
  if (TimerNode::deadline() != kNever) return;
  Duration wait = context.config.initial_rto;
  for (int i = 0; i < agreed_.syn_ack_retries && wait < context.config.max_rto; ++i) wait *= 2;
  context.half_open_wheel.schedule(*this, now + std::min(wait, context.config.max_rto));
}

}  // namespace glasstcp
