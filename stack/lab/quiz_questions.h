// What a quiz may ask of a capture: each question with its words, and how the answer follows from
// the run. The table is the same for all scenarios; which of its questions a run answers is seen
// from the run.
//
// Invariants:
//   1. An answer follows from what the capture shows, so a person with Wireshark can find it.
//   2. A question in raw numbers has another answer in every run.
//
// Next: quiz.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stack/lab/quiz_evidence.h"

namespace glasstcp::lab {

/// What form an answer has.
enum class AnswerForm : std::uint8_t {
  Number,  ///< an integer, with a unit and a tolerance
  Frames,  ///< a set of frame numbers
  Choice,  ///< one of several
  Text,    ///< free, for the teacher to read
};

/// What a number counts.
enum class AnswerUnit : std::uint8_t {
  None,   ///< a number as it stands in a header
  Bytes,  ///< of data
  Count,  ///< of frames
  Time,   ///< microseconds; asked and shown in milliseconds
};

struct Answer {
  std::uint64_t number = 0;
  std::vector<std::uint32_t> frames{};  ///< in ascending order
  std::size_t choice = 0;               ///< which option of the question
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Phrase {
  std::string_view english, chinese;
  [[nodiscard]] std::string_view in(Language language) const {
    return either(language, english, chinese);
  }
};

struct Question {
  std::string_view key;  ///< "client-isn"
  AnswerForm form = AnswerForm::Number;
  AnswerUnit unit = AnswerUnit::None;
  std::uint64_t tolerance = 0;  ///< in the unit: as much above or below is right, too
  bool is_raw = false;          ///< a number that is another one in every run
  Phrase text{};
  std::span<const Phrase> options{};  ///< of a choice
  /// Empty: this run does not answer it.
  std::optional<Answer> (*answer)(const Evidence&) = nullptr;
};

/// All of them, those that teach most first. Static lifetime.
[[nodiscard]] std::span<const Question> all_questions();

}  // namespace glasstcp::lab
