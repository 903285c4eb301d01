// Orders are carried out one after the other; reading goes on beside them. See application.h.
#include "stack/lab/application.h"

#include <algorithm>

#include "stack/tcp/congestion_names.h"

namespace glasstcp::lab {

void Application::attach(ConnectionId id, bool connected) {
  id_ = id;
  attached_ = true;
  connected_ = connected;
  failed_ = false;
}

void Application::forget() {
  *this = Application(actor_);
}

void Application::on_event(const Stack& stack, const Event& event) {
  if ((event.mask & EventMask::kConnected) != 0) connected_ = true;
  blocked_ = false;
  if ((event.mask & EventMask::kError) != 0 || stack.error(id_).has_value()) failed_ = true;
}

bool Application::has_reached(const Stack& stack, const Statement& statement) const {
  switch (statement.trigger) {
    case Trigger::Time:
      return false;
    case Trigger::Connected:
      return connected_;
    case Trigger::Read:
      return read_ >= statement.amount;
    case Trigger::End:
      return saw_end_;
    case Trigger::Acked:
      return has_written_ && orders_.empty() && !id_.is_none() && stack.unacknowledged(id_) == 0;
    case Trigger::Failed:
      return failed_;
  }
  return false;
}

bool Application::is_order(Deed deed) {
  switch (deed) {
    case Deed::Listen:
    case Deed::CloseListener:
    case Deed::Connect:
    case Deed::Reboot:
    case Deed::ForgeReset:
    case Deed::ForgeSyns:
    case Deed::Ping:
      return false;
    default:
      return true;
  }
}

void Application::order(const Action& action, Journal& journal, Instant now) {
  const bool is_reading =
      action.deed == Deed::Read || action.deed == Deed::ReadAll || action.deed == Deed::StopReading;
  if (!is_reading) {
    orders_.push_back(action);
    return;
  }
  journal.note_action(action, now);
  begin_reading(action, now);
}

void Application::carry_out_orders(Stack& stack, Journal& journal, Instant now) {
  while (is_ready()) {
    const Deed deed = orders_.front().deed;
    if (!has_begun_) journal.note_action(orders_.front(), now);
    has_begun_ = true;
    if (carry_out(stack, orders_.front(), now)) {
      orders_.pop_front();
      sent_of_order_ = 0;
      has_begun_ = false;
    }
    if (deed == Deed::Write || deed == Deed::WriteText) return;
  }
}

// False: it has to wait.
bool Application::carry_out(Stack& stack, const Action& action, Instant now) {
  switch (action.deed) {
    case Deed::Write:
    case Deed::WriteText:
      return write(stack, action, now);
    case Deed::Shutdown:
      static_cast<void>(stack.shutdown_send(id_, now));
      return true;
    case Deed::Close:
      stack.close(id_, now);
      id_ = {};
      return true;
    case Deed::Abort:
      stack.abort(id_, now);
      id_ = {};
      return true;
    case Deed::KeepAlive:
      stack.set_keep_alive(id_, true, now);
      return true;
    case Deed::Congestion: {
      ConnectionSettings settings = stack.default_settings();
      settings.congestion = congestion_named(action.text).value_or(settings.congestion);
      static_cast<void>(stack.apply_settings(id_, settings, now));
      return true;
    }
    default:
      return true;
  }
}

// One SEND. True: with it all of the order is written.
bool Application::write(Stack& stack, const Action& action, Instant now) {
  has_written_ = true;
  if (action.deed == Deed::WriteText) {
    const ByteView text(reinterpret_cast<const std::uint8_t*>(action.text.data()),
                        action.text.size());
    if (!send(stack, text.subspan(static_cast<std::size_t>(sent_of_order_)), now)) return !blocked_;
    return sent_of_order_ == text.size();
  }
  const std::uint64_t all = action.amount * action.times;
  const std::uint64_t number = writes_ + sent_of_order_ / action.amount;
  const std::uint64_t offset = sent_of_order_ % action.amount;
  buffer_.assign(static_cast<std::size_t>(action.amount - offset),
                 static_cast<std::uint8_t>('A' + number % 26));
  if (!send(stack, buffer_, now)) return !blocked_;
  if (sent_of_order_ < all) return false;
  writes_ += action.times;
  return true;
}

// False: nothing was taken; either there is no room now, or the connection is gone.
bool Application::send(Stack& stack, ByteView bytes, Instant now) {
  const auto taken = stack.send(id_, bytes, {}, now);
  if (taken) {
    sent_of_order_ += *taken;
    return true;
  }
  blocked_ = taken.error() == StreamError::WouldBlock;
  return false;
}

void Application::begin_reading(const Action& action, Instant now) {
  next_read_ = kNever;
  if (action.deed == Deed::ReadAll) {
    reading_ = Reading::All;
  } else if (action.deed == Deed::StopReading) {
    reading_ = Reading::Nothing;
  } else {
    reading_ = Reading::Some;
    paced_ = action;
    allowance_ = action.every == Duration::zero() ? allowance_ + action.amount : 0;
    if (action.every > Duration::zero()) next_read_ = now;
  }
}

void Application::read(Stack& stack, Instant now) {
  if (id_.is_none() || saw_end_ || failed_) {
    next_read_ = kNever;
    return;
  }
  if (next_read_ <= now) {
    allowance_ = paced_.amount;
    next_read_ = now + paced_.every;
  }
  buffer_.resize(65536);
  while (reading_ == Reading::All || (reading_ == Reading::Some && allowance_ > 0)) {
    const std::uint64_t most = reading_ == Reading::All ? buffer_.size() : allowance_;
    const ByteSpan room(buffer_.data(),
                        static_cast<std::size_t>(std::min<std::uint64_t>(most, buffer_.size())));
    const auto got = stack.read(id_, room, now);
    if (!got) return;
    if (*got == 0) {
      saw_end_ = true;
      return;
    }
    read_ += *got;
    if (reading_ == Reading::Some) allowance_ -= *got;
  }
}

}  // namespace glasstcp::lab
