// Requests and responses: the table of exchanges, each message part by part, and the resources that
// HTML names.
#include <algorithm>

#include "tun/report/view/markup.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostExchanges = 60, kMostPieces = 8, kMostResources = 60;
constexpr std::size_t kMostBody = 700;  // bytes of a body that are shown

std::string frames_of(const Message& m) {
  if (m.first_frame == m.last_frame) return frame(m.first_frame);
  return frame(m.first_frame) + "–" + frame(m.last_frame);
}

const Message* partner_of(const Connection& c, const Message& m) {
  return m.partner && *m.partner < c.messages.size() ? &c.messages[*m.partner] : nullptr;
}

std::string status_text(const View& view, std::uint16_t status) {
  switch (status) {
    case 200:
      return view.say("OK", "成功");
    case 206:
      return view.say("Partial Content", "部分内容");
    case 301:
      return view.say("Moved Permanently", "永久移动");
    case 304:
      return view.say("Not Modified", "未修改");
    case 400:
      return view.say("Bad Request", "错误请求");
    case 403:
      return view.say("Forbidden", "禁止访问");
    case 404:
      return view.say("Not Found", "未找到");
    case 405:
      return view.say("Method Not Allowed", "方法不允许");
    case 416:
      return view.say("Range Not Satisfiable", "范围无法满足");
    default:
      return {};
  }
}

void add_exchange(const View& view, Table& table, const Connection& c, const Message& request) {
  const Message* response = partner_of(c, request);
  std::vector<std::string> row = {fmt::format("{}", c.number),
                                  code(request.method + " " + request.target), frames_of(request)};
  if (response == nullptr) {
    row.insert(row.end(),
               {view.say("no response in the capture", "抓包中没有响应"), "", "", "", ""});
  } else {
    const std::string range =
        response->range_first
            ? view.say("; bytes {}–{}{}", "；字节 {}–{}{}", *response->range_first,
                       response->range_last.value_or(0),
                       response->range_total ? fmt::format(" / {}", *response->range_total) : "")
            : "";
    row.insert(
        row.end(),
        {fmt::format("{} {}{}", response->status, status_text(view, response->status), range),
         frames_of(*response), grouped(static_cast<std::int64_t>(response->body_bytes)),
         milliseconds(response->first_ns - request.last_ns),
         milliseconds(response->last_ns - request.first_ns)});
  }
  table.rows.push_back(std::move(row));
}

// Which bytes of the message travelled in which frame.
std::string pieces_text(const View& view, const Message& m) {
  std::string out;
  for (std::size_t i = 0; i < m.pieces.size(); ++i) {
    const bool is_left_out =
        m.pieces.size() > kMostPieces + 1 && i >= kMostPieces - 2 && i + 2 < m.pieces.size();
    if (is_left_out) {
      if (i == kMostPieces - 2) out += view.in(", …", "、…");
      continue;
    }
    const Piece& piece = m.pieces[i];
    if (!out.empty()) out += view.in(", ", "、");
    out += view.say("{} ({}–{})", "{}（{}–{}）", frame(piece.frame),
                    grouped(static_cast<std::int64_t>(piece.begin)),
                    grouped(static_cast<std::int64_t>(piece.end) - 1));
  }
  return out;
}

std::string framing_text(const View& view, const Message& m) {
  switch (m.framing) {
    case BodyFraming::None:
      return view.say("no body", "没有实体主体");
    case BodyFraming::Length:
      return view.say("its end is found by Content-Length", "由 Content-Length 确定结尾");
    case BodyFraming::Chunked:
      return view.say("its end is found by the last chunk (chunked)",
                      "由最后一块确定结尾（chunked）");
    case BodyFraming::UntilClose:
      return view.say("its end is the end of the connection", "连接关闭即为结尾");
  }
  return {};
}

void fill_body(const View& view, const Message& m, MessageView& out) {
  if (m.framing == BodyFraming::None || m.body_bytes == 0) return;
  const bool is_readable = m.coding.empty() && !m.body_begin.empty() && is_text(m.body_begin);
  if (is_readable) {
    out.body = visible_lines(m.body_begin, kMostBody);
    if (m.content_bytes > kMostBody) {
      out.body_note =
          view.say("({} in all)", "（共 {}）", bytes_text(m.content_bytes, view.language));
    }
    return;
  }
  const std::string kind =
      m.media_type.empty() ? view.say("unknown type", "类型未知") : visible(m.media_type, 60);
  out.body_note = view.say("({} of {}{}, not shown)", "（{}，{}{}，不显示）",
                           bytes_text(m.content_bytes, view.language), kind,
                           m.coding.empty() ? "" : view.in(", compressed", "，已压缩"));
}

