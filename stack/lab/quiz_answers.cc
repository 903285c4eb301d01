// See quiz_answers.h.
#include "stack/lab/quiz_answers.h"

#include <algorithm>

namespace glasstcp::lab::answers {
namespace {

using P = PacketSummary;

constexpr std::size_t kMostFrames = 12;  // more than a person copies by hand

Found number(std::uint64_t value) {
  return Answer{.number = value};
}
Found raw(const Frame* frame) {
  if (frame == nullptr) return std::nullopt;
  return number(frame->summary.seq.raw());
}
Found time(const Frame* from, const Frame* to) {
  if (from == nullptr || to == nullptr) return std::nullopt;
  return number(static_cast<std::uint64_t>(to_us(to->at - from->at)));
}
Found frames(std::vector<std::uint32_t> numbers) {
  if (numbers.empty() || numbers.size() > kMostFrames) return std::nullopt;
  return Answer{.frames = std::move(numbers)};
}
Found choice(std::size_t which) {
  return Answer{.choice = which};
}

bool is_tcp(const Frame& frame) {
  return frame.summary.is_tcp();
}
const Frame* first_fin(const Evidence& evidence) {
  return evidence.first([](const Frame& f) { return is_tcp(f) && f.has(P::kFin); });
}
const Frame* first_reset(const Evidence& evidence) {
  return evidence.first([](const Frame& f) { return is_tcp(f) && f.has(P::kRst); });
}
const Frame* first_repeated(const Evidence& evidence) {
  return evidence.first([](const Frame& f) { return f.repeats; });
}

// Ports of the client and the server.
std::pair<Port, Port> ports_of(const Frame& frame) {
  if (frame.from == Side::Client)
    return {frame.summary.source_port, frame.summary.destination_port};
  return {frame.summary.destination_port, frame.summary.source_port};
}
// The client's first one, which others' SYNs may come before.
const Frame* client_syn(const Evidence& evidence) {
  return evidence.first([](const Frame& f) {
    return is_tcp(f) && f.has(P::kSyn) && !f.has(P::kAck) &&
           f.summary.source == address_of(Side::Client);
  });
}
bool is_one_connection(const Evidence& evidence) {
  const Frame* const syn = evidence.syn();
  if (syn == nullptr) return false;
  std::optional<SeqNum> isn;
  for (const Frame& frame : evidence.frames()) {
    if (!is_tcp(frame)) continue;
    if (ports_of(frame) != ports_of(*syn)) return false;
    if (!frame.has(P::kSyn) || frame.has(P::kAck)) continue;
    if (isn && *isn != frame.summary.seq) return false;
    isn = frame.summary.seq;
  }
  return true;
}
bool acknowledges(const Frame& frame, const Frame& what) {
  return is_tcp(frame) && frame.from != what.from && frame.has(P::kAck) && !frame.has(P::kRst) &&
         ports_of(frame) == ports_of(what) && !(frame.summary.ack < what.end());
}
const Frame* first_acknowledging(const Evidence& evidence, const Frame& what) {
  return evidence.first(
      [&](const Frame& f) { return f.number > what.number && acknowledges(f, what); });
}
bool has_probes(const Evidence& evidence) {
  return evidence.first([](const Frame& f) {
    return f.outgoing && f.reason == SendReason::ZeroWindowProbe;
  }) != nullptr;
}

// Bytes of data that an end sent in the connection of the first SYN.
Found bytes_of(const Evidence& evidence, Side side) {
  const Frame* const syn = evidence.syn();
  if (syn == nullptr || !is_one_connection(evidence)) return std::nullopt;
  std::optional<SeqNum> begin, end;
  for (const Frame& frame : evidence.frames()) {
    if (!is_tcp(frame) || frame.from != side || frame.length() == 0) continue;
    const SeqNum last = frame.summary.seq + frame.length();
    if (!begin || frame.summary.seq < *begin) begin = frame.summary.seq;
    if (!end || *end < last) end = last;
  }
  if (!begin) return std::nullopt;
  return number(end->raw() - begin->raw());
}

}  // namespace

Found client_isn(const Evidence& evidence) {
  return raw(client_syn(evidence));
}
Found server_isn(const Evidence& evidence) {
  return raw(evidence.syn_ack());
}
Found client_port(const Evidence& evidence) {
  const Frame* const syn = client_syn(evidence);
  if (syn == nullptr) return std::nullopt;
  return number(glasstcp::number(ports_of(*syn).first));
}
Found client_mss(const Evidence& evidence) {
  const Frame* const syn = client_syn(evidence);
  if (syn == nullptr || !syn->summary.has_mss) return std::nullopt;
  return number(syn->summary.mss);
}
Found syn_ack_ack(const Evidence& evidence) {
  const Frame* const syn_ack = evidence.syn_ack();
  if (syn_ack == nullptr) return std::nullopt;
  return number(syn_ack->summary.ack.raw());
}
// A SYN that comes again has the number that is asked for anyway.
Found repeated_seq(const Evidence& evidence) {
  const Frame* const frame = first_repeated(evidence);
  if (frame == nullptr || frame->has(P::kSyn)) return std::nullopt;
  return raw(frame);
}
Found duplicate_ack(const Evidence& evidence) {
  const Frame* const frame = evidence.first(
      [](const Frame& f) { return !f.outgoing && f.has_event(PacketEvent::DuplicateAck); });
  if (frame == nullptr) return std::nullopt;
  return number(frame->summary.ack.raw());
}
Found fin_seq(const Evidence& evidence) {
  return raw(first_fin(evidence));
}
Found fin_ack(const Evidence& evidence) {
  const Frame* const fin = first_fin(evidence);
  const Frame* const ack = fin == nullptr ? nullptr : first_acknowledging(evidence, *fin);
  if (ack == nullptr) return std::nullopt;
  return number(ack->summary.ack.raw());
}
// A RST that answers a SYN has the number 0.
Found reset_seq(const Evidence& evidence) {
  const Frame* const reset = first_reset(evidence);
  if (reset == nullptr || reset->summary.seq.raw() == 0) return std::nullopt;
  return raw(reset);
}

// -- Times

Found round_trip(const Evidence& evidence) {
  const Frame* const answer = evidence.syn_ack();
  if (answer == nullptr) return std::nullopt;
  const Frame* begin = nullptr;
  if (evidence.end() == Side::Client) {
    for (const Frame& frame : evidence.frames()) {
      if (frame.number < answer->number && acknowledges(*answer, frame)) begin = &frame;
    }
    return time(begin, answer);
  }
  const Frame* const ack = first_acknowledging(evidence, *answer);
  if (ack == nullptr) return std::nullopt;
  for (const Frame& frame : evidence.frames()) {
    if (frame.number < ack->number && frame.has(P::kSyn) && acknowledges(*ack, frame))
      begin = &frame;
  }
  return time(begin, ack);
}
Found repeated_wait(const Evidence& evidence) {
  const Frame* const again = first_repeated(evidence);
  return again == nullptr ? std::nullopt : time(evidence.sent_before(*again), again);
}
Found zero_time(const Evidence& evidence) {
  const auto is_closed = [](const Frame& f) {
    return is_tcp(f) && f.summary.window == 0 && !f.has(P::kRst);
  };
  const Frame* const closed = evidence.first(is_closed);
  if (closed == nullptr) return std::nullopt;
  return time(closed, evidence.first([&](const Frame& f) {
    return f.number > closed->number && f.from == closed->from && is_tcp(f) && !is_closed(f);
  }));
}
Found ack_wait(const Evidence& evidence) {
  const Frame* const data =
      evidence.first([](const Frame& f) { return is_tcp(f) && f.length() > 0; });
  return data == nullptr ? std::nullopt : time(data, first_acknowledging(evidence, *data));
}
Found open_time(const Evidence& evidence) {
  return time(evidence.syn(), evidence.first([](const Frame& f) {
    return is_tcp(f) && (f.has(P::kFin) || f.has(P::kRst));
  }));
}

// -- Amounts

Found client_bytes(const Evidence& evidence) {
  return bytes_of(evidence, Side::Client);
}
Found server_bytes(const Evidence& evidence) {
  return bytes_of(evidence, Side::Server);
}
Found second_length(const Evidence& evidence) {
  const Frame* first = nullptr;
  for (const Frame& frame : evidence.frames()) {
    if (!is_tcp(frame) || frame.from != Side::Client || frame.length() == 0) continue;
    if (first != nullptr) return number(frame.length());
    first = &frame;
  }
  return std::nullopt;
}
Found most_in_flight(const Evidence& evidence) {
  if (!is_one_connection(evidence) || has_probes(evidence)) return std::nullopt;
  std::optional<SeqNum> sent, acknowledged;
  std::uint32_t most = 0;
  std::size_t segments = 0;
  for (const Frame& frame : evidence.frames()) {
    if (!is_tcp(frame)) continue;
    if (!frame.outgoing) {
      const bool is_further = !acknowledged || *acknowledged < frame.summary.ack;
      if (frame.has(P::kAck) && is_further) acknowledged = frame.summary.ack;
      continue;
    }
    if (frame.length() == 0 || !acknowledged) continue;
    ++segments;
    const SeqNum end = frame.summary.seq + frame.length();
    if (!sent || *sent < end) sent = end;
    most = std::max(most, sent->raw() - acknowledged->raw());
  }
  constexpr std::size_t kFew = 5;
  return segments < kFew ? std::nullopt : number(most);
}
Found data_frames(const Evidence& evidence) {
  const auto numbers = evidence.all([](const Frame& f) { return is_tcp(f) && f.length() > 0; });
  return numbers.empty() ? std::nullopt : number(numbers.size());
}

// -- Frames

// Whether the capture of this end shows that it was lost. A timeout alone does not: the ACK may
// have been lost instead. What does: the other end asked for it although something that left later
// had come, which is a duplicate ACK, SACK blocks, or an ACK of another repeated segment alone.
bool is_shown_to_be_lost(const Evidence& evidence, const Frame& what) {
  bool repeats_other = false;
  for (const Frame& frame : evidence.frames()) {
    if (frame.number <= what.number || !is_tcp(frame) || ports_of(frame) != ports_of(what))
      continue;
    if (frame.outgoing) {
      if (frame.repeats && frame.summary.seq == what.summary.seq) return false;
      repeats_other = repeats_other || frame.repeats;
      continue;
    }
    if (!frame.has(P::kAck) || !(frame.summary.ack < what.end())) continue;
    const bool is_duplicate =
        frame.has_event(PacketEvent::DuplicateAck) || frame.summary.sack_count > 0;
    if (is_duplicate || (repeats_other && frame.summary.ack == what.summary.seq)) return true;
  }
  return false;
}
Found lost(const Evidence& evidence) {
  for (const Frame& frame : evidence.frames()) {
    if (is_tcp(frame) && frame.lost && !is_shown_to_be_lost(evidence, frame)) return std::nullopt;
  }
  return frames(evidence.all([](const Frame& f) { return is_tcp(f) && f.lost; }));
}
Found repeated(const Evidence& evidence) {
  if (has_probes(evidence)) return std::nullopt;
  return frames(evidence.all([](const Frame& f) { return f.repeats; }));
}
Found duplicate_acks(const Evidence& evidence) {
  return frames(evidence.all(
      [](const Frame& f) { return !f.outgoing && f.has_event(PacketEvent::DuplicateAck); }));
}
Found zero_windows(const Evidence& evidence) {
  return frames(evidence.all(
      [](const Frame& f) { return is_tcp(f) && f.summary.window == 0 && !f.has(P::kRst); }));
}
Found probes(const Evidence& evidence) {
  return frames(evidence.all(
      [](const Frame& f) { return f.outgoing && f.reason == SendReason::ZeroWindowProbe; }));
}
Found early(const Evidence& evidence) {
  return frames(evidence.all(
      [](const Frame& f) { return !f.outgoing && f.has_event(PacketEvent::DataOutOfOrder); }));
}
Found with_sack(const Evidence& evidence) {
  return frames(evidence.all([](const Frame& f) { return is_tcp(f) && f.summary.sack_count > 0; }));
}
Found resets(const Evidence& evidence) {
  return frames(evidence.all([](const Frame& f) { return is_tcp(f) && f.has(P::kRst); }));
}
Found syns(const Evidence& evidence) {
  return frames(evidence.all([](const Frame& f) { return is_tcp(f) && f.has(P::kSyn); }));
}
Found fins(const Evidence& evidence) {
  return frames(evidence.all([](const Frame& f) { return is_tcp(f) && f.has(P::kFin); }));
}

// -- Choices: the numbers are places in the options of quiz_questions.cc

Found why_repeated(const Evidence& evidence) {
  const Frame* const again = first_repeated(evidence);
  if (again == nullptr) return std::nullopt;
  switch (again->reason) {
    case SendReason::SynRetransmit:
    case SendReason::RetransmitTimeout:
      return choice(0);
    case SendReason::FastRetransmit:
      return choice(1);
    case SendReason::RackRetransmit:
    case SendReason::SackHole:
      return choice(2);
    case SendReason::TailLossProbe:
      return choice(3);
    default:
      return std::nullopt;
  }
}
Found why_reset(const Evidence& evidence) {
  const Frame* const reset = first_reset(evidence);
  if (reset == nullptr) return std::nullopt;
  const auto why = reset->outgoing ? std::optional(reset->reason) : evidence.far_reset();
  if (!why) return std::nullopt;
  const Frame* answered = nullptr;
  for (const Frame& frame : evidence.frames()) {
    if (frame.number < reset->number && frame.from != reset->from && is_tcp(frame))
      answered = &frame;
  }
  switch (*why) {
    case SendReason::RstNoConnection: {
      const bool is_syn = answered != nullptr && answered->has(P::kSyn) && !answered->has(P::kAck);
      return choice(is_syn ? 0 : 3);
    }
    case SendReason::RstUnreadData:
      return choice(1);
    case SendReason::RstAborted:
      return choice(2);
    case SendReason::RstUnacceptableAck:
      return choice(3);
    case SendReason::RstTimeout:
      return choice(4);
    default:
      return std::nullopt;
  }
}
Found close_kind(const Evidence& evidence) {
  const Frame* const fin = first_fin(evidence);
  const Frame* const reset = first_reset(evidence);
  if (!is_one_connection(evidence)) return std::nullopt;
  if (reset != nullptr) return fin == nullptr ? choice(3) : std::nullopt;
  if (fin == nullptr) return std::nullopt;
  const Frame* const other = evidence.first(
      [&](const Frame& f) { return is_tcp(f) && f.has(P::kFin) && f.from != fin->from; });
  if (other == nullptr) return std::nullopt;
  const Frame* const ack = first_acknowledging(evidence, *fin);
  if (ack == nullptr) return std::nullopt;
  if (!acknowledges(*other, *fin)) return choice(2);
  return choice(ack == other ? 1 : 0);
}
Found time_wait(const Evidence& evidence) {
  const auto kind = close_kind(evidence);
  if (!kind) return std::nullopt;
  if (kind->choice == 3) return choice(3);
  if (kind->choice == 2) return choice(2);
  return choice(first_fin(evidence)->from == Side::Client ? 0 : 1);
}

}  // namespace glasstcp::lab::answers
