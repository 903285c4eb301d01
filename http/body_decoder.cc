// The body of a request. See body_decoder.h.
#include "http/body_decoder.h"

#include <algorithm>

namespace glasstcp::http {

BodyDecoder::BodyDecoder(Framing framing, std::uint64_t content_length) noexcept
    : left_(framing == Framing::Length ? content_length : 0),
      stage_(framing == Framing::Chunked ? Stage::Size
             : left_ > 0                 ? Stage::Content
                                         : Stage::Done) {}

BodyDecoder::Step BodyDecoder::decode(ByteView bytes) noexcept {
  Step step;
  while (stage_ != Stage::Done && stage_ != Stage::Failed && step.consumed < bytes.size()) {
    if (is_in_content()) {
      const std::size_t available = bytes.size() - step.consumed;
      const auto run = static_cast<std::size_t>(std::min<std::uint64_t>(left_, available));
      step.content = bytes.subspan(step.consumed, run);
      step.consumed += run;
      left_ -= run;
      if (left_ == 0) stage_ = stage_ == Stage::Content ? Stage::Done : Stage::ChunkCr;
      break;
    }
    stage_ = take_frame_byte(static_cast<char>(bytes[step.consumed]));
    if (stage_ != Stage::Failed) ++step.consumed;
  }
  if (stage_ == Stage::Done) step.status = Status::Done;
  if (stage_ == Stage::Failed) step.status = Status::Failed;
  return step;
}

// RFC 9112 §6.1 MUST R9112-16, §7.1 MUST R9112-25: one byte of what stands between the chunks.
BodyDecoder::Stage BodyDecoder::take_frame_byte(char c) noexcept {
  switch (stage_) {
    case Stage::Size:
      return take_size_byte(c);
    case Stage::Extension:
      if (c == '\r') return Stage::SizeLf;
      // Extensions that we do not know, and we know none, are skipped; all of them together are
      // bounded.
      return c == '\n' || ++overhead_ > kMaxOverhead ? Stage::Failed : Stage::Extension;
    case Stage::SizeLf:
      if (c != '\n') return Stage::Failed;
      digits_ = 0;
      return left_ == 0 ? Stage::TrailerStart : Stage::ChunkContent;
    case Stage::ChunkCr:
      return c == '\r' ? Stage::ChunkLf : Stage::Failed;
    case Stage::ChunkLf:
      return c == '\n' ? Stage::Size : Stage::Failed;
    // RFC 9112 §7.1.2 MUST R9112-26: trailer fields are read past, and never become fields of the
    // head.
    case Stage::TrailerStart:
      if (c == '\r') return Stage::EndLf;
      [[fallthrough]];
    case Stage::Trailer:
      if (c == '\r') return Stage::TrailerLf;
      return c == '\n' || ++overhead_ > kMaxOverhead ? Stage::Failed : Stage::Trailer;
    case Stage::TrailerLf:
      return c == '\n' ? Stage::TrailerStart : Stage::Failed;
    case Stage::EndLf:
      return c == '\n' ? Stage::Done : Stage::Failed;
    default:
      return Stage::Failed;
  }
}

BodyDecoder::Stage BodyDecoder::take_size_byte(char c) noexcept {
  const int digit = hex_value(c);
  if (digit >= 0) {
    // Sixteen digits fill 64 bits; leading zeros count, so that a size is bounded too.
    if (++digits_ > 16) return Stage::Failed;
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return Stage::Size;
  }
  if (digits_ == 0) return Stage::Failed;
  if (c == '\r') return Stage::SizeLf;
  if (c == ';' || is_blank(c)) return ++overhead_ > kMaxOverhead ? Stage::Failed : Stage::Extension;
  return Stage::Failed;
}

}  // namespace glasstcp::http
