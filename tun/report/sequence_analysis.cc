// The judgments, in Wireshark's order: the first that fits may end the asking.
#include "tun/report/sequence_analysis.h"

#include <algorithm>

namespace glasstcp::report {
namespace {

constexpr std::int64_t kFastRetransmitNs = 20'000'000;  // behind the last duplicate ACK
constexpr std::int64_t kReorderingNs = 3'000'000;       // while no round trip is known

// The frame, and the flows seen from it.
struct Sight {
  Frame& frame;
  Flow& own;
  Flow& peer;
  const Flows& flows;

  [[nodiscard]] bool is_plain() const { return (frame.flags & (kSyn | kFin | kRst)) == 0; }
  [[nodiscard]] bool at_next() const { return own.next_seq == frame.seq; }
  [[nodiscard]] bool repeats_ack() const { return own.last_ack == frame.ack; }
  [[nodiscard]] bool is_bare() const { return frame.length == 0 && is_plain(); }
};

bool fills_window(const Sight& s) {
  if (s.frame.length == 0 || !s.is_plain()) return false;
  if (!s.peer.scale || !s.peer.window || !s.peer.last_ack) return false;
  const unsigned shift = s.peer.window_is_plain ? 0 : *s.peer.scale;
  return s.frame.seq + s.frame.length == *s.peer.last_ack + (std::int64_t{*s.peer.window} << shift);
}

// What the ACK and the window say. Whether the asking ends here.
void judge_ack(const Sight& s) {
  Frame& f = s.frame;
  const bool same_window = s.own.window == f.raw_window;
  if (s.is_bare() && f.raw_window != 0 && !same_window && s.at_next() && s.repeats_ack()) {
    f.set(Event::WindowUpdate);
  }
  if (fills_window(s)) f.set(Event::FillsWindow);
  if (!s.is_bare() || !same_window || !s.at_next()) return;
  if (f.raw_window != 0 && s.repeats_ack() && s.peer.sent_keep_alive) {
    f.set(Event::KeepAliveAck);
    return;
  }
  const bool takes_probe = s.own.last_ack && f.ack == *s.own.last_ack + 1;
  if (f.raw_window == 0 && (s.repeats_ack() || takes_probe) && s.peer.sent_zero_window_probe) {
    f.set(Event::ZeroWindowProbeAck);
    if (takes_probe && s.peer.next_seq) {
      s.peer.next_seq = std::max(*s.peer.next_seq, f.ack);
      if (s.peer.in_order) s.peer.in_order = std::max(*s.peer.in_order, f.ack);
    }
    return;
  }
  if (f.raw_window != 0 && s.repeats_ack()) {
    f.set(Event::DuplicateAck);
    f.duplicate_ack = static_cast<std::uint16_t>(std::min(++s.own.duplicate_acks, 65535U));
  }
}

void judge_place(const Sight& s) {
  Frame& f = s.frame;
  const bool peer_is_shut = s.peer.window == std::uint16_t{0};
  if (f.length == 1 && s.at_next() && peer_is_shut) {
    f.set(Event::ZeroWindowProbe);
    return;
  }
  if (f.raw_window == 0 && s.is_plain()) f.set(Event::ZeroWindow);
  if (s.own.next_seq && f.seq > *s.own.next_seq && !f.has(kRst)) f.set(Event::LostBefore);
  const bool is_before_next = s.own.next_seq && f.seq == *s.own.next_seq - 1;
  if (f.length <= 1 && is_before_next && s.is_plain()) f.set(Event::KeepAlive);
  judge_ack(s);
}

// Acknowledged, and not in the capture: told for each hole between segments, and once, until
// the other end acknowledges something new, for what lies beyond all that was seen of it.
void judge_unseen(const Sight& s) {
  Frame& f = s.frame;
  if (s.own.last_ack != f.ack) s.own.tail_is_told = false;
  if (!f.has(kAck) || !s.peer.in_order || f.ack <= *s.peer.in_order) return;
  const bool is_hole = s.peer.in_order != s.peer.next_seq;
  s.peer.in_order = s.peer.next_seq;
  if (is_hole || !std::exchange(s.peer.tail_is_told, true)) f.set(Event::AcksUnseen);
}

bool is_sacked(const Flow& by, std::int64_t begin, std::int64_t end) {
  return std::ranges::any_of(
      by.sacked, [=](const auto& range) { return begin >= range.first && end <= range.second; });
}

// Which kind of repetition the segment is: its numbers do not go beyond what was sent.
void judge_repetition(const Sight& s) {
  Frame& f = s.frame;
  if (f.length == 0 && !f.has(kSyn) && !f.has(kFin)) return;
  if (!s.own.next_seq || f.seq >= *s.own.next_seq || f.is(Event::KeepAlive)) return;
  // More than one byte from the place of a zero-window probe on: that byte was not new, the rest
  // is.
  const bool follows_probe = f.length > 1 && *s.own.next_seq - 1 == f.seq;
  if (!follows_probe) {
    const bool is_soon = f.time_ns - s.peer.last_time_ns < kFastRetransmitNs;
    const bool is_asked_for = s.peer.last_ack == f.seq ||
                              (!s.peer.sacked.empty() && !is_sacked(s.peer, f.seq, f.next_seq()));
    if (s.peer.duplicate_acks >= 2 && is_soon && is_asked_for) {
      f.set(Event::FastRetransmission);
      f.set(Event::Retransmission);
      return;
    }
    const std::int64_t limit = s.flows.first_round_trip_ns.value_or(kReorderingNs);
    if (f.time_ns - s.own.next_time_ns < limit && *s.own.next_seq != f.next_seq()) {
      f.set(Event::OutOfOrder);
      return;
    }
  }
  const bool has_arrived = s.peer.last_ack && f.seq + f.length <= *s.peer.last_ack;
  if (f.length > 0 && has_arrived) {
    f.set(Event::SpuriousRetransmission);
    f.set(Event::Retransmission);
    return;
  }
  if (!follows_probe) f.set(Event::Retransmission);
}

void note_unacked(Flow& own, const Frame& f) {
  for (std::size_t i = own.unacked_from; i < own.unacked.size(); ++i) {
    Flow::Unacked& one = own.unacked[i];
    if (f.seq < one.next_seq && f.seq < own.next_seq.value_or(f.seq)) one.is_repeated = true;
    if (one.next_seq == f.next_seq()) one.frame = f.number;
  }
}

// RFC 6298 §3 (Karn): a segment that went twice gives no round-trip time.
void take_ack(const Sight& s) {
  Frame& f = s.frame;
  Flow& peer = s.peer;
  if (!f.has(kAck) || f.ack <= peer.acknowledged) return;
  f.newly_acked =
      static_cast<std::uint32_t>(std::min<std::int64_t>(f.ack - peer.acknowledged, UINT32_MAX));
  peer.acknowledged = f.ack;
  while (peer.unacked_from < peer.unacked.size() &&
         peer.unacked[peer.unacked_from].next_seq <= f.ack) {
    const Flow::Unacked& one = peer.unacked[peer.unacked_from++];
    f.acks_frame = one.frame;
    f.rtt_ns = one.is_repeated ? -1 : f.time_ns - one.time_ns;
  }
  if (peer.unacked_from > 1024 && peer.unacked_from * 2 > peer.unacked.size()) {
    peer.unacked.erase(peer.unacked.begin(),
                       peer.unacked.begin() + static_cast<std::ptrdiff_t>(peer.unacked_from));
    peer.unacked_from = 0;
  }
}

void take_numbers(const Sight& s) {
  Frame& f = s.frame;
  Flow& own = s.own;
  const bool takes_room = f.span() > 0;
  const bool is_ahead = !own.next_seq || f.next_seq() > *own.next_seq;
  if (takes_room && !is_ahead) note_unacked(own, f);
  if (takes_room && is_ahead && own.unacked.size() < Flow::kMostUnacked + own.unacked_from) {
    if (own.next_seq && f.seq < *own.next_seq) note_unacked(own, f);
    own.unacked.push_back({f.next_seq(), f.time_ns, f.number, f.is(Event::Retransmission)});
  }
  if (f.is(Event::ZeroWindowProbe)) return;
  const bool is_in_order = !own.in_order || f.seq == *own.in_order;
  if (is_ahead) {
    own.next_seq = f.next_seq();
    own.next_time_ns = f.time_ns;
  }
  if (is_in_order) own.in_order = own.next_seq;
}

}  // namespace

std::int64_t relative_seq(Flow& flow, std::uint32_t raw, bool is_syn) {
  if (!flow.base) flow.base = is_syn ? raw : raw - 1;
  const std::uint32_t near = *flow.base + static_cast<std::uint32_t>(flow.reference);
  const std::int64_t value = flow.reference + static_cast<std::int32_t>(raw - near);
  flow.reference = std::max(flow.reference, value);
  return value;
}

std::int64_t relative_ack(Flow& acknowledged, std::uint32_t raw) {
  if (!acknowledged.base) acknowledged.base = raw - 1;
  const std::uint32_t near =
      *acknowledged.base + static_cast<std::uint32_t>(acknowledged.reference);
  return acknowledged.reference + static_cast<std::int32_t>(raw - near);
}

void judge(Frame& frame, Flows& flows, std::vector<std::pair<std::int64_t, std::int64_t>> sack) {
  const auto side = static_cast<std::size_t>(frame.from);
  const Sight s{frame, flows.of[side], flows.of[1 - side], flows};
  judge_place(s);
  if (s.own.last_ack != frame.ack) s.own.duplicate_acks = 0;
  judge_unseen(s);
  judge_repetition(s);
  take_ack(s);
  take_numbers(s);
  s.own.last_ack = frame.ack;
  s.own.last_time_ns = frame.time_ns;
  s.own.window = frame.raw_window;
  s.own.window_is_plain = frame.has(kSyn);
  s.own.sent_keep_alive = frame.is(Event::KeepAlive);
  s.own.sent_zero_window_probe = frame.is(Event::ZeroWindowProbe);
  s.own.sacked = std::move(sack);
  frame.flight = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(s.own.next_seq.value_or(0) - s.own.acknowledged, 0, UINT32_MAX));
}

}  // namespace glasstcp::report
