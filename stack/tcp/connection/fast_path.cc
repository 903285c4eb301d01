// The segments that nearly all traffic consists of: data that is next in order, and an ACK of
// something new. They are recognised at once, and take only the steps of RFC 9293 §3.10.7.4 that do
// something for them.
//
// Invariants:
//   1. What is done is exactly what the eight checks do (tests/model runs every case both ways). A
//   condition that fails is no answer: the segment goes through the checks.
//
// Leaves out: whatever is unusual: other states and flags, segments beyond a gap, duplicate ACKs,
// closed windows.
//
// Next: process_ack.cc.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {
namespace {
constexpr unsigned kEcnFlags = TcpFlags::kEce | TcpFlags::kCwr | TcpFlags::kAe;
}  // namespace

// Each condition answers one of the checks that are skipped.
bool Connection::is_common(const Segment& seg, Instant now) const {
  // Reset, SYN, URG and FIN, and what depends on the state. ECN's flags are no obstacle where they
  // were agreed on: their readers are called.
  const unsigned ignored = TcpFlags::kPsh | (ecn_ == kNone ? 0U : kEcnFlags);
  if (state_ != State::Established || (seg.flags.bits & ~ignored) != TcpFlags::kAck) return false;
  // Sequence number: it stands at the left edge of a window that it fits into.
  if (seg.seq != rcv().nxt || seg.data.size() > rcv().wnd()) return false;
  if (receiver_.knows_fin() || orphan_) return false;
  // ACK: plausible, and not one that may be a duplicate.
  if (seg.ack < snd.una || seg.ack > snd.nxt) return false;
  if (seg.data.empty() && seg.ack == snd.una) return false;
  // Window: the segment sets it, and it neither opens nor closes.
  const bool newer = snd.wl1 < seg.seq || (snd.wl1 == seg.seq && snd.wl2 <= seg.ack);
  if (!newer || snd.wnd == 0 || seg.wnd == 0) return false;
  if (seg.options.user_timeout) return false;  // RFC 5482: rare
  // PAWS.
  const auto& stamp = seg.options.timestamps;
  if (timestamps_.enabled() != stamp.has_value()) return false;
  return !stamp || !timestamps_.is_too_old(stamp->val, now);
}

Check Connection::fast_path(const Segment& seg, Instant now) {
  if (!context_.config.use_fast_path || !is_common(seg, now)) return std::nullopt;
  ++context_.fast_segments;
  const std::uint32_t window = static_cast<std::uint32_t>(seg.wnd) << snd.shift;
  const bool is_reported_to = recovery_.has_flight() || ecn_ != kNone;
  const bool concerns_sender = is_reported_to || window != snd.wnd;
  if (is_reported_to) process_ack(seg, now);
  snd.wnd = window;
  size_.on_window(window);
  snd.wl1 = seg.seq;
  snd.wl2 = seg.ack;
  if (timestamps_.enabled())
    timestamps_.on_segment(seg.options.timestamps->val, seg.seq, receiver_.last_ack_sent(), now);
  note_arrived_field(seg);
  Verdict verdict = Verdict::Accepted;
  if (!seg.data.empty()) {
    const NewData data{seg.seq, seg.data};
    verdict = act_on(receiver_.store(context_.receive, seg, data, acks_at_once()), now);
  }
  // A receiver with nothing of its own under way has nothing to time, and nothing to say but an
  // ACK.
  if (concerns_sender) manage_send_timers(now);
  if (concerns_sender || receiver_.ack().owed() == AckPolicy::Owed::Now) wants_output();
  return verdict;
}

}  // namespace glasstcp
