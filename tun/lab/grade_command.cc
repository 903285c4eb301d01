// See grade_command.h.
#include "tun/lab/grade_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "tun/cli/chinese.h"
#include "tun/lab/answer_file.h"
#include "tun/lab/csv.h"
#include "tun/lab/marking.h"
#include "tun/lab/utf8.h"

namespace glasstcp {
namespace {

constexpr std::size_t kMostFiles = 100'000;

// One row of the table: a file, or a student without one.
struct Entry {
  std::string student;
  std::string path;
  std::string remark;  // empty: it is marked
  AnswerFile file;
};

class Table {
 public:
  Table(const QuizClass& all, Language language) : all_(all), language_(language) {
    const auto& questions = all.plan.questions();
    free_ = questions.size() + 1;
    std::vector<std::string> heading = {"student", "points", "of", "file", "remark"};
    for (std::size_t i = 0; i < questions.size(); ++i) {
      heading.push_back(fmt::format("q{} {}", i + 1, questions[i]->key));
      heading.push_back(fmt::format("q{} points", i + 1));
      heading.push_back(fmt::format("q{} reason", i + 1));
    }
    for (std::size_t i = 0; i < 2; ++i)
      heading.push_back(fmt::format("q{} (free text)", free_ + i));
    columns_ = heading.size();
    writer_.add_row(heading);
  }

  void add_unmarked(const Entry& entry) {
    std::vector<std::string> row(columns_);
    row[0] = entry.student;
    row[3] = entry.path;
    row[4] = spoken(entry.remark, language_);
    writer_.add_row(row);
  }
  void add_missing(const std::string& student) {
    const lab::Quiz quiz = all_.quiz_of(student, nullptr);
    std::vector<std::string> row(columns_);
    row[0] = student;
    row[1] = "0";
    row[2] = std::to_string(quiz.items.size() * Mark::kFull);
    row[4] = either(language_, "no answer file", "没有答案文件");
    writer_.add_row(row);
  }
  void add_marked(const Entry& entry) {
    const lab::Quiz quiz = all_.quiz_of(entry.student, nullptr);
    std::vector<std::string> row(columns_);
    row[0] = entry.student;
    row[3] = entry.path;
    unsigned points = 0;
    for (const lab::QuizItem& item : quiz.items) {
      const std::string answer = answer_to(entry.file, item.number);
      const Mark mark = glasstcp::mark(item, answer, language_);
      const std::size_t at = 5 + (item.number - 1) * 3;
      row[at] = answer;
      row[at + 1] = std::to_string(mark.points);
      row[at + 2] = mark.reason;
      points += mark.points;
    }
    for (std::size_t i = 0; i < quiz.free_texts; ++i) {
      row[columns_ - 2 + i] = answer_to(entry.file, quiz.number_of_free_text(i));
    }
    row[1] = std::to_string(points);
    row[2] = std::to_string(quiz.items.size() * Mark::kFull);
    writer_.add_row(row);
  }
  [[nodiscard]] const std::string& text() const { return writer_.text(); }

 private:
  static std::string answer_to(const AnswerFile& file, std::size_t number) {
    const auto found = file.answers.find(number);
    return found == file.answers.end() ? std::string() : found->second;
  }

  const QuizClass& all_;
  Language language_;
  std::size_t free_ = 1;
  std::size_t columns_ = 0;
  CsvWriter writer_;
};

// Why a file is not marked; empty: it may be.
std::string fault_of(const QuizClass& all, const AnswerFile& file) {
  if (!file.quiz.empty() && file.quiz != all.plan.name()) {
    return "foreign: it answers the quiz '" + file.quiz + "'";
  }
  if (std::ranges::find(all.list.students, file.student) == all.list.students.end()) {
    return "foreign: '" + file.student + "' is not in the list";
  }
  if (file.code != all.secret.code(all.plan.name(), file.student)) {
    return "foreign: its code is not that of this student, quiz and secret";
  }
  return {};
}

Entry entry_of(const QuizClass& all, const HandedIn& handed) {
  Entry entry;
  entry.path = as_utf8(handed.path);
  if (!handed.bytes) {
    entry.remark = "broken: " + handed.bytes.error();
    return entry;
  }
  auto file = parse_answers(*handed.bytes);
  if (!file) {
    entry.remark = "broken: " + file.error();
    return entry;
  }
  entry.student = file->student;
  entry.remark = fault_of(all, *file);
  entry.file = std::move(*file);
  return entry;
}

// What a student's folder holds beside the answers.
bool is_handout(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name == "capture.pcapng" || name == "questions.html" || name == "questions.zh.html" ||
         name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini";
}

std::expected<std::vector<HandedIn>, std::string> files_in(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<HandedIn> files;
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return std::unexpected("there is no folder '" + folder + "' with answers");
  }
  const auto how = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, how, error), end;
  for (; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) || is_handout(at->path())) continue;
    HandedIn one{at->path().lexically_relative(folder).string(), std::string()};
    if (at->is_symlink(ignored)) {
      one.bytes = std::unexpected("it is a symbolic link");
    } else if (at->path().extension() != ".txt") {
      one.bytes = std::unexpected("only files that end in .txt are read");
    } else {
      one.bytes = read_whole(at->path().string(), AnswerFile::kMost);
    }
    files.push_back(std::move(one));
    if (files.size() > kMostFiles) return std::unexpected("'" + folder + "' has too many files");
  }
  if (error) return std::unexpected("cannot read '" + folder + "': " + error.message());
  std::ranges::sort(files, {}, &HandedIn::path);
  return files;
}

}  // namespace

std::string grade_table(const QuizClass& all, const std::vector<HandedIn>& files, Language language,
                        GradeCounts& counts) {
  Table table(all, language);
  std::map<std::string, Entry> marked;  // the first file of each student
  std::vector<Entry> others;
  for (const HandedIn& handed : files) {
    Entry entry = entry_of(all, handed);
    if (entry.remark.empty()) {
      const auto [first, is_new] = marked.try_emplace(entry.student, entry);
      if (is_new) continue;
      entry.remark = "duplicate: '" + first->second.path + "' is marked, this one is not";
    }
    others.push_back(std::move(entry));
  }
  for (const std::string& student : all.list.students) {
    const auto found = marked.find(student);
    if (found == marked.end()) {
      ++counts.missing;
      table.add_missing(student);
    } else {
      ++counts.graded;
      table.add_marked(found->second);
    }
  }
  counts.others = others.size();
  for (const Entry& entry : others) table.add_unmarked(entry);
  return table.text();
}

std::expected<void, std::string> grade_command(const LabCommandOptions& options) {
  const auto all = read_class(options);
  if (!all) return std::unexpected(all.error());
  const auto files = files_in(options.answers);
  if (!files) return std::unexpected(files.error());
  GradeCounts counts;
  const std::string text = grade_table(*all, *files, options.language, counts);
  const std::string path = options.output.empty() ? "-" : options.output;
  const auto written = write_text(path, text);
  if (!written || path == "-") return written;
  fmt::print("{}\n",
             fmt::format(fmt::runtime(either(options.language,
                                             "{}: students marked: {}, without a file: {}; "
                                             "files broken, foreign or duplicate: {}",
                                             "{}：已评 {} 名学生，{} 名没有答案文件，{} 个文件"
                                             "已损坏、不属于此测验或重复")),
                         path, counts.graded, counts.missing, counts.others));
  return {};
}

}  // namespace glasstcp
