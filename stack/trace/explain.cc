// Which quantities are shown beside which reason, and how a packet is written on a line.
#include "stack/trace/explain.h"

#include <array>

#include "stack/trace/packet_event_words.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kNoThreshold = 0xffffffffU;

// Which quantities belong to a reason.
enum class Topic { None, Handshake, Sending, Loss, LossByTime, PeerWindow, OurWindow, Arrival };

Topic topic_of(SendReason r) {
  using enum SendReason;
  switch (r) {
    case SynRetransmit:
    case SynAckRetransmit:
      return Topic::Handshake;
    case NewData:
    case NewDataUrgent:
    case NewDataFin:
    case MtuProbe:
      return Topic::Sending;
    case LimitedTransmit:
      return Topic::Loss;
    case RackRetransmit:
    case TailLossProbe:
      return Topic::LossByTime;
    case ZeroWindowProbe:
    case SwsOverride:
      return Topic::PeerWindow;
    case WindowUpdate:
      return Topic::OurWindow;
    case AckOutOfOrder:
    case AckGapFilled:
    case AckDuplicateData:
    case AckOutsideWindow:
    case ChallengeReset:
      return Topic::Arrival;
    default:
      return is_retransmission(r) ? Topic::Loss : Topic::None;
  }
}

// A list of "name value" pairs after the sentence, the first behind a semicolon.
class Quantities {
 public:
  Quantities(TextBuffer& out, Language language) : out_(out), language_(language) {}

  void value(std::string_view name, std::uint32_t x) { out_.add("{}{} {}", separator(), name, x); }
  // Of a quantity that has no name in the RFCs.
  void value(std::string_view name, std::string_view chinese, std::uint32_t x) {
    value(either(language_, name, chinese), x);
  }
  void milliseconds(std::string_view name, Duration d) {
    const std::int64_t us = to_us(d);
    if (us >= 10'000) {
      out_.add("{}{} {} ms", separator(), name, us / 1000);
    } else {
      out_.add("{}{} {}.{:03} ms", separator(), name, us / 1000, us % 1000);
    }
  }
  void change(std::string_view name, std::uint32_t before, std::uint32_t after) {
    if (before == after) return value(name, after);
    out_.add("{}{} {} -> {}", separator(), name, before, after);
  }
  void only_change(std::string_view name, std::uint32_t before, std::uint32_t after) {
    if (before != after) change(name, before, after);
  }
  void only_change(std::string_view name, std::string_view chinese, std::uint32_t before,
                   std::uint32_t after) {
    only_change(either(language_, name, chinese), before, after);
  }
  void threshold(std::uint32_t x) {
    if (x == kNoThreshold) {
      out_.add("{}ssthresh -", separator());
    } else {
      value("ssthresh", x);
    }
  }
  void word(std::string_view english, std::string_view chinese) {
    out_.add("{}{}", separator(), either(language_, english, chinese));
  }

 private:
  std::string_view separator() {
    return std::exchange(first_, false) ? either(language_, "; ", "；")
                                        : either(language_, ", ", "，");
  }
  TextBuffer& out_;
  Language language_;
  bool first_ = true;
};

// The window, and what of the flight is believed to be where.
void add_flight(Quantities& q, const TcbSnapshot& before, const TcbSnapshot& after) {
  q.change("cwnd", before.cwnd, after.cwnd);
  q.threshold(after.ssthresh);
  q.value("flight", "在途", after.flight);
  const bool is_plain = after.pipe == after.flight && after.sacked == 0 && after.lost == 0;
  if (is_plain || after.flight == 0) return;
  q.value("pipe", after.pipe);
  if (after.sacked > 0) q.value("sacked", "已选择确认", after.sacked);
  if (after.lost > 0) q.value("lost", "丢失", after.lost);
}

