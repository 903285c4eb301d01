// One connection: what was agreed, its ladder, the arithmetic of its handshake and close, charts.
#include <algorithm>

#include "tun/report/view/figure_charts.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

constexpr int kLeastForCharts = 6;  // segments with data

// "seq + len + SYN + FIN" with the numbers of a frame.
std::string next_seq_text(const Frame& f) {
  std::string out = fmt::format("{} + {}", f.seq, f.length);
  if (f.has(kSyn)) out += " + 1 (SYN)";
  if (f.has(kFin)) out += " + 1 (FIN)";
  return out + " = " + strong(fmt::format("{}", f.next_seq()));
}

std::string window_text(const View& view, const Connection& c, const Frame& f) {
  // RFC 7323 §2.2: the window of a SYN is never scaled.
  const std::optional<std::uint8_t> scale = c.end(f.from).scale;
  if (f.has(kSyn))
    return view.say("{} (never scaled in a SYN)", "{}（SYN 中不扩大）", f.raw_window);
  if (!scale) return view.say("{} (scale unknown)", "{}（扩大因子未知）", f.raw_window);
  if (*scale == 0) return fmt::format("{}", f.raw_window);
  return fmt::format("{} × {} = {}", f.raw_window, 1U << *scale,
                     grouped(std::int64_t{f.raw_window} << *scale));
}

// A frame's part in the close, in words.
std::string part_text(const View& view, const Connection& c, const Frame& f) {
  const auto is = [&](FrameNumber number) { return number != 0 && number == f.number; };
  std::string out;
  const auto add = [&](std::string text) {
    if (!out.empty()) out += view.in("; ", "；");
    out += text;
  };
  if (is(c.handshake_syn))
    add(view.say("opens; names the client's ISN", "发起连接，通告客户端的 ISN"));
  if (is(c.handshake_syn_ack)) {
    add(view.say("acknowledges the client's SYN, names the server's ISN",
                 "确认客户端的 SYN，通告服务器的 ISN"));
  }
  if (is(c.handshake_ack)) add(view.say("acknowledges the server's SYN", "确认服务器的 SYN"));
  if (is(c.close.first_fin)) {
    add(view.say("first FIN: the {} sends no more", "第一个 FIN：{}不再发送数据",
                 view.name(f.from)));
  }
  if (is(c.close.ack_of_first_fin)) add(view.say("acknowledges the first FIN", "确认第一个 FIN"));
  if (is(c.close.second_fin)) {
    add(view.say("second FIN: the {} sends no more either", "第二个 FIN：{}也不再发送数据",
                 view.name(f.from)));
  }
  if (is(c.close.ack_of_second_fin)) add(view.say("acknowledges the second FIN", "确认第二个 FIN"));
  if (f.has(kRst)) add(view.say("RST: the connection is gone at once", "RST：连接立即消失"));
  return out;
}

std::string number_text(const View& view, std::int64_t relative, std::uint32_t raw) {
  return view.say("{} (raw {})", "{}（原始 {}）", strong(fmt::format("{}", relative)), raw);
}

Table numbers_of(const View& view, const Connection& c, const std::vector<const Frame*>& frames) {
  Table table;
  table.caption = view.say("Numbers: next seq = seq + len + SYN + FIN",
                           "序号的算法：下一个序号 = 序号 + 数据长度 + SYN + FIN");
  table.columns = {{view.say("Frame", "帧"), true},
                   {view.say("From", "发送方"), false, true},
                   {view.say("Seq, relative (raw)", "序号，相对（原始）")},
                   {view.say("Ack, relative (raw)", "确认号，相对（原始）")},
                   {view.say("Next seq", "下一个序号")},
                   {view.say("What it does", "作用")}};
  for (const Frame* f : frames) {
    table.rows.push_back({frame(f->number), std::string(view.name(f->from)),
                          number_text(view, f->seq, f->raw_seq),
                          f->has(kAck) ? number_text(view, f->ack, f->raw_ack) : "–",
                          next_seq_text(*f), part_text(view, c, *f)});
  }
  return table;
}

Table headers_of(const View& view, const Connection& c, const std::vector<const Frame*>& frames) {
  Table table;
  table.caption = view.say("Header, flags and options", "首部长度、标志位与选项");
  table.columns = {{view.say("Frame", "帧"), true},
                   {view.say("Header length", "首部长度")},
                   {view.say("Flag bits (AE CWR ECE … FIN)", "标志位（AE CWR ECE … FIN）")},
                   {view.say("Window (bytes)", "窗口（字节）")},
                   {view.say("Options", "选项")}};
  for (const Frame* f : frames) {
    const unsigned words = f->tcp_header / 4U;
    table.rows.push_back({frame(f->number),
                          view.say("{} bytes = {} × 4 ({:04b})", "{} 字节 = {} × 4（{:04b}）",
                                   f->tcp_header, words, words),
                          code(flag_bits(f->flags)) + " " + flag_names(f->flags),
                          window_text(view, c, *f), options_text(view.capture, *f, view.language)});
  }
  return table;
}

