// See row_json.h.
#include "stack/lab/row_json.h"

namespace glasstcp::lab {
namespace {

// Bytes of a packet that pages explain: all headers, and where the data begins.
constexpr std::size_t kMostBytes = 120;
// Parts of what is outstanding that a moment tells of.
constexpr std::size_t kMostMarks = 64;

std::int64_t since(Instant start, Instant at) {
  return at == kNever ? -1 : (at - start).count();
}

std::string hexadecimal(std::span<const ByteView> pieces) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const ByteView piece : pieces) {
    for (const std::uint8_t byte : piece) {
      if (text.size() == 2 * kMostBytes) return text;
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
  }
  return text;
}

void write_options(Json& json, const PacketSummary& packet) {
  if (packet.has_mss) json.count("mss", packet.mss);
  if (packet.has_window_scale) json.count("scale", int{packet.window_scale});
  if (packet.sack_permitted) json.count("sackok", 1);
  if (packet.has_timestamps) {
    json.count("tsval", packet.ts_val);
    json.count("tsecr", packet.ts_ecr);
  }
}

// A text that is empty is left out: rows are many, and most of what may be said of one is not.
void add_text(Json& json, std::string_view key, std::string_view text) {
  if (!text.empty()) json.field(key, text);
}

void write_sacks(Json& json, const PacketSummary& packet) {
  if (packet.sack_count == 0) return;
  json.key("sacks").begin('[');
  for (std::size_t i = 0; i < packet.sack_count && i < packet.sack.size(); ++i) {
    json.number(packet.sack[i].left.raw());
    json.number(packet.sack[i].right.raw());
  }
  json.end(']');
}

void write_packet(Json& json, const Row& row) {
  json.count("number", row.number);
  if (row.is_copy) json.count("copy", 1);
  if (row.is_forged) json.count("forged", 1);
  if (row.is_marked) json.count("marked", 1);
  if (row.is_plain) json.count("plain", 1);
  add_text(json, "lost", row.lost);
  json.field("class", info(row.reason_class).key);
  json.field("label", row.label);
  add_text(json, "why", row.why);
  add_text(json, "effect", row.effect);
  add_text(json, "watched", row.watched);
  json.count("seq", row.seq);
  json.count("ack", row.ack);
  const PacketSummary& packet = row.summary;
  json.count("len", packet.text_length);
  json.count("flags", packet.flags);
  json.count("window", packet.window);
  json.count("ecn", int{packet.ecn});
  write_options(json, packet);
  write_sacks(json, packet);
}

}  // namespace

void RowExtra::learn(const AnnotatedPacket& packet) {
  if (!packet.has_packet()) return;
  if (packet.is_outgoing()) {
    reason = info(packet.reason).name;
  } else {
    verdict = info(packet.verdict).name;
  }
  if (bytes.empty()) bytes = hexadecimal(packet.pieces);
  size = packet.summary.total_length;
}

std::string_view moment_of(const AnnotatedPacket& packet) {
  if (!packet.has_packet()) return "state";
  return packet.is_outgoing() ? "sent" : "came";
}

void write_row(Json& json, const Row& row, const RowExtra& extra, std::size_t number,
               Instant start) {
  json.begin('{');
  json.count("i", number);
  json.count("kind", static_cast<int>(row.kind));
  json.count("side", static_cast<int>(row.side));
  json.count("connection", row.connection);
  json.count("at", since(start, row.at));
  json.count("arrived", since(start, row.arrived));
  json.key("states").begin('[');
  for (const std::string_view state : row.states) json.string(state);
  json.end(']');
  json.key("changed").begin('[');
  for (const bool changed : row.changed) json.boolean(changed);
  json.end(']');
  if (row.kind != Row::Kind::Packet) {
    json.field("text", row.text);
    return json.end('}');
  }
  write_packet(json, row);
  add_text(json, "reason", extra.reason);
  add_text(json, "verdict", extra.verdict);
  add_text(json, "bytes", extra.bytes);
  json.count("size", extra.size);
  add_text(json, "messages", extra.messages);
  json.end('}');
}

std::string timers_text(const std::vector<RunningTimer>& timers, Instant start) {
  Json json;
  json.begin('[');
  for (const RunningTimer& timer : timers) {
    json.string(name_of(timer.name));
    json.number(since(start, timer.deadline));
  }
  json.end(']');
  return json.text();
}

std::string marks_text(const std::vector<OutstandingRange>& ranges) {
  Json json;
  json.begin('[');
  std::size_t told = 0;
  for (const OutstandingRange& range : ranges) {
    const int kind = range.state == SegmentState::Delivered ? 1
                     : range.state == SegmentState::Lost    ? 2
                                                            : 0;
    if ((kind == 0 && !range.retransmitted) || told == kMostMarks) continue;
    ++told;
    json.number(range.begin.raw());
    json.number(range.end.raw());
    json.number(kind);
  }
  json.end(']');
  return json.text();
}

std::string tcb_text(const TcbSnapshot& tcb, Instant deadline, Instant start) {
  Json json;
  json.begin('[');
  json.string(name_of(tcb.state));
  for (const std::uint32_t value :
       {tcb.snd.una.raw(), tcb.snd.nxt.raw(), tcb.snd.wnd,       tcb.snd.up.raw(),
        tcb.snd.wl1.raw(), tcb.snd.wl2.raw(), tcb.snd.iss.raw(), tcb.rcv.nxt.raw(),
        tcb.rcv.wnd,       tcb.rcv.up.raw(),  tcb.rcv.irs.raw(), tcb.cwnd,
        tcb.ssthresh,      tcb.flight,        tcb.pipe,          tcb.sacked,
        tcb.lost,          tcb.unsent,        tcb.unread,        tcb.effective_mss}) {
    json.number(value);
  }
  for (const Duration time : {tcb.srtt, tcb.rttvar, tcb.rto, tcb.reordering_window}) {
    json.number(to_us(time));
  }
  for (const std::uint32_t value :
       {tcb.duplicate_acks, tcb.retransmissions, tcb.in_recovery ? 1U : 0U,
        std::uint32_t{tcb.snd_shift}, std::uint32_t{tcb.rcv_shift}}) {
    json.number(value);
  }
  json.number(since(start, deadline));
  json.end(']');
  return json.text();
}

}  // namespace glasstcp::lab
