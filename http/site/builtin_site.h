// The profile page that the program carries, its pictures and music, and the page that explains
// what it does on the wire: files placed into the program by the assembler.
//
// No RFC: this is content. The bytes are those of www/ when the program was built; builtin_site.S
// holds them, and www/index.html says how to make the page one's own.
//
// Invariants:
//   1. The table lists exactly the files of www/ (a test compares them); the page is the first.
//   The pages request nothing else.
//   2. The bytes are constant and live as long as the program: they may be borrowed for ever.
//
// Left out: writing the page to a folder, which is the world's business (tun/).
//
// Next: ../memory_store.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "stack/base/bytes.h"

namespace glasstcp::http {

/// One file of the built-in page.
struct BuiltinFile {
  std::string_view path;  ///< as FileStore::lookup takes it: "img/logo.jpg"
  ByteView content;
};

/// Last-Modified of every built-in file: 2025-01-01, seconds since 1970. It is the same whatever
/// was built when, so that two builds of the same source answer alike; that the page changed shows
/// in its entity tag, which comes from the content.
inline constexpr std::int64_t kBuiltinSiteMtime = 1'735'689'600;

namespace detail {
// Where builtin_site.S put each file: its first byte, and the one after its last.
extern "C" {
extern const std::uint8_t glasstcp_site_index_begin[], glasstcp_site_index_end[];
extern const std::uint8_t glasstcp_site_wire_begin[], glasstcp_site_wire_end[];
extern const std::uint8_t glasstcp_site_favicon_begin[], glasstcp_site_favicon_end[];
extern const std::uint8_t glasstcp_site_logo_begin[], glasstcp_site_logo_end[];
extern const std::uint8_t glasstcp_site_background_begin[], glasstcp_site_background_end[];
extern const std::uint8_t glasstcp_site_music_begin[], glasstcp_site_music_end[];
}
}  // namespace detail

/// The files of the built-in page, for a MemoryStore or for writing them out.
inline std::span<const BuiltinFile> builtin_site() noexcept {
  using namespace detail;
  static const std::array<BuiltinFile, 6> files{{
      {"index.html", {glasstcp_site_index_begin, glasstcp_site_index_end}},
      {"wire.html", {glasstcp_site_wire_begin, glasstcp_site_wire_end}},
      {"favicon.ico", {glasstcp_site_favicon_begin, glasstcp_site_favicon_end}},
      {"img/logo.jpg", {glasstcp_site_logo_begin, glasstcp_site_logo_end}},
      {"img/bg.jpg", {glasstcp_site_background_begin, glasstcp_site_background_end}},
      {"img/idol.mp3", {glasstcp_site_music_begin, glasstcp_site_music_end}},
  }};
  return files;
}

}  // namespace glasstcp::http
