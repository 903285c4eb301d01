// What a student gets beside the capture: the questions as a page, and the file to write the
// answers into.
//
// Next: quiz_command.h.
#pragma once

#include <string>
#include <string_view>

#include "stack/lab/quiz.h"

namespace glasstcp {

struct SheetOf {
  std::string_view quiz;
  std::string_view student;
  std::string_view code;
};

/// The page of a language: questions.html or questions.zh.html.
[[nodiscard]] std::string question_page(const lab::Quiz& quiz, const SheetOf& whose,
                                        Language language);
/// answers.txt, to be filled in (answer_file.h).
[[nodiscard]] std::string answer_template(const lab::Quiz& quiz, const SheetOf& whose,
                                          Language language);

}  // namespace glasstcp
