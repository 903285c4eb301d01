// RFC 9293 §3.10.7.4 for TIME-WAIT, RFC 1337, RFC 6191. See time_wait.h.
#include "stack/tcp/time_wait.h"

#include <algorithm>

namespace glasstcp {

TimeWaitRecord::TimeWaitRecord(const Connection& connection, Instant expires)
    : tuple_(connection.tuple()),
      hash_(connection.hash()),
      timestamps_(connection.timestamps()),
      expires_(expires),
      snd_nxt_(connection.snd_variables().nxt),
      rcv_nxt_(connection.rcv_variables().nxt),
      window_(connection.window_to_show()) {}

TimeWaitResult TimeWaitRecord::segment_arrives(const Segment& seg, TcpContext& context,
                                               Instant now) {
  // RFC 1337 §3 R1337-01: a reset would let old duplicates into the next connection of this tuple.
  if (seg.flags.rst()) return {TimeWaitFate::Stays, Verdict::TimeWaitResetIgnored};
  const auto& stamp = seg.options.timestamps;
  const bool stamped = timestamps_.enabled() && stamp.has_value();
  if (seg.flags.syn() && !seg.flags.ack()) {
    // RFC 9293 §3.6.1 MAY-2, SHLD-4; RFC 6191 §2 R6191-01, R6191-02: a newer timestamp, or a number
    // above all that were used.
    const std::int32_t age = stamped ? difference(stamp->val, timestamps_.recent()) : 0;
    if (age > 0 || (age == 0 && seg.seq > rcv_nxt_))
      return {TimeWaitFate::Yields, Verdict::TimeWaitReused};
    // R6191-02: any other is dropped without a word. RFC 9293's challenge ACK would only draw a
    // reset, which is ignored here.
    return {TimeWaitFate::Stays, Verdict::TimeWaitOldDuplicate};
  }
  if (stamped && timestamps_.is_too_old(stamp->val, now)) {
    if (challenges_.take(now, context.config.challenge_acks_per_second)) {
      reply_ack(context, SendReason::AckOldTimestamp, now);
    }
    return {TimeWaitFate::Stays, Verdict::PawsRejected};
  }
  if (seg.len() == 0) {
    // An ACK that fits needs no answer; one that does not gets a limited one, so that two ends
    // cannot echo for ever.
    const bool fits = seg.seq == rcv_nxt_;
    if (!fits && challenges_.take(now, context.config.challenge_acks_per_second)) {
      reply_ack(context, SendReason::TimeWaitAck, now);
    }
    return {TimeWaitFate::Stays, fits ? Verdict::Accepted : Verdict::TimeWaitOldDuplicate};
  }
  // RFC 9293 §3.10.7.4 R9293-P12: the FIN came again, so our last ACK was lost: acknowledge, and
  // wait anew.
  reply_ack(context, SendReason::TimeWaitAck, now);
  const bool is_the_fin = seg.flags.fin() && seg.end() == rcv_nxt_;
  return {is_the_fin ? TimeWaitFate::Restarts : TimeWaitFate::Stays, Verdict::TimeWaitOldDuplicate};
}

void TimeWaitRecord::reply_ack(TcpContext& context, SendReason reason, Instant now) const {
  Reply reply;
  reply.tuple = tuple_;
  reply.seq = snd_nxt_;
  reply.ack = rcv_nxt_;
  reply.flags.bits = TcpFlags::kAck;
  reply.window = window_;
  reply.reason = reason;
  if (timestamps_.enabled()) {
    reply.timestamps = TimestampsOption{timestamps_.now_value(now), timestamps_.recent()};
  }
  context.replies.push(reply);
}

}  // namespace glasstcp
