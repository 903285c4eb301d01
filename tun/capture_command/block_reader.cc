// See block_reader.h.
#include "tun/capture_command/block_reader.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::size_t kSmallestBlock = 12;
constexpr std::size_t kPacketAt = 28;  // behind interface, time and both lengths

std::uint32_t number_at(ByteView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

}  // namespace

std::optional<BlockPacket> packet_of(ByteView block) {
  if (block.size() < kPacketAt + 4 || number_at(block, 0) != kEnhancedPacket) return std::nullopt;
  const std::uint32_t captured = number_at(block, 20);
  if (captured > block.size() - kPacketAt - 4) return std::nullopt;
  return BlockPacket{block.subspan(kPacketAt, captured), number_at(block, 24)};
}

void BlockReader::append(ByteView bytes) {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::optional<ByteView> BlockReader::next() {
  const ByteView rest = ByteView(bytes_).subspan(begin_);
  if (is_broken_ || rest.size() < kSmallestBlock) return std::nullopt;
  const std::size_t size = number_at(rest, 4);
  if (size < kSmallestBlock || size > kLargestBlock || size % 4 != 0) {
    is_broken_ = true;
    return std::nullopt;
  }
  if (rest.size() < size) return std::nullopt;
  begin_ += size;
  return rest.first(size);
}

}  // namespace glasstcp
