// The chapters of a laboratory report, with figures, tables and questions; no answers.
#include <algorithm>
#include <utility>

#include "tun/report/view/markup.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

class Homework {
 public:
  explicit Homework(const View& view) : view_(view) {
    const auto weight = [](const Connection* c) {
      return std::pair(is_of_a_browser(*c), c->frames.size());
    };
    for (const Connection* c : view.shown) {
      if (main_ == nullptr || weight(c) > weight(main_)) main_ = c;
    }
  }

  std::vector<Section> sections() {
    task();
    environment();
    overview();
    if (main_ != nullptr) {
      opening();
      exchange();
      transfer();
      release();
    }
    further();
    conclusion();
    return std::move(sections_);
  }

 private:
  void begin(std::string_view id, std::string_view en, std::string_view zh) {
    sections_.push_back({std::string(id), std::string(view_.in(en, zh)), {}});
  }
  void add(Blocks blocks) {
    Blocks& to = sections_.back().blocks;
    for (Block& block : blocks) to.push_back(std::move(block));
  }
  void ask(std::string_view en, std::string_view zh, int lines = 3) {
    sections_.back().blocks.push_back(Question{std::string(view_.in(en, zh)), "", lines});
  }
  void tell(std::string_view en, std::string_view zh) {
    sections_.back().blocks.push_back(Paragraph{std::string(view_.in(en, zh))});
  }
  void ask_findings(std::initializer_list<FindingKind> kinds) {
    for (const auto& group : grouped_findings(view_)) {
      if (std::ranges::find(kinds, group.front()->kind) == kinds.end()) continue;
      sections_.back().blocks.push_back(question_of(view_, group));
    }
  }

  void task() {
    begin("task", "Task", "实验目的与内容");
    ask("Name, student number, major, date", "姓名、学号、专业、日期", 1);
    ask("What was to be done, and what it should show", "本次实验要做什么，要说明什么", 3);
  }

  void environment() {
    begin("environment", "Environment and page", "实验环境与网页");
    Table table;
    table.columns = {{view_.say("What", "项目")},
                     {view_.say("As the capture shows it", "抓包所见")}};
    const Capture& c = view_.capture;
    table.rows.push_back({view_.say("Capture file", "抓包文件"), code(c.file_name)});
    table.rows.push_back({view_.say("Written by", "抓包程序"),
                          c.application.empty() ? "–" : visible(c.application, 80)});
    table.rows.push_back({view_.say("Beginning", "开始时间"), date_text(c.first_ns)});
    if (main_ != nullptr) {
      table.rows.push_back(
          {view_.say("Client", "客户端"), code(endpoint_text(main_->end(Side::Client).endpoint))});
      table.rows.push_back(
          {view_.say("Server", "服务器"), code(endpoint_text(main_->end(Side::Server).endpoint))});
      table.rows.push_back(
          {view_.say("Display filter", "显示过滤器"),
           code(fmt::format("tcp.port == {}", number(main_->end(Side::Server).endpoint.port)))});
    }
    add({std::move(table)});
    ask("Which server and browser (with versions), and how the page was made: paste your picture "
        "of "
        "it",
        "所用的服务器和浏览器（写明版本），网页怎样制作：贴上网页截图", 6);
  }

  void overview() {
    begin("overview", "The capture as a whole", "抓包概况");
    add(connection_table(view_));
    add(exchange_table(view_));
    ask("Which connection carries the page, and which the other resources?",
        "哪条连接传送网页本身，哪条传送其他资源？", 2);
  }

  void opening() {
    begin("opening", "Establishing the connection", "连接的建立：三次握手（三报文握手）");
    add(ladder_blocks(view_, *main_, Band::Establish));
    add(handshake_blocks(view_, *main_));
    ask("Explain each of the three segments: flags, numbers, options, and the states of both ends",
        "逐一说明三个报文段：标志位、序号、选项，以及双方的状态", 5);
    ask_findings({FindingKind::WhyThreeHandshakes, FindingKind::WhySeqZero,
                  FindingKind::WhySynWithoutData, FindingKind::WhyMss});
  }

  void exchange() {
    begin("exchange", "Requests and responses", "HTTP 请求报文与响应报文");
    tell(
        "A message is a start line, header lines, a blank line and a body. Below are the first of "
        "this capture.",
        "报文由开始行、首部行、空行和实体主体组成。下面是本次抓包中最前面的几个。");
    add(message_blocks(view_, 4));
    ask("What does each header line mean? Which status codes occur, and what do others (400, 404) "
        "mean?",
        "各首部行是什么意思？出现了哪些状态码？其他状态码（400、404）又表示什么？", 5);
    ask_findings({FindingKind::WhyMimeType, FindingKind::WhyPartialContent,
                  FindingKind::WhyNotModified, FindingKind::WhyNotRequested});
  }

  void transfer() {
    begin("transfer", "How the data travelled", "数据传输");
    add(ladder_blocks(view_, *main_, Band::Data));
    add(chart_blocks(view_, *main_));
    ask_findings({FindingKind::WhySegments, FindingKind::WhyPush, FindingKind::WhySmallWrites,
                  FindingKind::WhyPureAckFirst, FindingKind::WhyFewerAcks,
                  FindingKind::WhyInitialWindow, FindingKind::WhyNagle,
                  FindingKind::WhyWindowUpdate, FindingKind::WhyRetransmission});
  }

  void release() {
    begin("release", "Releasing the connection", "连接的释放：四次挥手（四报文握手）");
    add(ladder_blocks(view_, *main_, Band::Release));
    add(close_blocks(view_, *main_));
    ask("Explain each segment of the close, and the states of both ends",
        "逐一说明释放连接的各报文段，以及双方的状态", 4);
    ask_findings({FindingKind::WhyFourCloses, FindingKind::WhyThreeCloses,
                  FindingKind::WhyNoOrderlyClose, FindingKind::WhyTwoMsl, FindingKind::WhyReset});
  }

  void further() {
    begin("further", "Further questions", "其他问题");
    ask_findings({FindingKind::WhyPersistent, FindingKind::WhySecondConnection});
    ask("What else did you notice, and in which frames?", "还发现了什么？在哪些帧里？", 4);
  }

  void conclusion() {
    begin("conclusion", "Conclusion", "总结与体会");
    ask("What was learned, and what remained open", "学到了什么，还有什么没有弄清楚", 6);
  }

  const View& view_;
  const Connection* main_ = nullptr;
  std::vector<Section> sections_;
};

}  // namespace

bool is_of_a_browser(const Connection& connection) {
  return std::ranges::any_of(connection.messages, [](const Message& message) {
    const std::string* const agent = message.is_request ? message.header("user-agent") : nullptr;
    return agent != nullptr && agent->starts_with("Mozilla/");
  });
}

std::vector<Section> homework_sections(const View& view) {
  return Homework(view).sections();
}

}  // namespace glasstcp::report
