// From the stack's events to packets with annotations; see annotator.h for what waits for what.
#include "stack/trace/annotator.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace glasstcp {
namespace {

constexpr std::size_t kMostPacket = 65536 + 64;

// Whether an arrow is one whose packet is our FIN.
bool is_close(const StateStep& step) {
  return step.to == State::FinWait1 || step.to == State::LastAck;
}

// An ICMP error has the connection's packet inside, and no tuple of its own.
bool is_of_icmp(const StateStep& step, const AnnotatedPacket& packet) {
  return step.cause == StateCause::IcmpError && packet.verdict == Verdict::IcmpErrorUsed;
}

}  // namespace

Annotator::Annotator(const Options& options) : options_(options), memories_(options.connections) {
  if (options_.wait) {
    waiting_.reset(new (std::nothrow) Waiting[kMostWaiting]);
    bytes_.reset(new (std::nothrow) std::uint8_t[room_for_received()]);
    if (waiting_ == nullptr || bytes_ == nullptr) options_.wait = false;
  }
  if (options_.wait_written) {
    sent_bytes_.reset(new (std::nothrow) std::uint8_t[kMostPacket]);
    if (sent_bytes_ == nullptr) options_.wait_written = false;
  }
}

// -- Packets

void Annotator::on_packet_received(const PacketReceivedEvent& event) noexcept {
  AnnotatedPacket packet;
  packet.kind =
      is_accepted(event.verdict) ? AnnotatedPacket::Kind::Received : AnnotatedPacket::Kind::Dropped;
  packet.now = event.at;
  packet.at = read_at_ == Instant::min() ? event.at : read_at_;
  packet.connection = event.connection;
  packet.verdict = event.verdict;
  packet.summary = summarize(event.packet);
  packet.checksum_partial = event.checksum_partial;
  packet.gso_size = event.gso_size;
  if (event.before != nullptr) packet.before = *event.before;
  if (event.after != nullptr) packet.after = *event.after;
  ConnectionMemory* const memory = memories_.of(packet.summary, false, is_accepted(event.verdict));
  if (memory != nullptr) packet.events = memory->read_arrival(event, packet.summary);
  describe(packet, memory, false);
  take_notes(packet);
  learn_state(packet, memory);
  if (keep(packet, event.packet)) return;
  const ByteView whole = event.packet;
  packet.pieces = std::span(&whole, 1);
  if (memory != nullptr) packet.messages = memory->parts(packet.summary, false);
  hand_on(packet);
}

void Annotator::on_packet_sent(const PacketSentEvent& event) noexcept {
  release_received();
  if (has_sent_) release_sent();
  AnnotatedPacket packet;
  packet.kind = AnnotatedPacket::Kind::Sent;
  packet.now = packet.at = event.at;
  packet.connection = event.connection;
  packet.reason = event.reason;
  packet.summary = summarize(event.pieces);
  packet.checksum_partial = event.checksum_partial;
  packet.gso_size = event.gso_size;
  if (event.before != nullptr) packet.before = *event.before;
  if (event.after != nullptr) packet.after = *event.after;
  if (foreteller_ != nullptr) {
    packet.lost = {foreteller_->why_next_is_lost(event.pieces, Language::English),
                   foreteller_->why_next_is_lost(event.pieces, Language::Chinese)};
    if (!packet.lost.english.empty()) packet.kind = AnnotatedPacket::Kind::LostSent;
  }
  ConnectionMemory* const memory = memories_.of(packet.summary, true, true);
  if (memory != nullptr) {
    packet.events = memory->read_departure(event, packet.summary);
    packet.messages = memory->parts(packet.summary, true);
    if (packet.summary.has(PacketSummary::kFin) || packet.summary.has(PacketSummary::kRst))
      packet.close = memory->close_note();
  }
  describe(packet, memory, true);
  take_notes(packet);
  learn_state(packet, memory);
  std::size_t size = 0;
  for (const ByteView piece : event.pieces) size += piece.size();
  const bool is_copied = copier_ != nullptr || options_.heads_only;
  if (!is_copied && (!options_.wait_written || size > kMostPacket)) {
    packet.pieces = event.pieces;
    hand_on(packet);
    return;
  }
  sent_ = packet;
  sent_view_ = copy_of(event.pieces);
  has_sent_ = true;
  if (!options_.wait_written) release_sent();
}

