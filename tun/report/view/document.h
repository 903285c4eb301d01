// A report as a list of sections and blocks, before it is HTML or Markdown.
//
// The content is made once, for both. Texts are marked text (markup.h): values of the capture in
// them went through visible() or code().
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stack/trace/language.h"
#include "tun/report/view/chart.h"

namespace glasstcp::report {

/// How a paragraph speaks.
enum class Tone { Plain, Lead, Note, Caution };
struct Paragraph {
  std::string text;
  Tone tone = Tone::Plain;
};
struct Heading {
  std::string text;
  std::string id;
};
struct Bullets {
  std::vector<std::string> items;
};

/// A column; numbers stand at its right.
struct Column {
  std::string title;
  bool is_number = false;
  bool is_short = false;  ///< never broken into lines, but on a phone
};
struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
  std::string note;
};

/// A name and what it is, set large.
struct Fact {
  std::string name;
  std::string value;
  std::string detail;
};
struct Facts {
  std::vector<Fact> facts;
};

/// A figure: drawn for a wide page and for a phone, with the same numbers as a table.
struct Picture {
  std::string id;  ///< also the name of its file, without ".svg"
  std::string caption;
  Drawn wide, narrow;
  Table table;
};

/// An HTTP message, part by part.
struct MessageView {
  std::string title;
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;       ///< text to be shown, with line feeds
  std::string body_note;  ///< instead of or behind it
  std::vector<std::string> notes;
};

/// A question that the report answers.
struct Answer {
  std::string question;
  std::vector<std::string> paragraphs;
  bool is_shown = true;  ///< false: this capture does not show it
};
/// A question that the reader answers.
struct Question {
  std::string text;
  std::string look_at;
  int lines = 4;  ///< of empty space
};

using Block =
    std::variant<Paragraph, Heading, Bullets, Table, Facts, Picture, MessageView, Answer, Question>;

struct Section {
  std::string id;
  std::string title;
  std::vector<Block> blocks;
};

/// The whole report.
struct Document {
  Language language = Language::English;
  std::string title;
  std::string subtitle;
  std::vector<Section> sections;
  std::string footer;
  std::string sheet_footer;  ///< of each printed sheet; printable ASCII of it is shown
};

/// What Markdown consists of: the text, and files that lie beside it.
struct MarkdownFiles {
  struct File {
    std::string name;  ///< "NAME.svg"
    std::string content;
  };
  std::string text;
  std::vector<File> files;
};

/// One self-contained page: no script, no external resource, a Content-Security-Policy that lets
/// nothing in.
[[nodiscard]] std::string html_of(const Document& document);
/// CommonMark with tables; `folder` is where the text expects the files ("report-figures").
[[nodiscard]] MarkdownFiles markdown_of(const Document& document, const std::string& folder);

}  // namespace glasstcp::report
