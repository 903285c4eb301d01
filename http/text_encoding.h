// What a text says about its character encoding: whether it may be called UTF-8.
//
// WHATWG HTML §13.2.3.2 (prescan of 1,024 bytes: byte order mark, meta, XML declaration), CSS
// Syntax §3.2 (@charset), RFC 7303 §3 (XML). A charset in Content-Type wins over what the document
// says (RFC 9110 §8.3.2), so it may stand there only where the document says nothing and its bytes
// are UTF-8.
//
// Invariants:
//   1. Bytes that are not UTF-8 are never called so. Of what is larger than kWholeFileLimit only
//   the
//      first kLookedAt bytes are read.
//   2. A file is looked at once: the finding stays with it.
//
// Leaves out guessing which encoding it is: browsers do that, and no charset lets them.
// Next: site.h.
#pragma once

#include <string_view>

#include "http/buffer_pool.h"
#include "http/file_store.h"

namespace glasstcp::http {

/// How many bytes of a large file are looked at.
inline constexpr std::size_t kLookedAt = 64u << 10;
/// How many bytes of a document may declare its encoding.
inline constexpr std::size_t kPrescan = 1024;

/// Whether `bytes` are UTF-8 (RFC 3629). `is_whole`: a character may not be cut off at the end.
[[nodiscard]] bool is_utf8(ByteView bytes, bool is_whole) noexcept;

/// Bytes of the character that `bytes` (not empty) begin with; 0: none that is UTF-8.
[[nodiscard]] std::size_t utf8_length(ByteView bytes) noexcept;

/// Whether a document of media type `type` declares an encoding in its first kPrescan bytes.
[[nodiscard]] bool declares_encoding(ByteView bytes, std::string_view type) noexcept;

/// The finding for `file`, of media type `type`. A large file is read into a block of `pool`; where
/// there is none just now, the answer is Other and not kept.
[[nodiscard]] TextForm text_form_of(File& file, std::string_view type, BufferPool& pool) noexcept;

}  // namespace glasstcp::http
