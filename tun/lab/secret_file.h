// The teacher's secret, from which the quizzes of all students come.
//
// Invariants:
//   1. What is too short to be a secret is refused, and says how to make one.
//
// Next: student_list.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "stack/base/keyed_hash.h"

namespace glasstcp {

/// The secret's bytes, without the line feed at its end.
class Secret {
 public:
  static constexpr std::size_t kLeast = 16;        ///< bytes
  static constexpr std::size_t kMost = 64 * 1024;  ///< bytes

  /// Refuses what is shorter than kLeast, longer than kMost, or made of fewer than 8 different
  /// bytes; the error is a line without a line feed.
  [[nodiscard]] static std::expected<Secret, std::string> of(std::string text);
  /// Reads it. `is_open`: others on this machine may read the file, too.
  [[nodiscard]] static std::expected<Secret, std::string> read(const std::string& path,
                                                               bool& is_open);

  /// A student's seed in a quiz, for one use ("run", "code").
  [[nodiscard]] Seed seed(std::string_view use, std::string_view quiz,
                          std::string_view student) const;
  /// What the student's sheet has, so that an answer file of another quiz, secret or student is
  /// known: ten characters of 0-9 and a-f.
  [[nodiscard]] std::string code(std::string_view quiz, std::string_view student) const;

 private:
  std::string bytes_;
};

/// Writes a new one, 256 random bits, which nobody else may read; refuses to overwrite.
[[nodiscard]] std::expected<void, std::string> write_new_secret(const std::string& path);

}  // namespace glasstcp
