// SEGMENT ARRIVES: RFC 9293 §3.10.7.3 (SYN-SENT) and §3.10.7.4 (every other state), check by check
// in the RFC's order. Each check decides the segment's fate (a Verdict), or is empty: the next
// check sees it. Nothing is sent from here.
// Next: fast_path.cc.
#include "stack/base/assert.h"
#include "stack/tcp/connection/connection.h"

namespace glasstcp {

Verdict Connection::segment_arrives(const Segment& seg, Instant now) {
  const bool is_crossed = state_ == State::SynReceived && seg.flags.syn() && seg.flags.ack();
  if (is_crossed && !seg.flags.rst() && seg.seq == rcv().irs) {
    // RFC 9293 §3.5 MUST-10: the other end of a simultaneous open answers our SYN. Its SYN is known
    // already and is trimmed (R9293-P7); its ACK completes the handshake.
    Segment trimmed = seg;
    trimmed.seq += 1;
    trimmed.flags.bits &= static_cast<std::uint16_t>(~TcpFlags::kSyn);
    trimmed.had_syn = true;
    const Verdict verdict = segment_arrives(trimmed, now);
    // Its own handshake may hang on an answer: our SYN-ACK can be lost like any other.
    if (state_ == State::Established) receiver_.demand_ack(SendReason::HandshakeAck);
    return verdict;
  }
  if (ConnectionStatistics* s = statistics()) s->on_arrival(seg, now);
  if (Check again = syn_again_in_syn_received(seg, now)) return *again;
  on_sign_of_life(now);
  if (const Check done = fast_path(seg, now)) return *done;
  Verdict verdict = Verdict::Accepted;
  if (state_ == State::SynSent) {
    verdict = segment_arrives_in_syn_sent(seg, now);
  } else if (Check c =
                 check_timestamps(seg, now)) {  // RFC 7323 §5.3 puts it before the first check
    verdict = *c;
  } else if (c = first_check_sequence_number(seg, now); c) {
    verdict = *c;
  } else if (c = second_check_reset(seg, now); c) {
    verdict = *c;
  } else if (c = fourth_check_syn(seg, now);
             c) {  // the third, security and precedence, went with RFC 9293
    verdict = *c;
  } else if (c = fifth_check_ack(seg, now); c) {
    verdict = *c;
  } else {
    // RFC 7323 §5.3, R3; only now that the ACK is plausible (RFC 5961 §5): a blind attacker who could
    // move ts_recent would have PAWS reject the peer.
    if (timestamps_.enabled() && seg.options.timestamps) {
      timestamps_.on_segment(seg.options.timestamps->val, seg.seq, receiver_.last_ack_sent(), now);
    }
    note_arrived_field(seg);
    if (seg.options.user_timeout) adopt_user_timeout(*seg.options.user_timeout);
    sixth_check_urg(seg, now);
    verdict = seventh_process_text(seg, now);
    eighth_check_fin(seg, now);
  }
  manage_send_timers(now);
  wants_output();
  return verdict;
}

// RFC 9293 §3.10.7.3.
Verdict Connection::segment_arrives_in_syn_sent(const Segment& seg, Instant now) {
  // RFC 9293 §3.10.7.3 R9293-P5: first, the ACK bit: one outside (iss, snd.nxt] draws a reset
  // before SYN is looked at.
  if (seg.flags.ack() && (seg.ack <= snd.iss || seg.ack > snd.nxt)) {
    if (seg.flags.rst()) return Verdict::SynSentBadReset;
    if (const auto reply = reset_for(seg, SendReason::RstUnacceptableAck))
      context_.replies.push(*reply);
    return Verdict::SynSentBadAck;
  }
  // RFC 9293 §3.5.3 R9293-P3: second, the RST bit: believed only if it acknowledges our SYN.
  if (seg.flags.rst()) {
    if (!seg.flags.ack()) return Verdict::SynSentBadReset;
    fail(StreamError::Refused, StateCause::PeerReset, now);
    return Verdict::ResetAccepted;
  }
  // Fourth, the SYN bit (a segment with neither SYN nor RST is dropped by the fifth).
  if (!seg.flags.syn() || context_.drops(seg.flags)) return Verdict::SynSentNothing;
  receiver_.synchronize(seg.seq, context_.most_syn_window());
  adopt_syn(seg, now);
  if (seg.flags.ack()) {
    process_ack_of_syn(seg, now);
    finish_fast_open(seg);
    become_established(seg, now);
    enter(State::Established, StateCause::PeerSynAck, now);
    receiver_.demand_ack(SendReason::HandshakeAck);
    signal(EventMask::kConnected | EventMask::kWritable);
    // RFC 9293 §3.10.7.3: data and FIN may ride on the SYN-ACK; they are processed from the sixth
    // step on.
    sixth_check_urg(seg, now);
    const Verdict verdict = seventh_process_text(seg, now);
    eighth_check_fin(seg, now);
    return verdict;
  }
  // RFC 9293 §3.5 MUST-10: simultaneous open: both SYNs cross; our SYN goes again, now with an ACK.
  enter(State::SynReceived, StateCause::PeerSyn, now);
  snd.wnd = seg.wnd;
  snd.wl1 = seg.seq;
  snd.wl2 = snd.iss;
  syn_ack_due_ = true;
  // RFC 9293 §3.10.7.3: data and controls of a crossing SYN wait until ESTABLISHED is reached.
  receiver_.keep_early_data(context_.receive, seg);
  return Verdict::SynAccepted;
}

// The answer to our SYN, or a SYN that crosses it.
void Connection::adopt_syn(const Segment& syn, Instant now) {
  Agreement agreed = Agreement::from_syn(syn, context_.config, context_.rcv_shift);
  agreed.ts_offset = timestamps_.offset();
  // RFC 9768 §3.1.2: the SYN of a simultaneous open is answered like any other.
  const EcnWill ecn = settings().ecn;
  const IpEcn field = ip_ecn(syn.traffic_class);
  agreed.ecn = syn.flags.ack() ? read_ecn_syn_ack(ecn, retransmissions_, syn.flags, field)
                               : answer_ecn_syn(ecn, syn.flags, field);
  adopt(agreed, now);
}

// What both SYNs offered; what only one of them has is not used.
void Connection::adopt(const Agreement& agreed, Instant now) {
  size_.set_peer_mss(agreed.peer_mss);
  snd.shift = agreed.snd_shift;
  snd.scaled = agreed.scaled;
  receiver_.scale_window(agreed.rcv_shift);
  sack_ = agreed.sack;
  if (agreed.timestamps) timestamps_ = agreed.timestamps_at(now);
  if (agreed.user_timeout) adopt_user_timeout(*agreed.user_timeout);
  // RFC 9768 §3.1.5 R9768-27: the first agreement stays, whatever other SYNs come. Without memory for
  // it nothing is marked; what the peer marks goes unreported then, but for a table as long as that
  // of the connections this does not happen.
  if (agreed.ecn.feedback != EcnFeedback::None && ecn_ == kNone)
    ecn_ = context_.ecn.acquire(agreed.ecn);
  update_segment_size(now);
}

void Connection::become_established(const Segment& seg, Instant now) {
  begin_path_search(now);
  snd.wnd = seg.window(snd.shift);
  size_.on_window(snd.wnd);
  snd.wl1 = seg.seq;
  snd.wl2 = seg.ack;
  std::uint32_t window = initial_window();
  // RFC 6928 §2 R6928-01, R6928-02; RFC 5681 §3.1 R5681-03: one segment only if the SYN was lost
  // more than once.
  if (retransmissions_ > 1) window = size_.mss();
  // RFC 6298 §5.7 R6298-12.
  if (retransmissions_ > 0) recovery_.on_syn_retried();
  retransmissions_ = 0;
  recovery_.start(congestion(), snd.una, window);
}

// RFC 7323 §5.3 R7323-19: what is too old is acknowledged and dropped.
// RFC 5961 §4.2 R5961-04: a SYN draws a challenge whatever its options say: another host behind the
// same NAT, or one that was restarted, knows nothing of ours, and waits for an answer.
Check Connection::check_timestamps(const Segment& seg, Instant now) {
  const TcpConfig& config = context_.config;
  if (seg.flags.syn() && config.blind_attack_defence) return std::nullopt;
  const Check refused = timestamps_.check(seg, config.tolerates_missing_timestamps, now);
  if (refused != Verdict::PawsRejected) return refused;
  if (seg.len() > 0 || challenges_.take(now, config.challenge_acks_per_second))
    receiver_.demand_ack(SendReason::AckOldTimestamp);
  return refused;
}

// RFC 5961 §3.2 R5961-01, R5961-03, done, but: a peer that resets behind its own FIN may give the
// reset the number of that FIN, as macOS does; by the letter the connection would stay until its
// timers end.
//
// Behind a FIN nothing else can come from there, so this one number is as good as RCV.NXT. Linux
// does the same.
bool Connection::is_reset_of_their_fin(const Segment& seg) const {
  const bool is_behind_fin =
      state_ == State::CloseWait || state_ == State::LastAck || state_ == State::Closing;
  return context_.config.reset_may_repeat_fin && is_behind_fin && seg.flags.rst() &&
         seg.seq + 1 == rcv().nxt;
}

Check Connection::first_check_sequence_number(const Segment& seg, Instant now) {
  // RFC 7323 §2.4 R7323-07: rcv.edge is the furthest ever offered, so rounding never makes an
  // honest segment unacceptable.
  if (is_acceptable(seg, rcv().nxt, rcv().wnd()) || is_reset_of_their_fin(seg)) return std::nullopt;
  // RFC 9293 §3.4 MUST-66: with a closed window, what stands at its edge still has its ACK, RST and
  // URG processed; its data is trimmed to nothing by the seventh step. Whatever else it is, the
  // probe is answered.
  if (rcv().wnd() != 0 || seg.seq != rcv().nxt || seg.flags.syn()) return unacceptable(seg, now);
  if (!seg.flags.rst()) receiver_.demand_ack(SendReason::AckOutsideWindow);
  return std::nullopt;
}

Verdict Connection::unacceptable(const Segment& seg, Instant now) {
  // RFC 5961 §3.2 R5961-03.
  if (seg.flags.rst()) return Verdict::ResetOutsideWindow;
  if (seg.flags.syn()) return answer_syn(seg, now);
  const Verdict verdict = answer_unacceptable(seg, now);
  // RFC 9293 Appendix A.2 R9293-A2: a peer whose probe byte or FIN we took, but whom our ACK did not
  // reach, speaks from just before the window. What it acknowledges counts, or it would never get
  // past that number while we wait for its word.
  const bool is_just_before =
      is_synchronized(state_) && seg.seq + 1 == rcv().nxt && seg.flags.ack();
  if (!is_just_before) return verdict;
  if (const Check done = fifth_check_ack(seg, now)) return *done;
  return Verdict::AcceptedDuplicate;
}

// RFC 9293 §3.10.7.4 R9293-P6: its answer is an ACK.
Verdict Connection::answer_unacceptable(const Segment& seg, Instant now) {
  if (seg.len() == 0) {
    // An ACK that answers an ACK could go on for ever, so these are limited like challenges.
    if (challenges_.take(now, context_.config.challenge_acks_per_second))
      receiver_.demand_ack(SendReason::AckOutsideWindow);
    return Verdict::OutsideWindow;
  }
  if (seg.end() > rcv().nxt) {
    receiver_.demand_ack(SendReason::AckOutsideWindow);
    return Verdict::OutsideWindow;
  }
  receiver_.answer_old_segment(seg);
  return Verdict::AcceptedDuplicate;
}

Check Connection::second_check_reset(const Segment& seg, Instant now) {
  if (!seg.flags.rst()) return std::nullopt;
  // RFC 5961 §3.2 R5961-01, R5961-02: only the exact number resets; any other in the window is
  // asked about.
  const bool is_exact = seg.seq == rcv().nxt || is_reset_of_their_fin(seg);
  if (context_.config.blind_attack_defence && !is_exact) {
    challenge(SendReason::ChallengeReset, now);
    return Verdict::ResetChallenged;
  }
  // RFC 9293 §3.5.3 SHLD-2: data in a reset is tolerated, and ignored. §3.6 MUST-12: the
  // application learns of the abort.
  const bool was_refused = state_ == State::SynReceived && !fast_open_passive_;
  fail(was_refused ? StreamError::Refused : StreamError::ResetByPeer, StateCause::PeerReset, now);
  return Verdict::ResetAccepted;
}

Check Connection::fourth_check_syn(const Segment& seg, Instant now) {
  if (!seg.flags.syn()) return std::nullopt;
  if (!context_.config.blind_attack_defence) {
    // RFC 9293 §3.10.7.4 gives both rules; this is RFC 793's: a SYN in the window is an error that
    // ends the connection.
    reset(SendReason::RstAborted, StreamError::ResetByPeer, StateCause::SynInWindow, now);
    return Verdict::ResetAccepted;
  }
  return answer_syn(seg, now);
}

// RFC 5961 §4.2 R5961-04: a SYN draws a challenge wherever its number lies. What accurate ECN has to
// say of the SYN-ACK that comes again rides on it, if the limit lets it go.
//
// RFC 9768 §3.1.5 R9768-34: one SYN-ACK granted the classic kind and another the accurate one: what
// the peer counts by cannot be known. The rule is for the time of the handshake. Ours ended with
// the first of the two, and a flag that comes later is to be ignored (ibid.); but the peer, who
// repeats its SYN-ACK, may still be in its own, until something else of its is here. Nobody can use
// this for a blind reset: it takes both initial numbers.
Verdict Connection::answer_syn(const Segment& seg, Instant now) {
  const bool is_syn_ack_again = ecn_ != kNone && !passive_ && seg.flags.syn() && seg.flags.ack() &&
                                seg.seq == rcv().irs && seg.ack > snd.iss && seg.ack <= snd.nxt;
  if (!is_syn_ack_again) {
    challenge(SendReason::ChallengeSyn, now);
    return Verdict::SynChallenged;
  }
  const EcnAgreement granted =
      read_ecn_syn_ack(settings().ecn, 0, seg.flags, ip_ecn(seg.traffic_class));
  const bool is_in_handshake = seg.ack == snd.iss + 1 && receiver_.has_only_syn();
  if (is_in_handshake && ecn()->is_contradicted_by(granted)) {
    // Its ACK is the number that the peer expects, whatever of ours is under way.
    if (const auto reply = reset_for(seg, SendReason::RstEcnAmbiguous))
      context_.replies.push(*reply);
    fail(StreamError::Aborted, StateCause::EcnAmbiguous, now);
    return Verdict::SynAsksForOtherEcn;
  }
  if (challenge(SendReason::ChallengeSyn, now)) context_.ecn[ecn_].on_syn_ack_again(granted);
  return Verdict::SynChallenged;
}

// RFC 3168 §6.1.3: an acceptable segment came; its IP header may say that a router was congested.
void Connection::note_arrived_field(const Segment& seg) {
  if (ecn_ == kNone) return;
  const bool owes_ack = receiver_.ack().owed() != AckPolicy::Owed::None;
  if (context_.ecn[ecn_].on_segment(EcnArrival::of(seg), owes_ack))
    receiver_.demand_ack(SendReason::AckCongestionMark);
}

bool Connection::challenge(SendReason reason, Instant now) {
  if (!challenges_.take(now, context_.config.challenge_acks_per_second)) return false;
  receiver_.demand_ack(reason);
  return true;
}

Check Connection::fifth_check_ack(const Segment& seg, Instant now) {
  // RFC 9293 §3.10.7.4 R9293-P8: without ACK it belongs to no synchronized connection.
  if (!seg.flags.ack()) return Verdict::NoAckFlag;
  if (state_ == State::SynReceived) {
    if (Check c = fifth_check_ack_in_syn_received(seg, now)) return c;
  }
  if (persist_.has_sent_new_octet() && seg.ack == snd.nxt + 1) take_probe_as_sent(now);
  // RFC 9293 §3.10.7.4 R9293-P9: it acknowledges what was never sent.
  if (seg.ack > snd.nxt) {
    if (!context_.config.answers_unsent_ack) return Verdict::AckOfUnsent;
    if (challenges_.take(now, context_.config.challenge_acks_per_second))
      receiver_.demand_ack(SendReason::AckOfUnsentData);
    return Verdict::AckOfUnsent;
  }
  // RFC 9293 §3.10.7.4 MAY-12; RFC 5961 §5.2 R5961-05: an ACK older than the largest window ever
  // offered to us is a forgery.
  if (context_.config.blind_attack_defence &&
      snd.una - seg.ack > static_cast<std::int32_t>(size_.max_window())) {
    challenge(SendReason::ChallengeAck, now);
    return Verdict::AckTooOld;
  }
  const SeqNum edge = snd.una + snd.wnd;
  process_ack(seg, now);
  update_send_window(seg, edge, now);
  after_fin_acked(now);
  // LAST-ACK ends here, CLOSING becomes TIME-WAIT: there is nothing in the segment that still
  // matters.
  if (state_ == State::Closed || state_ == State::TimeWait) return Verdict::Accepted;
  return std::nullopt;
}

Check Connection::fifth_check_ack_in_syn_received(const Segment& seg, Instant now) {
  // A passive open's SYN counts as acknowledged: its half-open record checked this very segment.
  // See Connection().
  // One by Fast Open has its SYN-ACK in flight itself; the caller takes the ACK in.
  const bool is_counted = passive_ && !fast_open_passive_;
  const bool acceptable = is_counted ? seg.ack == snd.una : seg.ack > snd.una && seg.ack <= snd.nxt;
  if (!acceptable) {
    if (const auto reply = reset_for(seg, SendReason::RstUnacceptableAck))
      context_.replies.push(*reply);
    return Verdict::ListenBadAck;
  }
  if (!passive_) {
    process_ack_of_syn(seg, now);
    finish_fast_open(seg);
  }
  become_established(seg, now);
  // CLOSE may have been called before the handshake ended: then a FIN waits (§3.10.4).
  if (intent_.fin_queued()) {
    enter(State::FinWait1, StateCause::AckOfSynAfterClose, now);
  } else {
    enter(State::Established, StateCause::AckOfSyn, now);
  }
  if (passive_) return std::nullopt;
  signal(EventMask::kConnected | EventMask::kWritable);
  act_on(receiver_.take_early_data(context_.receive, acks_at_once()), now);
  return std::nullopt;
}

void Connection::sixth_check_urg(const Segment& seg, Instant now) {
  if (seg.flags.urg() && takes_data(state_)) act_on(receiver_.process_urgent(seg), now);
}

Verdict Connection::seventh_process_text(const Segment& seg, Instant now) {
  if (seg.data.empty()) return Verdict::Accepted;
  // After the peer's FIN no data can follow; RFC 9293 §3.10.7.4 ignores it.
  if (!takes_data(state_) || receiver_.has_fin()) return Verdict::AcceptedDuplicate;
  const NewData data = receiver_.new_data(seg);
  if (data.bytes.empty()) return receiver_.refuse_data(seg);
  if (!orphan_) return act_on(receiver_.store(context_.receive, seg, data, acks_at_once()), now);
  // RFC 9293 §3.6.1 SHLD-3: nobody will ever read this; the sender must learn that it is lost.
  if (context_.config.late_data_resets_as_closed_port) {
    if (const auto reply = reset_for(seg, SendReason::RstUnreadData)) context_.replies.push(*reply);
    fail(StreamError::Aborted, StateCause::LateData, now);
  } else {
    reset(SendReason::RstUnreadData, StreamError::Aborted, StateCause::LateData, now);
  }
  return Verdict::DataAfterClose;
}

void Connection::eighth_check_fin(const Segment& seg, Instant now) {
  if (state_ == State::Closed || !(seg.flags.fin() || receiver_.knows_fin())) return;
  act_on(receiver_.process_fin(context_.receive, seg), now);
}

// The one place where the connection does what follows from what it received.
Verdict Connection::act_on(Received received, Instant now) {
  if (received.advanced > 0) {
    if (ConnectionStatistics* s = statistics()) s->bytes_received += received.advanced;
  }
  if (received.events != 0) signal(received.events);
  // RFC 9293 §3.8.6.3 MUST-40: below half a second.
  if (received.delays_ack && !timers_.is_armed(TimerName::DelayedAck))
    arm(TimerName::DelayedAck, now + settings().delayed_ack);
  if (received.ends_stream) enter_after_their_fin(now);
  return received.verdict;
}

// RFC 9293 §3.10.7.4, eighth: R9293-P11, R9293-P14.
void Connection::enter_after_their_fin(Instant now) {
  switch (state_) {
    case State::SynReceived:
    case State::Established:
      enter(State::CloseWait, StateCause::PeerFin, now);
      break;
    case State::FinWait1:
      // If our FIN had been acknowledged, the fifth check would have moved us to FIN-WAIT-2.
      enter(State::Closing, StateCause::PeerFin, now);
      break;
    case State::FinWait2:
      enter(State::TimeWait, StateCause::PeerFin, now);
      break;
    default:
      break;
  }
}

}  // namespace glasstcp
