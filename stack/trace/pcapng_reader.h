// Captures read back: pcapng and the older pcap, of either byte order, ours or anyone's.
//
// The pcapng format (draft-ietf-opsawg-pcapng) and libpcap's file format (draft-ietf-opsawg-pcap).
// Files come from outside: every length is checked against what is there before it is used.
//
// Invariants:
//   1. Any bytes are survived. Reading stops at the first block that cannot be right; what came
//   before it counts.
//   2. Nothing is copied: data and comments are views into the file's bytes.
//   3. Each call of next() moves on in the file, so reading ends.
//
// Leaves out: decryption secrets, name resolution, statistics and custom blocks, which are skipped.
// Next: capture_sink.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stack/base/bytes.h"
#include "stack/trace/pcapng.h"

namespace glasstcp {

/// Why reading a capture stopped before its end.
enum class CaptureError : std::uint8_t {
  NotACapture,        ///< neither pcapng nor pcap
  Truncated,          ///< the file ends within a block
  BadBlock,           ///< lengths that contradict each other
  UnknownInterface,   ///< a packet of an interface that was not described
  TooManyInterfaces,  ///< more than anyone has
};
[[nodiscard]] std::string_view name_of(CaptureError error);

/// A network interface of a capture.
struct CapturedInterface {
  std::uint16_t link_type = 0;  ///< LINKTYPE_...: 1 Ethernet, 101 raw IP, 113 Linux cooked
  std::uint32_t snap_length = 0;
  std::uint8_t resolution = 6;      ///< if_tsresol: 10^-n s, or 2^-n with the top bit set
  std::int64_t offset_seconds = 0;  ///< if_tsoffset
  std::string_view name;
};

/// A packet that was read. Views live as long as the file's bytes.
struct CapturedPacket {
  static constexpr std::size_t kMaxComments = 16;  ///< more are left out

  std::uint32_t number = 0;     ///< of the frame, from 1 over all sections, as Wireshark counts
  std::uint32_t interface = 0;  ///< number within the section
  std::uint16_t link_type = 0;
  std::int64_t time_ns = 0;  ///< since 1970-01-01 UTC; 0 where the file has no time
  Direction direction = Direction::Unknown;
  std::uint32_t original_length = 0;  ///< bytes on the wire; data may be less
  ByteView data;                      ///< from the link layer on
  std::size_t comment_count = 0;
  std::array<std::string_view, kMaxComments> comment_texts;

  [[nodiscard]] std::span<const std::string_view> comments() const {
    return {comment_texts.data(), comment_count};
  }
};

/// Reads a capture that is wholly in memory.
class CaptureReader {
 public:
  static constexpr std::size_t kMaxInterfaces = 4096;

  /// `file` must outlive the reader and all that it hands out.
  explicit CaptureReader(ByteView file);

  /// The next packet; empty at the end, or at an error.
  [[nodiscard]] std::optional<CapturedPacket> next();
  /// Why next() stopped; empty when the file was read to its end.
  [[nodiscard]] std::optional<CaptureError> error() const { return error_; }
  /// The interfaces of the present section that were described so far.
  [[nodiscard]] std::span<const CapturedInterface> interfaces() const { return interfaces_; }
  /// The comment and the writing application of the present section, if any.
  [[nodiscard]] std::string_view section_comment() const { return section_comment_; }
  [[nodiscard]] std::string_view application() const { return application_; }
  /// Sections that were begun; 0 in a pcap file.
  [[nodiscard]] std::uint32_t sections() const { return sections_; }
  [[nodiscard]] bool is_pcapng() const { return format_ == Format::Pcapng; }

 private:
  enum class Format : std::uint8_t { None, Pcap, Pcapng };

  [[nodiscard]] std::uint16_t get16(ByteView bytes, std::size_t at) const;
  [[nodiscard]] std::uint32_t get32(ByteView bytes, std::size_t at) const;
  std::optional<CapturedPacket> fail(CaptureError error);
  void read_pcap_header();
  std::optional<CapturedPacket> next_pcap();
  std::optional<CapturedPacket> next_pcapng();
  std::optional<ByteView> next_block(std::uint32_t& type);
  bool begin_section();
  bool read_section(ByteView body);
  bool read_interface(ByteView body);
  std::optional<CapturedPacket> read_packet(ByteView body, bool is_obsolete);
  std::optional<CapturedPacket> read_simple_packet(ByteView body);
  void read_packet_options(CapturedPacket& packet, ByteView options) const;
  template <typename F>
  void for_each_option(ByteView options, F f) const;

  ByteView rest_;
  Format format_ = Format::None;
  bool big_endian_ = false;
  bool nanoseconds_ = false;  // pcap only
  std::uint32_t frames_ = 0;  // so far, with the blocks that Wireshark counts as frames
  std::uint32_t sections_ = 0;
  std::optional<CaptureError> error_;
  std::vector<CapturedInterface> interfaces_;
  std::string_view section_comment_;
  std::string_view application_;
};

}  // namespace glasstcp
