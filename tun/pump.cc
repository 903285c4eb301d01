// See pump.h.
#include "tun/pump.h"

#include <algorithm>

namespace glasstcp {

TurnResult Pump::turn(Instant now) {
  TurnResult result;
  device_.set_time(now);
  receive(now, result);
  if (may_run_timers(result)) stack_.advance(now);
  application_.turn(now);
  send(now, result);
  application_.flush(now);
  return result;
}

void Pump::receive(Instant now, TurnResult& result) {
  ReceivedPacket packet;
  while (result.received < kBatch) {
    switch (device_.read(packet)) {
      case ReadOutcome::Packet:
        break;
      case ReadOutcome::Empty:
        return;
      case ReadOutcome::Gone:
        result.device_gone = true;
        return;
    }
    ++result.received;
    stack_.receive(packet.bytes, packet.meta, now);
  }
  result.has_more = true;
}

// A loop that was not given the processor for a while finds timers that have ended and the packets
// that would have stopped them.
bool Pump::may_run_timers(const TurnResult& result) {
  full_batches_ = result.has_more ? full_batches_ + 1 : 0;
  if (full_batches_ % kPatience != 0) return false;
  full_batches_ = 0;
  return true;
}

bool Pump::write_held() {
  if (!hold_.is_holding()) return true;
  const WriteOutcome outcome = device_.write(hold_.packet());
  if (outcome == WriteOutcome::Refused) {
    ++counters_.refused;
    return false;
  }
  if (outcome == WriteOutcome::Failed) ++counters_.failed;
  hold_.release();
  return true;
}

void Pump::send(Instant now, TurnResult& result) {
  if (!write_held()) {
    result.is_blocked = true;
    return;
  }
  while (stack_.transmit(now, out_)) {
    switch (device_.write(out_)) {
      case WriteOutcome::Written:
        break;
      case WriteOutcome::Failed:
        ++counters_.failed;
        break;
      case WriteOutcome::Refused:
        ++counters_.refused;
        if (!hold_.hold(out_)) {
          ++counters_.failed;
          break;
        }
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
  return std::min({stack_.next_deadline(), application_.next_deadline(), device_.next_deadline()});
}

}  // namespace glasstcp
