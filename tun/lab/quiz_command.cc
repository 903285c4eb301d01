// See quiz_command.h.
#include "tun/lab/quiz_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "stack/lab/telling.h"
#include "tun/cli/chinese.h"
#include "tun/lab/csv.h"
#include "tun/lab/grade_command.h"
#include "tun/lab/marking.h"
#include "tun/lab/quiz_sheet.h"

namespace glasstcp {
namespace {

using Done = std::expected<void, std::string>;

constexpr std::size_t kMostListBytes = 16U << 20;
constexpr std::size_t kMostCompared = 2000;  // students: each is compared with each
constexpr int kMostTries = 16;

void remark(const LabCommandOptions& options, const std::string& text) {
  fmt::print(stderr, "glasstcp: lab: {}\n", spoken(text, options.language));
}

bool is_within(const std::string& file, const std::string& folder) {
  std::error_code error;
  const auto inner = std::filesystem::weakly_canonical(file, error);
  const auto outer = std::filesystem::weakly_canonical(folder, error);
  const auto [end, rest] = std::ranges::mismatch(outer, inner);
  static_cast<void>(rest);
  return end == outer.end();
}

// What one student gets.
struct Handout {
  const QuizClass& all;
  const std::string& student;
  const lab::Quiz& quiz;
  ByteView capture;
};

Done write_folder(const std::filesystem::path& folder, const Handout& handout, Language language) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return std::unexpected("cannot make the folder '" + folder.string() + "': " + error.message());
  }
  const std::string& name = handout.all.plan.name();
  const std::string code = handout.all.secret.code(name, handout.student);
  const SheetOf whose{name, handout.student, code};
  const std::array<std::pair<std::string_view, std::string>, 3> texts = {
      {{"questions.html", question_page(handout.quiz, whose, Language::English)},
       {"questions.zh.html", question_page(handout.quiz, whose, Language::Chinese)},
       {"answers.txt", answer_template(handout.quiz, whose, language)}}};
  Done done = write_whole((folder / "capture.pcapng").string(), handout.capture);
  for (const auto& [file, text] : texts) {
    if (done) done = write_text((folder / file).string(), text);
  }
  return done;
}

void tell_sharing(const std::vector<lab::Quiz>& quizzes, const QuizClass& all,
                  const LabCommandOptions& options) {
  SharedAnswers most;
  std::pair<std::size_t, std::size_t> who{};
  if (quizzes.size() < 2 || quizzes.size() > kMostCompared) return;
  for (std::size_t i = 0; i < quizzes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const SharedAnswers now = shared_answers(quizzes[i], quizzes[j]);
      if (most.of != 0 && now.shared * most.of <= most.shared * now.of) continue;
      most = now;
      who = {j, i};
    }
  }
  if (most.shared * 2 <= most.of) {
    fmt::print("{}\n",
               fmt::format(fmt::runtime(either(options.language,
                                               "any two students share at most {} of {} answers",
                                               "任意两名学生最多有 {1} 个答案中的 {0} 个相同")),
                           most.shared, most.of));
    return;
  }
  remark(options, fmt::format("'{}' and '{}' share {} of {} answers: use another secret",
                              all.list.students[who.first], all.list.students[who.second],
                              most.shared, most.of));
}

Done write_quizzes(const LabCommandOptions& options) {
  if (is_within(options.secret, options.output)) {
    return std::unexpected("the secret lies in the folder that is handed out: '" + options.secret +
                           "'");
  }
  const auto all = read_class(options);
  if (!all) return std::unexpected(all.error());
  const std::vector<std::string> folders = folder_names(all->list.students);
  std::vector<lab::Quiz> quizzes;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string& student = all->list.students[i];
    GatheredBlocks capture;
    quizzes.push_back(all->quiz_of(student, &capture));
    const auto folder = std::filesystem::path(options.output) / folders[i];
    const Handout handout{*all, student, quizzes.back(), capture.bytes()};
    if (Done done = write_folder(folder, handout, options.language); !done) return done;
  }
  fmt::print("{}\n", fmt::format(fmt::runtime(either(options.language,
                                                     "{}: {} folders, each with capture.pcapng, "
                                                     "questions.html and answers.txt",
                                                     "{}：{} 个文件夹，各含 capture.pcapng、"
                                                     "questions.html 和 answers.txt")),
                                 options.output, folders.size()));
  tell_sharing(quizzes, *all, options);
  return {};
}

// -- The key

Done write_annotated(const QuizClass& all, const LabCommandOptions& options) {
  auto scenario = lab::read_scenario(
      all.plan.text(), {.name = all.plan.name(), .quiz = all.seed_of(options.student)});
  if (!scenario) return std::unexpected(scenario.error().message);
  GatheredBlocks capture;
  lab::LabOptions how;
  const std::string application = lab_application();
  how.language = options.language;
  how.application = application;
  how.captures[lab::index_of(scenario->view)] = &capture;
  {
    lab::Lab run(*scenario, how);
    run.run();
  }
  return write_whole(options.capture, capture.bytes());
}

Done tell_one_key(const QuizClass& all, const LabCommandOptions& options) {
  const lab::Quiz quiz = all.quiz_of(options.student, nullptr);
  std::string text = fmt::format("{}{}{}\n", all.plan.name(), either(options.language, ", ", "，"),
                                 options.student);
  for (const auto& [name, value] : quiz.scenario.chosen)
    text += fmt::format("  {} = {}\n", name, value);
  for (const lab::QuizItem& item : quiz.items) {
    text += fmt::format("q{}: {}\n    {}\n", item.number, key_text(item, options.language),
                        item.question->text.in(options.language));
  }
  if (!options.capture.empty()) {
    if (Done done = write_annotated(all, options); !done || options.capture == "-") return done;
    text += capture_note(options.capture, quiz.scenario.view, options.language);
  }
  return write_text("-", text);
}

