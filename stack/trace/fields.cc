// Key by key; see fields.h for the form.
#include "stack/trace/fields.h"

#include "stack/trace/reason_class.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kNoThreshold = 0xffffffffU;

void add_encoded(TextBuffer& out, std::string_view text) {
  static constexpr std::string_view kPlain = "-._~:/@|,>";
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || kPlain.contains(c);
    if (is_plain) {
      out.add("{}", c);
    } else {
      out.add("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

void add_key(TextBuffer& out, std::string_view key, std::string_view value) {
  out.add(" {}=", key);
  add_encoded(out, value);
}

// "RFC 9293 §3.8.6" is "9293#3.8.6".
void add_rfc(TextBuffer& out, std::string_view rfc) {
  static constexpr std::string_view kRfc = "RFC ";
  static constexpr std::string_view kSection = " §";
  if (!rfc.starts_with(kRfc)) return;
  rfc.remove_prefix(kRfc.size());
  const std::size_t at = rfc.find(kSection);
  out.add(" rfc={}", rfc.substr(0, at));
  if (at != std::string_view::npos) out.add("#{}", rfc.substr(at + kSection.size()));
}

void add_events(TextBuffer& out, const AnnotatedPacket& packet) {
  if (packet.events.empty()) return;
  out.add(" event=");
  bool first = true;
  for (const PacketEventValue& event : packet.events.all()) {
    out.add("{}{}", std::exchange(first, false) ? "" : ",", info(event.what).name);
    const bool counts =
        event.what == PacketEvent::DuplicateAck || event.what == PacketEvent::DuplicateAckSent;
    if (counts) out.add("{}", event.count);
  }
}

std::string_view rfc_of(const AnnotatedPacket& packet) {
  switch (packet.kind) {
    case AnnotatedPacket::Kind::Sent:
    case AnnotatedPacket::Kind::LostSent:
      return info(packet.reason).rfc;
    case AnnotatedPacket::Kind::Received:
    case AnnotatedPacket::Kind::Dropped:
      return packet.events.empty() ? info(packet.verdict).rfc
                                   : info(packet.events.all()[0].what).rfc;
    default:
      return {};
  }
}

std::string_view kind_name(AnnotatedPacket::Kind kind) {
  switch (kind) {
    case AnnotatedPacket::Kind::Received:
      return "in";
    case AnnotatedPacket::Kind::Dropped:
      return "drop";
    case AnnotatedPacket::Kind::Sent:
      return "out";
    case AnnotatedPacket::Kind::LostReceived:
      return "lost-in";
    case AnnotatedPacket::Kind::LostSent:
      return "lost-out";
    case AnnotatedPacket::Kind::None:
      return "none";
  }
  return "none";
}

void add_tcb(TextBuffer& out, const TcbSnapshot& tcb) {
  out.add(" cwnd={}", tcb.cwnd);
  if (tcb.ssthresh != kNoThreshold) out.add(" ssthresh={}", tcb.ssthresh);
  out.add(" flight={} pipe={}", tcb.flight, tcb.pipe);
  if (tcb.sacked > 0) out.add(" sacked={}", tcb.sacked);
  if (tcb.lost > 0) out.add(" lost={}", tcb.lost);
  if (tcb.srtt > Duration::zero()) out.add(" srtt_us={}", to_us(tcb.srtt));
  out.add(" rto_us={} snd_wnd={} rcv_wnd={} unsent={} unread={} mss={}", to_us(tcb.rto),
          tcb.snd.wnd, tcb.rcv.wnd, tcb.unsent, tcb.unread, tcb.effective_mss);
  if (tcb.retransmissions > 0) out.add(" retransmissions={}", tcb.retransmissions);
}

void add_messages(TextBuffer& out, const MessageParts& messages) {
  if (messages.empty()) return;
  out.add(" message=");
  bool first = true;
  for (const MessagePart& part : messages.all()) {
    out.add("{}{}:{}@{}-{}/", std::exchange(first, false) ? "" : ",",
            part.role == MessageRole::Request ? "request" : "response", part.number, part.first,
            part.last);
    if (part.length > 0) {
      out.add("{}", part.length);
    } else {
      out.add("?");
    }
  }
}

void add_steps(TextBuffer& out, const AnnotatedPacket& packet) {
  if (packet.steps.empty()) return;
  out.add(" states=");
  bool first = true;
  for (const StateStep& step : packet.steps.all()) {
    out.add("{}{}>{}", std::exchange(first, false) ? "" : ",", name_of(step.from),
            name_of(step.to));
  }
  out.add(" cause=");
  first = true;
  for (const StateStep& step : packet.steps.all())
    out.add("{}{}", std::exchange(first, false) ? "" : ",", name_of(step.cause));
}

}  // namespace

void add_fields(TextBuffer& out, const AnnotatedPacket& packet) {
  out.add("{} dir={}", kFieldsMark, kind_name(packet.kind));
  add_events(out, packet);
  if (packet.is_outgoing()) {
    add_key(out, "reason", info(packet.reason).name);
  } else if (packet.kind != AnnotatedPacket::Kind::LostReceived && packet.has_packet()) {
    add_key(out, "verdict", info(packet.verdict).name);
  }
  add_rfc(out, rfc_of(packet));
  if (packet.has_packet()) add_key(out, "class", info(class_of(packet)).key);
  const std::optional<TcbSnapshot>& tcb = packet.after ? packet.after : packet.before;
  if (packet.state) add_key(out, "state", name_of(*packet.state));
  if (!packet.peer.empty()) {
    out.add(" peer=");
    add_states(out, packet.peer);
  }
  add_steps(out, packet);
  for (const TimerName timer : packet.timers.all()) add_key(out, "timer", name_of(timer));
  if (packet.stream) out.add(" stream={}", *packet.stream);
  add_messages(out, packet.messages);
  if (packet.summary.is_tcp()) {
    const bool outgoing = packet.is_outgoing();
    const auto& sender = outgoing ? packet.numbers.ours : packet.numbers.theirs;
    const auto& receiver = outgoing ? packet.numbers.theirs : packet.numbers.ours;
    if (sender) out.add(" seq={}", packet.summary.seq.raw() - sender->raw());
    if (receiver && packet.summary.has(PacketSummary::kAck))
      out.add(" ack={}", packet.summary.ack.raw() - receiver->raw());
  }
  if (tcb) add_tcb(out, *tcb);
  if (packet.gso_size > 0) out.add(" gso={}", packet.gso_size);
  if (packet.checksum_partial) out.add(" checksum=partial");
  out.add(" now_ns={}", packet.now.time_since_epoch().count());
}

}  // namespace glasstcp