std::vector<const Frame*> found(const Connection& c, std::vector<FrameNumber> numbers) {
  std::ranges::sort(numbers);
  const auto repeated = std::ranges::unique(numbers);
  numbers.erase(repeated.begin(), repeated.end());
  std::vector<const Frame*> frames;
  for (const FrameNumber number : numbers) {
    if (const Frame* f = c.find(number); number != 0 && f != nullptr) frames.push_back(f);
  }
  return frames;
}

Picture ladder_picture(const View& view, const Connection& c, std::span<const LadderRow> rows,
                       const std::string& part) {
  LadderView ladder{
      view.capture, c, view.language,
      view.say("Ladder diagram, connection {}{}", "时序图：连接 {}{}", c.number, part),
      fmt::format("ladder-{}-{}", c.number, rows.front().first)};
  Picture picture;
  picture.id = ladder.id;
  picture.wide = draw_ladder(ladder, rows, Width::Wide);
  picture.narrow = draw_ladder(ladder, rows, Width::Narrow);
  picture.caption = view.say(
      "Time runs downwards. Beside each arrow stand the states of both ends after it: bold where "
      "it "
      "changes, in parentheses where it is inferred. Numbers are relative.",
      "时间自上而下。箭头两侧是其后双方的状态：有变化时加粗，推断所得的加括号。序号为相对值。");
  picture.table.columns = {{view.say("Frame", "帧"), true},
                           {view.say("Time (s)", "时间（s）"), true},
                           {view.say("From", "发送方"), false, true},
                           {view.say("Segment", "报文段")},
                           {"Seq", true},
                           {"Ack", true},
                           {"Len", true},
                           {view.say("Client's state", "客户端状态")},
                           {view.say("Server's state", "服务器状态")}};
  for (const LadderRow& row : rows) {
    const Frame& f = c.frames[row.first];
    const Frame& last = c.frames[row.first + row.count - 1];
    if (row.count > 1) {
      picture.table.rows.push_back({fmt::format("{}–{}", f.number, last.number), "", "",
                                    fold_text(c, row, view.language), "", "", "", "", ""});
      continue;
    }
    picture.table.rows.push_back(
        {frame(f.number), seconds(f.time_ns - view.capture.first_ns),
         std::string(view.name(f.from)), frame_label(c, f, view.language), fmt::format("{}", f.seq),
         f.has(kAck) ? fmt::format("{}", f.ack) : "–", fmt::format("{}", f.length),
         state_text(f.after_of(Side::Client)), state_text(f.after_of(Side::Server))});
  }
  return picture;
}

std::string agreed(const View& view, bool client, bool server) {
  if (client && server) return view.say("yes", "是");
  if (!client && !server) return view.say("no", "否");
  return client ? view.say("client only", "仅客户端") : view.say("server only", "仅服务器");
}

template <typename Value>
std::string pair_text(const std::optional<Value>& a, const std::optional<Value>& b) {
  const auto text = [](const std::optional<Value>& x) {
    return x ? fmt::format("{}", +*x) : std::string("–");
  };
  return text(a) + " / " + text(b);
}

}  // namespace

Blocks agreement_blocks(const View& view, const Connection& c) {
  const End& client = c.end(Side::Client);
  const End& server = c.end(Side::Server);
  const Frame* syn = c.find(c.handshake_syn);
  const Frame* syn_ack = c.find(c.handshake_syn_ack);
  const bool is_timed = syn != nullptr && syn_ack != nullptr;
  const std::string both = view.say("client / server", "客户端 / 服务器");
  Facts facts;
  facts.facts = {
      {"MSS", pair_text(client.mss, server.mss), view.say("{}, bytes", "{}，字节", both)},
      {view.say("Window scale", "窗口扩大因子"), pair_text(client.scale, server.scale),
       c.knows_scales() ? both : view.say("window scale unknown", "窗口扩大因子未知")},
      {"SACK", agreed(view, client.sack_permitted, server.sack_permitted), ""},
      {view.say("Timestamps", "时间戳选项"), agreed(view, client.timestamps, server.timestamps),
       ""},
      {view.say("SYN to SYN-ACK", "SYN 到 SYN-ACK"),
       is_timed ? milliseconds(syn_ack->time_ns - syn->time_ns) : "–",
       view.say("first sample of the round-trip time", "往返时间的第一个样本")},
      {view.say("Closed first by", "先关闭的一方"),
       c.close.first ? std::string(view.name(*c.close.first)) : "–",
       std::string(ending_text(c.close.ending, view.language))},
      {"TIME-WAIT", c.close.time_wait ? std::string(view.name(*c.close.time_wait)) : "–",
       c.close.is_simultaneous ? view.say("both: the FINs crossed", "双方：两个 FIN 交错")
                               : view.say("who waits 2 MSL", "等待 2MSL 的一方")},
      {view.say("Retransmissions", "重传"),
       fmt::format("{} / {}", client.retransmissions, server.retransmissions), both},
  };
  Blocks blocks{facts};
  if (!c.roles_are_shown) {
    blocks.push_back(Paragraph{
        view.say("No SYN is in the capture: the end with the lower port is taken for the server.",
                 "抓包中没有 SYN：把端口号较小的一端当作服务器。"),
        Tone::Caution});
  }
  if (c.is_idle) {
    blocks.push_back(
        Paragraph{view.say("This connection carried no request: it was opened in advance "
                           "and stayed idle.",
                           "这条连接上没有任何请求：它是预先建立的，一直空闲（预连接）。")});
  }
  return blocks;
}

