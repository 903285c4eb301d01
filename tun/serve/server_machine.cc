// See server_machine.h.
#include "tun/serve/server_machine.h"

#include <algorithm>

namespace glasstcp {

TurnResult ServerMachine::turn(Instant now) {
  turned_at_ = now;
  TurnResult result = pump_.turn(now);
  if (!is_stop_due_ || result.device_gone || (result.has_more && ++turns_to_stop_ < kTurnsToStop))
    return result;
  is_stop_due_ = false;
  application_.stop(now);
  const std::uint32_t received = result.received;
  result = pump_.turn(now);
  result.received += received;
  return result;
}

Instant ServerMachine::next_deadline() const {
  const Instant next = pump_.next_deadline();
  if (!stop_deadline_) return next;
  if (last_wait_) return std::min({next, *last_wait_, *stop_deadline_});
  const Instant end = *stop_deadline_;
  return std::min(next, turned_at_ < end ? end : end + kLastWords);
}

void ServerMachine::stop(Instant now) {
  if (!stop_deadline_) {
    stop_deadline_ = now + kGrace;
    is_stop_due_ = true;
  }
  if (now < *stop_deadline_) return;
  last_wait_.reset();
  has_reset_any_ = has_reset_any_ || stack_.connection_count() > 0;
  stack_.abort_all(now);
}

bool ServerMachine::stop_now(Instant now) {
  if (now < *stop_deadline_) {
    stop_deadline_ = now;
    stop(now);
  }
  return false;
}

bool ServerMachine::is_over(Instant now) {
  if (!stop_deadline_ || is_stop_due_) return false;
  if (now >= *stop_deadline_) return !has_reset_any_ || now >= *stop_deadline_ + kLastWords;
  if (!pump_.is_drained() || !stack_.only_fin_wait_2_left()) {
    last_wait_.reset();
    return false;
  }
  if (application_.is_finished() && stack_.connection_count() == 0) return true;
  if (!last_wait_) last_wait_ = now + kLastWait;
  return now >= *last_wait_;
}

}  // namespace glasstcp
