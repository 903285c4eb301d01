// The observer behind captures, narration and views: makes of the stack's events packets with
// annotations.
//
// A request is understood only when the application has read it, and a packet is written only after
// it was made. So what came waits until the application had its turn, and what leaves waits until
// the device has taken it; then both are handed on, with the time at which they really passed.
//
//     a turn of the loop      the annotator
//     read() -> receive()     on_read(time), on_packet_received: waits
//     application.turn()      on_message, on_state_changed
//                             on_application_done(): what came is handed on
//     transmit() -> write()   on_packet_sent: waits; on_written(time): is handed on
//     end of the turn         on_turn_done(): what happened without a packet is handed on
//
// Without a loop that tells of turns (wait = false) everything is handed on at once.
//
// Invariants:
//   1. No allocation after construction. More than fits is handed on early, without what the
//      application would have said.
//   2. A change of state stands with the packet that made it, or that it makes: FIN-WAIT-1 and
//      LAST-ACK with the FIN. One without a packet is handed on by itself.
//
// Next: packet_event_words.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stack/trace/annotated_packet.h"
#include "stack/trace/observer.h"

namespace glasstcp {

/// Who knows whether the packet that is about to leave will be lost behind the stack (an impaired
/// link).
class LossForeteller {
 public:
  LossForeteller() = default;
  LossForeteller(const LossForeteller&) = delete;
  LossForeteller& operator=(const LossForeteller&) = delete;
  virtual ~LossForeteller() = default;
  /// Why it will be, or empty. Static lifetime. `pieces`: the whole packet.
  [[nodiscard]] virtual std::string_view why_next_is_lost(std::span<const ByteView> pieces,
                                                          Language language) const noexcept = 0;
};

/// Copies a packet that is about to leave, of which some bytes may lie where they can vanish (a
/// mapped file that somebody cuts).
class PacketCopier {
 public:
  PacketCopier() = default;
  PacketCopier(const PacketCopier&) = delete;
  PacketCopier& operator=(const PacketCopier&) = delete;
  virtual ~PacketCopier() = default;
  /// All of it in a row, valid until the next call; empty: it cannot be read.
  [[nodiscard]] virtual ByteView copy(std::span<const ByteView> pieces) noexcept = 0;
};

/// Annotates, and hands on. Sinks must outlive it.
class Annotator final : public Observer {
 public:
  struct Options {
    bool wait = false;          ///< the loop calls on_application_done() and on_turn_done()
    bool wait_written = false;  ///< and on_written() or on_not_written() for each packet sent
    bool heads_only = false;    ///< sinks need no more of a packet than its headers
    std::size_t connections = ConnectionMemories::kDefault;
  };
  Annotator() : Annotator(Options{}) {}
  explicit Annotator(const Options& options);

  void add(AnnotatedSink& sink) { sinks_.push_back(&sink); }
  [[nodiscard]] bool is_empty() const { return sinks_.empty(); }
  /// Borrowed.
  void set_foreteller(const LossForeteller& foreteller) { foreteller_ = &foreteller; }
  /// Borrowed. Without one the annotator reads what leaves itself: then all of it must be memory.
  void set_copier(PacketCopier& copier) { copier_ = &copier; }

  void on_packet_sent(const PacketSentEvent& event) noexcept override;
  void on_packet_received(const PacketReceivedEvent& event) noexcept override;
  void on_state_changed(const StateChangedEvent& event) noexcept override;
  void on_timer_fired(const TimerFiredEvent& event) noexcept override;
  void on_message(const MessageEvent& event) noexcept override;
  void on_close(const CloseEvent& event) noexcept override;

  /// The next packet that is received was read at `at`.
  void on_read(Instant at) noexcept { read_at_ = at; }
  /// The device took the last packet that was sent at `at`.
  void on_written(Instant at) noexcept;
  /// The device will not take the last packet that was sent.
  void on_not_written() noexcept;
  /// The last packet that was sent left at `at`, and is lost behind us.
  void on_lost(Instant at, LossWords why) noexcept;
  /// The application has acted on all that came.
  void on_application_done() noexcept { release_received(); }
  /// Nothing more leaves in this turn.
  void on_turn_done(Instant now) noexcept;
  /// The stack has lost all its connections without a word (it was started anew): they are CLOSED.
  void forget_states() noexcept { memories_.forget_states(); }
  /// Hands on whatever waits, e.g. at the end.
  void flush(Instant now) noexcept;

  /// Packets passed that it was not told of: what it knows of the last ones is no longer so.
  void note_gap() noexcept { memories_.note_gap(); }

  /// A packet that an impaired link lost before it came.
  void note_lost(Instant at, ByteView packet, LossWords why) noexcept;

 private:
  // Received packets of one turn, with a copy of their bytes.
  static constexpr std::size_t kMostWaiting = 64;
  static constexpr std::size_t kHeads = PacketSummary::kLookAt;  // bytes of a packet, heads_only
  static constexpr std::size_t kMostNotes = 64;

  // Something that happened to a connection and waits for its packet.
  struct Note {
    enum class Kind : std::uint8_t { State, Timer };
    Kind kind = Kind::State;
    Instant at{};
    ConnectionId connection;
    FourTuple tuple;
    bool has_tuple = false;
    StateStep step;
    TimerName timer{};
    std::optional<TcbSnapshot> tcb;  // after the timer
  };
  struct Waiting {
    AnnotatedPacket packet;
    ByteView bytes;
  };

  void add_note(const Note& note);
  void take_notes(AnnotatedPacket& packet);
  static void learn_state(AnnotatedPacket& packet, ConnectionMemory* memory);
  void describe(AnnotatedPacket& packet, ConnectionMemory* memory, bool outgoing);
  [[nodiscard]] bool keep(AnnotatedPacket& packet, ByteView bytes);
  void release_received() noexcept;
  void release_sent() noexcept;
  [[nodiscard]] ByteView copy_of(std::span<const ByteView> pieces) noexcept;
  [[nodiscard]] std::size_t room_for_received() const {
    return kMostWaiting * (options_.heads_only ? kHeads : 65536);
  }
  void tell_note(const Note& note, Instant now) noexcept;
  void hand_on(const AnnotatedPacket& packet) noexcept;

  Options options_;
  std::vector<AnnotatedSink*> sinks_;
  const LossForeteller* foreteller_ = nullptr;
  PacketCopier* copier_ = nullptr;
  ConnectionMemories memories_;
  Instant read_at_ = Instant::min();
  std::unique_ptr<Waiting[]> waiting_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t waiting_count_ = 0;
  std::size_t bytes_used_ = 0;
  AnnotatedPacket sent_;
  std::unique_ptr<std::uint8_t[]> sent_bytes_;
  ByteView sent_view_;
  bool has_sent_ = false;
  std::array<Note, kMostNotes> notes_;
  std::size_t note_count_ = 0;
};

}  // namespace glasstcp
