// The report: which parts, in which order; single figures.
#include "tun/report/view/report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "generated/version.h"
#include "tun/report/view/figure_charts.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostDetailed = 6;   // connections with a section of their own
constexpr std::size_t kMostMessages = 16;  // messages that are shown in full

std::uint64_t weight(const Connection& c) {
  return c.end(Side::Client).bytes + c.end(Side::Server).bytes;
}

// The connections that are shown in detail: the one that is asked for, else those with most bytes,
// of a homework a browser's before all others, in the order of the capture.
std::vector<const Connection*> chosen(const Capture& capture, const ViewOptions& options) {
  const std::optional<std::uint32_t> connection = options.connection;
  std::vector<const Connection*> all;
  for (const Connection& c : capture.connections) {
    if (!c.frames.empty() && (!connection || c.number == *connection)) all.push_back(&c);
  }
  const auto is_first = [&options](const Connection* c) {
    return options.shape == Template::Homework && is_of_a_browser(*c);
  };
  std::ranges::sort(all, [&is_first](const Connection* a, const Connection* b) {
    return std::tuple(is_first(b), weight(*b), a->number) <
           std::tuple(is_first(a), weight(*a), b->number);
  });
  if (all.size() > kMostDetailed) all.resize(kMostDetailed);
  std::ranges::sort(all, {}, [](const Connection* c) { return c->number; });
  return all;
}

View view_of(const Capture& capture, const ViewOptions& options) {
  View view{capture, options.language, chosen(capture, options), 0};
  if (!options.connection) view.left_out = capture.connections.size() - view.shown.size();
  return view;
}

void append(Blocks& to, Blocks more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Section connection_section(const View& view, const Connection& c) {
  Section section;
  section.id = fmt::format("connection-{}", c.number);
  section.title = view.say("Connection {}: {} – {}", "连接 {}：{} – {}", c.number,
                           endpoint_text(c.end(Side::Client).endpoint),
                           endpoint_text(c.end(Side::Server).endpoint));
  section.blocks = agreement_blocks(view, c);
  append(section.blocks, ladder_blocks(view, c));
  append(section.blocks, handshake_blocks(view, c));
  append(section.blocks, close_blocks(view, c));
  Blocks charts = chart_blocks(view, c);
  if (!charts.empty()) {
    section.blocks.push_back(Heading{view.say("How the data travelled", "数据怎样传送"), ""});
    append(section.blocks, std::move(charts));
  }
  return section;
}

std::vector<Section> report_sections(const View& view) {
  std::vector<Section> sections;
  sections.push_back({"summary", view.say("Summary", "概要"), summary_blocks(view)});
  sections.push_back({"connections", view.say("Connections", "连接一览"), connection_table(view)});
  if (view.left_out > 0) {
    sections.back().blocks.push_back(Paragraph{
        view.say("{} of them are in this table only; --connection N shows one in detail.",
                 "其中 {} 条只列在此表中；用 --connection N 查看某一条的细节。", view.left_out),
        Tone::Note});
  }
  for (const Connection* c : view.shown) sections.push_back(connection_section(view, *c));
  Blocks messages = exchange_table(view);
  append(messages, message_blocks(view, kMostMessages));
  sections.push_back(
      {"messages", view.say("Requests and responses", "请求报文与响应报文"), std::move(messages)});
  sections.push_back(
      {"resources",
       view.say("What the page names, and what was requested", "网页引用的资源与实际的请求"),
       resource_blocks(view)});
  sections.push_back(
      {"why", view.say("Questions and answers, from this capture", "问题与解答（依据本次抓包）"),
       answer_blocks(view)});
  return sections;
}

constexpr std::array<std::pair<std::string_view, FigureKind>, 6> kFigures = {{
    {"ladder", FigureKind::Ladder},
    {"sequence", FigureKind::Sequence},
    {"window", FigureKind::Window},
    {"rtt", FigureKind::Rtt},
    {"throughput", FigureKind::Throughput},
    {"close", FigureKind::Close},
}};

std::optional<Drawn> ladder_alone(const View& view, const Connection& c, bool only_release) {
  std::vector<LadderRow> rows = ladder_rows(c, 30);
  if (only_release) std::erase_if(rows, [](const LadderRow& r) { return r.band != Band::Release; });
  if (rows.empty()) return std::nullopt;
  const LadderView ladder{
      view.capture, c, view.language,
      only_release ? view.say("Close of connection {}", "连接 {} 的释放", c.number)
                   : view.say("Ladder diagram, connection {}", "时序图：连接 {}", c.number),
      "ladder"};
  return draw_ladder(ladder, rows, Width::Wide);
}

std::optional<Drawn> chart_alone(const View& view, const Connection& c, ChartKind kind) {
  const Figures figures = figures_of(view.capture, c, main_sender(c));
  const std::optional<Chart> chart = chart_of({c, figures, view.language}, kind);
  if (!chart) return std::nullopt;
  return draw(*chart, Width::Wide);
}

std::optional<Drawn> figure_alone(const View& view, const Connection& c, FigureKind kind) {
  switch (kind) {
    case FigureKind::Ladder:
      return ladder_alone(view, c, false);
    case FigureKind::Close:
      return ladder_alone(view, c, true);
    case FigureKind::Sequence:
      return chart_alone(view, c, ChartKind::Sequence);
    case FigureKind::Window:
      return chart_alone(view, c, ChartKind::Window);
    case FigureKind::Rtt:
      return chart_alone(view, c, ChartKind::Rtt);
    case FigureKind::Throughput:
      return chart_alone(view, c, ChartKind::Throughput);
  }
  return std::nullopt;
}

}  // namespace

