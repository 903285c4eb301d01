// See action_words.h.
#include "stack/lab/action_words.h"

#include <algorithm>

#include "stack/lab/expression.h"
#include "stack/trace/packet_event_words.h"

namespace glasstcp::lab {
namespace {

struct Sentence {
  std::string_view english;
  std::string_view chinese;
};

// Those without a number in them.
Sentence fixed_words(Deed deed) {
  switch (deed) {
    case Deed::Listen:
      return {"the application listens on port 80", "应用程序在端口 80 收听"};
    case Deed::CloseListener:
      return {"the application stops listening", "应用程序停止收听"};
    case Deed::ReadAll:
      return {"the application reads all that comes", "应用程序读取到达的全部数据"};
    case Deed::StopReading:
      return {"the application reads no more", "应用程序停止读取"};
    case Deed::Shutdown:
      return {"the application has no more to send (half-close)", "应用程序不再发送（半关闭）"};
    case Deed::Close:
      return {"the application closes the connection", "应用程序关闭连接"};
    case Deed::Abort:
      return {"the application aborts the connection", "应用程序中止连接"};
    case Deed::KeepAlive:
      return {"the application asks for keep-alives", "应用程序要求保活"};
    case Deed::Reboot:
      return {"the host restarts and has forgotten everything", "主机重新启动，丢失了所有状态"};
    case Deed::Ping:
      return {"another host pings this one", "另一台主机 ping 本机"};
    case Deed::ForgeReset:
      return {"an attacker forges a RST", "攻击者伪造一个 RST"};
    default:
      return {};
  }
}

void add_text_write(TextBuffer& out, std::string_view text, bool zh) {
  const std::size_t end = std::min<std::size_t>(text.find('\r'), 40);
  out.add(zh ? fmt::runtime("应用程序写入 {} 字节：\"")
             : fmt::runtime("the application writes {} bytes: \""),
          text.size());
  add_escaped(out, text.substr(0, end));
  out.add("{}\"", end < text.size() ? "..." : "");
}

void add_read(TextBuffer& out, const Action& action, bool zh) {
  if (action.every > Duration::zero()) {
    out.add(zh ? fmt::runtime("应用程序每 {1} 读取 {0} 字节")
               : fmt::runtime("the application reads {} bytes every {}"),
            action.amount, time_text(action.every));
  } else {
    out.add(zh ? fmt::runtime("应用程序读取 {} 字节，此后不再读取")
               : fmt::runtime("the application reads {} bytes, and no more"),
            action.amount);
  }
}

void add_write(TextBuffer& out, const Action& action, bool zh) {
  if (action.times > 1) {
    out.add(zh ? fmt::runtime("应用程序写入 {} 次，每次 {} 字节")
               : fmt::runtime("the application writes {} times {} bytes"),
            action.times, action.amount);
  } else {
    out.add(
        zh ? fmt::runtime("应用程序写入 {} 字节") : fmt::runtime("the application writes {} bytes"),
        action.amount);
  }
}

}  // namespace

std::string words_of(const Action& action, Language language) {
  const bool zh = language == Language::Chinese;
  TextBuffer out;
  switch (action.deed) {
    case Deed::Connect:
      out.add(zh ? fmt::runtime("应用程序主动打开，连接对方的端口 {}")
                 : fmt::runtime("the application opens a connection to port {}"),
              action.target);
      break;
    case Deed::Write:
      add_write(out, action, zh);
      break;
    case Deed::WriteText:
      add_text_write(out, action.text, zh);
      break;
    case Deed::Read:
      add_read(out, action, zh);
      break;
    case Deed::Congestion:
      out.add(zh ? fmt::runtime("应用程序选用拥塞控制算法 {}")
                 : fmt::runtime("the application chooses the congestion control {}"),
              action.text);
      break;
    case Deed::ForgeSyns:
      out.add(zh ? fmt::runtime("攻击者发送 {} 个源地址伪造的 SYN")
                 : fmt::runtime("an attacker sends {} SYNs with forged source addresses"),
              action.amount);
      break;
    default: {
      const Sentence words = fixed_words(action.deed);
      out.add("{}", either(language, words.english, words.chinese));
    }
  }
  return std::string(out.view());
}

}  // namespace glasstcp::lab
