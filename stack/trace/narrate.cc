// The layout of a narrated line, and the folding of runs.
#include "stack/trace/narrate.h"

#include <algorithm>

#include "stack/trace/explain.h"
#include "stack/trace/packet_event_words.h"
#include "stack/trace/reason_class.h"

namespace glasstcp {
namespace {

std::string_view direction_of(AnnotatedPacket::Kind kind) {
  switch (kind) {
    case AnnotatedPacket::Kind::Received:
      return "IN  ";
    case AnnotatedPacket::Kind::Dropped:
      return "DROP ";
    case AnnotatedPacket::Kind::Sent:
      return "OUT ";
    case AnnotatedPacket::Kind::LostReceived:
      return "LOST IN  ";
    case AnnotatedPacket::Kind::LostSent:
      return "LOST OUT ";
    case AnnotatedPacket::Kind::None:
      return "    ";
  }
  return "";
}

// The segments that a packet stands for.
std::uint64_t segments_of(const AnnotatedPacket& packet) {
  if (packet.gso_size == 0) return 1;
  return std::max<std::uint64_t>(
      (packet.summary.text_length + packet.gso_size - 1) / packet.gso_size, 1);
}

bool is_plain_ack(SendReason reason) {
  return reason == SendReason::AckEverySecondSegment || reason == SendReason::AckDelayTimer ||
         reason == SendReason::AckImmediate || reason == SendReason::WindowUpdate;
}

// What an ACK says of our data.
std::uint64_t acked_by(const AnnotatedPacket& packet) {
  for (const PacketEventValue& event : packet.events.all()) {
    if (event.what == PacketEvent::AckOfData || event.what == PacketEvent::AckOfRetransmission)
      return event.count;
  }
  return 0;
}

}  // namespace

void Narrator::begin(Instant at, const AnnotatedPacket& packet) {
  line_.clear();
  const std::int64_t us = to_us(at - origin_);
  line_.add("{}.{:06} ", us / 1'000'000, us % 1'000'000);
  if (!packet.stream) {
    line_.add("[-] ");
    return;
  }
  line_.add("[{}] ", *packet.stream);
  std::uint32_t& told = introduced_[*packet.stream % introduced_.size()];
  if (std::exchange(told, *packet.stream + 1) == *packet.stream + 1) {
    line_.add(":{} ", number(packet.tuple.remote_port));
    return;
  }
  const bool v4 = packet.tuple.remote_address.is_v4();
  line_.add("{}{}{}:{} ", v4 ? "" : "[", packet.tuple.remote_address.text().view(), v4 ? "" : "]",
            number(packet.tuple.remote_port));
}

// From here to the end of the line. ECMA-48: ESC [ 38;5;n m chooses a colour of 256, ESC [ 0 m ends
// it.
void Narrator::paint(const AnnotatedPacket& packet) {
  if (!has_colours_) return;
  const ReasonClassInfo& row = info(class_of(packet));
  line_.add("\x1b[38;5;{}m{} ", row.terminal, row.mark);
  is_painted_ = true;
}

void Narrator::end() {
  line_.end_line(std::exchange(is_painted_, false) ? "\x1b[0m" : "");
  sink_.write(line_.view());
}

void Narrator::on_annotated(const AnnotatedPacket& packet) noexcept {
  on_time(packet.at);
  if (!is_told(packet)) return;
  if (detail_ == Detail::Folded && packet.stream) {
    if (fold(packet)) return;
    for (Fold& waiting : folds_) {
      if (waiting.used && waiting.stream == *packet.stream) write_fold(waiting);
    }
  }
  write(packet);
}

// Of --verbose=states.
bool Narrator::is_told(const AnnotatedPacket& packet) const {
  if (detail_ != Detail::States) return true;
  if (!packet.steps.empty() || packet.unsent > 0) return true;
  if (!packet.summary.is_tcp()) return false;
  const bool is_flagged = packet.summary.has(PacketSummary::kSyn) ||
                          packet.summary.has(PacketSummary::kFin) ||
                          packet.summary.has(PacketSummary::kRst);
  return is_flagged || packet.verdict == Verdict::HandshakeComplete ||
         packet.events.has(PacketEvent::AckOfFin) ||
         (packet.is_outgoing() &&
          (packet.reason == SendReason::HandshakeAck || packet.reason == SendReason::AckFin));
}

// -- One packet

void Narrator::write_details(const AnnotatedPacket& packet, Instant at) {
  for (const StateStep& step : packet.steps.all()) {
    begin(at, packet);
    line_.add("    ");
    add_step_words(line_, step, language_);
    add_peer(line_, packet.peer, language_);
    end();
  }
}

void Narrator::write(const AnnotatedPacket& packet) {
  if (!packet.has_packet()) {
    if (packet.unsent > 0 || !packet.timers.empty()) {
      AnnotatedPacket rest = packet;
      rest.steps = {};
      begin(packet.at, packet);
      line_.add("    ");
      add_happening(line_, rest, language_);
      end();
    }
    return write_details(packet, packet.at);
  }
  for (const TimerName timer : packet.timers.all()) {
    begin(packet.at, packet);
    line_.add("    ");
    add_timer(line_, timer, packet.before, language_);
    end();
  }
  begin(packet.at, packet);
  paint(packet);
  line_.add("{}", direction_of(packet.kind));
  add_packet(line_, packet);
  line_.add("  ");
  add_sentence(line_, packet, language_);
  end();
  write_details(packet, packet.at);
}

// -- Runs

bool Narrator::is_foldable(const AnnotatedPacket& packet) {
  if (!packet.steps.empty() || !packet.timers.empty() || packet.lost.english.size() > 0)
    return false;
  const PacketSummary& p = packet.summary;
  if (!p.is_tcp()) return false;
  const std::uint16_t plain = PacketSummary::kAck | PacketSummary::kPsh;
  if ((p.flags & ~plain) != 0) return false;
  for (const MessagePart& part : packet.messages.all()) {
    if (part.begins || part.ends) return false;
  }
  switch (packet.kind) {
    case AnnotatedPacket::Kind::Sent:
      return packet.reason == SendReason::NewData || is_plain_ack(packet.reason) ||
             is_retransmission(packet.reason);
    case AnnotatedPacket::Kind::Received:
      for (const PacketEventValue& event : packet.events.all()) {
        const bool is_flow =
            event.what == PacketEvent::AckOfData || event.what == PacketEvent::DataInOrder ||
            event.what == PacketEvent::WindowUpdate || event.what == PacketEvent::SackReport;
        const bool is_late_duplicate = event.what == PacketEvent::DuplicateAck && event.count > 3;
        if (!is_flow && !is_late_duplicate) return false;
      }
      return packet.verdict == Verdict::Accepted && !packet.events.empty();
    default:
      return false;
  }
}

bool Narrator::are_alike(const AnnotatedPacket& a, const AnnotatedPacket& b) {
  if (a.is_outgoing()) return a.reason == b.reason;
  return a.events.all()[0].what == b.events.all()[0].what;
}

Narrator::Fold& Narrator::fold_of(std::uint32_t stream) {
  Fold* free = nullptr;
  Fold* oldest = &folds_[0];
  for (Fold& fold : folds_) {
    if (fold.used && fold.stream == stream) return fold;
    if (!fold.used && free == nullptr) free = &fold;
    if (fold.last_at < oldest->last_at) oldest = &fold;
  }
  if (free == nullptr) {
    write_fold(*oldest);
    free = oldest;
  }
  free->used = true;
  free->stream = stream;
  return *free;
}

// False: the packet is to be written by itself, after the runs of its connection.
bool Narrator::fold(const AnnotatedPacket& packet) {
  if (!is_foldable(packet)) return false;
  Fold& fold = fold_of(*packet.stream);
  const std::size_t way = packet.is_outgoing() ? 0 : 1;
  if (fold.runs[way].count > 0 && !are_alike(fold.runs[way].first, packet)) {
    write_fold(fold);
    fold.used = true;
    fold.stream = *packet.stream;
  }
  Run& run = fold.runs[way];
  if (run.count++ == 0) {
    run.first = packet;
    run.first.pieces = {};
    run.bytes = run.segments = run.acked = 0;
  }
  run.last = packet;
  run.last.pieces = {};
  run.bytes += packet.summary.text_length;
  run.segments += segments_of(packet);
  run.acked += acked_by(packet);
  fold.last_at = packet.at;
  return true;
}

void Narrator::write_fold(Fold& fold) {
  const bool out_first = fold.runs[1].count == 0 ||
                         (fold.runs[0].count > 0 && fold.runs[0].first.at <= fold.runs[1].first.at);
  write_run(fold.runs[out_first ? 0 : 1]);
  write_run(fold.runs[out_first ? 1 : 0]);
  fold.runs[0].count = fold.runs[1].count = 0;
  fold.used = false;
}

void Narrator::write_run(const Run& run) {
  if (run.count == 0) return;
  if (run.count == 1) return write(run.first);
  const bool chinese = language_ == Language::Chinese;
  const bool outgoing = run.first.is_outgoing();
  const auto& sender = outgoing ? run.first.numbers.ours : run.first.numbers.theirs;
  const std::int64_t lasted = to_us(run.last.at - run.first.at);
  begin(run.first.at, run.first);
  paint(run.last);
  line_.add("{}", direction_of(run.first.kind));
  line_.add(chinese ? fmt::runtime("{} 个报文段，历时 {}.{:03} ms")
                    : fmt::runtime("{} segments in {}.{:03} ms"),
            run.segments, lasted / 1000, lasted % 1000);
  if (run.bytes > 0 && sender) {
    const std::uint32_t from = run.first.summary.seq.raw() - sender->raw();
    const std::uint32_t to =
        run.last.summary.seq.raw() - sender->raw() + run.last.summary.text_length;
    line_.add(
        chinese ? fmt::runtime("，{} 字节，seq {}-{}") : fmt::runtime(", {} bytes, seq {}-{}"),
        run.bytes, from, to - 1);
  }
  if (run.acked > 0) {
    line_.add(chinese ? fmt::runtime("，共确认 {} 字节")
                      : fmt::runtime(", together they acknowledge {} bytes"),
              run.acked);
  }
  const bool whole =
      outgoing && run.last.after && run.last.before && run.bytes > 0 &&
      run.last.after->flight >= run.last.after->cwnd - run.last.after->effective_mss &&
      run.last.after->snd.una == run.last.after->snd.iss + 1;
  if (whole)
    line_.add("{}", either(language_, ", the whole initial window", "，占满整个初始拥塞窗口"));
  line_.add("{}", either(language_, "; the last: ", "；最后一个："));
  add_sentence(line_, run.last, language_);
  end();
}

void Narrator::on_time(Instant now) noexcept {
  if (detail_ != Detail::Folded) return;
  for (Fold& fold : folds_) {
    if (fold.used && now - fold.last_at >= kFoldSilence) write_fold(fold);
  }
}

Instant Narrator::next_deadline() const noexcept {
  Instant next = kNever;
  for (const Fold& fold : folds_) {
    if (fold.used) next = std::min(next, fold.last_at + kFoldSilence);
  }
  return next;
}

void Narrator::flush() noexcept {
  for (Fold& fold : folds_) {
    if (fold.used) write_fold(fold);
  }
}

}  // namespace glasstcp