void add_quantities(TextBuffer& out, SendReason reason, const TcbSnapshot& before,
                    const TcbSnapshot& after, Language language) {
  Quantities q(out, language);
  switch (topic_of(reason)) {
    case Topic::None:
      break;
    case Topic::Handshake:
      q.milliseconds("rto", after.rto);
      q.value("retransmissions", "已重传次数", after.retransmissions);
      break;
    case Topic::Sending:
      q.value("cwnd", after.cwnd);
      q.value("flight", "在途", after.flight);
      q.value("snd.wnd", after.snd.wnd);
      q.value("unsent", "待发送", after.unsent);
      break;
    case Topic::Loss:
      add_flight(q, before, after);
      q.milliseconds("rto", after.rto);
      break;
    case Topic::LossByTime:
      add_flight(q, before, after);
      q.milliseconds("srtt", after.srtt);
      if (reason == SendReason::RackRetransmit) {
        q.milliseconds("reo_wnd", before.reordering_window);
      } else {
        q.milliseconds("rto", after.rto);
      }
      break;
    case Topic::PeerWindow:
      q.value("snd.wnd", after.snd.wnd);
      q.value("unsent", "待发送", after.unsent);
      q.milliseconds("rto", after.rto);
      break;
    case Topic::OurWindow:
      q.change("rcv.wnd", before.rcv.wnd, after.rcv.wnd);
      q.value("unread", "未读", after.unread);
      break;
    case Topic::Arrival:
      q.value("rcv.nxt", relative(after.rcv.nxt, after.rcv.irs));
      q.value("rcv.wnd", after.rcv.wnd);
      break;
  }
}

void add_options(TextBuffer& out, const PacketSummary& p,
                 const std::optional<SeqNum>& sacked_from) {
  const std::size_t mark = out.size() + 2;
  out.add(" <");
  if (p.has_mss) out.add_item(mark, ",", "mss {}", p.mss);
  if (p.sack_permitted) out.add_item(mark, ",", "sackOK");
  if (p.has_timestamps) out.add_item(mark, ",", "ts");
  if (p.has_window_scale) out.add_item(mark, ",", "ws {}", p.window_scale);
  for (std::size_t i = 0; i < p.sack_count; ++i) {
    const SeqNum from = sacked_from.value_or(SeqNum(0));
    out.add_item(mark, ",", "sack {}-{}", relative(p.sack[i].left, from),
                 relative(p.sack[i].right, from));
  }
  out.add(">");
}

void add_tcp(TextBuffer& out, const AnnotatedPacket& packet) {
  const PacketSummary& p = packet.summary;
  const bool outgoing = packet.is_outgoing();
  const std::optional<SeqNum>& sender = outgoing ? packet.numbers.ours : packet.numbers.theirs;
  const std::optional<SeqNum>& receiver = outgoing ? packet.numbers.theirs : packet.numbers.ours;
  add_flags(out, p.flags);
  const std::string_view raw = " raw";  // not relative: the connection's beginning was not seen
  out.add(" seq{} {}", sender ? "" : raw, relative(p.seq, sender.value_or(SeqNum(0))));
  if (p.has(PacketSummary::kAck)) {
    out.add(" ack{} {}", receiver ? "" : raw, relative(p.ack, receiver.value_or(SeqNum(0))));
  }
  out.add(" win {}", std::uint32_t{p.window} << packet.window_shift.value_or(0));
  if (p.text_length != 0) out.add(" len {}", p.text_length);
  if (p.has(PacketSummary::kUrg)) out.add(" urg {}", p.urgent);
  static constexpr std::array<std::string_view, 4> kFields = {"", " [ECT(1)]", " [ECT(0)]",
                                                              " [CE]"};
  out.add("{}", kFields[p.ecn & 3U]);
  if (p.has_mss || p.has_window_scale || p.sack_permitted || p.has_timestamps ||
      p.sack_count != 0) {
    add_options(out, p, receiver);
  }
}

bool is_loss_timer(TimerName t) {
  return t == TimerName::Retransmit || t == TimerName::TailLossProbe ||
         t == TimerName::RackReordering;
}

// A list of clauses with semicolons between.
class Clauses {
 public:
  Clauses(TextBuffer& out, Language language) : out_(out), language_(language) {}
  // Makes room for the next clause, which the caller appends.
  TextBuffer& next() {
    if (!std::exchange(first_, false)) out_.add("{}", either(language_, "; ", "；"));
    return out_;
  }
  [[nodiscard]] bool empty() const { return first_; }

