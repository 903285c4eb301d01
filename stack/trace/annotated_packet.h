// A packet with everything that is known of it: why it was sent or what became of it, what it did,
// which messages it carries, and which states and timers changed with it.
//
// Invariants:
//   1. Views live only during the call that hands the packet over.
//
// Next: annotator.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "stack/trace/connection_memory.h"
#include "stack/trace/event.h"
#include "stack/trace/language.h"

namespace glasstcp {

/// A change of state, and what made it.
struct StateStep {
  State from = State::Closed;
  State to = State::Closed;
  StateCause cause = StateCause::Close;
};

/// Up to four things of one kind.
template <typename T>
class FewOf {
 public:
  void add(const T& value) {
    if (count_ < values_.size()) values_[count_++] = value;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::span<const T> all() const { return std::span(values_).first(count_); }

 private:
  std::array<T, 4> values_{};
  std::size_t count_ = 0;
};

/// Why a bad link lost a packet, in both languages; static lifetime.
struct LossWords {
  std::string_view english{};
  std::string_view chinese{};
  [[nodiscard]] std::string_view in(Language language) const {
    return either(language, english, chinese);
  }
};

/// A packet, or something that happened without one.
struct AnnotatedPacket {
  enum class Kind : std::uint8_t {
    Received,      ///< and used
    Dropped,       ///< received, and not used
    Sent,          ///< written to the device
    LostReceived,  ///< lost on an impaired link before it came
    LostSent,      ///< lost behind us, or not taken by the device
    None,          ///< no packet: only states, timers or a close
  };

  Kind kind = Kind::None;
  Instant at{};  ///< when read() returned it or write() took it; the stack's time where nobody said
  Instant now{};  ///< the stack's time, one for a whole turn
  ConnectionId connection;
  FourTuple tuple;
  SendReason reason{};  ///< of one that was sent
  Verdict verdict{};    ///< of one that came
  PacketSummary summary;
  std::span<const ByteView> pieces;  ///< the whole IP packet, in order; empty without a packet
  bool checksum_partial = false;
  std::uint16_t gso_size = 0;
  std::optional<TcbSnapshot> before;
  std::optional<TcbSnapshot> after;

  PacketEvents events;
  MessageParts messages;
  FewOf<StateStep> steps;
  FewOf<TimerName> timers;   ///< that expired before it, and made it
  CloseNote close;           ///< of a FIN or RST, and of a close without a packet
  std::uint32_t unsent = 0;  ///< bytes before the FIN, of a close without a packet
  LossWords lost;            ///< of one that was lost

  std::optional<std::uint32_t> stream;  ///< of TCP
  InitialNumbers numbers;
  std::optional<std::uint8_t> window_shift;
  std::optional<State> state;  ///< ours after it; empty: not known
  PeerStates peer;

  [[nodiscard]] bool has_packet() const { return kind != Kind::None; }
  [[nodiscard]] bool is_outgoing() const { return kind == Kind::Sent || kind == Kind::LostSent; }
};

/// Who is handed packets with their annotations.
class AnnotatedSink {
 public:
  AnnotatedSink() = default;
  AnnotatedSink(const AnnotatedSink&) = delete;
  AnnotatedSink& operator=(const AnnotatedSink&) = delete;
  virtual ~AnnotatedSink() = default;
  /// In the order in which they passed within each direction; must not throw or block.
  virtual void on_annotated(const AnnotatedPacket& packet) noexcept = 0;
};

}  // namespace glasstcp