// What leaves, in a row; of a packet that cannot be read any more its headers, which the stack
// made.
ByteView Annotator::copy_of(std::span<const ByteView> pieces) noexcept {
  if (options_.heads_only) {
    pieces = pieces.first(1);
  } else if (copier_ != nullptr) {
    const ByteView copy = copier_->copy(pieces);
    if (!copy.empty()) return copy;
    pieces = pieces.first(1);
  }
  if (sent_bytes_ == nullptr) return pieces.front();
  std::uint8_t* place = sent_bytes_.get();
  for (const ByteView piece : pieces) {
    std::memcpy(place, piece.data(), piece.size());
    place += piece.size();
  }
  return {sent_bytes_.get(), place};
}

void Annotator::on_written(Instant at) noexcept {
  if (!has_sent_) return;
  sent_.at = at;
  release_sent();
}

void Annotator::on_not_written() noexcept {
  on_lost(sent_.at, {"the device did not take it", "设备没有接受"});
}

void Annotator::on_lost(Instant at, LossWords why) noexcept {
  if (!has_sent_) return;
  sent_.at = at;
  sent_.kind = AnnotatedPacket::Kind::LostSent;
  sent_.lost = why;
  release_sent();
}

void Annotator::note_lost(Instant at, ByteView bytes, LossWords why) noexcept {
  release_received();
  AnnotatedPacket packet;
  packet.kind = AnnotatedPacket::Kind::LostReceived;
  packet.at = packet.now = at;
  packet.lost = why;
  packet.summary = summarize(bytes);
  packet.pieces = std::span(&bytes, 1);
  describe(packet, memories_.of(packet.summary, false, false), false);
  hand_on(packet);
}

// What is known of the connection now.
void Annotator::describe(AnnotatedPacket& packet, ConnectionMemory* memory, bool outgoing) {
  if (!packet.summary.is_tcp()) return;
  packet.tuple = packet.summary.tuple(outgoing);
  if (memory == nullptr) return;
  packet.stream = memory->stream();
  packet.numbers = memory->numbers();
  packet.peer = memory->peer();
  if (!packet.summary.has(PacketSummary::kSyn))
    packet.window_shift = memory->window_shift(outgoing);
}

// Keeps a packet that came until the application has acted on it. False: it need not wait, or there
// is no room.
bool Annotator::keep(AnnotatedPacket& packet, ByteView bytes) {
  if (!options_.wait) return false;
  if (options_.heads_only) bytes = bytes.first(std::min(bytes.size(), kHeads));
  const std::size_t room = room_for_received();
  if (waiting_count_ == kMostWaiting || bytes.size() > room - bytes_used_) release_received();
  if (bytes.size() > room) return false;
  std::uint8_t* const place = bytes_.get() + bytes_used_;
  std::memcpy(place, bytes.data(), bytes.size());
  bytes_used_ += bytes.size();
  waiting_[waiting_count_++] = {packet, {place, bytes.size()}};
  return true;
}

void Annotator::release_received() noexcept {
  for (std::size_t i = 0; i < waiting_count_; ++i) {
    AnnotatedPacket& packet = waiting_[i].packet;
    packet.pieces = std::span(&waiting_[i].bytes, 1);
    if (packet.summary.is_tcp()) {
      if (ConnectionMemory* memory = memories_.of(packet.tuple))
        packet.messages = memory->parts(packet.summary, false);
    }
    hand_on(packet);
  }
  waiting_count_ = 0;
  bytes_used_ = 0;
}

void Annotator::release_sent() noexcept {
  has_sent_ = false;
  sent_.pieces = std::span(&sent_view_, 1);
  hand_on(sent_);
}

// -- What happens between packets

void Annotator::on_state_changed(const StateChangedEvent& event) noexcept {
  Note note;
  note.kind = Note::Kind::State;
  note.at = event.at;
  note.connection = event.connection;
  note.tuple = event.tuple;
  note.has_tuple = true;
  note.step = {event.from, event.to, event.cause};
  add_note(note);
}

void Annotator::on_timer_fired(const TimerFiredEvent& event) noexcept {
  Note note;
  note.kind = Note::Kind::Timer;
  note.at = event.at;
  note.connection = event.connection;
  note.timer = event.timer;
  if (event.after != nullptr) note.tcb = *event.after;
  add_note(note);
}

