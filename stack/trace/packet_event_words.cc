// Each clause once in English and once in Chinese; terms of the Chinese ones are those of the
// textbooks (谢希仁).
#include "stack/trace/packet_event_words.h"

namespace glasstcp {
namespace {

using enum PacketEvent;

std::string_view ordinal_end(std::uint32_t n) {
  if (n % 100 >= 11 && n % 100 <= 13) return "th";
  return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

std::string_view plural(std::uint64_t n) {
  return n == 1 ? "" : "s";
}

struct Words {
  std::string_view english;
  std::string_view chinese;
};

// How the sender grows its window.
Words phase_words(PacketEvent event) {
  if (event == SlowStart) return {"slow start", "慢开始阶段"};
  if (event == CongestionAvoidance) return {"congestion avoidance", "拥塞避免阶段"};
  return {"loss recovery", "丢失恢复阶段"};
}

// What leaves.
void add_english_of_sent(TextBuffer& out, const PacketEventValue& e) {
  switch (e.what) {
    case Retransmission:
      return out.add("sequence numbers {}-{} were sent before", e.from, e.to);
    case AckOnData:
      return out.add("the ACK of {} byte{} rides on the data (piggybacked)", e.count,
                     plural(e.count));
    case PushEndOfMessage:
      return out.add("PSH: the last byte of the message is in this segment");
    case PushEndOfQueue:
      return out.add("PSH: nothing more is queued behind it");
    case DuplicateAckSent:
      return out.add("{}{} duplicate ACK of {} for them: we still wait for that byte", e.count,
                     ordinal_end(e.count), e.from);
    case WindowUpdateSent:
      return out.add("our receive window {} from {} to {} bytes", e.to > e.from ? "grew" : "shrank",
                     e.from, e.to);
    case AnswersKeepAlive:
      return out.add("answers their keep-alive: we are still here");
    case AnswersProbe:
      return out.add("answers their zero-window probe");
    case OurWindowClosed:
      return out.add("our receive window is zero: they have to stop");
    case FinAcknowledgesFin:
      return out.add(
          "this FIN is also the ACK of theirs, so that three segments are enough for the close");
    case PeerWindowFull:
      return out.add("it fills their receive window ({} bytes): the next byte waits", e.count);
    case CwndFull:
      return out.add("the last that the congestion window ({} bytes) allows for now", e.count);
    default:
      return out.add("{}", phase_words(e.what).english);
  }
}

// What an ACK that came says.
void add_english_of_ack(TextBuffer& out, const PacketEventValue& e) {
  switch (e.what) {
    case AckOfSyn:
      return out.add("acknowledges our SYN");
    case AckOfData:
      return out.add("acknowledges {} byte{} of ours ({}-{})", e.count, plural(e.count), e.from,
                     e.to);
    case AckOfRetransmission:
      return out.add("acknowledges {} byte{} of ours ({}-{}), some of them retransmitted", e.count,
                     plural(e.count), e.from, e.to);
    case AckOfFin:
      return out.add("acknowledges our FIN");
    case DuplicateAck:
      return out.add("{}{} duplicate ACK of {}: they still wait for that byte", e.count,
                     ordinal_end(e.count), e.from);
    case OldAck:
      return out.add("an old ACK ({}): one that left after it has come already", e.from);
    case SackReport:
      return out.add("SACK reports {} more byte{} beyond a gap", e.count, plural(e.count));
    case DuplicateReport:
      return out.add("D-SACK: bytes {}-{} arrived twice", e.from, e.to);
    case WindowUpdate:
      return out.add("window update: their receive window {} from {} to {} bytes",
                     e.to > e.from ? "grew" : "shrank", e.from, e.to);
    case WindowClosed:
      return out.add("their receive buffer is full: the window closed (was {} bytes)", e.from);
    case WindowStaysClosed:
      return out.add("their receive window is still zero");
    case WindowOpened:
      return out.add("their receive window opened: {} bytes may be sent", e.to);
    case ProbeAnswered:
      return out.add("the answer to our zero-window probe");
    case KeepAliveAnswered:
      return out.add("the answer to our keep-alive: they are still there");
    default:
      return add_english_of_sent(out, e);
  }
}

// What came.
void add_english(TextBuffer& out, const PacketEventValue& e) {
  switch (e.what) {
    case PeerSyn:
      return out.add("their SYN: it announces their initial sequence number and their options");
    case PeerSynAck:
      return out.add("their SYN, in one segment with an ACK");
    case PeerSynAgain:
      return out.add("their SYN came again");
    case DataInOrder:
      return out.add("{} byte{} of data in order", e.count, plural(e.count));
    case DataOutOfOrder:
      return out.add(
          "{} byte{} of data out of order: they are kept, and bytes from {} on are missing",
          e.count, plural(e.count), e.to);
    case DataFillsGap:
      return out.add("fills a gap: {} byte{} are in order now", e.count, plural(e.count));
    case DataFillsPart:
      return out.add("{} byte{} inside a gap: bytes behind them are still missing", e.count,
                     plural(e.count));
    case DataDuplicate:
      return out.add("{} byte{} that had come before", e.count, plural(e.count));
    case DataAfterFin:
      return out.add("{} byte{} behind their FIN: ignored", e.count, plural(e.count));
    case DataSentAgain:
      return out.add("{} byte{} of it had been sent before", e.count, plural(e.count));
    case OurWindowFull:
      return out.add("it fills our receive window: they have to wait until we say more");
    case PeerFin:
      return out.add("their FIN: no more data will come from them");
    case PeerFinEarly:
      return out.add("their FIN beyond a gap: it counts when all before it is here");
    case PeerFinAgain:
      return out.add("their FIN came again: our ACK of it was lost or is late");
    case PeerReset:
      return out.add("their RST ends the connection");
    case PeerKeepAlive:
      return out.add("keep-alive: they ask whether we are still here");
    case PeerWindowProbe:
      return out.add("zero-window probe: they ask whether our window has opened");
    default:
      return add_english_of_ack(out, e);
  }
}

// What leaves.
void add_chinese_of_sent(TextBuffer& out, const PacketEventValue& e) {
  switch (e.what) {
    case Retransmission:
      return out.add("序号 {}-{} 此前已发送过", e.from, e.to);
    case AckOnData:
      return out.add("数据捎带确认了 {} 字节", e.count);
    case PushEndOfMessage:
      return out.add("PSH：此报文段含有该报文的最后一个字节");
    case PushEndOfQueue:
      return out.add("PSH：其后没有待发送的数据");
    case DuplicateAckSent:
      return out.add("向对方发送对 {} 的第 {} 个重复确认：本端仍在等待该字节", e.from, e.count);
    case WindowUpdateSent:
      return out.add("本端的接收窗口由 {} {}到 {} 字节", e.from, e.to > e.from ? "增大" : "减小",
                     e.to);
    case AnswersKeepAlive:
      return out.add("应答对方的保活探测：本端仍在");
    case AnswersProbe:
      return out.add("应答对方的零窗口探测");
    case OurWindowClosed:
      return out.add("本端的接收窗口为零：对方须停止发送");
    case FinAcknowledgesFin:
      return out.add("此 FIN 同时确认对方的 FIN，因此只需三个报文段即可释放连接（三次挥手）");
    case PeerWindowFull:
      return out.add("填满了对方的接收窗口（{} 字节）：后面的数据须等待", e.count);
    case CwndFull:
      return out.add("拥塞窗口（{} 字节）目前允许发送的最后一个报文段", e.count);
    default:
      return out.add("{}", phase_words(e.what).chinese);
  }
}

// What an ACK that came says.
void add_chinese_of_ack(TextBuffer& out, const PacketEventValue& e) {
  switch (e.what) {
    case AckOfSyn:
      return out.add("确认本端的 SYN");
    case AckOfData:
      return out.add("确认本端的 {} 字节数据（{}-{}）", e.count, e.from, e.to);
    case AckOfRetransmission:
      return out.add("确认本端的 {} 字节数据（{}-{}），其中有重传的数据", e.count, e.from, e.to);
    case AckOfFin:
      return out.add("确认本端的 FIN");
    case DuplicateAck:
      return out.add("对 {} 的第 {} 个重复确认：对方仍在等待该字节", e.from, e.count);
    case OldAck:
      return out.add("较旧的确认（{}）：在它之后发出的确认已先到达", e.from);
    case SackReport:
      return out.add("选择确认又报告了缺口之后的 {} 字节", e.count);
    case DuplicateReport:
      return out.add("D-SACK：字节 {}-{} 重复到达", e.from, e.to);
    case WindowUpdate:
      return out.add("窗口更新：对方的接收窗口由 {} {}到 {} 字节", e.from,
                     e.to > e.from ? "增大" : "减小", e.to);
    case WindowClosed:
      return out.add("对方的接收缓存已满：变为零窗口（原为 {} 字节）", e.from);
    case WindowStaysClosed:
      return out.add("对方的接收窗口仍为零");
    case WindowOpened:
      return out.add("对方的接收窗口重新打开：可发送 {} 字节", e.to);
    case ProbeAnswered:
      return out.add("对本端零窗口探测的应答");
    case KeepAliveAnswered:
      return out.add("对本端保活探测的应答：对方仍在");
    default:
      return add_chinese_of_sent(out, e);
  }
}

// What came.
void add_chinese(TextBuffer& out, const PacketEventValue& e) {
  switch (e.what) {
    case PeerSyn:
      return out.add("对方的 SYN：通告其初始序列号和选项");
    case PeerSynAck:
      return out.add("对方的 SYN，同一报文段还带有 ACK");
    case PeerSynAgain:
      return out.add("对方的 SYN 再次到达");
    case DataInOrder:
      return out.add("按序到达 {} 字节数据", e.count);
    case DataOutOfOrder:
      return out.add("失序到达 {} 字节数据：先缓存，仍缺少从 {} 开始的字节", e.count, e.to);
    case DataFillsGap:
      return out.add("填补缺口：{} 字节数据现已按序", e.count);
    case DataFillsPart:
      return out.add("缺口内的 {} 字节数据：其后仍有缺少的字节", e.count);
    case DataDuplicate:
      return out.add("{} 字节数据此前已收到", e.count);
    case DataAfterFin:
      return out.add("对方 FIN 之后的 {} 字节数据：忽略", e.count);
    case DataSentAgain:
      return out.add("其中 {} 字节对方此前已发送过", e.count);
    case OurWindowFull:
      return out.add("填满了本端的接收窗口：对方须等待本端通告更大的窗口");
    case PeerFin:
      return out.add("对方的 FIN：对方不再发送数据");
    case PeerFinEarly:
      return out.add("对方的 FIN 位于缺口之后：待其前面的字节到齐后生效");
    case PeerFinAgain:
      return out.add("对方的 FIN 再次到达：本端对它的确认已丢失或迟到");
    case PeerReset:
      return out.add("对方的 RST 终止了连接");
    case PeerKeepAlive:
      return out.add("保活探测：对方询问本端是否还在");
    case PeerWindowProbe:
      return out.add("零窗口探测：对方询问本端的窗口是否已打开");
    default:
      return add_chinese_of_ack(out, e);
  }
}

Words words_of(StateCause cause) {
  switch (cause) {
    case StateCause::ActiveOpen:
      return {"the application opens: SYN", "应用程序主动打开：发送 SYN"};
    case StateCause::PeerSyn:
      return {"their SYN came, and a SYN-ACK answers it", "收到对方的 SYN，以 SYN-ACK 应答"};
    case StateCause::PeerSynAck:
      return {"their SYN-ACK came", "收到对方的 SYN-ACK"};
    case StateCause::SynCookie:
      return {"the ACK brings back our SYN cookie: their SYN is known again",
              "确认带回了本端的 SYN Cookie：由此恢复对方的 SYN"};
    case StateCause::AckOfSyn:
      return {"our SYN is acknowledged", "本端的 SYN 得到确认"};
    case StateCause::AckOfSynAfterClose:
      return {"our SYN is acknowledged, and the application closed meanwhile: our FIN leaves",
              "本端的 SYN 得到确认，而应用程序已关闭连接：发送 FIN"};
    case StateCause::Close:
      return {"the application closed, and our FIN leaves", "应用程序关闭连接，发送 FIN"};
    case StateCause::CloseInSynSent:
      return {"the application closed before their SYN came", "应用程序在收到对方的 SYN 之前关闭"};
    case StateCause::CloseUnread:
      return {"the application closed, and had not read all that came",
              "应用程序关闭连接时仍有未读的数据"};
    case StateCause::PeerFin:
      return {"their FIN came", "收到对方的 FIN"};
    case StateCause::AckOfFin:
      return {"our FIN is acknowledged", "本端的 FIN 得到确认"};
    case StateCause::PeerReset:
      return {"their RST came", "收到对方的 RST"};
    case StateCause::SynInWindow:
      return {"a SYN came inside the window", "窗口内收到了 SYN"};
    case StateCause::Abort:
      return {"the application aborted", "应用程序中止连接"};
    case StateCause::ListenerClosed:
      return {"the application closed the listener and had not accepted this connection",
              "应用程序停止收听，尚未接受此连接"};
    case StateCause::LateData:
      return {"data came that nobody will read: the application has gone",
              "收到不会再被读取的数据：应用程序已离开"};
    case StateCause::RetransmissionsEnd:
      return {"the last retransmission was not answered either", "最后一次重传仍未得到确认"};
    case StateCause::WindowProbesEnd:
      return {"no zero-window probe was answered", "零窗口探测一直没有应答"};
    case StateCause::WindowStaysClosed:
      return {"their window stayed closed, and the application has gone",
              "对方窗口一直为零，而应用程序已离开"};
    case StateCause::KeepAlivesEnd:
      return {"no keep-alive was answered", "保活探测一直没有应答"};
    case StateCause::UserTimeout:
      return {"nothing was acknowledged for the user timeout", "在用户超时时间内没有任何确认"};
    case StateCause::FinWait2Timeout:
      return {"their FIN did not come in time", "对方的 FIN 没有按时到达"};
    case StateCause::IcmpError:
      return {"an ICMP error said that they cannot be reached", "ICMP 差错报告指出对方不可达"};
    case StateCause::EcnAmbiguous:
      return {"their SYNs ask for two kinds of ECN feedback",
              "对方的 SYN 先后要求两种 ECN 反馈方式"};
    case StateCause::OutOfMemory:
      return {"a limit of the stack was reached", "达到协议栈的上限"};
    case StateCause::Evicted:
      return {"others need the room: this peer holds most", "内存须让出：该对方占用最多"};
    case StateCause::PlaceTaken:
      return {"the table is full: a newer one takes its place", "表已满：较新的连接取代其位置"};
    case StateCause::TwoMsl:
      return {"2 MSL have passed", "经过 2MSL，时间等待计时器到时"};
    case StateCause::NewConnection:
      return {"a new SYN takes over the ports", "新的 SYN 使用了相同的端口"};
  }
  return {};
}

Words words_of(TimerName timer) {
  switch (timer) {
    case TimerName::Retransmit:
      return {"retransmission timer expired", "重传计时器到时"};
    case TimerName::Persist:
      return {"persist timer expired", "持续计时器到时"};
    case TimerName::SwsOverride:
      return {"override timer expired", "糊涂窗口等待计时器到时"};
    case TimerName::MemoryRetry:
      return {"retry timer expired", "重试计时器到时"};
    case TimerName::DelayedAck:
      return {"delayed-ACK timer expired", "延迟确认计时器到时"};
    case TimerName::KeepAlive:
      return {"keep-alive timer expired", "保活计时器到时"};
    case TimerName::FinWait2:
      return {"FIN-WAIT-2 timer expired", "FIN-WAIT-2 计时器到时"};
    case TimerName::TimeWait:
      return {"TIME-WAIT timer (2 MSL) expired", "时间等待计时器（2MSL）到时"};
    case TimerName::UserTimeout:
      return {"user timeout expired", "用户超时计时器到时"};
    case TimerName::TailLossProbe:
      return {"probe timeout (PTO) expired", "尾部丢失探测计时器到时"};
    case TimerName::RackReordering:
      return {"RACK reordering timer expired", "RACK 失序等待计时器到时"};
    default:
      return {"timer expired", "计时器到时"};
  }
}

std::int64_t in_seconds(Duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d).count();
}

}  // namespace

void add_event_words(TextBuffer& out, const PacketEventValue& event, Language language) {
  language == Language::Chinese ? add_chinese(out, event) : add_english(out, event);
}

void add_escaped(TextBuffer& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.add("\\{}", c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      out.add("\\x{:02x}", byte);
    } else {
      out.add("{}", c);
    }
  }
}

