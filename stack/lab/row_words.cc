// See row_words.h.
#include "stack/lab/row_words.h"

#include <algorithm>

#include "stack/trace/packet_event_words.h"
#include "stack/trace/relative_numbers.h"

namespace glasstcp::lab {
namespace {

using enum PacketEvent;

// What every transfer does all the time, and what the row shows anyway.
constexpr std::array kUsual = {DataInOrder,    AckOfData,          AckOnData,
                               PushEndOfQueue, SlowStart,          CongestionAvoidance,
                               Recovery,       PushEndOfMessage,   CwndFull,
                               Retransmission, AckOfRetransmission};

bool is_usual(PacketEvent event) {
  return std::ranges::find(kUsual, event) != kUsual.end();
}

bool is_usual(SendReason reason) {
  using enum SendReason;
  return reason == NewData || reason == AckEverySecondSegment || reason == AckDelayTimer ||
         reason == AckImmediate || reason == RetransmitAfterTimeout;
}

void add_clause(std::string& text, std::string_view clause, Language language) {
  if (!text.empty()) text += either(language, "; ", "；");
  text += clause;
}

// "Name: sentence (RFC)".
template <typename Info>
std::string told(const Info& row, Language language) {
  std::string text(row.name);
  text += either(language, ": ", "：");
  text += either(language, row.sentence, row.sentence_zh);
  if (!row.rfc.empty()) {
    text += either(language, " (", "（");
    text += row.rfc;
    text += either(language, ")", "）");
  }
  return text;
}

void add_events(std::string& text, const PacketEvents& events, Language language) {
  for (const PacketEventValue& event : events.all()) {
    if (is_usual(event.what)) continue;
    TextBuffer words;
    add_event_words(words, event, language);
    add_clause(text, words.view(), language);
  }
}

void add_number(std::string& text, std::string_view name, std::uint32_t value) {
  text += name;
  text += std::to_string(value);
}

bool is_of_gap(PacketEvent event) {
  return event == DataOutOfOrder || event == DuplicateAck || event == DuplicateAckSent ||
         event == SackReport;
}

// What a SYN offers: "<mss 1460, SACK permitted, window scale 7, timestamps>".
std::string options_of(const PacketSummary& packet, Language language) {
  std::string text = " <mss " + std::to_string(packet.mss);
  if (packet.sack_permitted) text += either(language, ", SACK permitted", "，允许选择确认");
  if (packet.has_window_scale) {
    text += either(language, ", window scale ", "，窗口扩大 ");
    text += std::to_string(packet.window_scale);
  }
  if (packet.has_timestamps) text += either(language, ", timestamps", "，时间戳");
  return text + '>';
}

template <typename Info>
std::string told_once(const Info& row, ToldNames& told_names, Language language) {
  return told_names.insert(row.name).second ? told(row, language) : std::string(row.name);
}

}  // namespace

std::string label_of(const PacketSummary& packet, std::uint32_t seq, std::uint32_t ack) {
  if (!packet.is_tcp()) {
    if (packet.kind != PacketSummary::Kind::Icmp) return "IP";
    return "ICMP type " + std::to_string(packet.icmp_type) + " code " +
           std::to_string(packet.icmp_code);
  }
  TextBuffer flags;
  add_flags(flags, packet.flags);
  std::string text(flags.view());
  add_number(text, " seq=", seq);
  if (packet.has(PacketSummary::kAck)) add_number(text, " ack=", ack);
  if (packet.text_length > 0) add_number(text, " len=", packet.text_length);
  return text;
}

bool is_one_more_duplicate(const AnnotatedPacket& packet) {
  return std::ranges::any_of(packet.events.all(), [](const PacketEventValue& e) {
    return (e.what == DuplicateAck || e.what == DuplicateAckSent) && e.count > kToldOfAGap;
  });
}

bool is_plain_packet(const AnnotatedPacket& packet, bool repeats) {
  const bool outgoing = packet.is_outgoing();
  if (!packet.steps.empty() || !packet.timers.empty()) return false;
  // "I have heard of the congestion"; with AE the bit is one of a counter.
  const PacketSummary& summary = packet.summary;
  if (summary.has(PacketSummary::kCwr) && !summary.has(PacketSummary::kAe)) return false;
  if (outgoing && !is_usual(packet.reason) && !repeats) return false;
  if (!outgoing && packet.verdict != Verdict::Accepted && !repeats) return false;
  return std::ranges::all_of(packet.events.all(), [repeats](const PacketEventValue& e) {
    return is_usual(e.what) || (repeats && is_of_gap(e.what));
  });
}

void describe(Row& row, const AnnotatedPacket& packet) {
  row.summary = packet.summary;
  const bool outgoing = packet.is_outgoing();
  const auto& from = outgoing ? packet.numbers.ours : packet.numbers.theirs;
  const auto& to = outgoing ? packet.numbers.theirs : packet.numbers.ours;
  row.seq = relative(packet.summary.seq, from);
  row.ack = relative(packet.summary.ack, to);
  row.label = label_of(packet.summary, row.seq, row.ack);
}

std::string why_of(const AnnotatedPacket& packet, ToldNames& told_names, Language language) {
  std::string text;
  for (const TimerName timer : packet.timers.all()) {
    TextBuffer words;
    add_timer_words(words, timer, language);
    add_clause(text, words.view(), language);
  }
  add_clause(text, told_once(info(packet.reason), told_names, language), language);
  if (packet.summary.has_mss) text += options_of(packet.summary, language);
  add_events(text, packet.events, language);
  return text;
}

std::string effect_of(const AnnotatedPacket& packet, ToldNames& told_names, Language language) {
  std::string text;
  // A SYN that crosses ours is accepted, but not by a listener, as the verdict's words have it.
  const bool crosses = packet.verdict == Verdict::SynAccepted && packet.before.has_value();
  const bool is_used = packet.verdict == Verdict::Accepted || crosses;
  if (!is_used) text = told_once(info(packet.verdict), told_names, language);
  add_events(text, packet.events, language);
  return text;
}

std::string happening_of(const AnnotatedPacket& packet, Language language) {
  std::string text;
  for (const StateStep& step : packet.steps.all()) {
    TextBuffer words;
    add_step_words(words, step, language);
    add_clause(text, words.view(), language);
  }
  return text;
}

}  // namespace glasstcp::lab
