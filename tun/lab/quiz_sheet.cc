// See quiz_sheet.h.
#include "tun/lab/quiz_sheet.h"

#include <fmt/format.h>

#include "stack/lab/ladder.h"
#include "tun/lab/marking.h"
#include "tun/lab/page.h"

namespace glasstcp {
namespace {

using lab::AnswerForm;
using lab::AnswerUnit;
using lab::html_escaped;

// How an answer is written.
std::string form_text(const lab::Question& question, Language language) {
  const auto in = [language](std::string_view en, std::string_view zh) {
    return std::string(either(language, en, zh));
  };
  switch (question.form) {
    case AnswerForm::Frames:
      return in("frame numbers like 3, 5-7", "帧号，例如 3, 5-7");
    case AnswerForm::Choice:
      return in("one letter", "一个字母");
    case AnswerForm::Text:
      return in("a few sentences", "几句话");
    case AnswerForm::Number:
      break;
  }
  switch (question.unit) {
    case AnswerUnit::None:
      return in("a whole number", "一个整数");
    case AnswerUnit::Bytes:
      return in("a number of bytes", "字节数");
    case AnswerUnit::Count:
      return in("a number of frames", "帧数");
    case AnswerUnit::Time:
      break;
  }
  const double tolerance = static_cast<double>(question.tolerance) / 1000;
  return fmt::format("{}{}", in("milliseconds, within ", "毫秒，允许误差 "),
                     fmt::format("{:g} ms", tolerance));
}

// The same, in brackets behind a question.
std::string form_html(const lab::Question& question, Language language) {
  return fmt::format(fmt::runtime(either(language, " <em>({})</em>", "<em>（{}）</em>")),
                     html_escaped(form_text(question, language)));
}

std::string item_of_page(const lab::QuizItem& item, Language language) {
  const lab::Question& question = *item.question;
  std::string text =
      fmt::format("<li value=\"{}\"><p>{}{}</p>\n", item.number,
                  html_escaped(question.text.in(language)), form_html(question, language));
  if (question.form == AnswerForm::Choice) {
    text += "<ol type=\"a\">\n";
    for (const std::size_t option : item.order) {
      text += fmt::format("<li>{}</li>\n", html_escaped(question.options[option].in(language)));
    }
    text += "</ol>\n";
  }
  return text + "</li>\n";
}

constexpr lab::Question kFree{{}, AnswerForm::Text, AnswerUnit::None, 0, false, {}, {}, nullptr};

}  // namespace

std::string question_page(const lab::Quiz& quiz, const SheetOf& whose, Language language) {
  const auto in = [language](std::string_view en, std::string_view zh) {
    return either(language, en, zh);
  };
  const bool is_chinese = language == Language::Chinese;
  const std::string title = fmt::format("{} {}", in("Quiz", "测验"), whose.quiz);
  const std::string_view end = lab::name_of(quiz.scenario.view, language);
  std::string body = fmt::format(
      "<nav><a lang=\"{}\" href=\"{}\">{}</a></nav>\n<h1>{}</h1>\n<p>{} <strong>{}</strong></p>\n",
      in("zh-CN", "en"), is_chinese ? "questions.html" : "questions.zh.html", in("中文", "English"),
      html_escaped(title), in("Student", "学号"), html_escaped(whose.student));
  body += fmt::format(
      "<p>{}</p>\n",
      fmt::format(
          fmt::runtime(
              in("Open <a href=\"capture.pcapng\">capture.pcapng</a> with Wireshark: it "
                 "has what the {} sent and received (client 192.0.2.1, server 192.0.2.2). "
                 "Other hosts ping it meanwhile; frame numbers count them, too. "
                 "\"This end\" is the {}. Write your answers into <a "
                 "href=\"answers.txt\">answers.txt</a> and hand in that file.",
                 "用 Wireshark 打开 <a href=\"capture.pcapng\">capture.pcapng</a>：其中是{}"
                 "发送和接收的分组（客户端 192.0.2.1，服务器 192.0.2.2）。其间另有主机 ping 它，"
                 "帧号也把这些分组计算在内。“本端”指{}。把答案写入 "
                 "<a href=\"answers.txt\">answers.txt</a>，并提交该文件。")),
          end, end));
  body += "<ol class=\"quiz pane\">\n";
  for (const lab::QuizItem& item : quiz.items) body += item_of_page(item, language);
  for (std::size_t i = 0; i < quiz.free_texts; ++i) {
    body += fmt::format("<li value=\"{}\"><p>{}{}</p></li>\n", quiz.number_of_free_text(i),
                        html_escaped(quiz.free_text(i, language)), form_html(kFree, language));
  }
  body += "</ol>\n";
  return page(language, title, body);
}

std::string answer_template(const lab::Quiz& quiz, const SheetOf& whose, Language language) {
  std::string text = fmt::format(
      "# {}\nstudent: {}\nquiz: {}\ncode: {}\n\n",
      either(language, "Write each answer behind its q; leave the next three lines as they are.",
             "请把答案写在各个 q 之后；下面三行请不要改动。"),
      whose.student, whose.quiz, whose.code);
  for (const lab::QuizItem& item : quiz.items) {
    text += fmt::format("# {}\nq{}: \n", form_text(*item.question, language), item.number);
  }
  for (std::size_t i = 0; i < quiz.free_texts; ++i) {
    text += fmt::format("# {}\nq{}: \n", form_text(kFree, language), quiz.number_of_free_text(i));
  }
  std::string lines;
  for (const char c : text) lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return lines;  // as editors on Windows like it; answer_file.h takes both
}

}  // namespace glasstcp