std::string footer_text(const Capture& capture, Language language) {
  return said(language, "Made by glasstcp {} from {} · SHA-256 {}",
              "由 glasstcp {} 根据 {} 生成 · SHA-256 {}", kVersion, visible(capture.file_name, 100),
              visible(capture.sha256, 64));
}

Document document_of(const Capture& capture, const ViewOptions& options) {
  const View view = view_of(capture, options);
  Document document;
  document.language = options.language;
  const bool is_homework = options.shape == Template::Homework;
  document.title = is_homework ? view.say("Laboratory report: HTTP and TCP in Wireshark",
                                          "实验报告：用 Wireshark 分析 HTTP 与 TCP")
                               : view.say("What happened in {}", "抓包文件 {} 分析",
                                          visible(capture.file_name, 80));
  document.subtitle =
      is_homework
          ? view.say(
                "A template with the figures, tables and frame numbers of {}. Every question "
                "has an empty space: the answers are yours.",
                "模板：图、表和帧号来自 {}。每个问题后留有空白，请自己作答。",
                visible(capture.file_name, 80))
          : view.say(
                "Handshake, data and close, the requests and responses, and the questions that "
                "a laboratory report asks, each with the numbers of the frames that show it.",
                "三次握手、数据传输与连接释放，请求与响应，以及实验报告常问的问题；每一处都注明可以"
                "验证的帧号。");
  document.sections = is_homework ? homework_sections(view) : report_sections(view);
  document.footer = footer_text(capture, options.language);
  document.sheet_footer = fmt::format("glasstcp {} · SHA-256 {}", kVersion, capture.sha256);
  return document;
}

std::optional<FigureKind> figure_named(std::string_view name) {
  const auto* found = std::ranges::find(kFigures, name, &decltype(kFigures)::value_type::first);
  if (found == kFigures.end()) return std::nullopt;
  return found->second;
}

std::string figure_names() {
  std::string out;
  for (const auto& [name, kind] : kFigures) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

std::expected<std::string, std::string> figure_file(const Capture& capture,
                                                    const ViewOptions& options, FigureKind kind) {
  const View view = view_of(capture, options);
  if (view.shown.empty()) {
    return std::unexpected(
        options.connection ? view.say("the capture has no connection {}: it has {}",
                                      "抓包中没有连接 {}，共有 {} 条", *options.connection,
                                      capture.connections.size())
                           : view.say("the capture has no TCP connection", "抓包中没有 TCP 连接"));
  }
  const Connection* most =
      *std::ranges::max_element(view.shown, {}, [](const Connection* c) { return weight(*c); });
  const std::optional<Drawn> drawn = figure_alone(view, *most, kind);
  if (!drawn) {
    return std::unexpected(view.say("the capture shows nothing of connection {} for this figure",
                                    "抓包中没有连接 {} 画此图所需的内容", most->number));
  }
  return svg_file(drawn->svg, drawn->head);
}

}  // namespace glasstcp::report
