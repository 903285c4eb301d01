// See pump.h.
#include "tun/loop/pump.h"

#include <algorithm>

namespace glasstcp {

TurnResult Pump::turn(Instant now) {
  TurnResult result;
  device_.set_time(now);
  receive(now, result);
  const Timers timers = may_run_timers(result) ? Timers::Run : Timers::Wait;
  if (timers == Timers::Run) stack_.advance(now);
  application_.turn(now, timers);
  if (watch_ != nullptr) watch_->on_application_done();
  send(now, result);
  if (watch_ != nullptr) watch_->on_turn_done(now);
  application_.flush(now);
  return result;
}

void Pump::receive(Instant now, TurnResult& result) {
  ReceivedPacket packet;
  std::uint32_t failures = 0;
  std::uint32_t work = 0;
  while (work < kBatch * kDroppedPerPacket) {
    switch (device_.read(packet)) {
      case ReadOutcome::Packet:
        break;
      case ReadOutcome::Empty:
        return;
      case ReadOutcome::Failed:
        note_failed_read();
        if (++failures < kReadFailures) continue;
        result.is_failing = result.received == 0;
        result.has_more = !result.is_failing;
        return;
      case ReadOutcome::Gone:
        result.device_gone = true;
        return;
    }
    ++result.received;
    work += take(packet, now);
  }
  result.has_more = true;
}

// How much work it was: kDroppedPerPacket are a packet with data. A flood must not fill the device
// while connections' packets, which take far longer, are written.
std::uint32_t Pump::take(const ReceivedPacket& packet, Instant now) {
  if (watch_ != nullptr) watch_->on_read();
  const Verdict verdict = stack_.receive(packet.bytes, packet.meta, now);
  if (watch_ != nullptr || packet.bytes.size() > kSmall) return kDroppedPerPacket;
  return verdict == Verdict::SynDropped ? 1 : kDroppedPerPacket / kSmallPerPacket;
}

void Pump::note_failed_read() {
  ++counters_.unread;
  const int error = device_.last_error();
  const bool plain = device_.ask_for_plain_packets();
  if (listener_ != nullptr) listener_->on_read_failed(error, plain);
}

// A loop that was not given the processor for a while finds timers that have ended and the packets
// that would have stopped them.
bool Pump::may_run_timers(const TurnResult& result) {
  full_batches_ = result.has_more ? full_batches_ + 1 : 0;
  if (full_batches_ % kPatience != 0) return false;
  full_batches_ = 0;
  return true;
}

// Writes what is held, in pieces if need be. False: the device refuses the rest for now.
bool Pump::write_held() {
  while (hold_.is_holding()) {
    const Attempt first = write_piece(plainest_);
    if (first.outcome == WriteOutcome::Refused && ++refusals_ < kRefusals) {
      ++counters_.refused;
      return false;
    }
    const Attempt last = write_plainer(first);
    if (last.outcome == WriteOutcome::Refused) {
      ++counters_.refused;
      return false;
    }
    if (last.outcome != WriteOutcome::Written) {
      ++counters_.failed;
      if (watch_ != nullptr) watch_->on_not_written();
      hold_.release();
      continue;
    }
    const bool is_all = held_sent_ >= hold_.packet().payload_length;
    if (is_all) hold_.release();
    if (is_all && watch_ != nullptr) watch_->on_written();
    if (last.shape == first.shape) {
      if (last.shape == plainest_) proofs_ = 0;
      continue;
    }
    // What may have been an accident of the moment is tried again a little later.
    if (!learn(last.shape, first.outcome == WriteOutcome::Misshapen) && !is_all) return false;
  }
  return true;
}

Pump::Attempt Pump::write_piece(PacketShape shape) {
  const OutPacket piece = piece_of(hold_.packet(), held_sent_, shape);
  const WriteOutcome outcome = device_.write(piece);
  if (outcome == WriteOutcome::Written) held_sent_ += piece.payload_length;
  return {outcome, shape_of(piece)};
}

// The first shape behind a refused one that is not refused, or the last.
Pump::Attempt Pump::write_plainer(Attempt refused) {
  Attempt last = refused;
  while ((last.outcome == WriteOutcome::Refused || last.outcome == WriteOutcome::Misshapen) &&
         last.shape != PacketShape::Plain) {
    last = write_piece(static_cast<PacketShape>(static_cast<int>(last.shape) + 1));
  }
  return last;
}

// A piece was taken in a plainer shape than the one that was refused. True: that one is given up.
bool Pump::learn(PacketShape written, bool is_certain) {
  if (!is_certain && ++proofs_ < kProofs) return false;
  proofs_ = 0;
  plainest_ = written;
  stack_.set_gso_max(0);
  if (listener_ != nullptr) listener_->on_shape_refused(written, device_.last_error());
  return true;
}

// Keeps the packet of the stack that was not taken. False: its bytes are gone.
bool Pump::hold(WriteOutcome why) {
  held_sent_ = 0;
  refusals_ = 0;
  if (why == WriteOutcome::Refused) {
    ++counters_.refused;
    ++refusals_;
  }
  if (hold_.hold(out_)) return true;
  ++counters_.failed;
  if (watch_ != nullptr) watch_->on_not_written();
  return false;
}

void Pump::send(Instant now, TurnResult& result) {
  if (!write_held()) {
    result.is_blocked = true;
    return;
  }
  while (stack_.transmit(now, out_)) {
    const PacketShape shape = shape_of(out_);
    const WriteOutcome outcome = shape < plainest_ ? WriteOutcome::Misshapen : device_.write(out_);
    switch (outcome) {
      case WriteOutcome::Written:
        if (shape == plainest_) proofs_ = 0;
        if (watch_ != nullptr) watch_->on_written();
        break;
      case WriteOutcome::Failed:
        ++counters_.failed;
        if (watch_ != nullptr) watch_->on_not_written();
        break;
      case WriteOutcome::Refused:
      case WriteOutcome::Misshapen:
        if (!hold(outcome)) break;
        if (outcome == WriteOutcome::Misshapen && write_held()) break;
        result.is_blocked = true;
        return;
    }
    if (++result.sent == kBatch) {
      result.has_more = true;
      return;
    }
  }
}

Instant Pump::next_deadline() const {
  const Instant watch = watch_ == nullptr ? kNever : watch_->next_deadline();
  return std::min(
      {stack_.next_deadline(), application_.next_deadline(), device_.next_deadline(), watch});
}

}  // namespace glasstcp