Blocks ladder_blocks(const View& view, const Connection& c, std::optional<Band> band) {
  std::vector<LadderRow> rows = ladder_rows(c);
  if (band) std::erase_if(rows, [&](const LadderRow& row) { return row.band != *band; });
  Blocks blocks;
  const auto parts = parts_of(rows);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string part;
    if (band) part += view.say(", {}", "，{}", name_of(*band, view.language));
    if (parts.size() > 1) part += view.say(", part {} of {}", "（{}/{}）", i + 1, parts.size());
    blocks.push_back(ladder_picture(view, c, parts[i], part));
  }
  return blocks;
}

Blocks handshake_blocks(const View& view, const Connection& c) {
  const auto frames = found(c, {c.handshake_syn, c.handshake_syn_ack, c.handshake_ack});
  Blocks blocks;
  blocks.push_back(Heading{
      view.say("Three-way handshake, number by number", "三次握手（三报文握手）：逐个序号"), ""});
  if (frames.empty()) {
    blocks.push_back(
        Paragraph{view.say("The handshake is not in this capture.", "三次握手不在这个抓包中。")});
    return blocks;
  }
  if (frames.size() < 3) {
    blocks.push_back(Paragraph{
        view.say("The handshake is not complete in this capture.", "这个抓包中的三次握手不完整。"),
        Tone::Caution});
  }
  blocks.push_back(numbers_of(view, c, frames));
  blocks.push_back(headers_of(view, c, frames));
  return blocks;
}

Blocks close_blocks(const View& view, const Connection& c) {
  std::vector<FrameNumber> numbers = {c.close.first_fin, c.close.ack_of_first_fin,
                                      c.close.second_fin, c.close.ack_of_second_fin};
  for (const Reset& reset : c.resets) {
    if (numbers.size() < 8) numbers.push_back(reset.frame);
  }
  const auto frames = found(c, std::move(numbers));
  Blocks blocks;
  const std::string title =
      c.close.segments == 3
          ? view.say("Close in three segments, number by number",
                     "三个报文段完成的连接释放：逐个序号")
          : view.say("Close, number by number", "四次挥手（四报文握手）与连接释放：逐个序号");
  blocks.push_back(Heading{title, ""});
  if (frames.empty()) {
    blocks.push_back(Paragraph{view.say("Neither FIN nor RST of this connection is in the capture.",
                                        "抓包中没有这条连接的 FIN 或 RST。")});
    return blocks;
  }
  blocks.push_back(numbers_of(view, c, frames));
  blocks.push_back(headers_of(view, c, frames));
  return blocks;
}

Blocks chart_blocks(const View& view, const Connection& c) {
  const Side sender = main_sender(c);
  const auto segments = std::ranges::count_if(
      c.frames, [&](const Frame& f) { return f.from == sender && f.length > 0; });
  if (segments == 0) return {};
  if (segments < kLeastForCharts) {
    return {Paragraph{view.say("Too few segments with data for a curve: {}.",
                               "只有 {} 个报文段携带数据，不足以画出曲线。", segments)}};
  }
  const Figures figures = figures_of(view.capture, c, sender, 900);
  Blocks blocks;
  for (const ChartKind kind :
       {ChartKind::Sequence, ChartKind::Window, ChartKind::Rtt, ChartKind::Throughput}) {
    if (std::optional<Picture> picture = picture_of({c, figures, view.language}, kind)) {
      blocks.push_back(std::move(*picture));
    }
  }
  return blocks;
}

}  // namespace glasstcp::report
