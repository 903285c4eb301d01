// `glasstcp status`: its options and their words.
//
// Next: ../status/status_command.h.
#pragma once

#include <string>

#include "tun/cli/locale.h"

namespace CLI {
class App;
}  // namespace CLI

namespace glasstcp {

/// What `glasstcp status` was asked to do.
struct StatusOptions {
  std::string tun;    ///< interface of the server; empty: the only one that runs
  bool json = false;  ///< for programs
  Language language = language_of_environment();  ///< of the text, and of messages
};

/// Adds the command. `options` is borrowed until the command line is parsed.
CLI::App& add_status_command(CLI::App& app, StatusOptions& options);

}  // namespace glasstcp