void add_message_words(TextBuffer& out, const MessagePart& part, Language language) {
  const bool chinese = language == Language::Chinese;
  const bool is_request = part.role == MessageRole::Request;
  out.add("{} {}",
          chinese ? (is_request ? "请求报文" : "响应报文") : (is_request ? "request" : "response"),
          part.number);
  if (!part.label.empty()) {
    out.add(" \"");
    add_escaped(out, part.label);
    out.add("\"");
  }
  if (part.begins && part.ends) {
    return chinese ? out.add("，完整，{} 字节", part.length)
                   : out.add(", whole, {} bytes", part.length);
  }
  const std::string_view place = part.begins ? either(language, " begins", " 开始")
                                 : part.ends ? either(language, " ends", " 结束")
                                             : either(language, " continues", " 继续");
  if (chinese) {
    out.add("{}：第 {}-{} 字节", place, part.first, part.last);
    if (part.length > 0) out.add("，共 {} 字节", part.length);
  } else {
    out.add("{}: bytes {}-{}", place, part.first, part.last);
    if (part.length > 0) out.add(" of {}", part.length);
  }
}

void add_step_words(TextBuffer& out, const StateStep& step, Language language) {
  const Words words = words_of(step.cause);
  out.add("{} -> {}{}{}", name_of(step.from), name_of(step.to), either(language, ": ", "："),
          either(language, words.english, words.chinese));
}

