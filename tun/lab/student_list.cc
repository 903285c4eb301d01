// See student_list.h.
#include "tun/lab/student_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "stack/base/keyed_hash.h"
#include "tun/lab/csv.h"
#include "tun/lab/utf8.h"

namespace glasstcp {
namespace {

// Headings of the column with the numbers; the last ones are in GBK, as Excel writes them in China.
constexpr std::array<std::string_view, 20> kHeadings = {
    "student",    "students",         "student number",
    "student no", "student no.",      "student id",
    "id",         "number",           "no",
    "no.",        "matriculation",    "matriculation number",
    "学号",       "学生学号",         "学生编号",
    "编号",       "\xd1\xa7\xba\xc5", "student_id",
    "studentid",  "student_number"};

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return all;
}

bool is_heading(std::string_view cell) {
  return std::ranges::find(kHeadings, lower(trimmed(cell))) != kHeadings.end();
}

// The one that most lines have.
char separator_of(std::string_view text) {
  char best = '\n';
  std::ptrdiff_t most = 0;
  for (const char candidate : {',', '\t', ';'}) {
    const auto count = std::ranges::count(text, candidate);
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}

bool is_kept(char32_t c) {
  const auto within = [c](char32_t from, char32_t to) { return c >= from && c <= to; };
  return within('0', '9') || within('a', 'z') || within('A', 'Z') || c == '-' || c == '_' ||
         c == '.' || within(0x3400, 0x4dbf) || within(0x4e00, 0x9fff) || within(0x3041, 0x3096) ||
         within(0x30a1, 0x30fa);
}

bool is_reserved(std::string_view name) {
  constexpr std::array<std::string_view, 4> kDevices = {"con", "prn", "aux", "nul"};
  const std::string stem = lower(name.substr(0, name.find('.')));
  if (std::ranges::find(kDevices, stem) != kDevices.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
}

std::string digest(std::string_view student, std::size_t bytes) {
  const auto view = ByteView(reinterpret_cast<const std::uint8_t*>(student.data()), student.size());
  const Seed seed = seed_from_secret({}, view);
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += fmt::format("{:02x}", seed.bytes[i]);
  return text;
}

// As much of the number as every file system takes; `changed`: that is not all of it.
std::string readable_part(std::string_view student, bool& changed) {
  constexpr std::size_t kMostBytes = 60;
  std::string name;
  changed = false;
  for (std::size_t at = 0; at < student.size();) {
    const auto c = next_character(student, at);
    if (c && is_kept(*c)) {
      append_utf8(name, *c);
    } else {
      name += '_';
      changed = true;
    }
    if (name.size() < kMostBytes) continue;
    changed = changed || at < student.size();
    break;
  }
  while (name.starts_with('.') || name.starts_with('-')) {
    name.erase(0, 1);
    changed = true;
  }
  while (name.ends_with('.')) {
    name.pop_back();
    changed = true;
  }
  if (is_reserved(name)) {
    name.insert(0, 1, '_');
    changed = true;
  }
  changed = changed || name.empty();
  return name;
}

}  // namespace

std::string fault_of_student(std::string_view student) {
  if (student.empty()) return "the student number is empty";
  if (student.size() > kLongestStudent) return "the student number has more than 200 bytes";
  for (std::size_t at = 0; at < student.size();) {
    const auto c = next_character(student, at);
    if (!c) return "the student number is no UTF-8: save the list as UTF-8";
    const bool is_control = *c < 0x20 || (*c >= 0x7f && *c < 0xa0) || *c == 0x2028 || *c == 0x2029;
    if (is_control) return "the student number has a control character";
  }
  return {};
}

std::expected<StudentList, std::string> parse_students(std::string_view bytes) {
  const std::string text = text_of_file(bytes);
  const std::vector<CsvRow> rows = read_csv(text, separator_of(text));
  StudentList list;
  std::size_t column = 0;
  std::map<std::string, std::size_t> lines;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    const auto heading = std::ranges::find_if(row.cells, is_heading);
    if (i == 0 && heading != row.cells.end()) {
      column = static_cast<std::size_t>(heading - row.cells.begin());
      continue;
    }
    if (i == 0 && row.cells.size() > 1) {
      list.remarks.emplace_back("line 1: no column is called 'student': the first one is taken");
    }
    const std::string student(column < row.cells.size() ? trimmed(row.cells[column]) : "");
    if (const std::string fault = fault_of_student(student); !fault.empty()) {
      return std::unexpected(fmt::format("line {}: {}", row.line, fault));
    }
    const auto [before, is_new] = lines.try_emplace(student, row.line);
    if (is_new) {
      list.students.push_back(student);
    } else {
      list.remarks.push_back(fmt::format("line {}: '{}' stands in line {} already: taken once",
                                         row.line, student, before->second));
    }
  }
  if (list.students.empty()) return std::unexpected("there is no student number in it");
  if (list.students.size() > kMostStudents) return std::unexpected("more than 20000 students");
  return list;
}

std::vector<std::string> folder_names(const std::vector<std::string>& students) {
  std::vector<std::string> names;
  std::vector<bool> needs_digest;
  std::map<std::string, std::size_t> wanted;  // how often, whatever the case
  for (const std::string& student : students) {
    bool changed = false;
    names.push_back(readable_part(student, changed));
    needs_digest.push_back(changed);
    ++wanted[lower(names.back())];
  }
  std::set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!needs_digest[i] && wanted[lower(names[i])] == 1) taken.insert(lower(names[i]));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!needs_digest[i] && wanted[lower(names[i])] == 1) continue;
    const std::string stem = names[i].empty() ? "student" : names[i];
    for (std::size_t bytes = 5; bytes <= 32; ++bytes) {
      names[i] = stem + "-" + digest(students[i], bytes);
      if (taken.insert(lower(names[i])).second) break;
    }
  }
  return names;
}

}  // namespace glasstcp
