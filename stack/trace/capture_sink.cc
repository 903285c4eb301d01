// From events to packet blocks with comments, and the short memory for what happened between
// packets.
#include "stack/trace/capture_sink.h"

#include <algorithm>

#include "stack/trace/explain.h"
#include "stack/trace/fields.h"
#include "stack/trace/packet_event_words.h"

namespace glasstcp {

CaptureSink::CaptureSink(BlockSink& sink, const CaptureOptions& options)
    : encoder_(sink, options.snap_length), options_(options) {
  encoder_.begin_section(options.application, std::span(&options.section_comment, 1));
  encoder_.add_interface(options.interface_name,
                         either(options.language, "packets as the stack sent and used them",
                                "协议栈发送和采用的分组"));
  TextBuffer name;
  name.add("{}-dropped", options.interface_name);
  encoder_.add_interface(name.view(),
                         either(options.language, "packets that the stack dropped or the link lost",
                                "协议栈丢弃或链路丢失的分组"));
  // Borrowed only until here.
  options_.application = options_.interface_name = options_.section_comment = {};
}

void CaptureSink::on_annotated(const AnnotatedPacket& packet) noexcept {
  if (!packet.has_packet()) return add_note(packet);
  std::array<std::string_view, kMaxComments> comments;
  std::size_t count = 0;
  const bool kept =
      packet.kind == AnnotatedPacket::Kind::Received || packet.kind == AnnotatedPacket::Kind::Sent;
  if (has_text()) {
    add_sentence_of(packet);
    comments[count++] = text_.view();
  }
  if (has_fields()) {
    fields_.clear();
    add_fields(fields_, packet);
    comments[count++] = fields_.view();
  }
  if (has_text()) {
    std::size_t used = 0;
    const auto detail = [&]() -> TextBuffer& {
      TextBuffer& text = details_[used++];
      text.clear();
      return text;
    };
    for (const TimerName timer : packet.timers.all()) {
      TextBuffer& text = detail();
      add_timer(text, timer, packet.before, options_.language);
      comments[count++] = text.view();
    }
    for (const StateStep& step : packet.steps.all()) {
      TextBuffer& text = detail();
      text.add("{}", either(options_.language, "state ", "状态 "));
      add_step_words(text, step, options_.language);
      add_peer(text, packet.peer, options_.language);
      comments[count++] = text.view();
    }
    for (std::size_t i = 0; i < note_count_; ++i) {
      if (notes_[i].tuple == packet.tuple) comments[count++] = notes_[i].text.view();
    }
  }
  encoder_.add_packet({.interface = kept ? kDevice : kDropped,
                       .time_ns = (packet.at.time_since_epoch() + options_.wall_offset).count(),
                       .direction = packet.is_outgoing() ? Direction::Out : Direction::In,
                       .pieces = packet.pieces,
                       .comments = std::span(comments.data(), count)});
  std::size_t left = 0;
  for (std::size_t i = 0; i < note_count_; ++i) {
    if (notes_[i].tuple == packet.tuple) continue;
    if (left != i) notes_[left] = notes_[i];
    ++left;
  }
  note_count_ = left;
}

void CaptureSink::add_sentence_of(const AnnotatedPacket& packet) {
  text_.clear();
  switch (packet.kind) {
    case AnnotatedPacket::Kind::Received:
      text_.add("IN ");
      break;
    case AnnotatedPacket::Kind::Dropped:
      text_.add("DROP ");
      break;
    case AnnotatedPacket::Kind::LostReceived:
      text_.add("LOST ");
      break;
    default:
      text_.add("OUT ");
      break;
  }
  add_sentence(text_, packet, options_.language);
  add_offload(packet);
}

// The oldest note makes room: a connection that never sends another packet must not keep its place.
void CaptureSink::add_note(const AnnotatedPacket& packet) {
  if (!has_text()) return;
  if (note_count_ == kMaxNotes) {
    std::copy(notes_.begin() + 1, notes_.end(), notes_.begin());
    --note_count_;
  }
  Note& note = notes_[note_count_++];
  note.tuple = packet.tuple;
  note.text.clear();
  const std::int64_t ns = (packet.at.time_since_epoch() + options_.wall_offset).count();
  note.text.add("{}{}.{:06}: ", either(options_.language, "at ", "时刻 "), ns / 1'000'000'000,
                ns % 1'000'000'000 / 1000);
  add_happening(note.text, packet, options_.language);
}

void CaptureSink::finish(Instant at) noexcept {
  if (note_count_ == 0) return;
  std::array<TextBuffer, kMaxNotes> texts;
  std::array<std::string_view, kMaxNotes> comments;
  for (std::size_t i = 0; i < note_count_; ++i) {
    texts[i].add("{} - {}: {}", notes_[i].tuple.local().to_string(),
                 notes_[i].tuple.remote().to_string(), notes_[i].text.view());
    comments[i] = texts[i].view();
  }
  encoder_.add_statistics(kDevice, (at.time_since_epoch() + options_.wall_offset).count(),
                          std::span(comments.data(), note_count_));
  note_count_ = 0;
}

void CaptureSink::add_offload(const AnnotatedPacket& packet) {
  const bool chinese = options_.language == Language::Chinese;
  if (packet.gso_size != 0) {
    if (chinese) {
      text_.add(" [内核按 {} 字节分段]", packet.gso_size);
    } else {
      text_.add(" [offload: segments of {} bytes on the wire]", packet.gso_size);
    }
  }
  if (packet.checksum_partial) {
    text_.add("{}", chinese ? " [检验和由内核完成]" : " [offload: checksum left to the kernel]");
  }
}

}  // namespace glasstcp
