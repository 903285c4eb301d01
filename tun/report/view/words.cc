// What is said in more than one place of the report.
#include "tun/report/view/words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "tun/report/view/markup.h"

namespace glasstcp::report {
namespace {

constexpr std::array<std::pair<Flag, std::string_view>, 9> kFlags = {{
    {kAe, "AE"},
    {kCwr, "CWR"},
    {kEce, "ECE"},
    {kUrg, "URG"},
    {kPsh, "PSH"},
    {kFin, "FIN"},
    {kSyn, "SYN"},
    {kRst, "RST"},
    {kAck, "ACK"},
}};

void add_item(std::string& out, std::string_view separator, std::string_view item) {
  if (!out.empty()) out += separator;
  out += item;
}

std::uint32_t value_of(const TcpOption& option, std::size_t i) {
  return i < option.values.size() ? option.values[i] : 0;
}

// One option in words; empty: nothing worth telling (padding).
std::string option_text(const TcpOption& option, Language language) {
  const auto in = [&](std::string_view en, std::string_view zh) {
    return std::string(either(language, en, zh));
  };
  switch (option.kind) {
    case 0:
    case 1:
      return {};
    case 2:
      return said(language, "maximum segment size (MSS) {} bytes", "最大报文段长度（MSS）{} 字节",
                  value_of(option, 0));
    case 3:
      return said(language, "window scale {} (window field × {})",
                  "窗口扩大选项 {}（窗口字段 × {}）", value_of(option, 0),
                  1U << (value_of(option, 0) & 15U));
    case 4:
      return in("SACK permitted", "允许选择确认（SACK permitted）");
    case 5:
      return said(language, "SACK: {} block(s)", "选择确认（SACK）：{} 块",
                  option.values.size() / 2);
    case 8:
      return said(language, "timestamps TSval {}, TSecr {}", "时间戳选项 TSval {}、TSecr {}",
                  value_of(option, 0), value_of(option, 1));
    case 34:
      return in("Fast Open cookie", "快速打开（TFO）Cookie");
    default:
      return said(language, "option {} of {} bytes", "选项 {}，{} 字节", option.kind,
                  option.length);
  }
}

// The first request or response that begins in a frame; null: none.
const Message* beginning_in(const Connection& connection, FrameNumber number) {
  for (const Message& message : connection.messages) {
    if (message.first_frame == number) return &message;
  }
  return nullptr;
}

std::string message_label(const Message& message) {
  if (message.is_request) return visible(message.method + " " + message.target, 40);
  return visible(fmt::format("{} {}", message.status, message.reason), 40);
}

}  // namespace

std::string grouped(std::int64_t number) {
  const std::string digits = fmt::format("{}", number < 0 ? -number : number);
  std::string out = number < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string bytes_text(std::uint64_t bytes, Language language) {
  const std::string_view unit = either(language, bytes == 1 ? " byte" : " bytes", " 字节");
  return grouped(static_cast<std::int64_t>(bytes)).append(unit);
}

std::string milliseconds(std::int64_t ns) {
  const double ms = static_cast<double>(ns) / 1e6;
  const double size = ms < 0 ? -ms : ms;
  const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  if (size >= 1000) return grouped(static_cast<std::int64_t>(ms)) + " ms";
  return fmt::format("{:.{}f} ms", ms, digits);
}

std::string seconds(std::int64_t ns) {
  return fmt::format("{:.6f}", static_cast<double>(ns) / 1e9);
}

std::string date_text(std::int64_t ns) {
  const std::time_t whole = ns / 1'000'000'000;
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(whole));
}

std::string_view name_of(Side side, Language language) {
  return side == Side::Client ? either(language, "client", "客户端")
                              : either(language, "server", "服务器");
}

std::string endpoint_text(const Endpoint& endpoint) {
  return endpoint.to_string();
}

std::string flag_names(std::uint16_t flags) {
  std::string out;
  for (const auto& [flag, name] : kFlags) {
    if ((flags & flag) != 0) add_item(out, ", ", name);
  }
  return out.empty() ? "–" : out;
}

std::string flag_bits(std::uint16_t flags) {
  std::string out;
  for (int bit = 8; bit >= 0; --bit) {
    out += (flags >> bit & 1) != 0 ? '1' : '0';
    if (bit == 8 || bit == 4) out += ' ';
  }
  return out;
}

std::string options_text(const Capture& capture, const Frame& frame, Language language) {
  std::string out;
  for (const TcpOption& option : options_of(capture, frame)) {
    const std::string text = option_text(option, language);
    if (!text.empty()) add_item(out, either(language, "; ", "；"), text);
  }
  return out.empty() ? std::string(either(language, "none", "无")) : out;
}

std::string options_brief(const Capture& capture, const Frame& frame) {
  std::string out;
  for (const TcpOption& option : options_of(capture, frame)) {
    if (option.kind == 2) add_item(out, " ", fmt::format("MSS={}", value_of(option, 0)));
    if (option.kind == 3) {
      add_item(out, " ", fmt::format("WS={}", 1U << (value_of(option, 0) & 15U)));
    }
    if (option.kind == 4) add_item(out, " ", "SACK_PERM");
    if (option.kind == 8) add_item(out, " ", "TS");
    if (option.kind == 5) add_item(out, " ", "SACK");
    if (option.kind == 34) add_item(out, " ", "TFO");
  }
  return out;
}

std::string state_text(const EndState& state) {
  const std::string name(glasstcp::name_of(state.state));
  switch (state.certainty) {
    case Certainty::Unknown:
      return "?";
    case Certainty::Shown:
      return name;
    case Certainty::Inferred:
      return fmt::format("({})", name);
    case Certainty::Either:
      return fmt::format("{} / {}", name, glasstcp::name_of(state.other));
  }
  return "?";
}

std::string frame_label(const Connection& connection, const Frame& frame, Language language) {
  std::string out = flag_names(frame.flags);
  const auto add = [&](std::string_view text) { add_item(out, " · ", text); };
  if (const Message* message = beginning_in(connection, frame.number); message != nullptr) {
    add(message_label(*message));
  }
  if (frame.is(Event::ZeroWindowProbe)) add(either(language, "zero window probe", "零窗口探测"));
  if (frame.is(Event::KeepAlive)) add(either(language, "keep-alive", "保活"));
  if (frame.is(Event::WindowUpdate)) add(either(language, "window update", "窗口更新"));
  if (frame.is(Event::ZeroWindow)) add(either(language, "zero window", "零窗口"));
  if (frame.is(Event::FastRetransmission)) {
    add(either(language, "fast retransmit", "快速重传"));
  } else if (frame.is(Event::SpuriousRetransmission)) {
    add(either(language, "spurious retransmission", "虚假重传"));
  } else if (frame.is(Event::Retransmission)) {
    add(either(language, "retransmission", "重传"));
  } else if (frame.is(Event::OutOfOrder)) {
    add(either(language, "out of order", "失序"));
  }
  if (frame.is(Event::DuplicateAck)) {
    add(said(language, "duplicate ACK {}", "重复确认 {}", frame.duplicate_ack));
  }
  if (frame.is(Event::NeverArrived)) add(either(language, "lost on the link", "在链路上丢失"));
  return out;
}

ReasonClass class_of(const Frame& f) {
  using enum Event;
  if (f.has(kRst)) return ReasonClass::Reset;
  if (f.is(Retransmission) || f.is(DuplicateAck) || f.is(OutOfOrder) || f.is(NeverArrived)) {
    return ReasonClass::LossRecovery;
  }
  if (f.has(kSyn) || f.is(HandshakeAck)) return ReasonClass::Opening;
  if (f.has(kFin) || f.is(FinAcknowledged)) return ReasonClass::Closing;
  if (f.is(WindowUpdate) || f.is(ZeroWindow) || f.is(ZeroWindowProbe) || f.is(FillsWindow)) {
    return ReasonClass::FlowControl;
  }
  return f.length > 0 ? ReasonClass::Data : ReasonClass::Acknowledgment;
}

std::string_view ending_text(Ending ending, Language language) {
  switch (ending) {
    case Ending::Open:
      return either(language, "open at the end of the capture", "抓包结束时仍未关闭");
    case Ending::HalfClosed:
      return either(language, "half-closed: one FIN only", "半关闭：只有一个 FIN");
    case Ending::Closed:
      return either(language, "closed by both ends", "双方都已关闭");
    case Ending::ClosedUnacknowledged:
      return either(language, "both FINs, the last ACK was not captured",
                    "双方都发了 FIN，没有抓到最后的 ACK");
    case Ending::Reset:
      return either(language, "reset (RST)", "复位（RST）");
    case Ending::ResetAfterClose:
      return either(language, "closed, then RST for a late segment",
                    "关闭后又对迟到的报文段发 RST");
    case Ending::Refused:
      return either(language, "refused: the SYN was answered with RST",
                    "被拒绝：对 SYN 的应答是 RST");
  }
  return {};
}

std::string frame_text(FrameNumber number, Language language) {
  return said(language, "frame {}", "第 {} 帧", frame(number));
}

std::string frames_text(const std::vector<FrameNumber>& numbers, Language language) {
  std::string out;
  std::size_t count = 0;
  for (const FrameNumber number : numbers) {
    if (number == 0) continue;
    if (count++ > 0) out += either(language, ", ", "、");
    out += frame(number);
  }
  if (count == 0) return "–";
  if (language == Language::Chinese) return "第 " + out + " 帧";
  return (count == 1 ? "frame " : "frames ") + out;
}

}  // namespace glasstcp::report
