// `glasstcp lab quiz | key | grade | secret`: quizzes for a class, each student's own; their keys;
// and the marks.
//
// Every quiz follows from the teacher's secret, the name of the scenario and the student number, so
// nothing has to be kept but the secret.
//
// Next: grade_command.h.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "stack/lab/quiz.h"
#include "tun/cli/lab_options.h"
#include "tun/lab/lab_command.h"
#include "tun/lab/secret_file.h"
#include "tun/lab/student_list.h"

namespace glasstcp {

/// What a teacher's command works on.
class QuizClass {
 public:
  QuizClass(Secret the_secret, lab::QuizPlan the_plan)
      : secret(std::move(the_secret)), plan(std::move(the_plan)) {}

  Secret secret;
  lab::QuizPlan plan;
  StudentList list;

  /// The quiz of one of them; the capture, if it is not null, is replaced by the student's.
  [[nodiscard]] lab::Quiz quiz_of(std::string_view student, GatheredBlocks* capture) const;
  /// The same run's seed.
  [[nodiscard]] Seed seed_of(std::string_view student) const;

 private:
  [[nodiscard]] std::pair<lab::Quiz, Seed> attempt(std::string_view student,
                                                   GatheredBlocks* capture) const;
};

/// Reads what the options name; tells remarks on stderr. The error is a line without a line feed.
[[nodiscard]] std::expected<QuizClass, std::string> read_class(const LabCommandOptions& options);

/// The bytes of a file; the error is a line without a line feed.
[[nodiscard]] std::expected<std::string, std::string> read_whole(const std::string& path,
                                                                 std::size_t most);

/// Whether `glasstcp lab WHAT` is one of them.
[[nodiscard]] bool is_quiz_command(const std::string& what);
/// Does it. The error is a line without a line feed.
[[nodiscard]] std::expected<void, std::string> quiz_command(const LabCommandOptions& options);

/// How many answers two students share, of all that both were asked.
struct SharedAnswers {
  std::size_t shared = 0;
  std::size_t of = 0;
};
[[nodiscard]] SharedAnswers shared_answers(const lab::Quiz& a, const lab::Quiz& b);

}  // namespace glasstcp
