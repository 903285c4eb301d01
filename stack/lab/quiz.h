// A quiz: a scenario run by a seed of one's own, the capture of one end without any reason in it,
// questions about it, and their answers.
//
// Which questions a scenario has follows from its text alone: from a few runs that everybody can
// make. At most half of them ask for raw numbers, which no two runs share; of the others those come
// first that few runs share.
//
// Invariants:
//   1. The same text and the same seed give the same quiz, on every machine.
//   2. The capture says nothing of the seed; the seed has 256 bits, and no `--seed N` makes the
//      same run.
//
// Next: ../../tun/lab/quiz_command.h.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "stack/lab/quiz_questions.h"
#include "stack/lab/scenario_reader.h"

namespace glasstcp::lab {

/// A question of one quiz with its answer.
struct QuizItem {
  std::size_t number = 0;  ///< as the sheet numbers it, from 1
  const Question* question = nullptr;
  Answer answer{};
  std::vector<std::size_t> order{};  ///< of a choice: which option stands at a), b), ...

  /// 'a', 'b', ...: where the right option stands.
  [[nodiscard]] char letter() const;
};

/// Whether who has the one answer has the other, too: within the tolerance of the question.
[[nodiscard]] bool is_same_answer(const Question& question, const Answer& a, const Answer& b);

/// What everybody is asked about a scenario, in the order of the sheet.
class QuizPlan {
 public:
  /// The error is that of the text, or (line 0) that nothing can be asked of it.
  [[nodiscard]] static std::expected<QuizPlan, ReadError> of(std::string_view name,
                                                             std::string_view text);
  [[nodiscard]] const std::vector<const Question*>& questions() const { return questions_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
  std::vector<const Question*> questions_;
};

/// One student's.
struct Quiz {
  Scenario scenario;
  std::vector<QuizItem> items;  ///< those that this run answers
  std::size_t free_texts = 2;   ///< behind them: the scenario's question, and what to predict

  /// Both ask in the words of the scenario's story.
  [[nodiscard]] std::string_view free_text(std::size_t which, Language language) const;
  /// As the sheet numbers it, from 1.
  [[nodiscard]] std::size_t number_of_free_text(std::size_t which) const {
    return first_free + which;
  }
  std::size_t first_free = 1;
  bool shows_story = true;  ///< what the scenario promises was seen
};

/// `capture` (borrowed; null: none) is given the blocks of the student's capture.
[[nodiscard]] std::expected<Quiz, ReadError> make_quiz(const QuizPlan& plan, const Seed& seed,
                                                       BlockSink* capture);

}  // namespace glasstcp::lab