void Annotator::on_message(const MessageEvent& event) noexcept {
  if (ConnectionMemory* memory = memories_.of(event.tuple)) memory->take(event.mark);
}

void Annotator::on_close(const CloseEvent& event) noexcept {
  ConnectionMemory* const memory = memories_.of(event.tuple);
  if (memory != nullptr) memory->take(event.note);
  if (event.unsent == 0) return;
  // RFC 9293 §3.10.4: CLOSE is called now; the FIN goes behind what is queued.
  release_received();
  AnnotatedPacket packet;
  packet.at = packet.now = event.at;
  packet.connection = event.connection;
  packet.tuple = event.tuple;
  packet.close = event.note;
  packet.unsent = event.unsent;
  if (memory != nullptr) packet.stream = memory->stream();
  hand_on(packet);
}

// The oldest note makes room: it is handed on by itself.
void Annotator::add_note(const Note& note) {
  if (note_count_ == kMostNotes) {
    const Note oldest = notes_[0];
    std::copy(notes_.begin() + 1, notes_.end(), notes_.begin());
    --note_count_;
    tell_note(oldest, oldest.at);
  }
  notes_[note_count_++] = note;
}

// Takes the notes of a packet's connection. FIN-WAIT-1 and LAST-ACK wait for the FIN.
void Annotator::take_notes(AnnotatedPacket& packet) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < note_count_; ++i) {
    const Note& note = notes_[i];
    const bool is_its = !note.has_tuple           ? note.connection == packet.connection
                        : packet.summary.is_tcp() ? note.tuple == packet.tuple
                                                  : is_of_icmp(note.step, packet);
    const bool waits_for_fin = note.kind == Note::Kind::State && is_close(note.step) &&
                               !packet.summary.has(PacketSummary::kFin) &&
                               !packet.summary.has(PacketSummary::kRst);
    const bool is_wrong_way =
        note.kind == Note::Kind::State && is_close(note.step) && !packet.is_outgoing();
    if (!is_its || waits_for_fin || is_wrong_way) {
      if (kept != i) notes_[kept] = note;
      ++kept;
    } else if (note.kind == Note::Kind::State) {
      packet.steps.add(note.step);
    } else {
      packet.timers.add(note.timer);
    }
  }
  note_count_ = kept;
}

// What has no TCB tells its state by its changes alone.
void Annotator::learn_state(AnnotatedPacket& packet, ConnectionMemory* memory) {
  if (memory == nullptr) return;
  const auto& tcb = packet.after ? packet.after : packet.before;
  if (tcb) memory->set_state(tcb->state);
  if (!packet.steps.empty()) memory->set_state(packet.steps.all().back().to);
  packet.state = memory->state();
}

void Annotator::tell_note(const Note& note, Instant now) noexcept {
  AnnotatedPacket packet;
  packet.at = packet.now = std::max(note.at, now);
  packet.connection = note.connection;
  packet.tuple = note.tuple;
  if (note.has_tuple) {
    if (ConnectionMemory* const memory = memories_.of(note.tuple)) {
      packet.stream = memory->stream();
      if (note.kind == Note::Kind::State) memory->set_state(note.step.to);
    }
  }
  if (note.kind == Note::Kind::State) {
    packet.steps.add(note.step);
  } else {
    packet.timers.add(note.timer);
    packet.after = note.tcb;
  }
  hand_on(packet);
}

void Annotator::on_turn_done(Instant now) noexcept {
  release_received();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < note_count_; ++i) {
    const Note note = notes_[i];
    if (note.kind == Note::Kind::State && is_close(note.step)) {
      notes_[kept++] = note;
    } else {
      tell_note(note, now);
    }
  }
  note_count_ = kept;
}

void Annotator::flush(Instant now) noexcept {
  release_received();
  if (has_sent_) release_sent();
  for (std::size_t i = 0; i < note_count_; ++i) tell_note(notes_[i], now);
  note_count_ = 0;
}

void Annotator::hand_on(const AnnotatedPacket& packet) noexcept {
  for (AnnotatedSink* const sink : sinks_) sink->on_annotated(packet);
}

}  // namespace glasstcp