void add_close_words(TextBuffer& out, const CloseNote& note, Language language) {
  const bool chinese = language == Language::Chinese;
  const std::int64_t s = in_seconds(note.after);
  switch (note.cause) {
    case CloseCause::Unknown:
      return;
    case CloseCause::Idle:
      return chinese ? out.add("服务器关闭连接：已空闲 {} 秒，没有新的请求", s)
                     : out.add("the server closes: idle for {} s without a request", s);
    case CloseCause::HeaderTimeout:
      return chinese ? out.add("服务器关闭连接：{} 秒内没有收到完整的请求", s)
                     : out.add("the server closes: no complete request came within {} s", s);
    case CloseCause::SendTimeout:
      return chinese ? out.add("服务器放弃：对方 {} 秒没有确认任何数据", s)
                     : out.add("the server gives up: the peer took nothing for {} s", s);
    case CloseCause::AskedByPeer:
      return out.add("{}", either(language, "the server closes: the request asked for it",
                                  "服务器关闭连接：请求要求不保持连接"));
    case CloseCause::PeerClosed:
      return out.add("{}", either(language, "the server closes: the client closed first",
                                  "服务器关闭连接：客户端已先关闭"));
    case CloseCause::BadRequest:
      return out.add("{}", either(language, "the server closes: the request was not acceptable",
                                  "服务器关闭连接：请求无法接受"));
    case CloseCause::Shutdown:
      return out.add("{}", either(language, "the server is being stopped", "服务器正在停止"));
    case CloseCause::Finished:
      return out.add("{}", either(language, "the exchange is complete", "请求和响应都已完成"));
    case CloseCause::BrokenAnswer:
      return out.add("{}", either(language, "the rest of the answer cannot be read any more",
                                  "响应的其余部分已无法读取"));
    case CloseCause::SlowReader:
      return chinese ? out.add("服务器放弃：内存不足时，对方 {} 秒内接收速率低于 {} 字节/秒", s,
                               note.rate)
                     : out.add(
                           "the server gives up: memory is short, and the peer took less than "
                           "{} bytes/s for {} s",
                           note.rate, s);
    case CloseCause::SlowSender:
      return chinese ? out.add("服务器放弃：内存不足时，对方 {} 秒内发送速率低于 {} 字节/秒", s,
                               note.rate)
                     : out.add(
                           "the server gives up: memory is short, and the peer sent less than "
                           "{} bytes/s for {} s",
                           note.rate, s);
    case CloseCause::NoRoom:
      return out.add("{}", either(language, "the server closes: others need the room",
                                  "服务器关闭连接：资源不足，要留给其他连接"));
  }
}

void add_timer_words(TextBuffer& out, TimerName timer, Language language) {
  const Words words = words_of(timer);
  const TimerInfo& row = info(timer);
  const bool chinese = language == Language::Chinese;
  out.add("{}{}{}", either(language, words.english, words.chinese), chinese ? "（" : " (",
          row.name);
  if (!row.rfc.empty()) out.add("{}{}", chinese ? "，" : ", ", row.rfc);
  out.add("{}{}", chinese ? "）：" : "): ", either(language, row.sentence, row.sentence_zh));
}

}  // namespace glasstcp
