// STATUS (RFC 9293 §3.10.6): what a connection tells of itself.
#include <algorithm>

#include "stack/tcp/connection/tcb.h"

namespace glasstcp {

TcbSnapshot Tcb::status() const {
  TcbSnapshot s;
  s.state = state_;
  s.snd.una = snd.una;
  s.snd.nxt = snd.nxt;
  s.snd.up = snd.up;
  s.snd.wl1 = snd.wl1;
  s.snd.wl2 = snd.wl2;
  s.snd.iss = snd.iss;
  s.snd.wnd = snd.wnd;
  s.rcv.nxt = rcv().nxt;
  s.rcv.up = rcv().up;
  s.rcv.irs = rcv().irs;
  s.rcv.wnd = rcv().wnd();
  s.cwnd = recovery_.cwnd();
  s.ssthresh = recovery_.ssthresh();
  s.flight = flight();
  s.unsent = unsent();
  s.unread = receiver_.unread();
  s.effective_mss = size_.mss();
  s.snd_shift = snd.shift;
  s.rcv_shift = rcv().shift;
  s.pipe = recovery_.pipe(context_, snd);
  s.sacked = queue().sacked_bytes();
  s.lost = queue().lost_bytes();
  const RecoveryEpisode& episode = recovery_.episode(context_);
  s.in_recovery = episode.is_active();
  s.has_gap = receiver_.has_gap();
  s.window_limited = limit_now() == SendLimit::Window;
  s.duplicate_acks = episode.duplicates();
  s.reordering_window = recovery_.reordering_window(context_, size_.mss());
  s.srtt = recovery_.rtt().srtt();
  s.rttvar = recovery_.rtt().rttvar();
  s.rto = rto();
  s.retransmissions = retransmissions_;
  return s;
}

std::vector<RunningTimer> Tcb::timers() const {
  std::vector<RunningTimer> running;
  timers_.for_each_running([&](const RunningTimer& timer) { running.push_back(timer); });
  const Instant burst = recovery_.next_burst(context_);
  if (burst != kNever) running.push_back({TimerName::Pacing, burst});
  std::ranges::sort(running, {}, &RunningTimer::deadline);
  return running;
}

std::vector<OutstandingRange> Tcb::outstanding() const {
  std::vector<OutstandingRange> ranges;
  for (std::uint32_t i = queue().head(); i != kNone; i = context_.sent[i].next) {
    const SentSegment& segment = context_.sent[i];
    const OutstandingRange range{segment.begin, segment.end, segment.state, segment.retransmitted};
    if (!ranges.empty() && ranges.back().continues_in(range)) {
      ranges.back().end = range.end;
    } else {
      ranges.push_back(range);
    }
  }
  return ranges;
}

// A peer that shows no window or acknowledges nothing may be honest, and its memory is held all the
// same. Who has sent something that our application has not read yet has done its part. Between the
// segments of an upload, and between a request and the next, nothing waits, either: that is no
// idleness yet.
Activity Tcb::activity(Instant now) const {
  constexpr std::uint32_t kMomentMs = 1000;
  if (has_something_waiting()) {
    return {MemoryClass::Sending, snd.wnd > 0 && retransmissions_ == 0};
  }
  if (receiver_.holds_data()) return {MemoryClass::Reading, true};
  const std::uint32_t now_ms = milliseconds_of(now);
  const bool has_sent = snd.nxt != snd.iss + 1;
  const bool has_read = rcv().nxt != rcv().irs + 1;
  const bool is_recent = (has_sent && now_ms - last_data_sent_ms_ < kMomentMs) ||
                         (has_read && now_ms - receiver_.last_read_ms() < kMomentMs);
  return {receiver_.has_gap() ? MemoryClass::Reading : MemoryClass::Idle, is_recent};
}

ConnectionReport Tcb::report(Instant now) const {
  const IpAddress& remote = tuple_.remote_address;
  ConnectionReport r;
  r.tcb = status();
  if (const ConnectionStatistics* kept = statistics()) r.statistics = *kept;
  r.path_mtu = context_.send_mss(remote, now) + header_bytes(remote.version());
  r.offered_mss = context_.offered_mss(remote.version());
  if (settings().mss != 0) r.offered_mss = std::min<std::uint32_t>(r.offered_mss, settings().mss);
  r.receive_mss = receiver_.mss();
  r.receive_buffer = receiver_.buffer_size();
  r.lost = queue().lost_bytes();
  r.retransmitted = recovery_.retransmitted_bytes(context_);
  r.phase = recovery_.episode(context_).phase();
  r.pacing_rate = recovery_.pace(sender_facts(now)).rate;
  const SendBufferLimit send_buffer = send_buffer_limit();
  r.send_buffer = send_buffer.size();
  r.send_room = send_buffer.is_writable();
  r.probes = std::max(persist_.unanswered(), keep_alive_.unanswered());
  r.backoff = std::max(persist_.backoff(), retransmissions_);
  r.sack = sack_;
  r.timestamps = timestamps_.enabled();
  r.syn_data = fast_open() != nullptr && fast_open()->data_taken;
  r.scaled = snd.scaled;
  r.ecn = ecn() != nullptr;
  r.ecn_marks = r.ecn ? ecn()->reported_marks() - Ecn::kFirstCount : 0;
  return r;
}

// -- What data waits for

SendLimit Tcb::limit_now() const {
  if (tx_.empty() || state_ == State::Closed) return SendLimit::None;
  const std::uint32_t waiting = unsent();
  if (waiting > 0) {
    const std::int32_t usable = snd.una + snd.wnd - snd.nxt;
    const auto needed = static_cast<std::int32_t>(std::min(waiting, max_payload()));
    // Where both windows are used up it is the network's that holds the data back.
    const bool waits_for_peer = usable < needed && cwnd_space() >= max_payload();
    return waits_for_peer ? SendLimit::Window : SendLimit::Busy;
  }
  return intent_.wants_space() && cwnd_space() >= max_payload() ? SendLimit::Buffer
                                                                : SendLimit::Busy;
}

// What goes on without the connection: TIME-WAIT.
TimeWaitFacts Tcb::time_wait_facts() const {
  TimeWaitFacts facts;
  facts.tuple = tuple_;
  facts.hash = hash_;
  facts.timestamps = timestamps_;
  facts.snd_nxt = snd.nxt;
  facts.rcv_nxt = rcv().nxt;
  facts.window = receiver_.window_field(context_.receive);
  const AckPolicy& ack = receiver_.ack();
  if (ack.owed() != AckPolicy::Owed::None) facts.owed_ack = ack.reason();
  return facts;
}

}  // namespace glasstcp
