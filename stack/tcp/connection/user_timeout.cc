// The user timeout: what the application set, and what the peer wishes by its option.
// RFC 9293 §3.8.3, RFC 5482.
#include "stack/tcp/connection/connection.h"
#include "stack/tcp/handshake/user_timeout_option.h"

namespace glasstcp {

// RFC 9293 §3.8.3 MUST-21.
void Connection::set_user_timeout(Duration timeout, Instant now) {
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return;
  ConnectionExtras& extras = context_.extras[extras_];
  extras.settings.user_timeout = timeout;
  extras.user_timeout_is_chosen = true;
  timers_.stop(TimerName::UserTimeout);
  if (state_ == State::Closed) return;
  manage_send_timers(now);
  if (!context_.config.announce_user_timeout || !is_synchronized(state_)) return;
  user_timeout_due_ = true;  // RFC 5482 §3.3: the option may come again when the wish changes
  receiver_.demand_ack(SendReason::AckImmediate);
  wants_output();
}

// RFC 5482 §3.1 R5482-03: their wish counts only if it may (CHANGEABLE), which it may not unless
// the stack was told so, nor where the application has chosen.
void Connection::adopt_user_timeout(std::uint16_t option) {
  const TcpConfig& config = context_.config;
  const auto theirs = UserTimeoutOption::decode(option);
  if (!config.adopt_user_timeout || !theirs) return;
  if (extras_ != kNone && context_.extras[extras_].user_timeout_is_chosen) return;
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return;
  ConnectionSettings& settings = context_.extras[extras_].settings;
  settings.user_timeout = UserTimeoutOption::choose(
      config.user_timeout, *theirs, config.user_timeout_least, config.user_timeout_most);
  // RFC 5482 §4.2 R5482-04: keep-alives must not end what the timeout would keep.
  settings.keep_alive_idle = std::max(settings.keep_alive_idle, settings.user_timeout + 1s);
}

}  // namespace glasstcp
