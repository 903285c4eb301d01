// Data in a SYN: what Fast Open adds to a connection's opening, on both sides.
// RFC 7413 §3 (overview), §4.1.3 (the client's cache), §4.2 (protocol).
//
// The client's SYN may carry data; it is numbered and queued like any other, so a SYN-ACK that
// leaves it out is answered by sending it again, and nothing else is special. The server's
// connection exists from the SYN on, in SYN-RECEIVED, and may send while it waits for the
// handshake's last segment.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

// -- The client

void Connection::use_fast_open(FastOpenUse use, Instant now) {
  const FastOpenCache& cache = context_.fast_open_cache;
  if (use == FastOpenUse::No || cache.is_black_hole(tuple_.remote_address, now)) return;
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return;
  context_.extras[extras_].fast_open.use = use;
  // RFC 7413 §4.1.3: no larger than the MSS that the server told us last time. Without a cookie
  // there may be none; then the path is the limit.
  const FastOpenServer* server = cache.find(tuple_.remote_address);
  const bool known = server != nullptr && server->mss != 0;
  size_.set_peer_mss(known ? std::max<std::uint16_t>(server->mss, 64) : std::uint16_t{0xffff});
  update_segment_size(now);
}

// Before snd.nxt moves.
void Connection::note_fast_open_syn(const SendDecision& d) {
  const FastOpenPlan plan = fast_open_plan();
  if (!plan.option && !plan.data) return;
  FastOpenState& state = context_.extras[extras_].fast_open;
  state.option_sent = plan.option;
  state.experimental = plan.experimental;
  state.syn_data = static_cast<std::uint16_t>(d.length);
}

// Their SYN-ACK came, and what it acknowledges is out of the queue.
void Connection::finish_fast_open(const Segment& syn_ack) {
  if (extras_ == kNone || context_.extras[extras_].fast_open.use == FastOpenUse::No) return;
  FastOpenState& state = context_.extras[extras_].fast_open;
  if (state.syn_data > 0) tx_.acknowledge(context_.tx, earlier(snd.una, tx_.end_seq()));
  state.data_taken = state.syn_data > 0 && flight() == 0;
  // RFC 7413 §4.2.1: what the SYN-ACK left out goes again at once. It was not lost, so neither the
  // congestion window nor the timer hears of it.
  if (flight() > 0) {
    retransmit_all(SendReason::FastOpenRetransmit);
  }
  FastOpenAnswer answer;
  answer.options = &syn_ack.options;
  answer.mss = syn_ack.options.mss.value_or(default_mss(tuple_.remote_address.version()));
  answer.option_sent = state.option_sent;
  answer.experimental = state.experimental;
  answer.data_taken = state.data_taken;
  answer.was_repeated = retransmissions_ > 0;
  context_.fast_open_cache.on_syn_ack(tuple_.remote_address, answer);
}

// RFC 7413 §4.1.3.1: a SYN with data or option was not answered in time. That the next one is
// answered says which it was that the path did not like.
void Connection::note_fast_open_loss(Instant now) {
  if (extras_ == kNone || retransmissions_ != 1 || state_ != State::SynSent) return;
  const FastOpenState& state = context_.extras[extras_].fast_open;
  if (!state.option_sent && state.syn_data == 0) return;
  context_.fast_open_cache.on_syn_lost(tuple_.remote_address, now);
}

// -- The server

bool Connection::begin_fast_open(const Segment& syn, const FastOpenPassive& how, Instant now) {
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return false;
  FastOpenState& state = context_.extras[extras_].fast_open;
  state.passive = how;
  fast_open_passive_ = true;
  snd.una = snd.nxt = snd.up = snd.iss;  // the SYN-ACK is still to be sent
  // RFC 7323 §2.2 R7323-03: the window of a SYN is not scaled.
  snd.wnd = syn.wnd;
  size_.on_window(snd.wnd);
  snd.wl1 = syn.seq;
  snd.wl2 = snd.iss;
  recovery_.start(congestion(), snd.una, initial_window());
  syn_ack_due_ = true;
  // RFC 7413 §4.2.2: the data is the application's at once; the SYN-ACK acknowledges as much of it
  // as there was room for.
  const Received received = receiver_.take_syn_data(context_.receive, syn);
  state.data_taken = received.advanced > 0 && received.advanced == syn.data.size();
  act_on(received, now);
  if (ConnectionStatistics* s = statistics()) s->segments_delivered = 0;  // nor is our SYN-ACK yet
  wants_output();
  return true;
}

// The SYN again, so our SYN-ACK was lost or is late. Its data is known, or will come again. One of
// crossing SYNs is challenged like any other.
Check Connection::syn_again_in_syn_received(const Segment& seg, Instant now) {
  const bool is_the_syn = seg.flags.syn() && !seg.flags.ack() && !seg.flags.rst() &&
                          seg.seq == rcv().irs && state_ == State::SynReceived;
  if (!is_the_syn) return std::nullopt;
  if (ecn_ != kNone) {
    // RFC 9768 §3.1.5 R9768-23: as in a half-open record (HalfOpen::segment_arrives).
    const IpEcn field = ip_ecn(seg.traffic_class);
    const EcnAgreement asked = ecn()->agreed().asked_again(seg.flags, field);
    if (ecn()->is_contradicted_by(asked)) {
      reset(SendReason::RstEcnAmbiguous, StreamError::Aborted, StateCause::EcnAmbiguous, now);
      return Verdict::SynAsksForOtherEcn;
    }
    context_.ecn[ecn_].on_syn_again(asked);
  }
  if (!fast_open_passive_) return std::nullopt;
  syn_ack_due_ = true;
  wants_output();
  return Verdict::SynDuplicate;
}

}  // namespace glasstcp
