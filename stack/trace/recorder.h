// The last events, kept in memory: what just happened, for a test that failed or a crash.
//
// Invariants:
//   1. All memory is taken in the constructor; recording copies one struct and never allocates.
//   2. Events are kept in the order in which they came; the oldest makes room.
//
// Leaves out: payload bytes (capture_sink.h has them).
// Next: ../wire/checksum.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "stack/trace/observer.h"
#include "stack/trace/packet_summary.h"

namespace glasstcp {

/// An event that can be kept: all of it is a copy.
struct RecordedEvent {
  enum class Kind : std::uint8_t { Sent, Received, StateChanged, TimerFired };

  Kind kind = Kind::Sent;
  bool has_before = false;  ///< whether `before` means something
  bool has_after = false;
  SendReason reason{};  ///< Sent
  Verdict verdict{};    ///< Received
  TimerName timer{};    ///< TimerFired
  State from{}, to{};   ///< StateChanged
  StateCause cause{};   ///< StateChanged
  std::uint16_t gso_size = 0;
  std::uint64_t number = 0;  ///< counts all events of the recorder from 0
  Instant at;
  ConnectionId connection;
  FourTuple tuple;       ///< of StateChanged, and of TCP packets
  PacketSummary packet;  ///< Sent, Received
  TcbSnapshot before;
  TcbSnapshot after;
};

/// An observer that keeps the last events.
class Recorder final : public Observer {
 public:
  /// Keeps up to `capacity` events; none at all if there is no memory for them.
  explicit Recorder(std::size_t capacity);

  void on_packet_sent(const PacketSentEvent& event) noexcept override;
  void on_packet_received(const PacketReceivedEvent& event) noexcept override;
  void on_state_changed(const StateChangedEvent& event) noexcept override;
  void on_timer_fired(const TimerFiredEvent& event) noexcept override;

  /// How many events are kept now.
  [[nodiscard]] std::size_t size() const {
    return total_ < capacity_ ? static_cast<std::size_t>(total_) : capacity_;
  }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// How many events there have been since the beginning; size() of them are kept.
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// The i-th event that is kept, 0 the oldest; i < size(). Valid until the next event.
  [[nodiscard]] const RecordedEvent& operator[](std::size_t i) const {
    return ring_[static_cast<std::size_t>((total_ - size() + i) % capacity_)];
  }

 private:
  RecordedEvent* next(RecordedEvent::Kind kind, Instant at, ConnectionId connection);

  std::unique_ptr<RecordedEvent[]> ring_;
  std::size_t capacity_;
  std::uint64_t total_ = 0;
};

}  // namespace glasstcp
