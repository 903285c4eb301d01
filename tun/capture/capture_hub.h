// One capture for all who want it: a file, the packets that passed lately, and readers that came
// while the server runs. Each packet is annotated and encoded once.
//
//     Annotator -> CaptureHub -> CaptureSink -> blocks -> the file, as it was asked for
//                                                      -> BlockRing -> CaptureTap, CaptureTap ...
//
// Who reads a capture over the server's own network must not find in it what the reading causes: it
// would never end. So connections that fetch captures are hidden from the ring, wholly where they
// are recognised in time; the file has them.
//
// Invariants:
//   1. No reader is waited for: one that is too slow misses packets, and its capture says how many,
//      at the place where they are missing.
//   2. Every reader gets a whole file: the section and both interfaces come first.
//   3. Where all places are taken, a client that has at least two more than one that comes gives
//   its oldest up.
//   4. While nobody is served is_wanted() is false, and nothing needs to be observed.
//
// Next: capture_tap.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stack/trace/capture_sink.h"
#include "tun/capture/block_ring.h"

namespace glasstcp {

class CaptureTap;

/// How captures of a server look.
struct CaptureStyle {
  std::string interface;  ///< as it stands in the file
  Language language = Language::English;
  std::optional<std::uint64_t> seed{};   ///< only one that the user gave: it reveals the keys
  std::optional<std::uint32_t> bytes{};  ///< of each packet; empty: all
  Comments comments = Comments::Both;
};

/// Takes annotated packets, and gives blocks to whoever wants them.
class CaptureHub final : public AnnotatedSink, private BlockSink {
 public:
  /// Readers at the same time, at most.
  static constexpr std::size_t kMostTaps = 8;
  /// Bytes that wait for readers where no recent packets are kept.
  static constexpr std::size_t kRoomForTaps = 8U << 20;

  /// `recent`: bytes of the packets that passed lately to be kept; 0: none.
  CaptureHub(const CaptureStyle& style, std::size_t recent);
  ~CaptureHub() override;

  /// Whether there was memory for it.
  [[nodiscard]] bool is_ready() const;
  /// What a file begins with: the section and both interfaces.
  [[nodiscard]] ByteView preamble() const { return preamble_; }
  [[nodiscard]] Language language() const { return style_.language; }
  /// Gets every block from now on, but not the preamble. Borrowed.
  void set_file(BlockSink& file) { file_ = &file; }
  [[nodiscard]] bool is_wanted() const { return file_ != nullptr || recent_ > 0 || has_taps(); }
  [[nodiscard]] bool has_taps() const { return !taps_.empty(); }
  [[nodiscard]] bool keeps_recent() const { return recent_ > 0; }

  /// When the last packet passed, or when this began; since 1970 UTC.
  [[nodiscard]] std::int64_t last_time_ns() const { return last_time_ns_; }
  /// Readers find nothing of this connection, from now on and, as far as it is known, before.
  void hide(const FourTuple& connection) noexcept;
  void on_annotated(const AnnotatedPacket& packet) noexcept override;
  /// Tells what waits for packets that will not come. Once, at the end.
  void finish(Instant at) noexcept;

 private:
  friend class CaptureTap;
  static constexpr std::size_t kMostHidden = 65536;  // connections
  static constexpr std::size_t kMostCallers = 64;

  void write(ByteView block) noexcept override;
  [[nodiscard]] bool is_hidden(std::uint32_t stream) const;
  void hide_stream_of(const AnnotatedPacket& packet);
  [[nodiscard]] bool may_be_read() const;
  [[nodiscard]] bool add(CaptureTap& tap);
  [[nodiscard]] bool make_room_for(const CaptureTap& newcomer);
  void remove(CaptureTap& tap) noexcept;

  CaptureStyle style_;
  std::size_t recent_;
  std::vector<std::uint8_t> preamble_;
  bool in_preamble_ = true;
  std::unique_ptr<CaptureSink> sink_;
  Duration wall_offset_{};
  std::int64_t last_time_ns_ = 0;  // of the last packet, since 1970 UTC
  BlockSink* file_ = nullptr;
  std::unique_ptr<BlockRing> ring_;
  std::vector<CaptureTap*> taps_;
  // The last that asked to be hidden. Their next packet tells the stream; until then taps wait.
  struct Caller {
    FourTuple tuple;
    bool is_known = false;
  };
  std::vector<Caller> callers_;
  std::vector<std::uint32_t> hidden_;            // streams, in order
  std::uint32_t stream_ = BlockRing::kNoStream;  // of the block that is being made
};

}  // namespace glasstcp
