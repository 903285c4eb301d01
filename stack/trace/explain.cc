// Which quantities are shown beside which reason, and how a packet is written on a line.
#include "stack/trace/explain.h"

#include <algorithm>
#include <array>

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

// A list of "name value" pairs after the sentence, the first behind "; ".
class Quantities {
 public:
  explicit Quantities(TextBuffer& out) : out_(out) {}

  void value(std::string_view name, std::uint32_t x) { out_.add("{}{} {}", separator(), name, x); }
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
  void threshold(std::uint32_t x) {
    if (x == kNoThreshold) {
      out_.add("{}ssthresh -", separator());
    } else {
      value("ssthresh", x);
    }
  }
  void word(std::string_view text) { out_.add("{}{}", separator(), text); }

 private:
  std::string_view separator() { return std::exchange(first_, false) ? "; " : ", "; }
  TextBuffer& out_;
  bool first_ = true;
};

// The window, and what of the flight is believed to be where.
void add_flight(Quantities& q, const TcbSnapshot& before, const TcbSnapshot& after) {
  q.change("cwnd", before.cwnd, after.cwnd);
  q.threshold(after.ssthresh);
  q.value("flight", after.flight);
  const bool is_plain = after.pipe == after.flight && after.sacked == 0 && after.lost == 0;
  if (is_plain || after.flight == 0) return;
  q.value("pipe", after.pipe);
  if (after.sacked > 0) q.value("sacked", after.sacked);
  if (after.lost > 0) q.value("lost", after.lost);
}

std::uint32_t relative(SeqNum x, SeqNum first) {
  return x.raw() - first.raw();
}

void add_quantities(TextBuffer& out, SendReason reason, const TcbSnapshot& before,
                    const TcbSnapshot& after) {
  Quantities q(out);
  switch (topic_of(reason)) {
    case Topic::None:
      break;
    case Topic::Handshake:
      q.milliseconds("rto", after.rto);
      q.value("retransmissions", after.retransmissions);
      break;
    case Topic::Sending:
      q.value("cwnd", after.cwnd);
      q.value("flight", after.flight);
      q.value("snd.wnd", after.snd.wnd);
      q.value("unsent", after.unsent);
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
      q.value("unsent", after.unsent);
      q.milliseconds("rto", after.rto);
      break;
    case Topic::OurWindow:
      q.change("rcv.wnd", before.rcv.wnd, after.rcv.wnd);
      q.value("unread", after.unread);
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

void add_tcp(TextBuffer& out, const PacketSummary& p, bool outgoing, const InitialNumbers& first) {
  const std::optional<SeqNum>& sender = outgoing ? first.ours : first.theirs;
  const std::optional<SeqNum>& receiver = outgoing ? first.theirs : first.ours;
  add_flags(out, p.flags);
  const std::string_view raw = " raw";  // not relative: the connection's beginning was not seen
  out.add(" seq{} {}", sender ? "" : raw, relative(p.seq, sender.value_or(SeqNum(0))));
  if (p.has(PacketSummary::kAck)) {
    out.add(" ack{} {}", receiver ? "" : raw, relative(p.ack, receiver.value_or(SeqNum(0))));
  }
  out.add(" win {}", p.window);
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

}  // namespace

void add_packet(TextBuffer& out, const PacketSummary& packet, bool outgoing,
                const InitialNumbers& first) {
  switch (packet.kind) {
    case PacketSummary::Kind::Tcp:
      return add_tcp(out, packet, outgoing, first);
    case PacketSummary::Kind::Icmp:
      return out.add("ICMP{} type {} code {} len {}", packet.source.is_v4() ? "" : "v6",
                     packet.icmp_type, packet.icmp_code, packet.total_length);
    case PacketSummary::Kind::Udp:
      return out.add("UDP {} > {} len {}", number(packet.source_port),
                     number(packet.destination_port), packet.text_length);
    case PacketSummary::Kind::Fragment:
      return out.add("fragment of protocol {} len {}", packet.protocol, packet.total_length);
    case PacketSummary::Kind::Other:
      return out.add("protocol {} len {}", packet.protocol, packet.total_length);
    case PacketSummary::Kind::NotUnderstood:
      return out.add("{} bytes", packet.total_length);
  }
}

void add_reason(TextBuffer& out, const PacketSentEvent& event, Language language) {
  const ReasonInfo& row = info(event.reason);
  out.add("{} ({}): ", row.name, row.rfc);
  const TcbSnapshot* after = event.after != nullptr ? event.after : event.before;
  const TcbSnapshot* before = event.before != nullptr ? event.before : after;
  if (event.reason == SendReason::FastRetransmit && before != nullptr) {
    // The sentence of the table, with the number that the duplicate ACKs ask for.
    const std::uint32_t una = relative(before->snd.una, before->snd.iss);
    if (language == Language::Chinese) {
      out.add("收到对 {} 的第三个重复确认", una);
    } else {
      out.add("third duplicate ACK for {}", una);
    }
  } else {
    out.add("{}", sentence(event.reason, language));
  }
  if (after != nullptr) add_quantities(out, event.reason, *before, *after);
}

void add_verdict(TextBuffer& out, const PacketReceivedEvent& event, Language language) {
  const VerdictInfo& row = info(event.verdict);
  out.add("{} ({}): {}", row.name, row.rfc, sentence(event.verdict, language));
  if (event.before == nullptr || event.after == nullptr) return;
  const TcbSnapshot& before = *event.before;
  const TcbSnapshot& after = *event.after;
  Quantities q(out);
  if (is_synchronized(before.state) || is_synchronized(after.state)) {
    q.only_change("snd.una", relative(before.snd.una, before.snd.iss),
                  relative(after.snd.una, after.snd.iss));
    if (is_synchronized(before.state)) {
      q.only_change("rcv.nxt", relative(before.rcv.nxt, before.rcv.irs),
                    relative(after.rcv.nxt, after.rcv.irs));
    }
  }
  q.only_change("snd.wnd", before.snd.wnd, after.snd.wnd);
  q.only_change("sacked", before.sacked, after.sacked);
  q.only_change("lost", before.lost, after.lost);
  q.only_change("cwnd", before.cwnd, after.cwnd);
  if (before.ssthresh != after.ssthresh) q.threshold(after.ssthresh);
  if (after.duplicate_acks > before.duplicate_acks) q.value("duplicate ACKs", after.duplicate_acks);
  if (before.srtt != after.srtt) {
    q.milliseconds("srtt", after.srtt);
    q.milliseconds("rto", after.rto);
  }
  if (before.in_recovery != after.in_recovery) {
    q.word(after.in_recovery ? either(language, "recovery begins", "快速恢复开始")
                             : either(language, "recovery ends", "快速恢复结束"));
  }
}

void add_state_change(TextBuffer& out, State from, State to) {
  out.add("{} -> {}", name_of(from), name_of(to));
  const auto arrow = std::ranges::find_if(
      transitions(), [=](const Transition& t) { return t.from == from && t.to == to; });
  if (arrow != transitions().end()) out.add(": {}", arrow->because);
}

void add_timer(TextBuffer& out, const TimerFiredEvent& event, Language language) {
  const TimerInfo& row = info(event.timer);
  out.add("{} {}", either(language, "timer ended:", "计时器到时："), row.name);
  if (!row.rfc.empty()) out.add(" ({})", row.rfc);
  out.add(": {}", either(language, row.sentence, row.sentence_zh));
  if (event.after == nullptr || !is_loss_timer(event.timer)) return;
  Quantities q(out);
  add_flight(q, *event.after, *event.after);
  q.milliseconds("rto", event.after->rto);
}

}  // namespace glasstcp
