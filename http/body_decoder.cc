// The body of a request. See body_decoder.h.
#include "http/body_decoder.h"

#include <algorithm>

namespace glasstcp::http {

namespace {

/// What may stand in a field's value or, with a backslash before it, in quotes: tabs, spaces,
/// visible characters and bytes above 127.
bool is_text(char c) {
  const auto u = static_cast<unsigned char>(c);
  return c == '\t' || (u >= 0x20 && u != 0x7f);
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing, std::uint64_t content_length, Padding padding) noexcept
    : left_(framing == Framing::Length ? content_length : 0),
      stage_(framing == Framing::Chunked ? Stage::Size
             : left_ > 0                 ? Stage::Content
                                         : Stage::Done),
      padding_(padding) {}

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
    case Stage::SizeLf:
      if (c != '\n') return Stage::Failed;
      digits_ = 0;
      return left_ == 0 ? Stage::TrailerStart : Stage::ChunkContent;
    case Stage::ChunkCr:
      return c == '\r' ? Stage::ChunkLf : Stage::Failed;
    case Stage::ChunkLf:
      return c == '\n' ? Stage::Size : Stage::Failed;
    case Stage::TrailerStart:
    case Stage::TrailerName:
    case Stage::TrailerValue:
      return take_trailer_byte(c);
    case Stage::TrailerLf:
      return c == '\n' ? Stage::TrailerStart : Stage::Failed;
    case Stage::EndLf:
      return c == '\n' ? Stage::Done : Stage::Failed;
    default:
      return take_extension_byte(c);
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
  if (++overhead_ > kMaxOverhead) return Stage::Failed;
  if (is_blank(c)) return Stage::SizeBlank;
  return c == ';' ? Stage::ExtensionName : Stage::Failed;
}

// RFC 9112 §7.1.1: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`. Extensions
// that we do not know, and we know none, are skipped; all of them together are bounded.
BodyDecoder::Stage BodyDecoder::take_extension_byte(char c) noexcept {
  const bool may_end = stage_ == Stage::InName || stage_ == Stage::InValue ||
                       stage_ == Stage::QuotesEnd ||
                       (stage_ == Stage::SizeBlank && padding_ == Padding::Skipped);
  if (c == '\r' && may_end) return Stage::SizeLf;
  if (++overhead_ > kMaxOverhead) return Stage::Failed;
  switch (stage_) {
    case Stage::ExtensionName:
      if (is_token_char(c)) return Stage::InName;
      return is_blank(c) ? Stage::ExtensionName : Stage::Failed;
    case Stage::ExtensionValue:
      if (is_token_char(c)) return Stage::InValue;
      if (c == '"') return Stage::InQuotes;
      return is_blank(c) ? Stage::ExtensionValue : Stage::Failed;
    case Stage::InQuotes:
      if (c == '"') return Stage::QuotesEnd;
      if (c == '\\') return Stage::QuotedPair;
      return is_text(c) ? Stage::InQuotes : Stage::Failed;
    case Stage::QuotedPair:
      return is_text(c) ? Stage::InQuotes : Stage::Failed;
    default:
      return take_behind_part(c);
  }
}

/// Behind a size, or within or behind a name or a value: more of it, blanks, or what may follow.
BodyDecoder::Stage BodyDecoder::take_behind_part(char c) noexcept {
  const bool is_name = stage_ == Stage::InName || stage_ == Stage::NameBlank;
  if ((stage_ == Stage::InName || stage_ == Stage::InValue) && is_token_char(c)) return stage_;
  if (is_name && c == '=') return Stage::ExtensionValue;
  if (c == ';') return Stage::ExtensionName;
  if (!is_blank(c)) return Stage::Failed;
  if (stage_ == Stage::SizeBlank) return Stage::SizeBlank;
  return is_name ? Stage::NameBlank : Stage::ValueBlank;
}

// RFC 9112 §7.1.2 MUST R9112-26: trailer fields are read past, and never become fields of the head;
// but they must be fields, with a name, a colon, and no control characters.
BodyDecoder::Stage BodyDecoder::take_trailer_byte(char c) noexcept {
  if (c == '\r' && stage_ == Stage::TrailerStart) return Stage::EndLf;
  if (c == '\r' && stage_ == Stage::TrailerValue) return Stage::TrailerLf;
  if (++overhead_ > kMaxOverhead) return Stage::Failed;
  if (stage_ == Stage::TrailerValue) return is_text(c) ? Stage::TrailerValue : Stage::Failed;
  if (is_token_char(c)) return Stage::TrailerName;
  return c == ':' && stage_ == Stage::TrailerName ? Stage::TrailerValue : Stage::Failed;
}

}  // namespace glasstcp::http
