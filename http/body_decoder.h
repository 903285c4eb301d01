// The body of a request: where it ends, and which bytes of it are content.
//
// RFC 9112 §6.3 (length), §7.1 (chunked). Line ends of the chunked coding must be CRLF: a lone LF
// there is how requests are smuggled past a proxy that reads it differently.
//
// Invariants:
//   1. Never consumes a byte beyond the end of the body.
//   2. Sizes do not overflow; chunk extensions and trailers are skipped within kMaxOverhead bytes,
//   and only where they are what the grammar says: what another reader could take for something
//   else is an error.
//   3. Nothing is buffered: the state is a few integers.
//
// Next: response.h.
#pragma once

#include <cstdint>

#include "http/request_parser.h"

namespace glasstcp::http {

/// Cuts a body out of the received bytes, in any pieces.
class BodyDecoder {
 public:
  /// Extensions and trailers of one body, in bytes.
  static constexpr std::uint32_t kMaxOverhead = 16384;

  enum class Status : std::uint8_t {
    More,  ///< call again: with the rest of the bytes if some are left, else when more have arrived
    Done,  ///< the body is complete; bytes after `consumed` belong to the next request
    Failed,  ///< not a body: 400 and close
  };
  struct Step {
    Status status = Status::More;
    std::size_t consumed = 0;  ///< bytes that the decoder is done with
    ByteView content{};        ///< part of them that is content; borrowed from the input
  };

  /// Blanks between the size of a chunk and the end of its line, which the grammar does not have
  /// and old servers write.
  enum class Padding : std::uint8_t { Refused, Skipped };

  BodyDecoder() = default;
  BodyDecoder(Framing framing, std::uint64_t content_length,
              Padding padding = Padding::Refused) noexcept;

  /// Reads up to one run of content. Progress is made while `bytes` is not empty.
  Step decode(ByteView bytes) noexcept;

 private:
  enum class Stage : std::uint8_t {
    Content,
    Size,
    SizeBlank,      // blanks behind a size
    ExtensionName,  // the name of an extension is to begin
    InName,
    NameBlank,       // blanks behind a name
    ExtensionValue,  // its value is to begin
    InValue,
    InQuotes,
    QuotedPair,  // behind a backslash
    QuotesEnd,
    ValueBlank,  // blanks behind a value
    SizeLf,
    ChunkContent,
    ChunkCr,
    ChunkLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
    Failed
  };
  Stage take_frame_byte(char c) noexcept;
  Stage take_size_byte(char c) noexcept;
  Stage take_extension_byte(char c) noexcept;
  Stage take_behind_part(char c) noexcept;
  Stage take_trailer_byte(char c) noexcept;
  [[nodiscard]] bool is_in_content() const noexcept {
    return stage_ == Stage::Content || stage_ == Stage::ChunkContent;
  }

  std::uint64_t left_ =
      0;  // content bytes until the end of the body or chunk; the size while it is read
  std::uint32_t overhead_ = 0;  // bytes of extensions and trailers so far
  Stage stage_ = Stage::Done;
  std::uint8_t digits_ = 0;
  Padding padding_ = Padding::Refused;
};

}  // namespace glasstcp::http
