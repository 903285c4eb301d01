// `glasstcp lab grade`: the marks of a class as a table.
//
// Every file of the folder that was handed in has its line, and every student, too: a broken,
// missing, foreign or second file is told there and ends nothing.
//
// Next: course.h.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "tun/lab/quiz_command.h"

namespace glasstcp {

/// How many files and students there were of each kind.
struct GradeCounts {
  std::size_t graded = 0, missing = 0, others = 0;
};

/// The table of a class; `files` are paths with their bytes (an error: why they could not be read).
struct HandedIn {
  std::string path;
  std::expected<std::string, std::string> bytes;
};
[[nodiscard]] std::string grade_table(const QuizClass& all, const std::vector<HandedIn>& files,
                                      Language language, GradeCounts& counts);

/// Reads the folder, writes the table. The error is a line without a line feed.
[[nodiscard]] std::expected<void, std::string> grade_command(const LabCommandOptions& options);

}  // namespace glasstcp
