// Captures as pcapng files: the writer.
//
// The pcapng format (draft-ietf-opsawg-pcapng): a section header, interface descriptions, and an
// enhanced packet block for each packet, with any number of comments in UTF-8. Wireshark shows the
// comments beside the packets; libpcap can neither write nor read them, hence this encoder. Packets
// are raw IP (LINKTYPE_RAW, 101).
//
// Invariants:
//   1. Each write to the sink is one whole block: a file that is cut between writes is a good file.
//   2. All memory is taken in the constructor. A packet longer than the snap length is cut, and its
//      block says so; comments that do not fit are left out.
//   3. Little-endian on every platform: same events, same bytes.
//
// Leaves out: custom blocks and name resolution. Wireshark counts custom blocks as frames.
//
// Next: pcapng_reader.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "stack/base/bytes.h"

namespace glasstcp {

/// Where blocks of a capture go.
class BlockSink {
 public:
  BlockSink() = default;
  BlockSink(const BlockSink&) = delete;
  BlockSink& operator=(const BlockSink&) = delete;
  virtual ~BlockSink() = default;
  /// One whole block, borrowed during the call. A failure is the sink's own to remember.
  virtual void write(ByteView block) noexcept = 0;
};

/// Which way a packet went, seen from the stack.
enum class Direction : std::uint8_t { Unknown = 0, In = 1, Out = 2 };

/// A packet to be written.
struct CapturePacket {
  std::uint32_t interface = 0;  ///< number of the interface, in the order of add_interface
  std::int64_t time_ns = 0;     ///< since 1970-01-01 UTC
  Direction direction = Direction::Unknown;
  std::span<const ByteView> pieces;            ///< the IP packet, in order
  std::span<const std::string_view> comments;  ///< UTF-8, each up to 65535 bytes
};

/// What an interface statistics block counts; empty: not told.
struct InterfaceCounts {
  std::optional<std::uint64_t> received{};  ///< packets that came to whoever wrote the file
  std::optional<std::uint64_t> dropped{};   ///< packets of those that the file lacks
};

/// Turns packets into blocks.
class PcapngEncoder {
 public:
  static constexpr std::uint32_t kDefaultSnapLength = 262'144;  ///< bytes: what tcpdump takes

  /// Packets are cut after `snap_length` bytes. The sink must outlive the encoder.
  explicit PcapngEncoder(BlockSink& sink, std::uint32_t snap_length = kDefaultSnapLength);

  /// Whether there was memory for the block buffer; without it nothing is written.
  [[nodiscard]] bool is_ready() const { return block_ != nullptr; }

  /// The section header: first, once. `application` and `comments` may be empty.
  void begin_section(std::string_view application, std::span<const std::string_view> comments);
  /// Describes the next interface (0, 1, ...): raw IP, nanoseconds.
  void add_interface(std::string_view name, std::string_view description);
  /// A packet on an interface that was added before.
  void add_packet(const CapturePacket& packet);
  /// A statistics block: what is to be said of an interface, as comments and as counts. It may
  /// stand anywhere behind the interfaces.
  void add_statistics(std::uint32_t interface, std::int64_t time_ns,
                      std::span<const std::string_view> comments,
                      const InterfaceCounts& counts = {});

 private:
  static constexpr std::size_t kRoomForOptions = 24 * 1024;  // of one block, bytes

  void begin_block(std::uint32_t type);
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put_bytes(const void* bytes, std::size_t size);
  void pad();
  void option(std::uint16_t code, const void* value, std::size_t size);
  void text_option(std::uint16_t code, std::string_view text);
  void end_block();

  BlockSink& sink_;
  std::uint32_t snap_length_;
  std::unique_ptr<std::uint8_t[]> block_;
  std::size_t size_ = 0;
  std::size_t capacity_;
};

/// Copies a packet block of PcapngEncoder with one comment more (at most 65535 bytes) to `into`:
/// how long the copy is; 0: `block` is no packet block, or there is no room.
[[nodiscard]] std::size_t copy_with_comment(ByteView block, std::string_view comment,
                                            ByteSpan into) noexcept;

/// The number of the interface of a packet block of PcapngEncoder; empty: it is another block.
[[nodiscard]] std::optional<std::uint32_t> interface_of(ByteView block) noexcept;

}  // namespace glasstcp