Done write_keys(const LabCommandOptions& options) {
  const auto all = read_class(options);
  if (!all) return std::unexpected(all.error());
  if (!options.student.empty()) return tell_one_key(*all, options);
  CsvWriter table;
  std::vector<std::string> heading = {"student", "code"};
  for (std::size_t i = 0; i < all->plan.questions().size(); ++i) {
    heading.push_back(fmt::format("q{} {}", i + 1, all->plan.questions()[i]->key));
  }
  table.add_row(heading);
  for (const std::string& student : all->list.students) {
    std::vector<std::string> row(heading.size());
    row[0] = student;
    row[1] = all->secret.code(all->plan.name(), student);
    for (const lab::QuizItem& item : all->quiz_of(student, nullptr).items) {
      row[item.number + 1] = key_text(item, options.language);
    }
    table.add_row(row);
  }
  const bool is_file = !options.output.empty() && options.output != "-";
  Done done = write_text(is_file ? options.output : "-", table.text());
  if (done && is_file) {
    fmt::print(
        "{}\n",
        fmt::format(
            fmt::runtime(either(options.language, "{}: the key: {} students, {} questions each",
                                "{}：{} 名学生的答案，每人 {} 题")),
            options.output, all->list.students.size(), all->plan.questions().size()));
  }
  return done;
}

Done make_secret(const LabCommandOptions& options) {
  if (Done done = write_new_secret(options.folder); !done) return done;
  fmt::print("{}\n",
             fmt::format(fmt::runtime(either(options.language,
                                             "{}: keep it, and show it to nobody; without it "
                                             "no quiz can be marked",
                                             "{}：请妥善保存，不要给任何人看；没有它就无法评分")),
                         options.folder));
  return {};
}

}  // namespace

std::expected<std::string, std::string> read_whole(const std::string& path, std::size_t most) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    const bool exists = std::filesystem::exists(path, error);
    return std::unexpected("cannot read '" + path +
                           "': " + (exists ? "it is no file" : std::strerror(ENOENT)));
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(most + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.is_open() || file.bad()) {
    return std::unexpected("cannot read '" + path + "': " + std::strerror(errno));
  }
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > most) return std::unexpected("'" + path + "' is too large");
  return bytes;
}

Seed QuizClass::seed_of(std::string_view student) const {
  return attempt(student, nullptr).second;
}

lab::Quiz QuizClass::quiz_of(std::string_view student, GatheredBlocks* capture) const {
  return attempt(student, capture).first;
}

// Where a run does not show what the scenario promises, the next seed is tried.
std::pair<lab::Quiz, Seed> QuizClass::attempt(std::string_view student,
                                              GatheredBlocks* capture) const {
  for (int i = 0;; ++i) {
    const Seed seed = secret.seed("run " + std::to_string(i), plan.name(), student);
    if (capture != nullptr) capture->clear();
    // The plan's trials have read the same text.
    auto quiz = lab::make_quiz(plan, seed, capture).value_or(lab::Quiz{});
    if (quiz.shows_story || i == kMostTries) return {std::move(quiz), seed};
  }
}

std::expected<QuizClass, std::string> read_class(const LabCommandOptions& options) {
  bool is_open = false;
  auto secret = Secret::read(options.secret, is_open);
  if (!secret) return std::unexpected(secret.error());
  if (is_open) {
    remark(options,
           "others on this machine can read '" + options.secret + "': chmod 600 " + options.secret);
  }
  const auto text = text_of_scenario(options.folder);
  if (!text) return std::unexpected(text.error());
  auto plan = lab::QuizPlan::of(text->name, text->text);
  if (!plan) {
    const lab::ReadError& error = plan.error();
    if (error.line == 0)
      return std::unexpected("'" + text->name + "' makes no quiz: " + error.message);
    return std::unexpected(
        fmt::format("{}: line {}: {}", options.folder, error.line, error.message));
  }
  QuizClass all(std::move(*secret), std::move(*plan));
  if (options.students.empty()) {
    if (std::string fault = fault_of_student(options.student); !fault.empty()) {
      return std::unexpected(std::move(fault));
    }
    all.list.students = {options.student};
    return all;
  }
  const auto bytes = read_whole(options.students, kMostListBytes);
  if (!bytes) return std::unexpected(bytes.error());
  auto list = parse_students(*bytes);
  if (!list) return std::unexpected(options.students + ": " + list.error());
  for (const std::string& one : list->remarks) {
    remark(options, options.students + ": " + spoken(one, options.language));
  }
  all.list = std::move(*list);
  return all;
}

SharedAnswers shared_answers(const lab::Quiz& a, const lab::Quiz& b) {
  SharedAnswers all;
  for (const lab::QuizItem& one : a.items) {
    for (const lab::QuizItem& other : b.items) {
      if (one.question != other.question) continue;
      ++all.of;
      if (lab::is_same_answer(*one.question, one.answer, other.answer)) ++all.shared;
    }
  }
  return all;
}

bool is_quiz_command(const std::string& what) {
  constexpr std::array<std::string_view, 4> kWords = {"quiz", "key", "grade", "secret"};
  return std::ranges::find(kWords, what) != kWords.end();
}

Done quiz_command(const LabCommandOptions& options) {
  if (options.what == "secret") return make_secret(options);
  if (options.what == "quiz") return write_quizzes(options);
  return options.what == "key" ? write_keys(options) : grade_command(options);
}

}  // namespace glasstcp
