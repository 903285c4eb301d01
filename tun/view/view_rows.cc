// See view_rows.h.
#include "tun/view/view_rows.h"

#include "stack/trace/packet_event_words.h"

namespace glasstcp {
namespace {

using lab::Side;

std::string messages_of(const AnnotatedPacket& packet, Language language) {
  std::string text;
  for (const MessagePart& part : packet.messages.all()) {
    TextBuffer words;
    add_message_words(words, part, language);
    if (!text.empty()) text += either(language, "; ", "；");
    text += words.view();
  }
  return text;
}

}  // namespace

void ViewRows::write(const ViewRow& kept, Json& rows, Json& moments) {
  ByteView piece;
  const AnnotatedPacket packet = kept.annotated(piece);
  lab::Row row;
  row.at = packet.at;
  row.side = packet.has_packet() && !packet.is_outgoing() ? Side::Client : Side::Server;
  row.number = kept.number + 1;
  row.lost = packet.lost.in(language_);
  TextBuffer peer;
  add_states(peer, packet.peer);
  row.states = {peer.view(), packet.state ? name_of(*packet.state) : std::string_view()};
  row.changed = {!packet.peer.empty() && packet.peer != peer_, !packet.steps.empty()};
  if (!packet.peer.empty()) peer_ = packet.peer;
  lab::RowExtra extra;
  if (packet.has_packet()) {
    lab::describe(row, packet);
    row.reason_class = class_of(packet);
    row.is_plain = lab::is_plain_packet(packet, lab::is_one_more_duplicate(packet));
    if (packet.is_outgoing()) {
      row.why = lab::why_of(packet, told_, language_);
    } else {
      if (packet.kind != AnnotatedPacket::Kind::LostReceived) row.arrived = packet.at;
      row.effect = lab::effect_of(packet, told_, language_);
    }
    if (packet.kind != AnnotatedPacket::Kind::LostReceived) extra.learn(packet);
    extra.messages = messages_of(packet, language_);
  } else {
    row.kind = lab::Row::Kind::State;
    row.text = lab::happening_of(packet, language_);
  }
  lab::write_row(rows, row, extra, static_cast<std::size_t>(kept.number), start_);
  moments.begin('[');
  moments.string(lab::moment_of(packet));
  moments.number(kept.number);
  moments.number(static_cast<int>(Side::Server));
  moments.number(1);
  moments.number((packet.at - start_).count());
  moments.raw(packet.after ? lab::tcb_text(*packet.after, kNever, start_) : "null");
  moments.end(']');
}

}  // namespace glasstcp
