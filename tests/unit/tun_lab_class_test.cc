// Quizzes for a class: the secret, the list of students and their folders, answer files and marks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "stack/base/random.h"
#include "stack/lab/catalogue.h"
#include "tests/support/glossary_terms.h"
#include "tun/lab/answer_file.h"
#include "tun/lab/csv.h"
#include "tun/lab/grade_command.h"
#include "tun/lab/marking.h"
#include "tun/lab/quiz_command.h"
#include "tun/lab/quiz_sheet.h"
#include "tun/lab/secret_file.h"
#include "tun/lab/student_list.h"
#include "tun/lab/utf8.h"

namespace glasstcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> students_of(std::string_view bytes) {
  const auto list = parse_students(bytes);
  EXPECT_TRUE(list.has_value()) << (list ? "" : list.error());
  return list.value_or(StudentList{}).students;
}

// -- The list

TEST(StudentNumbers, StandOneInALineOrInAColumn) {
  EXPECT_THAT(students_of("1\n2\n3"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(students_of("\xef\xbb\xbf"
                          "1\r\n 2 \r\n\r\n3\r\n"),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(students_of("student\n1\n2"), ElementsAre("1", "2"));
  EXPECT_THAT(students_of("name,Student ID,mail\nLi,1,a@b\n\"Wu, X\",\"2\",\n"),
              ElementsAre("1", "2"));
  EXPECT_THAT(students_of("姓名;学号\n张三;20230001\n"), ElementsAre("20230001"));
  EXPECT_THAT(students_of("name\tno\nA\t7\n"), ElementsAre("7"));
  EXPECT_THAT(students_of("20230001\n张三\nÅse Ø\n"), ElementsAre("20230001", "张三", "Åse Ø"));
  // UTF-16 with its mark; a table of Excel in China (GBK), of which the numbers alone are taken.
  EXPECT_THAT(students_of(std::string_view("\xff\xfe"
                                           "1\0\n\0"
                                           "2\0",
                                           8)),
              ElementsAre("1", "2"));
  EXPECT_THAT(students_of("\xd0\xd5\xc3\xfb,\xd1\xa7\xba\xc5\n\xd5\xc5\xc8\xfd,2023\n"),
              ElementsAre("2023"));
}

TEST(StudentNumbers, WhatIsWrongIsOneLine) {
  const auto error = [](std::string_view bytes) {
    const auto list = parse_students(bytes);
    return list ? std::string("none") : list.error();
  };
  EXPECT_THAT(error(""), HasSubstr("no student number"));
  EXPECT_THAT(error("1\n\xff\xfe\xfa\n"), HasSubstr("line 2"));
  EXPECT_THAT(error("1\n2\x01\n"), HasSubstr("line 2: the student number has a control"));
  EXPECT_THAT(error("a\n" + std::string(201, 'x')), HasSubstr("line 2"));
  EXPECT_THAT(error("student,name\n,Li\n"), HasSubstr("line 2: the student number is empty"));
  const auto twice = parse_students("1\n2\n1\n");
  ASSERT_TRUE(twice.has_value());
  EXPECT_THAT(twice->students, ElementsAre("1", "2"));
  EXPECT_THAT(twice->remarks, ElementsAre("line 3: '1' stands in line 1 already: taken once"));
}

TEST(StudentFolders, AreSafeAndDifferentOnEveryFileSystem) {
  const std::vector<std::string> students = {"20230001",
                                             "张三",
                                             "../../etc",
                                             "..",
                                             ".",
                                             "/abs",
                                             "a/b",
                                             "a\\b",
                                             "A_B",
                                             "a_b",
                                             "con",
                                             "COM1.txt",
                                             "nul",
                                             "x.",
                                             "x ",
                                             "x",
                                             "-rf",
                                             "~",
                                             "$(reboot)",
                                             "a:b",
                                             "Ａ",
                                             "é",
                                             "e\u0301",
                                             "\u202egnp",
                                             "a\u200b",
                                             "a",
                                             "*?<>|\"",
                                             std::string(200, 'z'),
                                             std::string(199, 'z') + "y",
                                             "%2e%2e",
                                             "x-0000",
                                             "#"};
  const std::vector<std::string> names = folder_names(students);
  std::set<std::string> seen;
  for (const std::string& name : names) {
    std::string folded = name;
    std::ranges::transform(folded, folded.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    EXPECT_TRUE(seen.insert(folded).second) << name;
    EXPECT_LE(name.size(), 130U);
    EXPECT_EQ(name.find_first_of("/\\:*?\"<>|~$%# "), std::string::npos) << name;
    EXPECT_FALSE(name.empty() || name.starts_with('.') || name.starts_with('-') ||
                 name.ends_with('.'));
    EXPECT_TRUE(is_utf8(name));
    const std::string stem = folded.substr(0, folded.find('.'));
    for (const std::string_view device : {"con", "nul", "com1", "aux", "prn", "lpt1"}) {
      EXPECT_NE(stem, device);
    }
  }
  EXPECT_EQ(names[0], "20230001");
  EXPECT_EQ(names[1], "张三");
}

// -- The secret

TEST(QuizSecret, IsRefusedWhereItIsEasyToGuess) {
  EXPECT_FALSE(Secret::of("short").has_value());
  EXPECT_FALSE(Secret::of(std::string(40, 'a')).has_value());
  EXPECT_FALSE(Secret::of("abababababababababababab").has_value());
  EXPECT_TRUE(Secret::of("correct horse battery staple").has_value());
}

TEST(QuizSecret, ItsLastLineFeedDoesNotCountAndAllElseDoes) {
  const auto seed = [](const std::string& secret, std::string_view quiz, std::string_view student) {
    return Secret::of(secret).value_or(Secret{}).seed("run", quiz, student);
  };
  const std::string secret = "correct horse battery staple";
  EXPECT_EQ(seed(secret, "nagle", "1"), seed(secret + "\r\n", "nagle", "1"));
  EXPECT_NE(seed(secret, "nagle", "1"), seed(secret + ".", "nagle", "1"));
  EXPECT_NE(seed(secret, "nagle", "1"), seed(secret, "nagle", "2"));
  EXPECT_NE(seed(secret, "nagle", "1"), seed(secret, "lost-syn", "1"));
  EXPECT_NE(seed(secret, "a", "bc"), seed(secret, "ab", "c"));
}

// -- Answers

TEST(AnswerFiles, AreReadAsPeopleWriteThem) {
  const auto file = parse_answers(
      "\xef\xbb\xbf# a comment\r\nStudent： 2023001 \r\nquiz: nagle\r\ncode: ab12\r\nq1: 5 ms\r\n"
      "Q2:\r\nq3 : a line\r\n  and another\r\nq10：乙\r\n");
  ASSERT_TRUE(file.has_value()) << file.error();
  EXPECT_EQ(file->student, "2023001");
  EXPECT_EQ(file->quiz, "nagle");
  EXPECT_EQ(file->code, "ab12");
  EXPECT_EQ(file->answers.at(1), "5 ms");
  EXPECT_FALSE(file->answers.contains(2));
  EXPECT_EQ(file->answers.at(3), "a line\nand another");
  EXPECT_EQ(file->answers.at(10), "乙");
  EXPECT_FALSE(parse_answers("q1: 5").has_value());
  EXPECT_FALSE(parse_answers("").has_value());
  EXPECT_FALSE(parse_answers(std::string(300'000, 'x')).has_value());
  // Notepad's "Unicode", and GBK.
  const auto wide =
      parse_answers(std::string_view("\xff\xfes\0t\0u\0d\0e\0n\0t\0:\0"
                                     "7\0\n\0",
                                     22));
  ASSERT_TRUE(wide.has_value());
  EXPECT_EQ(wide->student, "7");
  const auto gbk = parse_answers("student: 7\nq1: \xb7\xfe\xce\xf1\xc6\xf7\n");
  ASSERT_TRUE(gbk.has_value());
  EXPECT_EQ(gbk->answers.at(1), "服务器");
}

TEST(Amounts, AreReadWithTheirUnits) {
  using enum lab::AnswerUnit;
  const auto amount = [](std::string_view text, lab::AnswerUnit unit) {
    return parse_amount(text, unit).value_or(-1);
  };
  EXPECT_DOUBLE_EQ(amount("34.684", Time), 34684);
  EXPECT_DOUBLE_EQ(amount("34.684 ms", Time), 34684);
  EXPECT_DOUBLE_EQ(amount("0.034684s", Time), 34684);
  EXPECT_DOUBLE_EQ(amount("34684 μs", Time), 34684);
  EXPECT_DOUBLE_EQ(amount("３５ 毫秒", Time), 35000);
  EXPECT_DOUBLE_EQ(amount("1,460 bytes", Bytes), 1460);
  EXPECT_DOUBLE_EQ(amount("2 864 434 397", None), 2864434397);
  EXPECT_DOUBLE_EQ(amount("0xAABBCCDD", None), 0xaabbccdd);
  for (const std::string_view text :
       {"", "about 5", "5 ms ms", "1.2.3", "-5", "0x", "nan", "1e9"}) {
    EXPECT_FALSE(parse_amount(text, Time).has_value()) << text;
  }
  EXPECT_FALSE(parse_amount("5 ms", Bytes).has_value());
  EXPECT_FALSE(parse_amount("1,46", Bytes).has_value());
}

TEST(FrameSets, AreReadAsPeopleWriteThem) {
  EXPECT_THAT(parse_frames("3, 5-7").value(), ElementsAre(3, 5, 6, 7));
  EXPECT_THAT(parse_frames("７、3；5 5").value(), ElementsAre(3, 5, 7));
  EXPECT_THAT(parse_frames("none").value(), ElementsAre());
  EXPECT_THAT(parse_frames("无").value(), ElementsAre());
  for (const std::string_view text : {"", "a", "3-", "7-5", "0", "1-999999", "4294967296", "1,x"}) {
    EXPECT_FALSE(parse_frames(text).has_value()) << text;
  }
}

// -- Marks

const QuizClass& the_class() {
  static const QuizClass all = [] {
    QuizClass made(
        Secret::of("correct horse battery staple").value(),
        lab::QuizPlan::of("three-duplicate-acks", lab::scenario_named("three-duplicate-acks")->text)
            .value());
    made.list.students = {"1", "2", "=cmd()", "张三"};
    return made;
  }();
  return all;
}

std::string answers_of(const std::string& student) {
  const QuizClass& all = the_class();
  std::string text = "student: " + student + "\nquiz: " + all.plan.name() +
                     "\ncode: " + all.secret.code(all.plan.name(), student) + "\n";
  for (const lab::QuizItem& item : all.quiz_of(student, nullptr).items) {
    text += "q" + std::to_string(item.number) + ": " + answer_text(item) + "\n";
  }
  return text;
}

std::vector<CsvRow> rows_of(const std::vector<HandedIn>& files, GradeCounts& counts) {
  const std::string table = grade_table(the_class(), files, Language::English, counts);
  EXPECT_TRUE(table.starts_with("\xef\xbb\xbf"));
  EXPECT_TRUE(table.ends_with("\r\n"));
  EXPECT_TRUE(is_utf8(table));
  return read_csv(text_of_file(table), ',');
}

TEST(Marks, AKeyIsRightAndWhatIsWrongSaysWhy) {
  const lab::Quiz quiz = the_class().quiz_of("1", nullptr);
  std::set<lab::AnswerForm> forms;
  for (const lab::QuizItem& item : quiz.items) {
    forms.insert(item.question->form);
    EXPECT_EQ(mark(item, answer_text(item), Language::English).points, Mark::kFull)
        << item.question->key;
    EXPECT_EQ(mark(item, "", Language::English).points, 0U);
    EXPECT_THAT(mark(item, "", Language::English).reason,
                HasSubstr(key_text(item, Language::English)));
    EXPECT_EQ(mark(item, "nonsense", Language::Chinese).points, 0U);
    for (const std::string_view answer : {"", "nonsense", "0"}) {
      test::expect_chinese_marks(item.question->key, mark(item, answer, Language::Chinese).reason);
    }
    test::expect_chinese_marks(item.question->key, key_text(item, Language::Chinese));
    if (item.question->is_raw) {
      EXPECT_THAT(mark(item, "0", Language::English).reason, HasSubstr("relative number"));
    }
    if (item.question->form == lab::AnswerForm::Frames && item.answer.frames.size() > 1) {
      std::string most = std::to_string(item.answer.frames.front());
      for (std::size_t i = 1; i + 1 < item.answer.frames.size(); ++i) {
        most += ' ' + std::to_string(item.answer.frames[i]);
      }
      EXPECT_EQ(mark(item, most, Language::English).points, 1U);
    }
  }
  EXPECT_THAT(forms, ElementsAre(lab::AnswerForm::Number, lab::AnswerForm::Frames,
                                 lab::AnswerForm::Choice));
}

TEST(Grades, EachFileAndEachStudentHasOneLine) {
  std::string stolen = answers_of("2");
  stolen.replace(stolen.find("student: 2"), 10, "student: 张三");
  std::string elsewhere = answers_of("2");
  elsewhere.replace(elsewhere.find("quiz: "), 6, "quiz: not-");
  GradeCounts counts;
  const std::vector<CsvRow> rows =
      rows_of({{"1/answers.txt", answers_of("1")},
               {"1/answers (2).txt", answers_of("1")},
               {"2.txt", answers_of("=cmd()")},
               {"3.txt", stolen},
               {"4.txt", elsewhere},
               {"5.txt", std::string("\0\xff\xfe\x80", 4)},
               {"6.txt", std::string("student: 99\nq1: 5\n")},
               {"7.docx", std::unexpected(std::string("only files that end in .txt are read"))}},
              counts);
  ASSERT_EQ(rows.size(), 1U + 4 + 6);
  const auto row_of = [&rows](std::string_view path) {
    const auto at =
        std::ranges::find_if(rows, [path](const CsvRow& row) { return row.cells[3] == path; });
    return at == rows.end() ? std::vector<std::string>(5) : at->cells;
  };
  EXPECT_EQ(row_of("1/answers.txt")[1], row_of("1/answers.txt")[2]);
  EXPECT_THAT(row_of("1/answers (2).txt")[4], HasSubstr("duplicate: '1/answers.txt' is marked"));
  EXPECT_EQ(row_of("2.txt")[0], "'=cmd()");
  EXPECT_THAT(row_of("3.txt")[4], HasSubstr("foreign: its code"));
  EXPECT_THAT(row_of("4.txt")[4], HasSubstr("foreign: it answers the quiz 'not-"));
  EXPECT_THAT(row_of("5.txt")[4], HasSubstr("broken"));
  EXPECT_THAT(row_of("6.txt")[4], HasSubstr("foreign: '99' is not in the list"));
  EXPECT_THAT(row_of("7.docx")[4], HasSubstr("broken: only files"));
  EXPECT_EQ(rows[2].cells[0], "2");
  EXPECT_EQ(rows[2].cells[1], "0");
  EXPECT_EQ(rows[2].cells[4], "no answer file");
  EXPECT_EQ(counts.graded, 2U);
  EXPECT_EQ(counts.missing, 2U);
  EXPECT_EQ(counts.others, 6U);
}

// Whatever a spreadsheet takes for the begin of a formula is text, in each column, and nothing else
// gets an apostrophe.
TEST(Csv, ACellIsNeverAFormula) {
  for (const std::string sign : {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}) {
    CsvWriter writer;
    writer.add_row({sign + "1+1", "x" + sign, sign, ""});
    const auto cell = [](const std::string& text) {
      const bool is_quoted = text.find_first_of("\t\r\n") != std::string::npos;
      return is_quoted ? '"' + text + '"' : text;
    };
    EXPECT_EQ(writer.text(), "\xef\xbb\xbf" + cell("'" + sign + "1+1") + ',' + cell("x" + sign) +
                                 ',' + cell("'" + sign) + ",\r\n");
  }
  CsvWriter writer;
  writer.add_row({"2023001", "3, 5-7", "a=b", "'x", "1.5 ms"});
  EXPECT_THAT(read_csv(text_of_file(writer.text()), ',')[0].cells,
              ElementsAre("2023001", "3, 5-7", "a=b", "'x", "1.5 ms"));
}

TEST(Grades, NoCellIsAFormula) {
  std::string file = answers_of("1");
  const std::size_t at = file.find("q1: ");
  file.replace(at, file.find('\n', at) - at, "q1: =HYPERLINK(\"http://x\",\"a\"),\n@SUM(1)");
  GradeCounts counts;
  for (const CsvRow& row : rows_of({{"+x.txt", file}}, counts)) {
    for (const std::string& cell : row.cells) {
      EXPECT_TRUE(cell.empty() || std::string("=+-@\t").find(cell.front()) == std::string::npos)
          << cell;
    }
  }
}

// Whatever comes in as files: as many lines, and no end.
TEST(Grades, SurviveBrokenFiles) {
  SeededRandom random(20);
  const std::string whole = answers_of("1");
  std::vector<HandedIn> files;
  for (int i = 0; i < 600; ++i) {
    std::string text = whole;
    const std::uint64_t changes = 1 + random.below(20);
    for (std::uint64_t n = 0; n < changes; ++n) {
      const auto at = static_cast<std::size_t>(random.below(text.size()));
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, static_cast<std::size_t>(random.below(30)));
          break;
        case 2:
          text.insert(at, std::string(static_cast<std::size_t>(1 + random.below(40)),
                                      static_cast<char>(random.below(256))));
          break;
        default:
          text.insert(at, text.substr(at / 2, 25));
          break;
      }
      if (text.empty()) text = "q";
    }
    files.push_back({std::to_string(i) + ".txt", text});
  }
  GradeCounts counts;
  const std::vector<CsvRow> rows = rows_of(files, counts);
  EXPECT_EQ(counts.graded + counts.missing, the_class().list.students.size());
  EXPECT_EQ(counts.graded + counts.others, files.size());
  EXPECT_EQ(rows.size(), 1 + the_class().list.students.size() + counts.others);
}

TEST(QuizSheets, AskInBothLanguagesAndTellNoAnswer) {
  const QuizClass& all = the_class();
  const lab::Quiz quiz = all.quiz_of("张三", nullptr);
  const SheetOf whose{all.plan.name(), "<b>张三", "0011223344"};
  for (const Language language : {Language::English, Language::Chinese}) {
    const std::string page = question_page(quiz, whose, language);
    const std::string answers = answer_template(quiz, whose, language);
    if (language == Language::Chinese) test::expect_chinese_marks("sheet", page + answers);
    EXPECT_THAT(page, HasSubstr("&lt;b&gt;张三"));
    for (const lab::QuizItem& item : quiz.items) {
      EXPECT_THAT(page, HasSubstr(std::string(item.question->text.in(language))));
      EXPECT_THAT(answers, HasSubstr("\r\nq" + std::to_string(item.number) + ": \r\n"));
      if (!item.question->is_raw) continue;
      EXPECT_THAT(page, Not(HasSubstr(answer_text(item))));
      EXPECT_THAT(answers, Not(HasSubstr(answer_text(item))));
    }
    for (const auto& [name, value] : quiz.scenario.chosen) {
      EXPECT_THAT(page + answers, Not(HasSubstr(name + " = "))) << value;
    }
  }
  EXPECT_TRUE(parse_answers(answer_template(quiz, whose, Language::Chinese)).has_value());
}

}  // namespace
}  // namespace glasstcp
