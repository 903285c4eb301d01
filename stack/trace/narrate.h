// The stack tells what it does, one line per event, in English or Chinese.
//
//   0.000123 [0] 192.0.2.1:40000 OUT SYN-ACK seq 0 ack 1 win 65535 <mss 1460,sackOK,ts,ws 7>
//   SynAck (RFC 9293 §3.5): answer to a SYN: ...
//
// The number in brackets is the connection's, as Wireshark counts it (tcp.stream); [-] stands for
// packets of none. The peer's address is in a connection's first line, afterwards its port.
// A change of state follows the packet that made it; a timer stands before the packet that it
// makes.
//
// Runs of alike packets of one connection (data that flows, and its ACKs) are folded into one line
// for each direction, until something else happens to the connection or it was silent for
// kFoldSilence.
//
// Invariants:
//   1. One write per line, no allocation; a line that is too long is cut (text_buffer.h).
//   2. Sequence numbers are relative to the connection's first, or marked "raw".
//   3. Nothing is left out: a folded packet is counted in the line of its run.
//   4. Nothing is said by colour alone: a mark stands beside it, and the name of the reason.
//
// Next: pcapng.h.
#pragma once

#include <array>
#include <string_view>

#include "stack/trace/annotated_packet.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// Where lines of text go.
class LineSink {
 public:
  LineSink() = default;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;
  virtual ~LineSink() = default;
  /// One whole line in UTF-8, with its line feed. Borrowed during the call.
  virtual void write(std::string_view line) noexcept = 0;
};

/// How much is told.
enum class Detail : std::uint8_t {
  States,  ///< handshakes, closes, resets and changes of state alone
  Folded,  ///< everything, runs of alike packets in one line
  Every,   ///< a line for each packet
};

/// Writes a line for each event. The sink must outlive it.
class Narrator final : public AnnotatedSink {
 public:
  static constexpr Duration kFoldSilence = std::chrono::milliseconds(200);

  /// Times are printed as seconds since `origin`.
  Narrator(LineSink& sink, Language language, Instant origin, Detail detail = Detail::Every)
      : sink_(sink), language_(language), origin_(origin), detail_(detail) {}

  /// Packets get the colour and the mark of their class (reason_class.h), for a terminal of 256
  /// colours.
  void use_colours() { has_colours_ = true; }

  void on_annotated(const AnnotatedPacket& packet) noexcept override;

  /// Writes the runs that have been silent for long enough.
  void on_time(Instant now) noexcept;
  /// When on_time() has something to write; kNever: nothing waits.
  [[nodiscard]] Instant next_deadline() const noexcept;
  /// Writes all runs, e.g. at the end.
  void flush() noexcept;

 private:
  // Alike packets in one direction of a connection.
  struct Run {
    std::uint32_t count = 0;
    AnnotatedPacket first;
    AnnotatedPacket last;
    std::uint64_t bytes = 0;     // of data
    std::uint64_t segments = 0;  // what a GSO packet stands for counts in full
    std::uint64_t acked = 0;     // bytes of ours that they acknowledged
  };
  struct Fold {
    bool used = false;
    std::uint32_t stream = 0;
    Instant last_at{};
    std::array<Run, 2> runs;  // that leave, that come
  };
  static constexpr std::size_t kFolds = 32;

  [[nodiscard]] bool is_told(const AnnotatedPacket& packet) const;
  [[nodiscard]] static bool is_foldable(const AnnotatedPacket& packet);
  [[nodiscard]] static bool are_alike(const AnnotatedPacket& a, const AnnotatedPacket& b);
  bool fold(const AnnotatedPacket& packet);
  Fold& fold_of(std::uint32_t stream);
  void write_fold(Fold& fold);
  void write_run(const Run& run);
  void write(const AnnotatedPacket& packet);
  void write_details(const AnnotatedPacket& packet, Instant at);
  void begin(Instant at, const AnnotatedPacket& packet);
  void paint(const AnnotatedPacket& packet);
  void end();

  LineSink& sink_;
  Language language_;
  Instant origin_;
  Detail detail_;
  bool has_colours_ = false;
  bool is_painted_ = false;  // the line so far
  TextBuffer line_;
  std::array<Fold, kFolds> folds_;
  std::array<std::uint32_t, 256> introduced_{};  // streams, by their lowest bits, plus one
};

}  // namespace glasstcp
