// RFC 9293 §3.10.7.4 for SYN-RECEIVED after a passive open. See half_open.h.
#include "stack/tcp/half_open.h"

#include <algorithm>

#include "stack/tcp/segment_writer.h"

namespace glasstcp {

HalfOpen::HalfOpen(const TcpContext& context, const Segment& syn, std::uint32_t listener,
                   SeqNum iss, Instant now)
    : listener_(listener), hop_limit_(context.config.hop_limit) {
  const TcpConfig& config = context.config;
  agreed_.tuple = syn.tuple;
  agreed_.hash = syn.hash;
  agreed_.iss = iss;
  agreed_.irs = syn.seq;
  // RFC 9293 §3.7.1 MUST-15; see Connection::adopt_options for the floor of 64.
  agreed_.peer_mss = std::max<std::uint16_t>(
      syn.options.mss.value_or(default_mss(syn.tuple.remote_address.version())), 64);
  // RFC 7323 §2.2 R7323-01, §2.3 R7323-04, R7323-06.
  const bool scale = config.use_window_scale && syn.options.window_scale.has_value();
  agreed_.snd_shift =
      scale ? std::min<std::uint8_t>(*syn.options.window_scale, 14) : std::uint8_t{0};
  agreed_.rcv_shift = scale ? context.rcv_shift : std::uint8_t{0};
  agreed_.scaled = scale;
  agreed_.sack = config.use_sack && syn.options.sack_permitted;
  agreed_.timestamps = config.use_timestamps && syn.options.timestamps.has_value();
  if (agreed_.timestamps) {
    agreed_.ts_recent = syn.options.timestamps->val;
    agreed_.ts_offset = context.timestamp_offset(syn.tuple, now);
  }
  agreed_.buffer = context.next_buffer();
}

std::uint16_t HalfOpen::window() const {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(agreed_.buffer, 65535));
}

HalfOpenResult HalfOpen::segment_arrives(const Segment& seg, TcpContext& context, Instant now) {
  const SeqNum rcv_nxt = agreed_.irs + 1;
  // The SYN again: our SYN-ACK was lost or is late; it goes again.
  if (seg.flags.syn() && !seg.flags.ack() && !seg.flags.rst() && seg.seq == agreed_.irs) {
    if (!due_) reason_ = SendReason::SynAckRetransmit;
    due_ = true;
    return {HalfOpenFate::Stays, Verdict::SynDuplicate};
  }
  // RFC 7323 §3.2 R7323-10, R7323-11: dropped without a word.
  if (agreed_.timestamps && !seg.flags.rst() && !seg.options.timestamps)
    return {HalfOpenFate::Stays, Verdict::TimestampMissing};
  // RFC 7323 §5.3 R7323-19: PAWS.
  if (agreed_.timestamps && !seg.flags.rst() &&
      difference(seg.options.timestamps->val, agreed_.ts_recent) < 0) {
    reply_ack(context, SendReason::AckOldTimestamp, now);
    return {HalfOpenFate::Stays, Verdict::PawsRejected};
  }
  // First check: sequence number, with the window that our SYN-ACK offered.
  const bool acceptable = is_within(seg.seq, rcv_nxt, window()) ||
                          (seg.len() > 0 && is_within(seg.end() - 1, rcv_nxt, window()));
  if (!acceptable) {
    if (seg.flags.rst()) return {HalfOpenFate::Stays, Verdict::ResetOutsideWindow};
    reply_ack(context, SendReason::AckOutsideWindow, now);
    return {HalfOpenFate::Stays, Verdict::OutsideWindow};
  }
  // RFC 9293 §3.5 MUST-11: second: RST. After a passive open the connection returns to LISTEN, and
  // the user is
  // not told.
  if (seg.flags.rst()) {
    if (context.config.blind_attack_defence && seg.seq != rcv_nxt) {
      reply_ack(context, SendReason::ChallengeReset, now);
      return {HalfOpenFate::Stays, Verdict::ResetChallenged};
    }
    return {HalfOpenFate::Dies, Verdict::ResetAccepted};
  }
  // Fourth: SYN inside the window.
  if (seg.flags.syn()) {
    reply_ack(context, SendReason::ChallengeSyn, now);
    return {HalfOpenFate::Stays, Verdict::SynChallenged};
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

void HalfOpen::reply_ack(TcpContext& context, SendReason reason, Instant now) const {
  if (!const_cast<ChallengeLimit&>(challenges_).take(now, context.config.challenge_acks_per_second))
    return;
  Reply reply;
  reply.tuple = agreed_.tuple;
  reply.seq = agreed_.iss + 1;
  reply.ack = agreed_.irs + 1;
  reply.flags.bits = TcpFlags::kAck;
  reply.window = static_cast<std::uint16_t>(window() >> agreed_.rcv_shift);
  reply.reason = reason;
  if (agreed_.timestamps) {
    reply.timestamps =
        TimestampsOption{Timestamps::clock(agreed_.ts_offset, now), agreed_.ts_recent};
  }
  context.replies.push(reply);
}

// RFC 4987 §3.4 R4987-02; RFC 9293 §3.8.3 MUST-22.
bool HalfOpen::on_timer(const TcpContext& context) {
  if (agreed_.syn_ack_retries >= context.config.syn_ack_retries) return false;
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
  header.window = window();  // RFC 7323 §2.2 R7323-03: never scaled on a SYN
  TcpOptions options;
  options.mss = context.offered_mss(agreed_.tuple.local_address.version());
  if (mss_ != 0) options.mss = std::min(*options.mss, mss_);
  options.sack_permitted = agreed_.sack;
  if (agreed_.scaled) options.window_scale = agreed_.rcv_shift;
  if (agreed_.timestamps) {
    options.timestamps =
        TimestampsOption{Timestamps::clock(agreed_.ts_offset, now), agreed_.ts_recent};
  }
  SegmentFrame frame;
  frame.tuple = &agreed_.tuple;
  frame.hash = agreed_.hash;
  frame.hop_limit = hop_limit_;
  out.payload_slices = 0;
  out.payload_length = 0;
  write_segment(frame, header, options, context, out);
  out.reason = reason_;
  out.connection = {};
  due_ = false;
  agreed_.syn_ack_again = agreed_.syn_ack_sent != Instant{};
  agreed_.syn_ack_sent = now;
  // A SYN that comes again is answered, but does not keep the record alive.
  if (TimerNode::deadline() != kNever) return;
  Duration wait = context.config.initial_rto;
  for (int i = 0; i < agreed_.syn_ack_retries && wait < context.config.max_rto; ++i) wait *= 2;
  context.half_open_wheel.schedule(*this, now + std::min(wait, context.config.max_rto));
}

}  // namespace glasstcp
