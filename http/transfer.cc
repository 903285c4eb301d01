// Bodies sent piece by piece. See transfer.h.
#include "http/transfer.h"

#include <algorithm>

namespace glasstcp::http {
namespace {

constexpr std::size_t kPartHeadSize = 512;

}  // namespace

Transfer::Transfer(FileRef file, ByteRange range) noexcept
    : file_(std::move(file)), offset_(range.first) {
  ranges_[0] = range;
}

Transfer::Transfer(FileRef file, const RangeSet& set, std::string_view type,
                   std::uint64_t serial) noexcept
    : file_(std::move(file)),
      ranges_(set.ranges),
      type_(type),
      offset_(set.ranges[0].first),
      count_(static_cast<std::uint8_t>(set.count)) {
  TextWriter out(reinterpret_cast<std::uint8_t*>(boundary_.data()), boundary_.size());
  out.text("glasstcp-").hex(serial * 0x9e3779b97f4a7c15u ^ file_->info().identity);
  boundary_length_ = static_cast<std::uint8_t>(out.size());
}

// RFC 9110 §15.3.7.2: each part says its type and its range, and nothing that concerns the whole
// response.
void Transfer::write_part_head(TextWriter& out, const ByteRange& range) const noexcept {
  out.text("\r\n--").text(boundary()).text("\r\n");
  out.field("Content-Type", type_);
  out.text("Content-Range: bytes ").number(range.first).text("-").number(range.last);
  out.text("/").number(file_->info().size).text("\r\n\r\n");
}

void Transfer::write_end(TextWriter& out) const noexcept {
  out.text("\r\n--").text(boundary()).text("--\r\n");
}

std::uint64_t Transfer::length() const noexcept {
  if (stream_) return 0;
  std::uint64_t total = 0;
  std::uint8_t memory[kPartHeadSize];
  for (std::size_t i = 0; i < count_; ++i) {
    total += ranges_[i].length();
    if (!is_multipart()) continue;
    TextWriter out(memory, sizeof memory);
    write_part_head(out, ranges_[i]);
    total += out.size();
  }
  if (!is_multipart()) return total;
  TextWriter out(memory, sizeof memory);
  write_end(out);
  return total + out.size();
}

Transfer::Next Transfer::next(BufferPool& pool, bool all_acknowledged, Instant now,
                              const PoolShare& share) noexcept {
  if (stream_) return stream_piece(pool, share);
  if (index_ < count_ && is_multipart() && !part_head_sent_)
    return text_piece(pool, &ranges_[index_]);
  if (index_ < count_) return content_piece(pool, all_acknowledged, now, share);
  if (is_multipart() && !part_head_sent_) return text_piece(pool, nullptr);
  return {};
}

/// The head of a part, or, without a range, the end of them all.
Transfer::Next Transfer::text_piece(BufferPool& pool, const ByteRange* range) noexcept {
  BufferRef buffer = pool.take(kPartHeadSize);
  if (!buffer) return {.status = Status::WaitLittle};
  TextWriter out(buffer->data(), buffer->capacity());
  if (range != nullptr) {
    write_part_head(out, *range);
  } else {
    write_end(out);
  }
  part_head_sent_ = true;
  const ByteView bytes(buffer->data(), out.size());
  return handed({bytes, Ref<Shared>(buffer.get())}, false);
}

Transfer::Next Transfer::content_piece(BufferPool& pool, bool all_acknowledged, Instant now,
                                       const PoolShare& share) noexcept {
  const std::uint64_t left = ranges_[index_].last + 1 - offset_;
  if (const std::optional<ByteView> whole = file_->whole(); whole.has_value()) {
    const ByteView bytes =
        whole->subspan(static_cast<std::size_t>(offset_), static_cast<std::size_t>(left));
    return handed({bytes, Ref<Shared>(file_.get())}, true);
  }
  const bool is_last_range = index_ + 1 == count_;
  const bool is_last_piece = is_last_range && left <= kPiece;
  if (is_last_piece && has_lent_mapped_bytes_ && !all_acknowledged) {
    return {.status = Status::WaitAcknowledgement};
  }
  if (is_last_piece) {
    // Where little room is left it comes in several pieces, each of which is the last so far.
    Next last = read_piece(pool, static_cast<std::size_t>(left), share);
    if (last.status != Status::Piece) return last;
    // Looked at only now: this covers the bytes just read, and all before them.
    if (const Status status = look_at_file(now); status != Status::Piece) return {status, {}};
    return handed(std::move(last.piece), true);
  }
  // Looked at before each piece, so that a change is found early; the check that counts is the one
  // before the last piece.
  if (const Status status = look_at_file(now); status != Status::Piece) return {status, {}};
  const std::uint64_t may_go = is_last_range ? left - kPiece : left;
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(may_go, kMappedPiece));
  if (const std::optional<ByteView> bytes = file_->mapped(offset_, length); bytes.has_value()) {
    has_lent_mapped_bytes_ = true;
    return handed({*bytes, Ref<Shared>(file_.get())}, true);
  }
  Next next = read_piece(pool, std::min(length, kPiece), share);
  return next.status == Status::Piece ? handed(std::move(next.piece), true) : std::move(next);
}

