// `glasstcp report`: its options and their words.
//
// Invariants:
//   1. As in options.h: what is handed out is consistent; one form is asked for.
//
// Next: ../report/../cli/start_program.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stack/trace/language.h"
#include "tun/cli/locale.h"

namespace CLI {
class App;
}  // namespace CLI

namespace glasstcp {

/// What the report is written as.
enum class ReportForm : std::uint8_t { Html, Markdown, Json, Figure };

/// What `glasstcp report` was asked to do.
struct ReportOptions {
  std::string capture;  ///< a pcap or pcapng file; "-": stdin
  bool html = false;    ///< as given: nothing else was asked for
  bool json = false;
  std::string markdown;                           ///< a folder; empty: no Markdown
  std::string figure;                             ///< its name; empty: none alone
  std::string output;                             ///< a file; empty or "-": stdout
  std::optional<std::uint32_t> connection;        ///< its number, from 1; empty: all
  bool homework = false;                          ///< --template homework
  Language language = language_of_environment();  ///< of the report and of messages

  [[nodiscard]] ReportForm form() const;
  [[nodiscard]] bool to_stdout() const { return output.empty() || output == "-"; }
};

/// Adds the command. `options` is borrowed until the command line is parsed.
CLI::App& add_report_command(CLI::App& app, ReportOptions& options);

/// What single options cannot see. Empty: fine.
[[nodiscard]] std::string inconsistency(const ReportOptions& options);

}  // namespace glasstcp