 private:
  TextBuffer& out_;
  Language language_;
  bool first_ = true;
};

void add_messages(Clauses& clauses, const AnnotatedPacket& packet, Language language) {
  for (const MessagePart& part : packet.messages.all())
    add_message_words(clauses.next(), part, language);
}

// The verdict's sentence says it already.
bool is_told_by_verdict(PacketEvent event, Verdict verdict) {
  switch (event) {
    case PacketEvent::PeerSyn:
    case PacketEvent::PeerSynAgain:
      return true;
    case PacketEvent::AckOfSyn:
      return verdict == Verdict::HandshakeComplete;
    case PacketEvent::PeerReset:
      return verdict == Verdict::ResetAccepted;
    default:
      return false;
  }
}

// A verdict that says no more than that the segment was processed gives way to what it did.
bool says_little(Verdict verdict) {
  return verdict == Verdict::Accepted || verdict == Verdict::AcceptedDuplicate ||
         verdict == Verdict::AcceptedOutOfOrder;
}

void add_reason(TextBuffer& out, const AnnotatedPacket& packet, Language language) {
  const ReasonInfo& row = info(packet.reason);
  out.add("{} ({}): ", row.name, row.rfc);
  const std::optional<TcbSnapshot>& after = packet.after ? packet.after : packet.before;
  const std::optional<TcbSnapshot>& before = packet.before ? packet.before : after;
  Clauses clauses(out, language);
  if (packet.reason == SendReason::FastRetransmit && before) {
    // The sentence of the table, with the number that the duplicate ACKs ask for.
    const std::uint32_t una = relative(before->snd.una, before->snd.iss);
    if (language == Language::Chinese) {
      clauses.next().add("收到对 {} 的第三个重复确认", una);
    } else {
      clauses.next().add("third duplicate ACK for {}", una);
    }
  } else {
    clauses.next().add("{}", sentence(packet.reason, language));
  }
  if (packet.close.cause != CloseCause::Unknown)
    add_close_words(clauses.next(), packet.close, language);
  add_messages(clauses, packet, language);
  for (const PacketEventValue& event : packet.events.all())
    add_event_words(clauses.next(), event, language);
  if (after) add_quantities(out, packet.reason, *before, *after, language);
}

// What changed in the TCB that no event has said.
void add_changes(TextBuffer& out, const AnnotatedPacket& packet, Language language) {
  if (!packet.before || !packet.after) return;
  const TcbSnapshot& before = *packet.before;
  const TcbSnapshot& after = *packet.after;
  Quantities q(out, language);
  if (is_synchronized(before.state) || is_synchronized(after.state)) {
    q.only_change("snd.una", relative(before.snd.una, before.snd.iss),
                  relative(after.snd.una, after.snd.iss));
    if (is_synchronized(before.state)) {
      q.only_change("rcv.nxt", relative(before.rcv.nxt, before.rcv.irs),
                    relative(after.rcv.nxt, after.rcv.irs));
    }
  }
  q.only_change("snd.wnd", before.snd.wnd, after.snd.wnd);
  q.only_change("sacked", "已选择确认", before.sacked, after.sacked);
  q.only_change("lost", "丢失", before.lost, after.lost);
  q.only_change("cwnd", before.cwnd, after.cwnd);
  if (before.ssthresh != after.ssthresh) q.threshold(after.ssthresh);
  if (before.srtt != after.srtt) {
    q.milliseconds("srtt", after.srtt);
    q.milliseconds("rto", after.rto);
  }
  if (before.in_recovery != after.in_recovery) {
    if (after.in_recovery) {
      q.word("fast recovery begins", "快速恢复开始");
    } else {
      q.word("recovery ends", "恢复结束");
    }
  }
}

