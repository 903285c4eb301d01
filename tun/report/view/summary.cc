// What the capture is, and its connections.
#include <algorithm>

#include "tun/report/view/markup.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostConnectionRows = 100;

struct Totals {
  std::uint64_t bytes = 0;
  std::uint64_t retransmissions = 0;
  std::size_t requests = 0, responses = 0, idle = 0, resets = 0;
};

Totals totals_of(const Capture& capture) {
  Totals t;
  for (const Connection& c : capture.connections) {
    for (const End& end : c.ends) {
      t.bytes += end.bytes;
      t.retransmissions += end.retransmissions;
    }
    for (const Message& m : c.messages) ++(m.is_request ? t.requests : t.responses);
    t.idle += c.is_idle ? 1 : 0;
    t.resets += c.resets.size();
  }
  return t;
}

std::string unused_text(const View& view, Unused why) {
  switch (why) {
    case Unused::NotIp:
      return view.say("not IP (ARP and the like)", "不是 IP（ARP 等）");
    case Unused::NotTcp:
      return view.say("not TCP (UDP, ICMP and the like)", "不是 TCP（UDP、ICMP 等）");
    case Unused::Fragment:
      return view.say("IP fragments of segments that were put together", "已重组的 IP 分片");
    case Unused::FragmentIncomplete:
      return view.say("IP fragments whose other parts are missing", "缺少其余部分的 IP 分片");
    case Unused::TooShort:
      return view.say("cut before the end of the TCP header", "在 TCP 首部结束之前被截断");
    case Unused::Malformed:
      return view.say("malformed", "格式错误");
    case Unused::UnknownLinkType:
      return view.say("of an unknown link type", "链路类型未知");
    case Unused::BeyondLimit:
      return view.say("beyond the number that a report covers", "超出报告所能容纳的数量");
  }
  return {};
}

void add_cautions(const View& view, Blocks& blocks) {
  const Capture& c = view.capture;
  const auto caution = [&](std::string text) {
    blocks.push_back(Paragraph{std::move(text), Tone::Caution});
  };
  if (c.stopped) {
    caution(
        view.say("Reading stopped before the end of the file ({}): what came before it is shown.",
                 "读到文件中途停止（{}）：以下是此前的内容。", glasstcp::name_of(*c.stopped)));
  }
  if (c.cut_frames > 0) {
    caution(view.say("{} frames were captured with a snap length: their ends are not in the file.",
                     "{} 个帧因截断长度（snap length）而不完整。", grouped(c.cut_frames)));
  }
  const bool lacks = std::ranges::any_of(
      c.connections, [](const Connection& one) { return one.handshake_syn == 0; });
  if (lacks) {
    caution(
        view.say("A connection's handshake is not in the capture: its window scale may be "
                 "unknown, and its relative numbers count from the first one seen.",
                 "有连接的三次握手不在抓包中：窗口扩大因子可能未知，相对序号从所见的第一个算起。"));
  }
}

std::string exchanges_of(const View& view, const Connection& c) {
  if (c.is_idle) return view.say("none (idle)", "无（空闲）");
  std::size_t requests = 0;
  for (const Message& m : c.messages) requests += m.is_request ? 1 : 0;
  return fmt::format("{}", requests);
}

std::string end_of(const View& view, const Connection& c) {
  std::string text(ending_text(c.close.ending, view.language));
  if (c.close.first && c.close.ending != Ending::Open && c.close.ending != Ending::Refused) {
    text += view.say("; {} first", "；{}先关闭", view.name(*c.close.first));
  }
  return text;
}

}  // namespace

std::string_view View::name(Side side) const {
  return name_of(side, language);
}
std::string View::frame(FrameNumber number) const {
  return frame_text(number, language);
}

