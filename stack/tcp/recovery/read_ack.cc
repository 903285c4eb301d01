// What an ACK reports: what it says has arrived, by its number and by SACK; the round-trip time;
// congestion marks. Nothing is concluded from it yet.
//
// RFC 9293 §3.10.7.4, RFC 2018 §4, RFC 2883, RFC 6298 §3, RFC 3168 §6.1.2 and RFC 9768 §3.2.2.
// Next: find_losses.cc.
#include <algorithm>
#include <array>

#include "stack/tcp/recovery/loss_recovery.h"

namespace glasstcp {
namespace {

// RFC 2018 §4, RFC 6675 §5 R6675-04, RFC 2883 §5.
template <typename F>
void read_sack(const SenderFacts& s, const Segment& seg, RetransmissionQueue& queue,
               AckReport& report, F on_delivered) {
  const auto& blocks = seg.options.sack;
  std::uint8_t first = 0;
  // RFC 2883 §5 R2883-03: a duplicate lies below this segment's own ACK, or inside the second block.
  const bool below = blocks[0].right <= seg.ack;
  const bool inside = seg.options.sack_count > 1 && blocks[0].left >= blocks[1].left &&
                      blocks[0].right <= blocks[1].right;
  if (below || inside) {
    first = 1;
    report.duplicate_reported = blocks[0].left < blocks[0].right && blocks[0].right <= s.snd.nxt;
    report.duplicate = blocks[0];
  }
  const std::uint32_t before = queue.sacked_bytes();
  std::array<SackBlock, TcpOptions::kMaxSackBlocks> ascending = blocks;
  const auto begin = ascending.begin() + first, end = ascending.begin() + seg.options.sack_count;
  // RFC 8985 §6.2 step 3: what one ACK reports arrived in the order of its numbers, for all we know;
  // the blocks stand in another. Left so, two of them that both report something new would look
  // like reordering.
  std::sort(begin, end, [](const SackBlock& a, const SackBlock& b) { return a.left < b.left; });
  for (auto i = begin; i != end; ++i) {
    const SackBlock block{later(i->left, s.snd.una), i->right};
    if (block.left >= block.right || block.right > s.snd.nxt) continue;  // old, or never sent
    queue.sack(s.context.sent, block, on_delivered);
  }
  report.by_sack = queue.sacked_bytes() > before;
}

// RFC 5681 §2: without SACK, a duplicate acknowledges nothing new while something is outstanding,
// carries neither data, SYN nor FIN, and does not change the window.
void count_duplicates(const SenderFacts& s, const Segment& seg, FlightState& f, AckReport& report) {
  if (report.acked > 0) {
    report.delivered = f.episode.on_advance(s.snd.una, report.acked, s.full_segment);
    // What was retransmitted and what was not cannot be told apart in one ACK (RFC 5682 §2.1 step
    // 3b).
    if (report.any_retransmitted) report.original_delivered = false;
    return;
  }
  if (seg.ack != s.snd.una || s.flight() == 0 || seg.len() > 0 || s.snd.wnd == 0) return;
  // RFC 5682 §2.1 step 3a: what F-RTO waits for is an ACK that does not advance. Its new data may be
  // one GSO packet, which brings one answer; if that changes the window as well, there is no
  // other.
  const bool is_other_window = static_cast<std::uint32_t>(seg.wnd) << s.snd.shift != s.snd.wnd;
  if (is_other_window && !f.episode.awaits_verdict(s.snd.nxt)) return;
  report.is_duplicate = true;
  if (!f.episode.may_count_duplicates(s.snd.una, s.snd.nxt)) return;
  const std::uint32_t in_network = s.flight() - f.queue.lost_bytes();
  report.delivered =
      f.episode.on_duplicate(s.full_segment, f.episode.most_assumed(s.snd.nxt, in_network));
}

// RFC 9768 §3.2.2 R9768-37: no segment with SYN comes here, but for the SYN-ACK of a simultaneous
// open, whose flags say how our SYN arrived, as an ACK of a SYN-ACK would.
// RFC 3168 §6.1.2; RFC 9768 §3.2.2.2: an ACK that is not older than the one before may say that
// what we sent was marked.
void read_ecn(const SenderFacts& s, const Segment& seg, AckReport& report) {
  if (seg.ack >= report.prior_una) {
    const std::uint32_t mss = std::max<std::uint32_t>(s.mss, 1);
    EcnAck ecn;
    ecn.flags = seg.flags;
    ecn.segments_acked = (report.delivered + mss - 1) / mss;
    ecn.is_pure = seg.len() == 0 && seg.options.sack_count == 0;
    ecn.option = &seg.options.accurate_ecn;
    ecn.up_to = seg.ack;
    report.mark_reported = s.ecn->on_ack(ecn);
  }
  const bool is_echo = seg.flags.ece() && s.ecn->feedback() == EcnFeedback::Classic;
  report.mark_echoed = report.mark_reported || is_echo;
}

}  // namespace

AckReport LossRecovery::read_ack(const SenderFacts& s, const Segment& seg, SeqNum prior_una) {
  AckReport report;
  report.prior_una = prior_una;
  report.has_echo = s.timestamps.enabled() && seg.options.timestamps.has_value();
  if (report.has_echo) report.echo = seg.options.timestamps->ecr;
  report.is_bare = seg.len() == 0 && seg.options.sack_count == 0 &&
                   static_cast<std::uint32_t>(seg.wnd) << s.snd.shift == s.snd.wnd;
  if (seg.ack > prior_una) report.acked = static_cast<std::uint32_t>(seg.ack - prior_una);
  if (FlightState* const f = flight(s.context)) {
    read_numbers(s, *f, seg, report);
    read_rtt(s, report);
  }
  if (s.ecn != nullptr) read_ecn(s, seg, report);
  return report;
}

void LossRecovery::read_numbers(const SenderFacts& s, FlightState& f, const Segment& seg,
                                AckReport& report) {
  const auto note = [&](const SentSegment& segment, SeqNum end) {
    on_delivered(s, f, segment, end, report);
  };
  if (report.acked > 0 && !f.queue.empty()) {
    report.first_sent_ms = s.context.sent[f.queue.head()].first_sent_ms;
    f.queue.acknowledge(s.context.sent, seg.ack, note);
  }
  if (!s.sack) {
    count_duplicates(s, seg, f, report);
  } else if (seg.options.sack_count > 0) {
    read_sack(s, seg, f.queue, report, note);
  }
}

// One entry of the queue, or the first part of one, is known to have arrived.
// RFC 6937 §3 R6937-03: each byte counts once, whichever of the two reports it first.
void LossRecovery::on_delivered(const SenderFacts& s, FlightState& f, const SentSegment& segment,
                                SeqNum end, AckReport& report) {
  const auto bytes = static_cast<std::uint32_t>(end - segment.begin);
  report.delivered += bytes;
  if (!s.settings.use_rack && end > s.snd.una) f.reported_runs.add(segment.begin, end);
  if (segment.retransmitted) {
    report.any_retransmitted = true;
  } else {
    // RFC 6298 §3 R6298-06: no sample from what was sent twice.
    report.sent_once = segment.sent_at;
    // RFC 5682 §3.1 R5682-02: what a timeout took for lost. What left too late for that (RFC 8985
    // §6.3) arrives whether the timeout was right or not.
    const bool is_taken_for_lost = segment.state == SegmentState::Lost;
    if (is_taken_for_lost && end <= f.episode.recover()) report.original_delivered = true;
  }
  f.rate.on_delivered(segment.stamp, bytes, segment.sent_at, s.now);
  RackFacts facts;
  facts.now = s.now;
  facts.min_rtt = min_rtt_.get();
  facts.echo_is_older =
      report.has_echo && difference(report.echo, s.timestamps.now_value(segment.sent_at)) < 0;
  report.reordered = std::max(report.reordered, f.rack.reordering_extent(segment));
  f.rack.on_delivered(segment, end, facts);
}

// RFC 6298 §3 R6298-06 (Karn): a sample only of what was sent once, or by an echoed timestamp.
void LossRecovery::read_rtt(const SenderFacts& s, AckReport& report) {
  if (report.sent_once && !report.any_retransmitted) {
    report.rtt = s.now - *report.sent_once;
    add_rtt_sample(s.context, s.settings.rto, report.rtt, s.now);
  } else if (report.any_retransmitted && report.echoes_flight(s.timestamps, s.now)) {
    add_sample_by_timestamp(s, report.echo);
  }
}

Duration LossRecovery::on_ack_of_syn(const SenderFacts& s, const Segment& seg) {
  FlightState& f = *flight(s.context);
  std::optional<Instant> sent_once;
  const std::uint32_t first_ms = f.queue.empty() ? 0 : s.context.sent[f.queue.head()].first_sent_ms;
  f.queue.acknowledge(s.context.sent, seg.ack, [&](const SentSegment& syn, SeqNum) {
    if (!syn.retransmitted) sent_once = syn.sent_at;
  });
  Duration rtt = kNoRtt;
  // RFC 6298 §3 R6298-06: Karn's rule. The echoed timestamp tells the copies of a SYN apart.
  if (sent_once) {
    rtt = s.now - *sent_once;
    add_rtt_sample(s.context, s.settings.rto, rtt, s.now);
  } else if (s.timestamps.enabled() && seg.options.timestamps &&
             s.timestamps.is_echo_since(seg.options.timestamps->ecr, first_ms, s.now)) {
    add_sample_by_timestamp(s, seg.options.timestamps->ecr);
  }
  if (f.queue.empty()) on_queue_empty(s);  // what a Fast Open sent with it may be left
  return rtt;
}

void LossRecovery::add_rtt_sample(RecoveryContext& context, const RtoBounds& bounds, Duration rtt,
                                  Instant now) {
  rtt_.add_sample(rtt, bounds);
  min_rtt_.add(rtt, now);
  if (FlightState* const f = flight(context)) f->probe.on_rtt_sample();
}

// RFC 7323 §4.1 R7323-13, R7323-15; RFC 6298 §3 R6298-07: the echoed timestamp tells apart what was
// sent twice. `echo` lies between the first transmission and now.
void LossRecovery::add_sample_by_timestamp(const SenderFacts& s, TsVal echo) {
  const Duration since = s.timestamps.since(echo, s.now);
  rtt_.add_sample(std::max<Duration>(since, 1ms), s.settings.rto);
  if (FlightState* const f = flight(s.context)) f->probe.on_rtt_sample();
}

}  // namespace glasstcp
