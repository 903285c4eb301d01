// Who is in a class: a file with one student number in a line, or a table whose column is found by
// its heading. A student number is any UTF-8 text.
//
// Invariants:
//   1. Numbers are not empty, valid UTF-8 without control characters, and each stands there once.
//   2. Folder names are different on every file system, also where upper and lower case are the
//      same, and none leads out of the folder that they lie in.
//
// Next: quiz_command.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace glasstcp {

struct StudentList {
  std::vector<std::string> students;
  std::vector<std::string> remarks;  ///< lines for the teacher: what stood there twice
};

constexpr std::size_t kLongestStudent = 200;  ///< bytes
constexpr std::size_t kMostStudents = 20'000;

/// What is wrong with a student number; empty: nothing.
[[nodiscard]] std::string fault_of_student(std::string_view student);

/// Reads it from the bytes of a file. The error names its line.
[[nodiscard]] std::expected<StudentList, std::string> parse_students(std::string_view bytes);

/// A name of a folder for each, in the same order.
[[nodiscard]] std::vector<std::string> folder_names(const std::vector<std::string>& students);

}  // namespace glasstcp
