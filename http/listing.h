// The page that lists a folder without an index.
//
// WHATWG HTML §13.1.4 (escapes), RFC 3986 §2.1. Names are bytes: the link has each of them
// percent-encoded, the text shows what is UTF-8 and U+FFFD for the rest.
//
// Invariants:
//   1. No byte of a name can become markup, another attribute or another address than that of the
//      file.
//   2. A page is at most kWholeFileLimit bytes; what does not fit is said to be missing.
//
// Next: site.h.
#pragma once

#include <string_view>

#include "http/file_store.h"

namespace glasstcp::http {

/// How many entries a page has at most.
inline constexpr std::size_t kMostListed = 10'000;

/// The page for the folder at `path` ("" is the root), as a file whose time is that of the newest
/// change; empty when there is no memory. Sorts the entries: folders first, then by name.
[[nodiscard]] FileRef make_listing(std::string_view path, FolderContent& content) noexcept;

}  // namespace glasstcp::http