// A mapped byte that is gone is no packet but a failed system call, so nothing would be
// acknowledged any more, and nobody would ask for the next piece.
bool Transfer::has_lost_its_bytes(Instant now) noexcept {
  if (!has_lent_mapped_bytes_ || now < look_at_) return false;
  look_at_ = now + kLook;
  return look_at_file(now) == Status::Failed;
}

/// Piece: what was promised can still be sent.
Transfer::Status Transfer::look_at_file(Instant now) noexcept {
  switch (file_->state()) {
    case FileState::Same:
    case FileState::Grown:
      touched_at_ = kNever;
      return Status::Piece;
    case FileState::Touched:
      if (touched_at_ == kNever) touched_at_ = now;
      return now - touched_at_ < kTouchPatience ? Status::WaitLittle : Status::Failed;
    case FileState::Changed:
      break;
  }
  return Status::Failed;
}

/// Bytes that are copied, as many as the share allows; they are not handed out yet.
Transfer::Next Transfer::read_piece(BufferPool& pool, std::size_t length,
                                    const PoolShare& share) noexcept {
  const std::size_t allowed = share.piece(pool, length);
  BufferRef buffer = allowed > 0 ? pool.take(allowed) : BufferRef{};
  if (!buffer) return {.status = share.held > 0 ? Status::WaitRoom : Status::WaitLittle};
  const ByteSpan bytes(buffer->data(), allowed);
  if (!file_->read(offset_, bytes)) return {.status = Status::Failed};
  return {.status = Status::Piece, .piece = {bytes, Ref<Shared>(buffer.get())}};
}

Transfer::Next Transfer::stream_piece(BufferPool& pool, const PoolShare& share) noexcept {
  const std::size_t allowed = share.piece(pool, kPiece);
  BufferRef buffer = allowed > 0 ? pool.take(allowed) : BufferRef{};
  if (!buffer) return {.status = share.held > 0 ? Status::WaitRoom : Status::WaitLittle};
  const std::size_t size = stream_->read({buffer->data(), allowed});
  if (size == 0) return {.status = stream_->is_over() ? Status::Done : Status::WaitStream};
  handed_out_ += size;
  return {.status = Status::Piece, .piece = {{buffer->data(), size}, Ref<Shared>(buffer.get())}};
}

Transfer::Next Transfer::handed(OwnedBytes piece, bool is_content) noexcept {
  handed_out_ += piece.bytes.size();
  if (is_content) {
    offset_ += piece.bytes.size();
    if (offset_ > ranges_[index_].last) {
      ++index_;
      part_head_sent_ = false;
      if (index_ < count_) offset_ = ranges_[index_].first;
    }
  }
  return {.status = Status::Piece, .piece = std::move(piece)};
}

}  // namespace glasstcp::http
