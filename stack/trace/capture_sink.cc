// From events to packet blocks with comments, and the short memory for what happened between
// packets.
#include "stack/trace/capture_sink.h"

#include <algorithm>

#include "stack/trace/explain.h"

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

void CaptureSink::on_packet_sent(const PacketSentEvent& event) noexcept {
  const std::string_view why = foreteller_ != nullptr
                                   ? foreteller_->why_next_is_lost(options_.language)
                                   : std::string_view();
  comment_.clear();
  if (options_.annotate) {
    comment_.add("OUT ");
    add_reason(comment_, event, options_.language);
    add_offload(event.checksum_partial, event.gso_size);
    if (!why.empty()) comment_.add(" [LOST {}]", why);
  }
  write(event.at, event.connection,
        {.interface = why.empty() ? kDevice : kDropped,
         .direction = Direction::Out,
         .pieces = event.pieces,
         .comments = {}});
}

void CaptureSink::on_packet_received(const PacketReceivedEvent& event) noexcept {
  const bool used = is_accepted(event.verdict);
  comment_.clear();
  if (options_.annotate) {
    comment_.add("{} ", used ? "IN" : "DROP");
    add_verdict(comment_, event, options_.language);
    add_offload(event.checksum_partial, event.gso_size);
  }
  write(event.at, event.connection,
        {.interface = used ? kDevice : kDropped,
         .direction = Direction::In,
         .pieces = std::span(&event.packet, 1),
         .comments = {}});
}

void CaptureSink::on_state_changed(const StateChangedEvent& event) noexcept {
  if (!options_.annotate) return;
  Note& note = add_note(event.connection);
  note.text.add("{}", either(options_.language, "state ", "状态 "));
  add_state_change(note.text, event.from, event.to);
}

void CaptureSink::on_timer_fired(const TimerFiredEvent& event) noexcept {
  if (!options_.annotate) return;
  add_timer(add_note(event.connection).text, event, options_.language);
}

void CaptureSink::note_lost(Instant at, ByteView packet, Direction direction,
                            std::string_view why) noexcept {
  comment_.clear();
  if (options_.annotate) comment_.add("LOST {}", why);
  const std::int64_t time = (at.time_since_epoch() + options_.wall_offset).count();
  const std::string_view comment = comment_.view();
  encoder_.add_packet({.interface = kDropped,
                       .time_ns = time,
                       .direction = direction,
                       .pieces = std::span(&packet, 1),
                       .comments = std::span(&comment, 1)});
}

// The oldest note makes room: a connection that never sends another packet must not keep its place.
CaptureSink::Note& CaptureSink::add_note(ConnectionId connection) {
  if (note_count_ == kMaxNotes) {
    std::copy(notes_.begin() + 1, notes_.end(), notes_.begin());
    --note_count_;
  }
  Note& note = notes_[note_count_++];
  note.connection = connection;
  note.text.clear();
  return note;
}

void CaptureSink::add_offload(bool checksum_partial, std::uint16_t gso_size) {
  const bool chinese = options_.language == Language::Chinese;
  if (gso_size != 0) {
    if (chinese) {
      comment_.add(" [内核按 {} 字节分段]", gso_size);
    } else {
      comment_.add(" [offload: segments of {} bytes on the wire]", gso_size);
    }
  }
  if (checksum_partial) {
    comment_.add("{}", chinese ? " [检验和由内核完成]" : " [offload: checksum left to the kernel]");
  }
}

void CaptureSink::write(Instant at, ConnectionId connection, CapturePacket packet) {
  std::array<std::string_view, 1 + kMaxNotes> comments;
  std::size_t count = 0;
  if (comment_.size() != 0) comments[count++] = comment_.view();
  std::array<bool, kMaxNotes> told{};
  for (std::size_t i = 0; i < note_count_; ++i) {
    told[i] = notes_[i].connection == connection;
    if (told[i]) comments[count++] = notes_[i].text.view();
  }
  packet.time_ns = (at.time_since_epoch() + options_.wall_offset).count();
  packet.comments = std::span(comments.data(), count);
  encoder_.add_packet(packet);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < note_count_; ++i) {
    if (told[i]) continue;
    if (kept != i) notes_[kept] = notes_[i];
    ++kept;
  }
  note_count_ = kept;
}

}  // namespace glasstcp
