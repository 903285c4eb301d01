// The segments that nearly all traffic consists of: text that is next in order, and an ACK of
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

#include "stack/tcp/connection.h"

namespace glasstcp {

// Each condition answers one of the checks that are skipped.
bool Connection::is_common(const Segment& seg, Instant now) const {
  // Reset, SYN, URG and FIN, and what depends on the state.
  const auto flags = static_cast<std::uint16_t>(seg.flags.bits & ~TcpFlags::kPsh);
  if (state_ != State::Established || flags != TcpFlags::kAck) return false;
  // Sequence number: it stands at the left edge of a window that it fits into.
  if (seg.seq != rcv.nxt || seg.text.size() > rcv.wnd()) return false;
  if (peer_fin_known_ || orphan_) return false;
  // ACK: plausible, and not one that may be a duplicate.
  if (seg.ack < snd.una || seg.ack > snd.nxt) return false;
  if (seg.text.empty() && seg.ack == snd.una) return false;
  // Window: the segment sets it, and it neither opens nor closes.
  const bool newer = snd.wl1 < seg.seq || (snd.wl1 == seg.seq && snd.wl2 <= seg.ack);
  if (!newer || snd.wnd == 0 || seg.wnd == 0) return false;
  // PAWS.
  const auto& stamp = seg.options.timestamps;
  if (timestamps_.enabled() != stamp.has_value()) return false;
  return !stamp || !timestamps_.is_too_old(stamp->val, now);
}

Check Connection::fast_path(const Segment& seg, Instant now) {
  if (!context_.config.use_fast_path || !is_common(seg, now)) return std::nullopt;
  ++context_.fast_segments;
  const std::uint32_t window = static_cast<std::uint32_t>(seg.wnd) << snd.shift;
  const bool concerns_sender = flight_ != kNone || window != snd.wnd;
  if (flight_ != kNone) process_ack(seg, now);
  snd.wnd = window;
  snd.max_wnd = std::max(snd.max_wnd, window);
  snd.wl1 = seg.seq;
  snd.wl2 = seg.ack;
  if (timestamps_.enabled())
    timestamps_.on_segment(seg.options.timestamps->val, seg.seq, last_ack_sent_, now);
  note_arrived_field(seg);
  const Verdict verdict =
      seg.text.empty() ? Verdict::Accepted : store_text(seg, seg.seq, seg.text, now);
  // A receiver with nothing of its own under way has nothing to time, and nothing to say but an
  // ACK.
  if (concerns_sender) manage_send_timers(now);
  if (concerns_sender || ack_.owed() == AckPolicy::Owed::Now) wants_output();
  return verdict;
}

}  // namespace glasstcp
