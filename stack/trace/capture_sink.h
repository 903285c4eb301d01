// Writes an annotated capture: every packet, and beside it why it was sent or what became of it.
//
//   OUT FastRetransmit (RFC 5681 §3.2): third duplicate ACK for 14481; cwnd 28960 -> 18824,
//   ssthresh 14480, ...
//
// The first comment of a packet is the sentence, the second the line for programs (fields.h), equal
// in every language; then come the timers that made it and the changes of state that it made.
//
// Interface 0 is the device as the stack used it. Interface 1 has the packets that the stack
// dropped, and those that an impairment ate, so that the filter `frame.interface_id == 0` shows
// what took part. What happens without a packet becomes a comment of the connection's next packet.
//
// Invariants:
//   1. No allocation after construction.
//   2. A packet that the kernel is to cut up or to complete says so, since its checksum in the file
//   is not final.
//
// Next: recorder.h.
#pragma once

#include <array>
#include <string_view>

#include "stack/trace/annotated_packet.h"
#include "stack/trace/language.h"
#include "stack/trace/pcapng.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// Which comments a capture has.
enum class Comments : std::uint8_t {
  None,
  Text,    ///< sentences for people
  Fields,  ///< lines for programs
  Both,
};

/// How a capture is to be written.
struct CaptureOptions {
  Language language = Language::English;
  Duration wall_offset{};  ///< added to an Instant gives nanoseconds since 1970-01-01 UTC
  /// bytes of each packet that are kept
  std::uint32_t snap_length = PcapngEncoder::kDefaultSnapLength;
  Comments comments = Comments::Both;
  std::string_view
      application;  ///< "glasstcp 0.1.0"; borrowed during construction, as the following
  std::string_view interface_name{};   ///< "tun0"
  std::string_view section_comment{};  ///< e.g. the seed, if it is no secret
};

/// Writes the file's beginning at once, then each packet when it is handed over. The sink must
/// outlive it.
class CaptureSink final : public AnnotatedSink {
 public:
  static constexpr std::uint32_t kDevice = 0;   ///< interface of packets that took part
  static constexpr std::uint32_t kDropped = 1;  ///< interface of packets that did not

  CaptureSink(BlockSink& sink, const CaptureOptions& options);

  /// Whether there was memory for it; without it the capture stays empty.
  [[nodiscard]] bool is_ready() const { return encoder_.is_ready(); }

  void on_annotated(const AnnotatedPacket& packet) noexcept override;

  /// Writes what happened after the last packet of its connection, as a comment of a statistics
  /// block. Once, at the end.
  void finish(Instant at) noexcept;

 private:
  // Something that happened to a connection and waits for its next packet.
  struct Note {
    FourTuple tuple;
    TextBuffer text;
  };
  static constexpr std::size_t kMaxNotes = 8;
  static constexpr std::size_t kMaxComments = 2 + 4 + 4 + kMaxNotes;

  void add_note(const AnnotatedPacket& packet);
  void add_sentence_of(const AnnotatedPacket& packet);
  void add_offload(const AnnotatedPacket& packet);
  [[nodiscard]] bool has_text() const {
    return options_.comments == Comments::Both || options_.comments == Comments::Text;
  }
  [[nodiscard]] bool has_fields() const {
    return options_.comments == Comments::Both || options_.comments == Comments::Fields;
  }

  PcapngEncoder encoder_;
  CaptureOptions options_;
  TextBuffer text_;
  TextBuffer fields_;
  std::array<TextBuffer, 8> details_;
  std::array<Note, kMaxNotes> notes_;
  std::size_t note_count_ = 0;
};

}  // namespace glasstcp
