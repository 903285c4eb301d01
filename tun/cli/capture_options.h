// `glasstcp capture`: its options and their words.
//
// Next: ../capture_command/capture_command.h.
#pragma once

#include <string>

#include "tun/cli/locale.h"

namespace CLI {
class App;
}  // namespace CLI

namespace glasstcp {

/// What `glasstcp capture` was asked to do.
struct CaptureCommandOptions {
  std::string output = "-";  ///< a file; "-": stdout
  std::string filter;        ///< as tcpdump's (pcap-filter(7)); empty: everything
  std::string tun;           ///< interface of the server; empty: the only one that runs
  Language language = language_of_environment();  ///< of messages
};

/// Adds the command. `options` is borrowed until the command line is parsed.
CLI::App& add_capture_command(CLI::App& app, CaptureCommandOptions& options);

}  // namespace glasstcp
