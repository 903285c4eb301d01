// See block_ring.h. Positions count on for ever; modulo the capacity they are places in memory.
#include "tun/capture/block_ring.h"

#include <cstring>
#include <new>

namespace glasstcp {

BlockRing::BlockRing(std::size_t capacity)
    : capacity_(capacity & ~std::size_t{7}),
      bytes_(new (std::nothrow) std::uint8_t[capacity_ + sizeof(Header)]) {
  if (bytes_ == nullptr) capacity_ = 0;
}

BlockRing::Header BlockRing::header_at(std::uint64_t position) const {
  Header header;
  std::memcpy(&header, bytes_.get() + position % capacity_, sizeof header);
  return header;
}

void BlockRing::put_header(std::uint64_t position, const Header& header) {
  std::memcpy(bytes_.get() + position % capacity_, &header, sizeof header);
}

std::uint64_t BlockRing::behind(std::uint64_t position, const Header& header) const {
  if (header.size == kSkip) return (position / capacity_ + 1) * capacity_;
  return position + room_for(header.size);
}

void BlockRing::drop_oldest() {
  const Header header = header_at(tail_.position);
  tail_.position = behind(tail_.position, header);
  if (header.size != kSkip) ++tail_.number;
}

void BlockRing::push(ByteView block, std::uint32_t stream) noexcept {
  const std::size_t need = room_for(block.size());
  if (need > capacity_ / 4) {
    // Nobody will read it: readers are told by the gap in the numbers.
    while (tail_.position < head_.position) drop_oldest();
    tail_.number = ++head_.number;
    return;
  }
  std::uint64_t position = head_.position;
  const std::size_t to_end = capacity_ - static_cast<std::size_t>(position % capacity_);
  if (need > to_end) position += to_end;
  while (position + need - tail_.position > capacity_) {
    if (tail_.position == head_.position) {
      tail_.position = position;
    } else {
      drop_oldest();
    }
  }
  if (need > to_end) put_header(head_.position, {kSkip, kNoStream});
  put_header(position, {static_cast<std::uint32_t>(block.size()), stream});
  std::memcpy(bytes_.get() + position % capacity_ + sizeof(Header), block.data(), block.size());
  head_ = {position + need, head_.number + 1};
}

std::optional<BlockRing::Entry> BlockRing::next(Cursor& cursor) const noexcept {
  // What was missed is told with the block behind it: until that comes, the cursor stays.
  Cursor at = cursor.number < tail_.number ? tail_ : cursor;
  if (at.number == head_.number) return std::nullopt;
  Header header = header_at(at.position);
  if (header.size == kSkip) {
    at.position = behind(at.position, header);
    header = header_at(at.position);
  }
  Entry entry;
  entry.missed = at.number - cursor.number;
  entry.stream = header.stream;
  entry.block = {bytes_.get() + at.position % capacity_ + sizeof(Header), header.size};
  cursor = {behind(at.position, header), at.number + 1};
  return entry;
}

}  // namespace glasstcp
