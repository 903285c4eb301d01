// See write_wireshark_files.h.
#include "tun/wireshark/write_wireshark_files.h"

#include <fmt/format.h>

#include <cstdio>

#include "tun/cli/chinese.h"
#include "tun/site/write_site.h"
#include "tun/wireshark/wireshark_files.h"

namespace glasstcp {

std::expected<void, Failure> put_wireshark_files(const std::string& folder) {
  return write_new_files(folder, wireshark_files());
}

int write_wireshark_files(const WiresharkFilesOptions& options) {
  if (const auto written = put_wireshark_files(options.folder); !written) {
    fmt::print(stderr, "glasstcp: {}\n", spoken(written.error().to_string(), options.language));
    return kExitFailure;
  }
  const std::string first = fmt::format(
      "copy {0}/glasstcp.lua and the folder {0}/glasstcp to where your Wireshark looks for them:",
      options.folder);
  const std::string last = "then start Wireshark and choose the profile glasstcp";
  fmt::print(
      "{}\n"
      "  Linux, macOS  ~/.local/lib/wireshark/plugins   ~/.config/wireshark/profiles\n"
      "  Windows       %APPDATA%\\Wireshark\\plugins      %APPDATA%\\Wireshark\\profiles\n"
      "{}\n",
      spoken(first, options.language), spoken(last, options.language));
  return 0;
}

}  // namespace glasstcp
