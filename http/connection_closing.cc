// How a connection comes to its end: deadlines, peers that are too slow, the close in stages. See
// http_connection.h.
//
// RFC 9112 §9.5, §9.6.
#include <algorithm>

#include "http/connection_side.h"
#include "http/http_connection.h"

namespace glasstcp::http {

// -- Time

// How long nothing may come between requests: less before the first one, which nobody may ever
// send.
Duration HttpConnection::silence_allowed() const noexcept {
  return has_answered_ ? services_->config.idle_timeout : services_->config.header_timeout;
}

bool HttpConnection::is_at_rest() const noexcept {
  const bool is_idle = phase_ == Phase::Idle && has_answered_ && all_acknowledged_;
  const bool ends = want_ != Want::KeepOpen || close_after_answer_ || peer_closed_ ||
                    is_shutting_down_ || is_lingering_;
  const bool holds = !head_.bytes.empty() || body_size_ > 0 || transfer_ || side_;
  // What its last answer was is told when it ends.
  const bool is_plain = !is_service_ && !is_refusing_ && !lacks_room_;
  return is_idle && !ends && !holds && is_plain && unacknowledged_ == 0;
}

void HttpConnection::on_deadline(const Moment& at) noexcept {
  if (at.now < deadline_) return;
  switch (phase_) {
    case Phase::Idle:
      // RFC 9112 §9.5 SHOULD R9112-31: a connection that nobody uses is closed in order.
      tell_closing({CloseCause::Idle, silence_allowed()});
      begin_closing(at);
      break;
    case Phase::Head:
    case Phase::Body: {
      const bool is_silent = phase_ == Phase::Head && !side_->parser.has_begun();
      const Method method = phase_ == Phase::Head ? side_->parser.head().method : side_->method;
      if (is_silent) {
        tell_closing({CloseCause::HeaderTimeout, silence_allowed()});
        begin_closing(at);
      } else {
        refuse(408, method, {}, at);
      }
      break;
    }
    case Phase::Sending:
      if (waits_a_little_) {
        waits_a_little_ = false;
        deadline_ = at.now + services_->config.send_timeout;
      } else if (waits_for_stream()) {
        deadline_ = kNever;
      } else {
        tell_closing({CloseCause::SendTimeout, services_->config.send_timeout});
        end(Want::Abort);
      }
      break;
    case Phase::Closing:
      // Acknowledged: it lingered long enough. Not acknowledged: the peer does not take the answer.
      if (!all_acknowledged_)
        tell_closing({CloseCause::SendTimeout, services_->config.send_timeout});
      end(all_acknowledged_ ? Want::Release : Want::Abort);
      break;
    case Phase::Ended:
      deadline_ = kNever;
      break;
  }
}

void HttpConnection::on_progress(std::size_t unacknowledged, const Moment& at) noexcept {
  const auto left = static_cast<std::uint32_t>(unacknowledged);
  if (std::exchange(unacknowledged_, left) <= left) return;
  pauses_ = 0;
  const bool sends = phase_ == Phase::Sending || (phase_ == Phase::Closing && !all_acknowledged_);
  if (sends && !waits_a_little_) deadline_ = at.now + services_->config.send_timeout;
  if (phase_ == Phase::Idle && !all_acknowledged_)
    deadline_ = at.now + services_->config.idle_timeout;
}

// RFC 9293 §3.8.6.1 MUST-37 keeps a connection whose window probes are answered; how long we keep it
// is ours to say (RFC 6429). A player that is paused reads nothing for minutes.
void HttpConnection::on_peer_paused(const Moment& at) noexcept {
  const Duration unit = services_->config.send_timeout;
  const bool waits = phase_ == Phase::Sending || phase_ == Phase::Idle || phase_ == Phase::Closing;
  if (at.now < deadline_ || !waits || all_acknowledged_ || waits_a_little_) return;
  if ((pauses_ + 2) * unit > services_->config.pause_timeout || pauses_ == 15) return;
  ++pauses_;
  deadline_ = at.now + unit;
}

void HttpConnection::on_all_acknowledged(const Moment& at) noexcept {
  unacknowledged_ = std::max(unacknowledged_, 1u);
  on_progress(0, at);
  const bool is_news = !all_acknowledged_;
  all_acknowledged_ = true;
  if (phase_ == Phase::Closing && is_news) begin_lingering(at);
}

void HttpConnection::begin_shutdown(const Moment& at) noexcept {
  is_shutting_down_ = true;
  close_after_answer_ = true;
  if (stream() != nullptr) stream()->end();
  if (phase_ != Phase::Idle && phase_ != Phase::Head) return;
  tell_closing({CloseCause::Shutdown});
  begin_closing(at);
}

// -- For the good of others

void HttpConnection::end_partial_head(const Moment& at) noexcept {
  if (phase_ != Phase::Head) return;
  ++services_->counters.partial_heads;
  const Method method = side_->parser.head().method;
  // The memory of answers is not to be taken by those who ask for nothing.
  const bool is_short = services_->site.pool().is_pressed();
  close_after_answer_ = true;
  is_refusing_ = true;
  begin_answer(is_short ? Reply{} : services_->site.refuse(408, method, Persistence::Close, at), {},
               at);
  lacks_room_ = true;
}

void HttpConnection::end_too_slow(const CloseNote& note) noexcept {
  tell_closing(note);
  end(Want::Abort);
}

void HttpConnection::end_idle() noexcept {
  tell_closing({CloseCause::NoRoom});
  end(Want::Release);
}

// -- The close in stages

// RFC 9112 §9.6 SHOULD R9112-33: first we stop writing; then we go on reading, so that bytes which
// are still on their way do not make TCP answer with a reset that would destroy the answer in the
// peer's buffer.
void HttpConnection::begin_closing(const Moment& at) noexcept {
  side_.reset();
  if (peer_closed_) {
    end(Want::Release);
    return;
  }
  phase_ = Phase::Closing;
  want_ = Want::CloseWhenSent;
  deadline_ = at.now + services_->config.send_timeout;
  if (all_acknowledged_) begin_lingering(at);
}

/// From here on the peer has its answer, and only the time and the rate bound what it may still
/// send.
void HttpConnection::begin_lingering(const Moment& at) noexcept {
  if (side_) {
    side_->linger_begin = at.now;
    side_->lingered_bytes = 0;
  }
  deadline_ = at.now + services_->config.linger_idle;
}

std::size_t HttpConnection::take_lingering(ByteView bytes, const Moment& at) noexcept {
  const ConnectionConfig& config = services_->config;
  const bool is_new = !side_;
  if (is_new) side_ = Pooled<Side>::make(services_->site.pool(), 0);
  if (!all_acknowledged_) {
    // The answer is still under way, and so are bytes of somebody who has not seen it.
    if (!side_ || side_->lingered_bytes >= config.linger_bytes) return 0;
    const auto taken =
        std::min<std::uint64_t>(bytes.size(), config.linger_bytes - side_->lingered_bytes);
    side_->lingered_bytes += taken;
    return static_cast<std::size_t>(taken);
  }
  is_lingering_ = true;
  // Without memory to count in, the first deadline stays.
  if (!side_) return bytes.size();
  if (is_new) side_->linger_begin = deadline_ - config.linger_idle;
  side_->lingered_bytes += bytes.size();
  deadline_ = linger_deadline(at);
  return bytes.size();
}

Instant HttpConnection::linger_deadline(const Moment& at) const noexcept {
  const ConnectionConfig& config = services_->config;
  const Duration earned =
      std::chrono::milliseconds(side_->lingered_bytes * 1000 / config.linger_rate);
  const Duration allowed = std::min(std::max(config.linger_grace, earned), config.linger_total);
  return std::min(at.now + config.linger_idle, side_->linger_begin + allowed);
}

void HttpConnection::end(Want want) noexcept {
  finish_log();
  phase_ = Phase::Ended;
  is_lingering_ = false;
  want_ = want;
  deadline_ = kNever;
  head_ = {};
  set_body({});
  transfer_.reset();
  side_.reset();
}

}  // namespace glasstcp::http
