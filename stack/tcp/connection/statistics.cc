// What a connection keeps for those who ask: its own settings, and what it counted. RFC 9293
// §3.10.6 (STATUS) leaves the contents to the implementation; these are the ones that TCP_INFO
// shows.
#include <algorithm>

#include "stack/tcp/connection/connection.h"

namespace glasstcp {

void Connection::make_extras() {
  extras_ = context_.extras.acquire();
  if (extras_ != kNone) context_.extras[extras_].settings = context_.default_settings;
}

bool Connection::apply_settings(const ConnectionSettings& settings, Instant now) {
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return false;
  ConnectionExtras& extras = context_.extras[extras_];
  const Duration idle_before = extras.settings.keep_alive_idle;
  const Duration timeout_before = extras.settings.user_timeout;
  if (settings.user_timeout != context_.default_settings.user_timeout) {
    extras.user_timeout_is_chosen = true;
  }
  if (extras.settings.congestion != settings.congestion)
    recovery_.on_congestion_control_changed(context_);
  extras.settings = settings;
  // RFC 5482 §3.1 R5482-03: what was adopted stays until the application chooses itself.
  if (!extras.user_timeout_is_chosen && timeout_before != settings.user_timeout) {
    extras.settings.user_timeout = timeout_before;
    extras.settings.keep_alive_idle = std::max(settings.keep_alive_idle, timeout_before + 1s);
  }
  if (settings.send_buffer_chosen) extras.send_space.choose(2 * settings.send_buffer);
  if (state_ == State::Closed || state_ == State::TimeWait) return true;
  if (keep_alive_.is_on() && extras.settings.keep_alive_idle != idle_before)
    restart_keep_alive(now);
  update_segment_size(now);
  signal_room();
  return true;
}

void Connection::drop(Instant now) {
  if (is_synchronized(state_) && state_ != State::TimeWait) {
    reset(SendReason::RstAborted, StreamError::Aborted, now);
  } else {
    fail(StreamError::Aborted, now);
  }
}

void Connection::give_up(Instant now) {
  const bool is_known = state_ != State::Closed && state_ != State::TimeWait &&
                        state_ != State::SynSent && state_ != State::LastAck;
  if (is_known) {
    reset(SendReason::RstOutOfMemory, StreamError::OutOfMemory, now);
  } else if (state_ != State::TimeWait) {
    fail(StreamError::OutOfMemory, now);
  }
}

void Connection::push() {
  more_coming_ = false;
  if (settings().cork && unsent() > 0) override_small_ = true;  // this once
  wants_output();
}

void Connection::acknowledge_now() {
  if (receiver_.ack().owed() != AckPolicy::Owed::Delayed) return;
  receiver_.demand_ack(SendReason::AckImmediate);
  wants_output();
}

void Connection::note_rtt(Duration measured) {
  ConnectionStatistics* s = kept();
  if (s != nullptr) s->min_rtt = std::min(s->min_rtt.value_or(measured), measured);
}

SendLimit Connection::limit_now() const {
  if (tx_.empty() || state_ == State::Closed) return SendLimit::None;
  const std::uint32_t waiting = unsent();
  if (waiting > 0) {
    const std::int32_t usable = snd.una + snd.wnd - snd.nxt;
    const auto needed = static_cast<std::int32_t>(std::min(waiting, max_text()));
    // Where both windows are used up it is the network's that holds the text back.
    const bool waits_for_peer = usable < needed && cwnd_room() >= max_text();
    return waits_for_peer ? SendLimit::Window : SendLimit::Busy;
  }
  return wants_writable_ && cwnd_room() >= max_text() ? SendLimit::Buffer : SendLimit::Busy;
}

void Connection::note_limit(Instant now) {
  if (extras_ == kNone || !context_.config.keep_statistics) return;
  context_.extras[extras_].statistics.limits.switch_to(limit_now(), now);
}

void Connection::note_arrived(const Segment& seg, Instant now) {
  ConnectionStatistics* s = kept();
  if (s == nullptr) return;
  s->segments_in += seg.count();
  if (seg.flags.ack()) s->last_ack_received = now;
  if (!s->last_data_received) s->last_data_received = now;  // the handshake counts, as on Linux
  if (seg.text.empty()) return;
  s->data_segments_in += seg.count();
  s->last_data_received = now;
}

void Connection::note_left(const SendDecision& d, Instant now) {
  ConnectionStatistics* s = kept();
  if (s == nullptr) return;
  const std::uint32_t mss = max_text();
  const std::uint32_t segments = d.length <= mss ? 1 : (d.length + mss - 1) / mss;
  s->segments_out += segments;
  const bool again = d.kind == SendDecision::Kind::Retransmission || is_retransmission(d.reason);
  if (again) s->segments_retransmitted += segments;
  if (d.length == 0) return;
  s->data_segments_out += segments;
  s->bytes_sent += d.length;
  s->last_data_sent = now;
  if (again) s->bytes_retransmitted += d.length;
}

}  // namespace glasstcp
