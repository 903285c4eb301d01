// `glasstcp lab`: its options and their words.
//
// Invariants:
//   1. As in options.h: what is handed out is consistent. Whether a scenario and a knob exist is
//      asked when it is read.
//
// Next: ../lab/lab_command.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stack/lab/scenario_reader.h"
#include "stack/trace/language.h"
#include "tun/cli/colours.h"
#include "tun/cli/locale.h"

namespace CLI {
class App;
}  // namespace CLI

namespace glasstcp {

/// What `glasstcp lab` was asked to do.
struct LabCommandOptions {
  std::string what;    ///< "list", "all", "export", a scenario's name, or a file of one
  std::string folder;  ///< of `export`
  std::uint64_t seed = 0;
  std::vector<lab::Override> set;
  std::string capture;  ///< a pcapng file, or "-" for stdout; empty: none
  std::string end;      ///< "client" or "server": whose capture; empty: as the scenario says
  std::string output;   ///< of `all`: a folder
  bool ascii = false;
  ColourChoice colours = ColourChoice::Auto;
  Language language = language_of_environment();  ///< of what is told
};

/// Adds the command. `options` is borrowed until the command line is parsed.
CLI::App& add_lab_command(CLI::App& app, LabCommandOptions& options);

/// What single options cannot see. Empty: fine.
[[nodiscard]] std::string inconsistency(const LabCommandOptions& options);

}  // namespace glasstcp