void add_verdict(TextBuffer& out, const AnnotatedPacket& packet, Language language) {
  const bool by_event =
      says_little(packet.verdict) && !(packet.events.empty() && packet.messages.empty());
  if (by_event) {
    const bool has_event = !packet.events.empty();
    const PacketEventInfo* const row = has_event ? &info(packet.events.all()[0].what) : nullptr;
    out.add("{} ({}): ", row != nullptr ? row->name : info(packet.verdict).name,
            row != nullptr ? row->rfc : info(packet.verdict).rfc);
  } else {
    const VerdictInfo& row = info(packet.verdict);
    out.add("{} ({}): ", row.name, row.rfc);
  }
  Clauses clauses(out, language);
  if (!by_event) clauses.next().add("{}", sentence(packet.verdict, language));
  add_messages(clauses, packet, language);
  for (const PacketEventValue& event : packet.events.all()) {
    if (!is_told_by_verdict(event.what, packet.verdict))
      add_event_words(clauses.next(), event, language);
  }
  add_changes(out, packet, language);
}

}  // namespace

void add_packet(TextBuffer& out, const AnnotatedPacket& packet) {
  const PacketSummary& p = packet.summary;
  switch (p.kind) {
    case PacketSummary::Kind::Tcp:
      return add_tcp(out, packet);
    case PacketSummary::Kind::Icmp:
      return out.add("ICMP{} type {} code {} len {}", p.source.is_v4() ? "" : "v6", p.icmp_type,
                     p.icmp_code, p.total_length);
    case PacketSummary::Kind::Udp:
      return out.add("UDP {} > {} len {}", number(p.source_port), number(p.destination_port),
                     p.text_length);
    case PacketSummary::Kind::Fragment:
      return out.add("fragment of protocol {} len {}", p.protocol, p.total_length);
    case PacketSummary::Kind::Other:
      return out.add("protocol {} len {}", p.protocol, p.total_length);
    case PacketSummary::Kind::NotUnderstood:
      return out.add("{} bytes", p.total_length);
  }
}

void add_sentence(TextBuffer& out, const AnnotatedPacket& packet, Language language) {
  switch (packet.kind) {
    case AnnotatedPacket::Kind::Received:
    case AnnotatedPacket::Kind::Dropped:
      return add_verdict(out, packet, language);
    case AnnotatedPacket::Kind::Sent:
      return add_reason(out, packet, language);
    case AnnotatedPacket::Kind::LostSent:
      add_reason(out, packet, language);
      return out.add(" [LOST {}]", packet.lost.in(language));
    case AnnotatedPacket::Kind::LostReceived:
      return out.add("{}", packet.lost.in(language));
    case AnnotatedPacket::Kind::None:
      return add_happening(out, packet, language);
  }
}

void add_happening(TextBuffer& out, const AnnotatedPacket& packet, Language language) {
  Clauses clauses(out, language);
  if (packet.close.cause != CloseCause::Unknown)
    add_close_words(clauses.next(), packet.close, language);
  if (packet.unsent > 0) {
    if (language == Language::Chinese) {
      clauses.next().add("应用程序已关闭：FIN 排在 {} 字节待发送的数据之后", packet.unsent);
    } else {
      clauses.next().add("CLOSE called: the FIN waits behind {} bytes", packet.unsent);
    }
  }
  for (const TimerName timer : packet.timers.all())
    add_timer(clauses.next(), timer, packet.after, language);
  for (const StateStep& step : packet.steps.all()) add_step_words(clauses.next(), step, language);
}

void add_timer(TextBuffer& out, TimerName timer, const std::optional<TcbSnapshot>& tcb,
               Language language) {
  add_timer_words(out, timer, language);
  if (!tcb || !is_loss_timer(timer)) return;
  Quantities q(out, language);
  add_flight(q, *tcb, *tcb);
  q.milliseconds("rto", tcb->rto);
}

void add_peer(TextBuffer& out, PeerStates peer, Language language) {
  if (peer.empty()) return;
  out.add("{}", either(language, " (peer, inferred: ", "（推断对方处于 "));
  add_states(out, peer);
  out.add("{}", either(language, ")", "）"));
}

}  // namespace glasstcp
