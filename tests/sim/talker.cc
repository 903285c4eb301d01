// Plans by chance, and their performance.
#include "tests/sim/talker.h"

#include <algorithm>

namespace glasstcp::sim {

Plan Plan::by(Dice& dice, std::uint64_t salt) {
  Plan plan;
  plan.salt = salt;
  plan.says = dice.between(0, dice.pick<std::uint64_t>({0, 1, 100, 1500, 5000, 60'000, 200'000}));
  if (dice.chance(30)) plan.says = dice.between(100'000, 800'000);
  plan.write_chunk = dice.pick<std::uint32_t>({1, 100, 1460, 4096, 65536});
  if (plan.says > 5000) plan.write_chunk = std::max(plan.write_chunk, 1460U);
  plan.read_chunk = dice.pick<std::uint32_t>({500, 4096, 65536});
  if (dice.chance(300)) plan.read_pause = std::chrono::milliseconds(dice.between(1, 40));
  plan.borrows = dice.chance(500);
  plan.finishes_early = dice.chance(600);
  plan.nagle = dice.chance(700);
  if (dice.chance(100)) plan.urgent_every = dice.pick<std::uint32_t>({1, 3, 20});
  if (dice.chance(80)) plan.aborts_after = dice.between(0, 20'000);
  if (dice.chance(40)) plan.user_timeout = std::chrono::milliseconds(dice.between(1000, 20'000));
  return plan;
}

std::string Plan::to_string() const {
  return "says " + std::to_string(says) + " by " + std::to_string(write_chunk) + ", reads by " +
         std::to_string(read_chunk) + " every " + std::to_string(to_us(read_pause)) + " us" +
         (borrows ? ", borrows" : "") + (finishes_early ? ", finishes early" : "") +
         (nagle ? "" : ", no Nagle") +
         (urgent_every == 0 ? "" : ", urgent every " + std::to_string(urgent_every)) +
         (user_timeout.count() == 0 ? ""
                                    : ", user timeout " + std::to_string(to_ms(user_timeout))) +
         (aborts_after == UINT64_MAX ? "" : ", aborts after " + std::to_string(aborts_after));
}

std::string Talker::describe() const {
  const auto status = stack_.status(id_);
  return name_ + " (" + own_.to_string() + "; said " + std::to_string(said_) + ", heard " +
         std::to_string(heard_) + " of " + std::to_string(other_.says) +
         (finished_saying_ ? ", finished" : "") + (heard_end_ ? ", heard the end" : "") +
         (status
              ? ", in " + std::string(name_of(status->state)) + ", flight " +
                    std::to_string(status->flight) + ", unsent " + std::to_string(status->unsent) +
                    ", snd.wnd " + std::to_string(status->snd.wnd) + ", rto " +
                    std::to_string(to_ms(status->rto)) + " ms"
              : ", no connection") +
         ')';
}

void Talker::on_event(const Event& event, Instant now) {
  if (done_) return;
  if ((event.mask & EventMask::kError) != 0) {
    failed(stack_.error(id_).value_or(StreamError::NotConnected), now);
    return;
  }
  pump(now);
}

void Talker::pump(Instant now) {
  if (done_) return;
  if (said_ + heard_ >= own_.aborts_after) {
    stack_.abort(id_, now);
    aborted_ = done_ = true;
    return;
  }
  write(now);
  if (!done_) read(now);
  if (!done_) end(now);
}

void Talker::write(Instant now) {
  const auto tcb = stack_.status(id_);
  if (!tcb || !is_synchronized(tcb->state))
    return;  // (SEND before the handshake is for other tests)
  while (!done_ && said_ < own_.says && write_once(now)) {
  }
}

bool Talker::write_once(Instant now) {
  const std::uint64_t chunk = std::min<std::uint64_t>(own_.write_chunk, own_.says - said_);
  SendOptions options;
  options.more = said_ + chunk < own_.says && own_.write_chunk < 1460;
  options.urgent = own_.urgent_every != 0 && sends_ % own_.urgent_every == 0;
  auto bytes = std::make_unique<Bytes>(test::pattern_bytes(said_, chunk, own_.salt));
  std::expected<std::size_t, StreamError> count = chunk;
  if (own_.borrows) {
    const auto lent = stack_.send_borrowed(id_, *bytes, next_cookie_, options, now);
    if (!lent) count = std::unexpected(lent.error());
    if (lent) loans_[next_cookie_++] = std::move(bytes);
  } else {
    count = stack_.send(id_, *bytes, options, now);
  }
  if (!count) {
    if (count.error() != StreamError::WouldBlock) failed(count.error(), now);
    return false;
  }
  said_ += *count;
  ++sends_;
  return true;
}

void Talker::read(Instant now) {
  if (own_.read_pause.count() > 0 && next_read_ != kNever && now < next_read_) return;
  next_read_ = kNever;
  if (heard_ + stack_.urgent_remaining(id_) > other_.says) fault("urgent data beyond the end");
  for (;;) {
    const auto bytes = stack_.peek(id_);
    if (!bytes) {
      if (bytes.error() != StreamError::WouldBlock) failed(bytes.error(), now);
      return;
    }
    if (bytes->empty()) {
      if (heard_ != other_.says) fault("end of stream before the last byte");
      heard_end_ = true;
      return;
    }
    const std::size_t count = std::min<std::size_t>(bytes->size(), own_.read_chunk);
    check_bytes(bytes->first(count));
    heard_ += count;
    stack_.consume(id_, count, now);
    if (own_.read_pause.count() == 0) continue;
    next_read_ = now + own_.read_pause;
    return;
  }
}

void Talker::check_bytes(ByteView bytes) {
  if (heard_ + bytes.size() > other_.says) fault("more bytes than were ever sent");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != test::pattern_byte(heard_ + i, other_.salt)) {
      fault("wrong byte at " + std::to_string(heard_ + i));
    }
  }
}

void Talker::end(Instant now) {
  if (said_ < own_.says) return;
  if (!finished_saying_ && (own_.finishes_early || heard_end_)) {
    const auto tcb = stack_.status(id_);
    if (!tcb || !is_synchronized(tcb->state)) return;
    if (const auto done = stack_.shutdown_send(id_, now); !done) {
      failed(done.error(), now);
      return;
    }
    finished_saying_ = true;
  }
  if (finished_saying_ && heard_end_) {
    stack_.close(id_, now);
    done_ = true;
  }
}

// RFC 9293 §3.10.5 ABORT tells the other side by RST (Refused, if it was in SYN-SENT); if that is
// lost, keep-alive or R2 end it. §3.8.3: a user timeout ends this side in the same way.
bool Talker::is_explained(StreamError error) const {
  switch (error) {
    case StreamError::ResetByPeer:
    case StreamError::Refused:
      return other_.may_end();
    case StreamError::TimedOut:
      return may_break();
    default:
      return false;
  }
}

void Talker::failed(StreamError error, Instant now) {
  if (!is_explained(error)) {
    fault("an error (" + std::to_string(static_cast<int>(error)) + ") that nobody asked for");
  }
  stack_.close(id_, now);
  done_ = true;
}

}  // namespace glasstcp::sim
