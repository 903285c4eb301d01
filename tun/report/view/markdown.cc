// The report as Markdown, with SVG files beside it.
#include <fmt/format.h>

#include <iterator>

#include "tun/report/view/document.h"
#include "tun/report/view/markup.h"

namespace glasstcp::report {
namespace {

// A fence longer than any run of backquotes in the text, so that no text can end it.
std::string fence_for(std::string_view text) {
  std::size_t longest = 2, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

class Writer {
 public:
  Writer(const Document& document, const std::string& folder)
      : document_(document), folder_(folder) {}

  MarkdownFiles files() {
    add("# {}\n\n{}\n", to_markdown(document_.title), to_markdown(document_.subtitle));
    int number = 0;
    for (const Section& section : document_.sections) {
      add("\n## {}. {}\n", ++number, to_markdown(section.title));
      for (const Block& block : section.blocks) std::visit(*this, block);
    }
    add("\n---\n\n{}\n", to_markdown(document_.footer));
    return std::move(files_);
  }

  void operator()(const Paragraph& p) {
    const bool is_quote = p.tone == Tone::Caution || p.tone == Tone::Note;
    add("\n{}{}\n", is_quote ? "> " : "", to_markdown(p.text));
  }
  void operator()(const Heading& h) { add("\n### {}\n", to_markdown(h.text)); }
  void operator()(const Bullets& list) {
    files_.text += '\n';
    for (const std::string& item : list.items) add("- {}\n", to_markdown(item));
  }
  void operator()(const Facts& list) {
    files_.text += '\n';
    for (const Fact& fact : list.facts) {
      add("- {}: **{}**{}\n", to_markdown(fact.name), to_markdown(to_plain(fact.value)),
          fact.detail.empty() ? "" : " (" + to_markdown(fact.detail) + ")");
    }
  }
  void operator()(const Table& table) {
    if (!table.caption.empty()) add("\n**{}**\n", to_markdown(to_plain(table.caption)));
    add_table(table);
  }
  void operator()(const Picture& picture) {
    const std::string name = picture.id + ".svg";
    files_.files.push_back({name, svg_file(picture.wide.svg, picture.wide.head)});
    add("\n![{}]({}/{})\n\n*{} {}.* {}\n", to_markdown(picture.wide.head.title), folder_, name,
        either(document_.language, "Figure", "图"), ++figures_, to_markdown(picture.caption));
    if (picture.table.rows.empty()) return;
    add("\n<details><summary>{}</summary>\n",
        either(document_.language, "The same as a table", "以表格显示"));
    add_table(picture.table);
    files_.text += "\n</details>\n";
  }
  void operator()(const MessageView& m) {
    std::string text = to_plain(m.start_line) + "\n";
    for (const auto& [name, value] : m.headers) {
      text += to_plain(name) + ": " + to_plain(value) + "\n";
    }
    text += "\n" + to_plain(m.body);
    if (!text.ends_with('\n')) text += '\n';
    const std::string fence = fence_for(text);
    add("\n**{}**\n\n{}http\n{}{}\n", to_markdown(to_plain(m.title)), fence, text, fence);
    if (!m.body_note.empty()) add("\n{}\n", to_markdown(m.body_note));
    if (!m.notes.empty()) (*this)(Bullets{m.notes});
  }
  void operator()(const Answer& answer) {
    add("\n### {}\n", to_markdown(answer.question));
    for (const std::string& text : answer.paragraphs) add("\n{}\n", to_markdown(text));
  }
  void operator()(const Question& q) {
    add("\n### {}\n", to_markdown(q.text));
    if (!q.look_at.empty()) add("\n> {}\n", to_markdown(q.look_at));
    files_.text += "\n&nbsp;\n\n&nbsp;\n";
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(files_.text), format, std::forward<Args>(args)...);
  }

  void add_table(const Table& table) {
    files_.text += "\n|";
    for (const Column& column : table.columns) add(" {} |", to_markdown(column.title));
    files_.text += "\n|";
    for (const Column& column : table.columns) files_.text += column.is_number ? "---:|" : "---|";
    files_.text += '\n';
    for (const auto& row : table.rows) {
      files_.text += '|';
      for (std::size_t i = 0; i < row.size() && i < table.columns.size(); ++i) {
        add(" {} |", to_markdown(row[i]));
      }
      files_.text += '\n';
    }
    if (!table.note.empty()) add("\n{}\n", to_markdown(table.note));
  }

  const Document& document_;
  const std::string& folder_;
  MarkdownFiles files_;
  int figures_ = 0;
};

}  // namespace

MarkdownFiles markdown_of(const Document& document, const std::string& folder) {
  return Writer(document, folder).files();
}

}  // namespace glasstcp::report
