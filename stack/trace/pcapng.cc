// Blocks and options of the pcapng format, put together in one buffer.
#include "stack/trace/pcapng.h"

#include <algorithm>
#include <new>

namespace glasstcp {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kEnhancedPacket = 6;
constexpr std::uint32_t kInterfaceStatistics = 5;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kLinkTypeRaw = 101;
// Option codes, each in the blocks that have it.
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1;
constexpr std::uint16_t kUserApplication = 4;                              // section
constexpr std::uint16_t kName = 2, kDescription = 3, kTimeResolution = 9;  // interface
constexpr std::uint16_t kFlags = 2;                                        // packet
constexpr std::uint16_t kReceived = 4, kDropped = 5;                       // statistics
constexpr std::uint8_t kNanoseconds = 9;                                   // 10^-9 s
constexpr std::size_t kTail = 8;  // end-of-options and the length that is repeated

constexpr std::size_t padded(std::size_t n) {
  return (n + 3) & ~std::size_t{3};
}

}  // namespace

PcapngEncoder::PcapngEncoder(BlockSink& sink, std::uint32_t snap_length)
    : sink_(sink),
      snap_length_(std::min(snap_length, kDefaultSnapLength)),
      block_(new (std::nothrow) std::uint8_t[padded(snap_length_) + kRoomForOptions]),
      capacity_(padded(snap_length_) + kRoomForOptions) {}

void PcapngEncoder::put16(std::uint16_t value) {
  block_[size_++] = static_cast<std::uint8_t>(value);
  block_[size_++] = static_cast<std::uint8_t>(value >> 8);
}

void PcapngEncoder::put32(std::uint32_t value) {
  put16(static_cast<std::uint16_t>(value));
  put16(static_cast<std::uint16_t>(value >> 16));
}

void PcapngEncoder::put_bytes(const void* bytes, std::size_t size) {
  if (size != 0) std::memcpy(block_.get() + size_, bytes, size);
  size_ += size;
}

void PcapngEncoder::pad() {
  while (size_ % 4 != 0) block_[size_++] = 0;
}

void PcapngEncoder::begin_block(std::uint32_t type) {
  size_ = 0;
  put32(type);
  put32(0);  // the length: end_block knows it
}

void PcapngEncoder::option(std::uint16_t code, const void* value, std::size_t size) {
  if (size_ + 4 + padded(size) + kTail > capacity_) return;
  put16(code);
  put16(static_cast<std::uint16_t>(size));
  put_bytes(value, size);
  pad();
}

void PcapngEncoder::text_option(std::uint16_t code, std::string_view text) {
  if (!text.empty() && text.size() <= 0xffff) option(code, text.data(), text.size());
}

void PcapngEncoder::end_block() {
  put16(kEndOfOptions);
  put16(0);
  const auto length = static_cast<std::uint32_t>(size_ + 4);
  put32(length);
  const std::size_t whole = size_;
  size_ = 4;
  put32(length);
  sink_.write(ByteView(block_.get(), whole));
}

void PcapngEncoder::begin_section(std::string_view application,
                                  std::span<const std::string_view> comments) {
  if (!is_ready()) return;
  begin_block(kSectionHeader);
  put32(kByteOrderMagic);
  put16(1);  // version 1.0
  put16(0);
  put32(0xffffffffU);  // the section's length is not known beforehand
  put32(0xffffffffU);
  for (const std::string_view comment : comments) text_option(kComment, comment);
  text_option(kUserApplication, application);
  end_block();
}

void PcapngEncoder::add_interface(std::string_view name, std::string_view description) {
  if (!is_ready()) return;
  begin_block(kInterfaceDescription);
  put16(kLinkTypeRaw);
  put16(0);
  put32(snap_length_);
  text_option(kName, name);
  text_option(kDescription, description);
  option(kTimeResolution, &kNanoseconds, 1);
  end_block();
}

void PcapngEncoder::add_packet(const CapturePacket& packet) {
  if (!is_ready()) return;
  std::size_t original = 0;
  for (const ByteView piece : packet.pieces) original += piece.size();
  const std::size_t captured = std::min<std::size_t>(original, snap_length_);
  const auto time = static_cast<std::uint64_t>(packet.time_ns);

  begin_block(kEnhancedPacket);
  put32(packet.interface);
  put32(static_cast<std::uint32_t>(time >> 32));
  put32(static_cast<std::uint32_t>(time));
  put32(static_cast<std::uint32_t>(captured));
  put32(static_cast<std::uint32_t>(original));
  std::size_t left = captured;
  for (const ByteView piece : packet.pieces) {
    const std::size_t n = std::min(piece.size(), left);
    put_bytes(piece.data(), n);
    left -= n;
  }
  pad();
  if (packet.direction != Direction::Unknown) {
    const std::uint8_t flags[4] = {static_cast<std::uint8_t>(packet.direction), 0, 0, 0};
    option(kFlags, flags, sizeof flags);
  }
  for (const std::string_view comment : packet.comments) text_option(kComment, comment);
  end_block();
}

void PcapngEncoder::add_statistics(std::uint32_t interface, std::int64_t time_ns,
                                   std::span<const std::string_view> comments,
                                   const InterfaceCounts& counts) {
  if (!is_ready()) return;
  const auto time = static_cast<std::uint64_t>(time_ns);
  begin_block(kInterfaceStatistics);
  put32(interface);
  put32(static_cast<std::uint32_t>(time >> 32));
  put32(static_cast<std::uint32_t>(time));
  for (const std::string_view comment : comments) text_option(kComment, comment);
  const auto count = [this](std::uint16_t code, const std::optional<std::uint64_t>& value) {
    if (!value) return;
    std::uint8_t bytes[8];
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(*value >> 8 * i);
    option(code, bytes, sizeof bytes);
  };
  count(kReceived, counts.received);
  count(kDropped, counts.dropped);
  end_block();
}

std::size_t copy_with_comment(ByteView block, std::string_view comment, ByteSpan into) noexcept {
  const std::size_t added = 4 + padded(comment.size());
  const std::size_t size = block.size() + added;
  if (!interface_of(block) || comment.size() > 0xffff || size > into.size()) return 0;
  const auto put = [&into](std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
      into[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
  };
  // The options end 8 bytes before the block does.
  const std::size_t end = block.size() - kTail;
  std::memcpy(into.data(), block.data(), end);
  put(end, kComment, 2);
  put(end + 2, static_cast<std::uint32_t>(comment.size()), 2);
  std::memset(into.data() + end + 4, 0, added - 4);
  std::memcpy(into.data() + end + 4, comment.data(), comment.size());
  put(end + added, kEndOfOptions, 4);
  put(end + added + 4, static_cast<std::uint32_t>(size), 4);
  put(4, static_cast<std::uint32_t>(size), 4);
  return size;
}

std::optional<std::uint32_t> interface_of(ByteView block) noexcept {
  constexpr std::size_t kSmallest = 40;
  const auto number = [&block](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | block[at + i];
    return value;
  };
  if (block.size() < kSmallest || number(0) != kEnhancedPacket) return std::nullopt;
  return number(8);
}

}  // namespace glasstcp
