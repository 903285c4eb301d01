// Copies each event into the ring.
#include "stack/trace/recorder.h"

#include <new>

namespace glasstcp {
namespace {

void keep(const TcbSnapshot* snapshot, TcbSnapshot& copy, bool& has) {
  has = snapshot != nullptr;
  if (has) copy = *snapshot;
}

}  // namespace

Recorder::Recorder(std::size_t capacity)
    : ring_(new (std::nothrow) RecordedEvent[capacity]),
      capacity_(ring_ != nullptr ? capacity : 0) {}

// The place for one more event, whose fields are as new; nullptr if nothing can be kept.
RecordedEvent* Recorder::next(RecordedEvent::Kind kind, Instant at, ConnectionId connection) {
  const std::uint64_t number = total_++;
  if (capacity_ == 0) return nullptr;
  RecordedEvent& event = ring_[static_cast<std::size_t>(number % capacity_)];
  event = RecordedEvent{};
  event.kind = kind;
  event.number = number;
  event.at = at;
  event.connection = connection;
  return &event;
}

void Recorder::on_packet_sent(const PacketSentEvent& event) noexcept {
  RecordedEvent* e = next(RecordedEvent::Kind::Sent, event.at, event.connection);
  if (e == nullptr) return;
  e->reason = event.reason;
  e->gso_size = event.gso_size;
  e->packet = summarize(event.pieces);
  e->tuple = e->packet.tuple(true);
  keep(event.before, e->before, e->has_before);
  keep(event.after, e->after, e->has_after);
}

void Recorder::on_packet_received(const PacketReceivedEvent& event) noexcept {
  RecordedEvent* e = next(RecordedEvent::Kind::Received, event.at, event.connection);
  if (e == nullptr) return;
  e->verdict = event.verdict;
  e->gso_size = event.gso_size;
  e->packet = summarize(event.packet);
  e->tuple = e->packet.tuple(false);
  keep(event.before, e->before, e->has_before);
  keep(event.after, e->after, e->has_after);
}

void Recorder::on_state_changed(const StateChangedEvent& event) noexcept {
  RecordedEvent* e = next(RecordedEvent::Kind::StateChanged, event.at, event.connection);
  if (e == nullptr) return;
  e->tuple = event.tuple;
  e->from = event.from;
  e->to = event.to;
  e->cause = event.cause;
}

void Recorder::on_timer_fired(const TimerFiredEvent& event) noexcept {
  RecordedEvent* e = next(RecordedEvent::Kind::TimerFired, event.at, event.connection);
  if (e == nullptr) return;
  e->timer = event.timer;
  keep(event.after, e->after, e->has_after);
}

}  // namespace glasstcp
