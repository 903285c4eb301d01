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
  /// "list", "all", "export", "quiz", "key", "grade", "secret", a scenario's name, or a file of one
  std::string what;
  std::string
      folder;  ///< the second word: a folder, a scenario's name, or the secret to be written
  std::uint64_t seed = 0;
  std::vector<lab::Override> set;
  std::vector<std::string> edits;
  std::string capture;   ///< a pcapng file, or "-" for stdout; empty: none
  std::string end;       ///< "client" or "server": whose capture; empty: as the scenario says
  std::string output;    ///< of `all` and `quiz`: a folder; of `key` and `grade`: a file
  std::string secret;    ///< of quizzes: the file that they come from
  std::string students;  ///< a file with student numbers
  std::string student;   ///< one student's number
  std::string answers;   ///< a folder with what was handed in
  bool ascii = false;
  ColourChoice colours = ColourChoice::Auto;
  Language language = language_of_environment();  ///< of what is told
};

/// Adds the command. `options` is borrowed until the command line is parsed.
CLI::App& add_lab_command(CLI::App& app, LabCommandOptions& options);

/// What `glasstcp replay` was asked to do.
struct ReplayOptions {
  std::string capture;   ///< a file, or "-" for stdin
  std::string scenario;  ///< the text of one that is not built in; empty: it is
  Language language = language_of_environment();  ///< of messages
};
CLI::App& add_replay_command(CLI::App& app, ReplayOptions& options);

/// What single options cannot see. Empty: fine.
[[nodiscard]] std::string inconsistency(const LabCommandOptions& options);

}  // namespace glasstcp