MessageView view_of(const View& view, const Connection& c, const Message& m) {
  MessageView out;
  const std::string what =
      m.is_request ? view.say("Request", "请求报文") : view.say("Response", "响应报文");
  out.title = m.first_frame == m.last_frame
                  ? view.say("{}, connection {}, frame {}", "{}：连接 {}，帧 {}", what, c.number,
                             frames_of(m))
                  : view.say("{}, connection {}, frames {}", "{}：连接 {}，帧 {}", what, c.number,
                             frames_of(m));
  out.start_line = visible(m.start_line, 1000);
  for (const auto& [name, value] : m.headers) {
    if (out.headers.size() == 40) break;
    out.headers.emplace_back(visible(name, 100), visible(value, 600));
  }
  fill_body(view, m, out);
  out.notes.push_back(view.say("Head: {}; body: {} ({})", "首部 {}，实体主体 {}（{}）",
                               bytes_text(m.head_bytes, view.language),
                               bytes_text(m.body_bytes, view.language), framing_text(view, m)));
  out.notes.push_back(
      view.say("Bytes of the message by frame: {}", "报文的字节与帧：{}", pieces_text(view, m)));
  if (!m.is_complete) {
    out.notes.push_back(view.say("Its end is not in the capture.", "抓包中没有它的结尾。"));
  }
  if (m.has_gap) {
    out.notes.push_back(
        view.say("Bytes in the middle are not in the capture.", "抓包中缺少中间的部分字节。"));
  }
  if (m.pipelined_behind > 0) {
    out.notes.push_back(view.say("Pipelined behind {} requests without a response.",
                                 "流水线方式：它之前还有 {} 个请求未得到响应。",
                                 m.pipelined_behind));
  }
  return out;
}

std::string fate_text(const View& view, const NamedResource& r) {
  switch (r.fate) {
    case ResourceFate::Requested:
      return view.say("requested in {}", "在{}请求", view.frame(r.requested));
    case ResourceFate::Reused:
      return view.say("not requested: {} allowed reuse ({})", "没有请求：{}允许重用（{}）",
                      view.frame(r.allowed_by),
                      r.validity.empty()
                          ? view.say("no Cache-Control forbids it", "没有 Cache-Control 禁止重用")
                          : code(r.validity));
    case ResourceFate::NotVisible:
      return view.say("not requested; the reason is not visible in this capture",
                      "没有请求，从抓包中看不出原因");
    case ResourceFate::OtherServer:
      return view.say("on another server", "在别的服务器上");
  }
  return {};
}

}  // namespace

Blocks exchange_table(const View& view) {
  Table table;
  table.columns = {{view.say("Conn.", "连接"), true},
                   {view.say("Request", "请求")},
                   {view.say("Frames", "帧")},
                   {view.say("Status", "状态码")},
                   {view.say("Frames", "帧")},
                   {view.say("Body (bytes)", "主体（字节）"), true},
                   {view.say("First byte after", "首字节等待"), true},
                   {view.say("In all", "总耗时"), true}};
  std::size_t count = 0;
  for (const Connection& c : view.capture.connections) {
    for (const Message& m : c.messages) {
      if (m.is_request && count++ < kMostExchanges) add_exchange(view, table, c, m);
    }
  }
  if (count == 0) {
    return {Paragraph{
        view.say("No HTTP/1.x request is in this capture.", "这个抓包中没有 HTTP/1.x 请求。")}};
  }
  if (count > kMostExchanges) {
    table.note =
        view.say("The first {} of {}.", "这里列出 {1} 个中的前 {0} 个。", kMostExchanges, count);
  }
  return {table};
}

Blocks message_blocks(const View& view, std::size_t most) {
  Blocks blocks;
  std::size_t count = 0, shown = 0;
  for (const Connection& c : view.capture.connections) {
    for (const Message& m : c.messages) {
      ++count;
      if (shown >= most || !std::ranges::count(view.shown, &c)) continue;
      ++shown;
      blocks.push_back(view_of(view, c, m));
    }
  }
  if (shown < count) {
    blocks.push_back(Paragraph{
        view.say("{} of {} messages are shown; --connection N shows those of one connection.",
                 "这里显示 {1} 个报文中的 {0} 个；用 --connection N 查看某一条连接的。", shown,
                 count),
        Tone::Note});
  }
  return blocks;
}

Blocks resource_blocks(const View& view) {
  Blocks blocks;
  bool has_coded = false;
  for (const Connection& c : view.capture.connections) {
    for (const Message& m : c.messages) {
      has_coded |= !m.is_request && !m.coding.empty() && m.media_type == "text/html";
    }
  }
  Table table;
  table.columns = {{view.say("Named in the HTML", "网页中引用")},
                   {view.say("By the response in frame", "所在响应的帧"), true},
                   {view.say("What became of it", "结果")}};
  for (const NamedResource& r : view.capture.resources) {
    if (table.rows.size() == kMostResources) break;
    const auto& messages = view.capture.connections[r.connection].messages;
    table.rows.push_back(
        {code(r.written), frame(messages[r.message].first_frame), fate_text(view, r)});
  }
  if (table.rows.empty() && !has_coded) {
    blocks.push_back(Paragraph{view.say("No HTML in this capture names a resource by src or href.",
                                        "抓包中没有用 src 或 href 引用资源的网页。")});
  }
  if (!table.rows.empty()) blocks.push_back(std::move(table));
  if (has_coded) {
    blocks.push_back(Paragraph{view.say("A page is compressed: what it names was not examined.",
                                        "有网页经过压缩：没有检查其中引用的资源。"),
                               Tone::Note});
  }
  return blocks;
}

}  // namespace glasstcp::report
