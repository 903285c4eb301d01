// The plugin and the profile for Wireshark that the program carries, one by one and as a zip
// archive: the files of scripts/wireshark when it was built, placed into it by the assembler.
//
// Invariants:
//   1. The table lists exactly the files of scripts/wireshark, and so does the archive (tests
//      compare them).
//
// Next: write_wireshark_files.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "http/site/builtin_site.h"

namespace glasstcp {

namespace detail {
// Where wireshark_files.S put each: its first byte, and the one after its last.
extern "C" {
extern const std::uint8_t glasstcp_wireshark_readme_begin[], glasstcp_wireshark_readme_end[];
extern const std::uint8_t glasstcp_wireshark_plugin_begin[], glasstcp_wireshark_plugin_end[];
extern const std::uint8_t glasstcp_wireshark_preferences_begin[],
    glasstcp_wireshark_preferences_end[];
extern const std::uint8_t glasstcp_wireshark_colorfilters_begin[],
    glasstcp_wireshark_colorfilters_end[];
extern const std::uint8_t glasstcp_wireshark_buttons_begin[], glasstcp_wireshark_buttons_end[];
extern const std::uint8_t glasstcp_wireshark_archive_begin[], glasstcp_wireshark_archive_end[];
}
}  // namespace detail

/// The files, each with its path below the folder of the plugin.
inline std::span<const http::BuiltinFile> wireshark_files() noexcept {
  using namespace detail;
  static const std::array<http::BuiltinFile, 5> files{{
      {"README.txt", {glasstcp_wireshark_readme_begin, glasstcp_wireshark_readme_end}},
      {"glasstcp.lua", {glasstcp_wireshark_plugin_begin, glasstcp_wireshark_plugin_end}},
      {"glasstcp/preferences",
       {glasstcp_wireshark_preferences_begin, glasstcp_wireshark_preferences_end}},
      {"glasstcp/colorfilters",
       {glasstcp_wireshark_colorfilters_begin, glasstcp_wireshark_colorfilters_end}},
      {"glasstcp/dfilter_buttons",
       {glasstcp_wireshark_buttons_begin, glasstcp_wireshark_buttons_end}},
  }};
  return files;
}

/// All of them in one zip archive.
inline ByteView wireshark_archive() noexcept {
  return {detail::glasstcp_wireshark_archive_begin, detail::glasstcp_wireshark_archive_end};
}

}  // namespace glasstcp
