// Paths of URLs: decoded, normalised, and written again.
//
// RFC 3986 §2.1 (percent-encoding), §5.2.4 (dot segments); RFC 9110 §17.3 (staying inside the
// served tree).
//
// Invariants:
//   1. A decoded path satisfies FileStore::lookup's contract: no empty, "." or ".." component, no
//      NUL, no outer slash.
//   2. Decoding comes before the dot segments, so that an encoded dot or slash hides nothing.
//
// Next: site.h.
#pragma once

#include <string_view>

#include "http/response.h"
#include "stack/base/bytes.h"

namespace glasstcp::http {

/// A path below the root.
struct DecodedPath {
  bool is_valid = false;
  bool has_trailing_slash = false;  ///< it asks for a directory
  std::string_view path{};          ///< "" is the root; borrowed from the memory that was given
};

/// Decodes `raw`, which begins with a slash, into `memory` of at least raw.size() bytes. Invalid: a
/// percent sign without two hexadecimal digits, or an encoded NUL. ".." at the root stays at the
/// root.
[[nodiscard]] DecodedPath decode_path(std::string_view raw, ByteSpan memory) noexcept;

/// Writes one name percent-encoded so that it means nothing else anywhere in an address, nor in an
/// attribute of HTML: only unreserved characters (RFC 3986 §2.3) stand as they are.
void write_encoded_name(TextWriter& out, std::string_view name) noexcept;

/// Writes `path` percent-encoded so that it may stand in a Location.
void write_encoded_path(TextWriter& out, std::string_view path) noexcept;

}  // namespace glasstcp::http
