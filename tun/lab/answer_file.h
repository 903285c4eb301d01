// The file that a student fills in: lines of "key: value", for any editor.
//
//   student: 2023001
//   quiz: lost-syn
//   code: 3f9a0c1b2d
//   q1: 2864434397
//   q2: 3, 5-7
//   q9: The server knows nothing of it,
//       so only the client's timer can help.
//
// Lines that begin with "#" are comments; what follows an answer belongs to it until the next key.
//
// Invariants:
//   1. Any bytes are survived: UTF-8 with or without its mark, UTF-16, GB18030, or none of them.
//
// Next: marking.h.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace glasstcp {

struct AnswerFile {
  static constexpr std::size_t kMost = 256 * 1024;  ///< bytes of a file
  static constexpr std::size_t kMostQuestions = 999;

  std::string student;
  std::string quiz;
  std::string code;
  std::map<std::size_t, std::string> answers;  ///< by the question's number; not empty ones
};

/// Reads it. The error says why it is none.
[[nodiscard]] std::expected<AnswerFile, std::string> parse_answers(std::string_view bytes);

}  // namespace glasstcp
