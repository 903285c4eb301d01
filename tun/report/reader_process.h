// The report is made in a process of its own, which can do nothing but that.
//
// A capture comes from anywhere, and its reader (libtins, and ours) is large. So the capture is
// opened first; then a process with a sandbox (../sandbox/sandbox.h) makes the report out of its
// bytes and hands it back as text; then we write the files.
//
// Invariants:
//   1. That process opens no file and no socket, and starts nothing; it has no descriptor but
//   stderr and the pipe to us.
//   2. Names of files that it gives are taken only if they lie where a report's do.
//
// Next: analyze.h.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/trace/language.h"

namespace glasstcp::report {

/// One file of a report.
struct ReportFile {
  std::string name;  ///< "report.md", "figures/rtt.svg"; empty: the only one, which --output names
  std::string content;
};
using ReportFiles = std::vector<ReportFile>;
/// The files, or one line that says what is wrong.
using MadeReport = std::expected<ReportFiles, std::string>;

/// Gives what `make` gives, which runs in the other process. Where sanitizers look on it runs here.
[[nodiscard]] MadeReport made_in_sandbox(const std::function<MadeReport()>& make,
                                         Language language);

/// Whether a report has files of that name.
[[nodiscard]] bool is_name_of_report(std::string_view name);

}  // namespace glasstcp::report
