// What one connection chooses differently from its stack, and the side block that holds it.
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
  if (extras.settings.rto != settings.rto) recovery_.change_rto_bounds(settings.rto);
  extras.settings = settings;
  // RFC 5482 §3.1 R5482-03: what was adopted stays until the application chooses itself.
  if (!extras.user_timeout_is_chosen && timeout_before != settings.user_timeout) {
    extras.settings.user_timeout = timeout_before;
    extras.settings.keep_alive_idle = std::max(settings.keep_alive_idle, timeout_before + 1s);
  }
  if (settings.send_buffer_chosen) extras.send_space.choose(2 * settings.send_buffer);
  if (state_ == State::Closed || state_ == State::TimeWait) return true;
  if (extras.settings.keep_alive_idle != idle_before) move_keep_alive(idle_before, now);
  update_segment_size(now);
  signal_send_space(false);
  return true;
}

}  // namespace glasstcp
