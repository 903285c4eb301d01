// An observer that writes an annotated capture: every packet, and beside it why it was sent or what
// became of it.
//
//   OUT FastRetransmit (RFC 5681 §3.2): third duplicate ACK for 14481; cwnd 28960 -> 18824,
//   ssthresh 14480, ...
//
// Interface 0 is the device as the stack used it. Interface 1 has the packets that the stack
// dropped, and those that an impairment ate, so that the filter `frame.interface_id == 0` shows
// what took part. Changes of state and timers become further comments of the packet that caused
// them or that they cause.
//
// Invariants:
//   1. No allocation after construction. Comments of one packet: its own, then what happened to its
//   connection.
//   2. A packet that the kernel is to cut up or to complete says so, since its checksum in the file
//   is not final.
//
// Next: recorder.h.
#pragma once

#include <array>
#include <string_view>

#include "stack/trace/language.h"
#include "stack/trace/observer.h"
#include "stack/trace/pcapng.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// How a capture is to be written.
struct CaptureOptions {
  Language language = Language::English;
  Duration wall_offset{};  ///< added to an Instant gives nanoseconds since 1970-01-01 UTC
  /// bytes of each packet that are kept
  std::uint32_t snap_length = PcapngEncoder::kDefaultSnapLength;
  bool annotate = true;  ///< whether comments are written
  std::string_view
      application;  ///< "glasstcp 0.1.0"; borrowed during construction, as the following
  std::string_view interface_name{};   ///< "tun0"
  std::string_view section_comment{};  ///< e.g. the seed, if it is no secret
};

/// Who knows whether the packet that is about to leave will be lost behind the stack (an impaired
/// link).
class LossForeteller {
 public:
  LossForeteller() = default;
  LossForeteller(const LossForeteller&) = delete;
  LossForeteller& operator=(const LossForeteller&) = delete;
  virtual ~LossForeteller() = default;
  /// Why it will be, or empty. Static lifetime.
  [[nodiscard]] virtual std::string_view why_next_is_lost(Language language) const noexcept = 0;
};

/// Writes the file's beginning at once, then each packet when it passes. The sink must outlive it.
class CaptureSink final : public Observer {
 public:
  static constexpr std::uint32_t kDevice = 0;   ///< interface of packets that took part
  static constexpr std::uint32_t kDropped = 1;  ///< interface of packets that did not

  CaptureSink(BlockSink& sink, const CaptureOptions& options);

  /// Whether there was memory for it; without it the capture stays empty.
  [[nodiscard]] bool is_ready() const { return encoder_.is_ready(); }

  void on_packet_sent(const PacketSentEvent& event) noexcept override;
  void on_packet_received(const PacketReceivedEvent& event) noexcept override;
  void on_state_changed(const StateChangedEvent& event) noexcept override;
  void on_timer_fired(const TimerFiredEvent& event) noexcept override;

  /// Packets that leave and that this knows to be lost stand on kDropped; borrowed.
  void set_foreteller(const LossForeteller& foreteller) { foreteller_ = &foreteller; }
  /// A packet that never reached the stack, e.g. lost on an impaired link: `why` is its comment.
  void note_lost(Instant at, ByteView packet, Direction direction, std::string_view why) noexcept;

 private:
  // Something that happened to a connection and waits for its next packet.
  struct Note {
    ConnectionId connection;
    TextBuffer text;
  };
  static constexpr std::size_t kMaxNotes = 8;

  Note& add_note(ConnectionId connection);
  void add_offload(bool checksum_partial, std::uint16_t gso_size);
  void write(Instant at, ConnectionId connection, CapturePacket packet);

  PcapngEncoder encoder_;
  CaptureOptions options_;
  const LossForeteller* foreteller_ = nullptr;
  TextBuffer comment_;
  std::array<Note, kMaxNotes> notes_;
  std::size_t note_count_ = 0;
};

}  // namespace glasstcp
