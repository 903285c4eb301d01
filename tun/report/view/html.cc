// The page.
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "tun/report/view/document.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/page_style.h"

namespace glasstcp::report {
namespace {

// The hash by which the page's policy knows its one style sheet.
std::string style_hash(const std::string& style) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(style.data()),
                     style.size());
  std::array<char,
             sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)>
      text{};
  sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  return text.data();
}

class Page {
 public:
  explicit Page(const Document& document) : document_(document) {}

  std::string text() {
    begin();
    for (const Section& section : document_.sections) add_section(section);
    add("</main>\n<footer>{}</footer>\n</body>\n</html>\n", to_html(document_.footer));
    return std::move(out_);
  }

  void operator()(const Paragraph& p) {
    static constexpr std::array<std::string_view, 4> kTones = {
        "", " class=\"lead\"", " class=\"note\"", " class=\"caution\""};
    add("<p{}>{}</p>\n", kTones[static_cast<std::size_t>(p.tone)], to_html(p.text));
  }
  void operator()(const Heading& h) {
    const std::string id = h.id.empty() ? "" : fmt::format(" id=\"{}\"", escaped(h.id));
    add("<h3{}>{}</h3>\n", id, to_html(h.text));
  }
  void operator()(const Bullets& list) {
    out_ += "<ul>\n";
    for (const std::string& item : list.items) add("<li>{}</li>\n", to_html(item));
    out_ += "</ul>\n";
  }
  void operator()(const Facts& list) {
    out_ += "<dl class=\"facts\">\n";
    for (const Fact& fact : list.facts) {
      const std::string detail =
          fact.detail.empty() ? "" : "<small>" + to_html(fact.detail) + "</small>";
      add("<div><dt>{}</dt><dd>{}{}</dd></div>\n", to_html(fact.name), to_html(fact.value), detail);
    }
    out_ += "</dl>\n";
  }
  void operator()(const Table& table) {
    out_ += "<div class=\"table\">\n";
    if (!table.caption.empty()) add("<p>{}</p>\n", to_html(table.caption));
    add_table(table);
    out_ += "</div>\n";
  }
  void operator()(const Picture& picture) {
    add("<figure id=\"figure-{}\">\n", escaped(picture.id));
    out_ += svg_inline(picture.wide.svg, picture.wide.head, Width::Wide);
    out_ += svg_inline(picture.narrow.svg, picture.narrow.head, Width::Narrow);
    add("<figcaption><b>{} {}</b>{}</figcaption>\n", either(document_.language, "Figure", "图"),
        ++figures_, to_html(picture.caption));
    if (!picture.table.rows.empty()) {
      add("<details><summary>{}</summary>\n",
          either(document_.language, "The same as a table", "以表格显示"));
      add_table(picture.table);
      out_ += "</details>\n";
    }
    out_ += "</figure>\n";
  }
  void operator()(const MessageView& m) {
    add("<div class=\"message\"><h4>{}</h4>\n<pre>", to_html(m.title));
    add_part("start line", "开始行");
    add("<span class=\"start\">{}</span>\n", to_html(m.start_line));
    bool is_first = true;
    for (const auto& [name, value] : m.headers) {
      if (std::exchange(is_first, false)) add_part("headers", "首部行");
      add("<span class=\"name\">{}:</span> {}\n", to_html(name), to_html(value));
    }
    add_part("blank line", "空行");
    out_ += "<span class=\"blank\">CR LF</span>\n";
    if (!m.body.empty() || !m.body_note.empty()) add_body(m);
    out_ += "</pre>\n";
    if (!m.notes.empty()) (*this)(Bullets{m.notes});
    out_ += "</div>\n";
  }
  void operator()(const Answer& answer) {
    add("<div class=\"answer{}\"><h3>{}</h3>\n", answer.is_shown ? "" : " absent",
        to_html(answer.question));
    for (const std::string& text : answer.paragraphs) add("<p>{}</p>\n", to_html(text));
    out_ += "</div>\n";
  }
  void operator()(const Question& q) {
    add("<div class=\"question\"><h3>{}</h3>\n", to_html(q.text));
    if (!q.look_at.empty()) add("<p>{}</p>\n", to_html(q.look_at));
    add("<div class=\"space lines-{}\"></div>\n</div>\n", std::clamp(q.lines, 1, 6));
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void begin() {
    const std::string style = page_style(to_plain(document_.sheet_footer));
    add("<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n",
        either(document_.language, "en", "zh-CN"));
    add("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'sha256-{}'; base-uri 'none'; form-action 'none'\">\n",
        style_hash(style));
    add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n<style>{}</style>\n"
        "</head>\n<body>\n",
        escaped(to_plain(document_.title)), style);
    add("<header class=\"cover\">\n<p class=\"kicker\">{}</p>\n<h1>{}</h1>\n"
        "<p class=\"subtitle\">{}</p>\n",
        either(document_.language, "glasstcp · capture report", "glasstcp · 抓包分析报告"),
        to_html(document_.title), to_html(document_.subtitle));
    add("<nav aria-label=\"{}\"><ol>\n", either(document_.language, "Contents", "目录"));
    for (const Section& section : document_.sections) {
      add("<li><a href=\"#{}\">{}</a></li>\n", escaped(section.id), to_html(section.title));
    }
    out_ += "</ol></nav>\n</header>\n<main>\n";
  }

  void add_section(const Section& section) {
    add("<section id=\"{}\">\n<h2>{}</h2>\n", escaped(section.id), to_html(section.title));
    for (const Block& block : section.blocks) std::visit(*this, block);
    out_ += "</section>\n";
  }

  // On a phone a wide table becomes cards, each cell with its column's title.
  void add_table(const Table& table) {
    add("<table{}>\n<thead><tr>", table.columns.size() > 3 ? " class=\"cards\"" : "");
    for (const Column& column : table.columns) {
      add("<th scope=\"col\"{}>{}</th>", column.is_number ? " class=\"number\"" : "",
          to_html(column.title));
    }
    out_ += "</tr></thead>\n<tbody>\n";
    for (const auto& row : table.rows) {
      out_ += "<tr>";
      for (std::size_t i = 0; i < row.size() && i < table.columns.size(); ++i) {
        add("<td{} data-label=\"{}\"><span>{}</span></td>", cell_class(table.columns[i]),
            escaped(to_plain(table.columns[i].title)), to_html(row[i]));
      }
      out_ += "</tr>\n";
    }
    out_ += "</tbody>\n</table>\n";
    if (!table.note.empty()) add("<p class=\"note\">{}</p>\n", to_html(table.note));
  }

  static std::string_view cell_class(const Column& column) {
    if (column.is_number) return " class=\"number\"";
    return column.is_short ? " class=\"short\"" : "";
  }

  void add_part(std::string_view en, std::string_view zh) {
    add("<span class=\"part\">{}</span>", either(document_.language, en, zh));
  }
  void add_body(const MessageView& m) {
    out_ += "<span class=\"body\">";
    add_part("body", "实体主体");
    out_ += to_html(m.body);
    if (!m.body_note.empty()) {
      add("{}<span class=\"blank\">{}</span>", m.body.empty() ? "" : "\n", to_html(m.body_note));
    }
    out_ += "</span>";
  }

  const Document& document_;
  std::string out_;
  int figures_ = 0;
};

}  // namespace

std::string html_of(const Document& document) {
  return Page(document).text();
}

}  // namespace glasstcp::report