Blocks summary_blocks(const View& view) {
  const Capture& c = view.capture;
  const Totals t = totals_of(c);
  Blocks blocks;
  blocks.push_back(
      Paragraph{view.say("{} TCP segments of {} connections in {}, from {} on; {} of payload.",
                         "共 {} 个 TCP 报文段，属于 {} 条连接，历时 {}，始于 {}；数据共 {}。",
                         strong(grouped(c.tcp_frames)),
                         strong(grouped(static_cast<std::int64_t>(c.connections.size()))),
                         milliseconds(c.last_ns - c.first_ns), date_text(c.first_ns),
                         bytes_text(t.bytes, view.language)),
                Tone::Lead});
  add_cautions(view, blocks);
  const auto count = [](std::uint64_t n) { return grouped(static_cast<std::int64_t>(n)); };
  std::string link;
  for (const Interface& one : c.interfaces) {
    if (one.holds_dropped && one.frames == 0) continue;
    if (!link.empty()) link += view.in(", ", "、");
    const std::string_view type = name_of_link_type(one.link_type);
    link += visible(one.name, 40) + (one.name.empty() ? "" : ": ");
    link +=
        type.empty() ? view.say("link type {}", "链路类型 {}", one.link_type) : std::string(type);
  }
  blocks.push_back(Facts{{
      {view.say("Frames", "帧"), count(c.frames),
       view.say("{} of them TCP", "其中 TCP {} 个", count(c.tcp_frames))},
      {view.say("Connections", "连接"), count(c.connections.size()),
       t.idle > 0 ? view.say("{} without a request", "{} 条没有请求", t.idle) : std::string()},
      {view.say("Requests / responses", "请求 / 响应"),
       fmt::format("{} / {}", t.requests, t.responses), ""},
      {view.say("Payload", "数据"), bytes_text(t.bytes, view.language), ""},
      {view.say("Retransmissions", "重传"), count(t.retransmissions), ""},
      {view.say("Resets (RST)", "复位（RST）"), count(t.resets), ""},
      {view.say("Captured on", "抓包接口"), link.empty() ? "–" : link, ""},
      {view.say("Written by", "抓包程序"),
       c.application.empty() ? view.say("not said", "未写明") : visible(c.application, 60),
       c.is_pcapng ? "pcapng" : "pcap"},
  }});
  std::vector<std::string> unused;
  for (const UnusedFrames& one : c.unused) {
    unused.push_back(view.say("{} {}, the first is {}", "{} 个：{}，第一个是{}", count(one.count),
                              unused_text(view, one.why), view.frame(one.first)));
  }
  if (!unused.empty()) {
    blocks.push_back(
        Paragraph{view.say("Frames that are in no connection:", "不属于任何连接的帧：")});
    blocks.push_back(Bullets{std::move(unused)});
  }
  return blocks;
}

Blocks connection_table(const View& view) {
  Table table;
  table.columns = {{view.say("No.", "编号"), true},
                   {view.say("Client → server", "客户端 → 服务器")},
                   {view.say("Frames", "帧")},
                   {view.say("Segments", "报文段"), true},
                   {view.say("Bytes →", "字节 →"), true},
                   {view.say("Bytes ←", "字节 ←"), true},
                   {view.say("Duration", "历时"), true},
                   {view.say("Requests", "请求"), true},
                   {view.say("How it ended", "怎样结束")}};
  const auto& all = view.capture.connections;
  for (const Connection& c : all) {
    if (table.rows.size() == kMostConnectionRows) break;
    if (c.frames.empty()) continue;
    table.rows.push_back({fmt::format("{}", c.number),
                          endpoint_text(c.end(Side::Client).endpoint) + " → " +
                              endpoint_text(c.end(Side::Server).endpoint),
                          fmt::format("{}–{}", c.frames.front().number, c.frames.back().number),
                          grouped(static_cast<std::int64_t>(c.frames.size())),
                          grouped(static_cast<std::int64_t>(c.end(Side::Client).bytes)),
                          grouped(static_cast<std::int64_t>(c.end(Side::Server).bytes)),
                          milliseconds(c.last_ns - c.first_ns), exchanges_of(view, c),
                          end_of(view, c)});
  }
  table.note = view.say("Wireshark's display filter for connection N is tcp.stream == N − 1.",
                        "在 Wireshark 中用显示过滤器 tcp.stream == N − 1 查看第 N 条连接。");
  if (all.size() > kMostConnectionRows) {
    table.note += view.say(" The first {} of {} are listed.", "这里列出 {1} 条中的前 {0} 条。",
                           kMostConnectionRows, all.size());
  }
  return {table};
}

}  // namespace glasstcp::report
