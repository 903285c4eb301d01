// What an answer is worth, and why.
//
// Each question gives two points. A number is right within its tolerance; of a set of frames one
// point is given where at least half of what is named and what is right is the same; a choice is
// right or wrong. Free texts have no points: the teacher reads them.
//
// Invariants:
//   1. Any text is survived.
//
// Next: grade_command.h.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/lab/quiz.h"

namespace glasstcp {

struct Mark {
  static constexpr unsigned kFull = 2;  ///< points

  unsigned points = 0;
  std::string reason;
};

/// Of one answer as it was written; empty: none was given.
[[nodiscard]] Mark mark(const lab::QuizItem& item, std::string_view answer, Language language);

/// The right answer as a key has it: "34.684 ms", "3, 5, 7", "b) the server".
[[nodiscard]] std::string key_text(const lab::QuizItem& item, Language language);
/// The same as a student would write it: "34.684 ms", "3, 5, 7", "b".
[[nodiscard]] std::string answer_text(const lab::QuizItem& item);

/// "3, 5-7", "none". Empty: it cannot be read.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> parse_frames(std::string_view text);
/// "35 ms", "0.035 s", "1,460 bytes", "0x1a" in the question's unit (times in microseconds). The
/// error says what is wrong.
[[nodiscard]] std::expected<double, std::string> parse_amount(std::string_view text,
                                                              lab::AnswerUnit unit);

}  // namespace glasstcp
