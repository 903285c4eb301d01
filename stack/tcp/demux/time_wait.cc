// RFC 9293 §3.10.7.4 for TIME-WAIT, RFC 1337, RFC 6191. See time_wait.h.
#include "stack/tcp/demux/time_wait.h"

#include <algorithm>

namespace glasstcp {

TimeWaitRecord::TimeWaitRecord(const TimeWaitFacts& facts, Instant expires)
    : tuple_(facts.tuple),
      hash_(facts.hash),
      timestamps_(facts.timestamps),
      expires_(expires),
      snd_nxt_(facts.snd_nxt),
      rcv_nxt_(facts.rcv_nxt),
      window_(facts.window) {}

TimeWaitResult TimeWaitRecord::segment_arrives(const Segment& seg, TcpContext& context,
                                               Instant now) {
  if (seg.flags.rst()) return reset_arrives(seg, context);
  if (seg.flags.syn()) {
    if (yields_to(seg, context)) return {TimeWaitFate::Yields, Verdict::TimeWaitReused};
    return challenge(seg, context, now);
  }
  const bool tolerates_missing = context.config.tolerates_missing_timestamps;
  if (const Check refused = timestamps_.check(seg, tolerates_missing, now)) {
    if (*refused == Verdict::PawsRejected) answer(context, SendReason::AckOldTimestamp, now);
    return {TimeWaitFate::Stays, *refused};
  }
  // RFC 9293 §3.10.7.4, fifth check, R9293-P8: without ACK nothing is taken, not even their FIN;
  // only what lies before the window was answered by the first check.
  if (!seg.flags.ack() && seg.seq >= rcv_nxt_) return {TimeWaitFate::Stays, Verdict::NoAckFlag};
  // An ACK that fits needs no answer. Every answer is limited, so that two ends cannot echo for
  // ever.
  if (seg.len() == 0 && seg.seq == rcv_nxt_) return {TimeWaitFate::Stays, Verdict::Accepted};
  answer(context, SendReason::TimeWaitAck, now);
  // RFC 9293 §3.10.7.4 R9293-P12: the FIN came again, so our last ACK was lost: acknowledge, and
  // wait anew.
  const bool is_the_fin = seg.flags.fin() && seg.flags.ack() && seg.end() == rcv_nxt_;
  return {is_the_fin ? TimeWaitFate::Restarts : TimeWaitFate::Stays, Verdict::TimeWaitOldDuplicate};
}

// RFC 1337 §3 R1337-01, done, but: a reset with exactly the number that our challenge named ends it,
// if the challenge answered a SYN; unless it is believed, a peer that was restarted cannot call
// from the same port before 2 MSL are over.
//
// Every other reset would let old duplicates into the next connection of this tuple.
TimeWaitResult TimeWaitRecord::reset_arrives(const Segment& seg, const TcpContext& context) const {
  const TimeWaitReset believed = context.config.time_wait_reset;
  const bool ends = seg.seq == rcv_nxt_ && (believed == TimeWaitReset::Exact ||
                                            (believed == TimeWaitReset::AfterSyn && answered_syn_));
  if (ends) return {TimeWaitFate::Ends, Verdict::ResetAccepted};
  return {TimeWaitFate::Stays, Verdict::TimeWaitResetIgnored};
}

// RFC 9293 §3.6.1 MAY-2, SHLD-4; RFC 6191 §2 R6191-01: a newer timestamp, or a number above all
// that were used. Where only the new connection would have timestamps, RFC 6191 takes any number,
// since segments of the old one lack the option and would be dropped; that holds only where they
// are dropped.
bool TimeWaitRecord::yields_to(const Segment& syn, const TcpContext& context) const {
  if (syn.flags.ack()) return false;
  const auto& stamp = syn.options.timestamps;
  const std::int32_t age =
      timestamps_.enabled() && stamp ? difference(stamp->val, timestamps_.recent()) : 0;
  if (age != 0) return age > 0;
  const bool only_new_has_stamps = !timestamps_.enabled() && stamp && context.config.use_timestamps;
  if (only_new_has_stamps && !context.config.tolerates_missing_timestamps) return true;
  return syn.seq > rcv_nxt_;
}

// RFC 6191 §2 R6191-02, not done: a SYN that may not take over is not dropped without a word, since
// its sender would repeat it until we are gone (with time_wait_answers_syn off it is).
//
// RFC 9293 §3.10.7.4 with RFC 5961 §4.2 answers it; the reset that follows ends the record
// (reset_arrives), and the next SYN gets through.
TimeWaitResult TimeWaitRecord::challenge(const Segment& syn, TcpContext& context, Instant now) {
  if (!syn.flags.ack() && !context.config.time_wait_answers_syn)
    return {TimeWaitFate::Stays, Verdict::TimeWaitOldDuplicate};
  answer(context, SendReason::ChallengeSyn, now);
  return {TimeWaitFate::Stays, Verdict::SynChallenged};
}

// Limited like challenges.
void TimeWaitRecord::answer(TcpContext& context, SendReason reason, Instant now) {
  if (!challenges_.take(now, context.config.challenge_acks_per_second)) return;
  reply_ack(context, reason, now);
  answered_syn_ = reason == SendReason::ChallengeSyn;
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
