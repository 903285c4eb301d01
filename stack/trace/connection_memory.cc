// Reads what a packet did from the packet, the TCB before and after it, and what came before.
#include "stack/trace/connection_memory.h"

#include <algorithm>
#include <new>

namespace glasstcp {
namespace {

using enum PacketEvent;

bool was_processed(Verdict verdict) {
  return verdict == Verdict::Accepted || verdict == Verdict::AcceptedOutOfOrder ||
         verdict == Verdict::AcceptedDuplicate || verdict == Verdict::HandshakeComplete;
}

// Not a SYN that crosses ours: then there was a TCB before.
bool begins_connection(const PacketReceivedEvent& event) {
  return event.verdict == Verdict::FastOpenAccepted || event.verdict == Verdict::TimeWaitReused ||
         (event.verdict == Verdict::SynAccepted && event.before == nullptr);
}

}  // namespace

// -- One direction

void StreamMemory::begin_at(SeqNum first) {
  seq_ = first;
  offset_ = 0;
  count_ = 0;
}

// A number lies within 2^31 of the last one that was seen.
std::uint64_t StreamMemory::offset_of(SeqNum seq) {
  const auto step = static_cast<std::int32_t>(seq.raw() - seq_.raw());
  const std::uint64_t offset = offset_ + static_cast<std::uint64_t>(std::int64_t{step});
  if (step > 0) {
    seq_ = seq;
    offset_ = offset;
  }
  return offset;
}

void StreamMemory::take(const MessageMark& mark) {
  if (messages_ == nullptr) return;
  switch (mark.kind) {
    case MessageMark::Kind::Begin: {
      ++count_;
      Message& message = latest();
      message.begin = offset_of(mark.seq);
      message.end = Message::kOpen;
      message.length = 0;
      message.number = count_;
      message.role = mark.role;
      message.label_length = 0;
      break;
    }
    case MessageMark::Kind::Name: {
      if (count_ == 0) return;
      Message& message = latest();
      const std::size_t length = std::min(mark.label.size(), Message::kLabel);
      std::copy_n(mark.label.begin(), length, message.label.begin());
      message.label_length = static_cast<std::uint8_t>(length);
      message.length = mark.length;
      break;
    }
    case MessageMark::Kind::End:
      if (count_ == 0) return;
      latest().end = offset_of(mark.seq);
      latest().length = latest().end - latest().begin;
      break;
  }
}

MessageParts StreamMemory::parts(SeqNum seq, std::uint32_t length) {
  MessageParts parts;
  if (count_ == 0 || length == 0) return parts;
  const std::uint64_t begin = offset_of(seq);
  const std::uint64_t end = begin + length;
  const std::uint32_t kept = std::min<std::uint32_t>(count_, kMessages);
  for (std::uint32_t i = count_ - kept; i < count_; ++i) {
    const Message& message = messages_[i % kMessages];
    const std::uint64_t last = message.end != Message::kOpen ? message.end
                               : message.length > 0          ? message.begin + message.length
                                                             : Message::kOpen;
    if (message.begin >= end || last <= begin) continue;
    MessagePart part;
    part.role = message.role;
    part.number = message.number;
    part.begins = message.begin >= begin;
    part.ends = last <= end;
    part.first = std::max(message.begin, begin) - message.begin;
    part.last = std::min(last, end) - message.begin - 1;
    part.length = message.length;
    part.label = message.name();
    parts.add(part);
  }
  return parts;
}

// -- What came

// What was known of an earlier connection of the same tuple, which may even have had the same
// numbers.
void ConnectionMemory::forget_connection() {
  numbers_ = {};
  our_fin_.reset();
  their_fin_.reset();
  early_fin_.reset();
  last_ack_sent_.reset();
  sent_up_to_.reset();
  our_edge_.reset();
  repeated_ack_.reset();
  retransmitted_count_ = 0;
  peer_ = {};
  close_ = {};
}

// Of the numbers that passed unseen nothing is known: what follows them repeats nothing.
void ConnectionMemory::forget_last_packets() {
  last_ack_sent_.reset();
  sent_up_to_.reset();
  our_edge_.reset();
  repeated_ack_.reset();
  duplicates_ = duplicates_sent_ = 0;
  retransmitted_count_ = 0;
  asked_ = asked_window_ = was_asked_ = was_asked_window_ = false;
}

void ConnectionMemory::set_first(std::optional<SeqNum>& number, SeqNum first) {
  if (number == first) return;
  number = first;
  const bool is_ours = &number == &numbers_.ours;
  (is_ours ? out_ : in_).begin_at(first + 1);
  if (!is_ours) seen_.begin_at(first + 1);
}

void ConnectionMemory::learn(const PacketSummary& packet, bool outgoing, const TcbSnapshot* tcb) {
  const bool is_known = tcb != nullptr && is_synchronized(tcb->state);
  if (packet.has(PacketSummary::kSyn) && !is_known) learn_syn(packet, outgoing);
  if (!is_known) return;
  set_first(numbers_.ours, tcb->snd.iss);
  set_first(numbers_.theirs, tcb->rcv.irs);
  our_shift_ = tcb->rcv_shift;
  their_shift_ = tcb->snd_shift;
}

void ConnectionMemory::learn_syn(const PacketSummary& packet, bool outgoing) {
  std::optional<SeqNum>& sender = outgoing ? numbers_.ours : numbers_.theirs;
  std::optional<SeqNum>& receiver = outgoing ? numbers_.theirs : numbers_.ours;
  if (sender && *sender != packet.seq) receiver.reset();  // a new connection of the same tuple
  set_first(sender, packet.seq);
  // It may acknowledge data behind the SYN as well (Fast Open).
  if (packet.has(PacketSummary::kAck) && !receiver) set_first(receiver, packet.ack - 1);
}

ConnectionMemory::Arrived ConnectionMemory::note_seen(const PacketReceivedEvent& event,
                                                      const PacketSummary& packet) {
  Arrived arrived;
  if (!is_accepted(event.verdict)) return arrived;
  if (packet.text_length == 0) {
    seen_.note_sent_up_to(packet.seq + packet.segment_length());
    return arrived;
  }
  const SeqNum begin = packet.seq + (packet.has(PacketSummary::kSyn) ? 1U : 0U);
  const SeqNum end = begin + packet.text_length;
  const std::optional<SeqNum> highest = seen_.end();
  arrived.is_highest = !highest || end >= *highest;
  arrived.again = seen_.add(begin, end);
  return arrived;
}

PacketEvents ConnectionMemory::read_arrival(const PacketReceivedEvent& event,
                                            const PacketSummary& packet) {
  if (begins_connection(event)) forget_connection();
  if (is_accepted(event.verdict) || !numbers_.theirs) learn(packet, false, event.after);
  PacketEvents events;
  peer_.called_again = event.verdict == Verdict::SynChallenged && packet.has(PacketSummary::kSyn);
  if (packet.has(PacketSummary::kRst)) {
    if (event.verdict != Verdict::ResetAccepted) return events;
    events.add({PeerReset});
    peer_.is_reset = true;
    return events;
  }
  const Arrived arrived = note_seen(event, packet);
  if (packet.has(PacketSummary::kSyn)) read_syn(event, packet, events);
  read_data(event, packet, arrived, events);
  if (is_their_fin_again(packet) && !events.has(PeerFin)) events.add({PeerFinAgain});
  if (packet.has(PacketSummary::kAck)) {
    read_ack(event, packet, events);
    read_window(event, packet, events);
  }
  return events;
}

// RFC 9293 §3.5; RFC 7413 §4.2.2: the data of a Fast Open's SYN, as much as there was space for.
void ConnectionMemory::read_syn(const PacketReceivedEvent& event, const PacketSummary& packet,
                                PacketEvents& out) {
  const bool was_synchronized = event.before != nullptr && is_synchronized(event.before->state);
  const bool is_again =
      event.verdict == Verdict::SynDuplicate || (numbers_.theirs == packet.seq && peer_.sent_syn);
  const bool has_ack = packet.has(PacketSummary::kAck);
  if (has_ack && !(is_again && was_synchronized)) out.add({PeerSynAck});
  if (is_again) out.add({PeerSynAgain});
  if (!is_again && !has_ack) out.add({PeerSyn});
  if (is_accepted(event.verdict)) peer_.sent_syn = true;
  if (event.verdict != Verdict::FastOpenAccepted || event.after == nullptr) return;
  const std::uint32_t taken = relative(event.after->rcv.nxt, packet.seq + 1);
  if (taken > 0) out.add({DataInOrder, taken, 1, taken});
}

// RFC 9293 §3.8.1: a FIN whose number was taken before.
bool ConnectionMemory::is_their_fin_again(const PacketSummary& packet) const {
  return their_fin_ && packet.has(PacketSummary::kFin) &&
         packet.seq + packet.text_length == *their_fin_;
}

// RFC 9293 §3.10.7.4, the fifth check: what an ACK acknowledges; RFC 5681 §2: what a duplicate is.
void ConnectionMemory::read_ack(const PacketReceivedEvent& event, const PacketSummary& packet,
                                PacketEvents& out) {
  if (event.before == nullptr || event.after == nullptr || !was_processed(event.verdict)) return;
  const TcbSnapshot& before = *event.before;
  const TcbSnapshot& after = *event.after;
  peer_.sent_syn = true;
  if (after.snd.una > after.snd.iss || is_synchronized(after.state)) peer_.has_our_syn = true;
  if (our_fin_ && after.snd.una > *our_fin_) peer_.has_our_fin = true;
  std::uint32_t acked = relative(after.snd.una, before.snd.una);
  SeqNum from = before.snd.una;
  if (acked > 0) {
    repeated_ack_.reset();
    duplicates_ = 0;
    const bool of_syn = before.snd.una == before.snd.iss;
    const bool of_fin = our_fin_ && after.snd.una == *our_fin_ + 1;
    if (of_syn) {
      out.add({AckOfSyn});
      from = from + 1;
      --acked;
    }
    if (of_fin && acked > 0) --acked;
    if (acked > 0) {
      const bool again = was_retransmitted(from, from + acked);
      const std::uint32_t first = relative(from, numbers_.ours);
      out.add({again ? AckOfRetransmission : AckOfData, acked, first, first + acked - 1});
    }
    if (of_fin) out.add({AckOfFin});
  } else if (event.verdict == Verdict::HandshakeComplete) {
    out.add({AckOfSyn});
  }
  const std::uint32_t reported = after.sacked > before.sacked ? after.sacked - before.sacked : 0;
  const bool is_bare = packet.text_length == 0 && !packet.has(PacketSummary::kFin) &&
                       !packet.has(PacketSummary::kSyn);
  const bool same_window = before.snd.wnd == after.snd.wnd;
  const bool repeats = relative(after.snd.una, before.snd.una) == 0 && before.flight > 0 &&
                       packet.ack == after.snd.una && is_bare;
  // With SACK a duplicate is what reports something new, whatever its window says (RFC 6675 §2).
  if (std::exchange(asked_, false) && is_bare && acked == 0 && packet.ack == after.snd.una) {
    out.add({asked_window_ ? ProbeAnswered : KeepAliveAnswered});
  } else if (repeats && ((same_window && before.snd.wnd > 0) || reported > 0)) {
    if (repeated_ack_ != packet.ack) duplicates_ = 0;
    repeated_ack_ = packet.ack;
    out.add({DuplicateAck, ++duplicates_, relative(packet.ack, numbers_.ours)});
  }
  if (packet.ack < before.snd.una && before.snd.una == after.snd.una)
    out.add({OldAck, 0, relative(packet.ack, numbers_.ours)});
  if (reported > 0) out.add({SackReport, reported});
  if (packet.sack_count > 0) {
    const PacketSummary::SackBlock& first = packet.sack[0];
    const bool inside = packet.sack_count > 1 && first.left >= packet.sack[1].left &&
                        first.right <= packet.sack[1].right;
    if (first.right <= packet.ack || inside) {
      out.add({DuplicateReport, relative(first.right, first.left),
               relative(first.left, numbers_.ours), relative(first.right, numbers_.ours) - 1});
    }
  }
}

// RFC 9293 §3.8.6.
void ConnectionMemory::read_window(const PacketReceivedEvent& event, const PacketSummary& packet,
                                   PacketEvents& out) {
  if (event.before == nullptr || event.after == nullptr || !was_processed(event.verdict)) return;
  const std::uint32_t before = event.before->snd.wnd;
  const std::uint32_t after = event.after->snd.wnd;
  if (!is_synchronized(event.before->state)) {
    if (after == 0 && packet.window == 0) out.add({WindowClosed, 0, before, after});
    return;
  }
  if (after == 0 && packet.window == 0 && before == 0) return out.add({WindowStaysClosed});
  if (before == after) return;
  if (after == 0) return out.add({WindowClosed, 0, before, after});
  if (before == 0) return out.add({WindowOpened, 0, before, after});
  const bool advances = event.before->snd.una != event.after->snd.una;
  const bool is_bare = packet.text_length == 0 && !packet.has(PacketSummary::kFin);
  if (!advances && is_bare && packet.ack == event.after->snd.una && !out.has(DuplicateAck))
    out.add({WindowUpdate, 0, before, after});
}

// RFC 9293 §3.10.7.4, the seventh and eighth steps.
void ConnectionMemory::read_data(const PacketReceivedEvent& event, const PacketSummary& packet,
                                 const Arrived& arrived, PacketEvents& out) {
  if (event.before == nullptr || event.after == nullptr) return;
  const TcbSnapshot& before = *event.before;
  const TcbSnapshot& after = *event.after;
  if (!is_synchronized(after.state) && after.state != State::Closed) return;
  const std::uint32_t length = packet.text_length;
  const bool has_fin = packet.has(PacketSummary::kFin);
  const std::uint32_t first = relative(packet.seq, numbers_.theirs);
  const bool is_old = packet.seq == before.rcv.nxt - 1 && length <= 1;
  if (is_old && !has_fin && is_synchronized(before.state) && !packet.has(PacketSummary::kSyn)) {
    was_asked_ = true;
    was_asked_window_ = false;
    return out.add({PeerKeepAlive, 0, relative(before.rcv.nxt, numbers_.theirs)});
  }
  if (length > 0 && before.rcv.wnd == 0 && packet.seq == before.rcv.nxt) {
    was_asked_ = was_asked_window_ = true;
    out.add({PeerWindowProbe, length, first});
  }
  // Before their SYN came there was no rcv.nxt.
  const bool has_syn = packet.has(PacketSummary::kSyn) && !is_synchronized(before.state);
  const SeqNum expected = has_syn ? packet.seq + 1 : before.rcv.nxt;
  const std::uint32_t advance = relative(after.rcv.nxt, expected);
  const SeqNum end = packet.seq + (length + (packet.has(PacketSummary::kSyn) ? 1U : 0U));
  if (has_fin && event.verdict != Verdict::AcceptedOutOfOrder && was_processed(event.verdict) &&
      after.rcv.nxt > end) {
    their_fin_ = end;
  }
  if (early_fin_ && after.rcv.nxt > *early_fin_)
    their_fin_ = std::exchange(early_fin_, std::nullopt);
  const bool fin_is_new = their_fin_ && after.rcv.nxt == *their_fin_ + 1 && advance > 0;
  if (length > 0 && was_processed(event.verdict)) {
    if (event.verdict == Verdict::AcceptedOutOfOrder) {
      const std::uint32_t missing = relative(expected, numbers_.theirs);
      out.add({arrived.is_highest ? DataOutOfOrder : DataFillsPart, length, first, missing});
    } else if (advance == 0) {
      const bool is_behind = their_fin_ && packet.seq > *their_fin_;
      out.add({is_behind ? DataAfterFin : DataDuplicate, length, first});
    } else {
      const std::uint32_t bytes = advance - (fin_is_new ? 1U : 0U);
      const SeqNum reach = after.rcv.nxt - (fin_is_new ? 1U : 0U);
      const bool closes_gap = reach > end || (fin_is_new && !has_fin);
      const PacketEvent what = closes_gap           ? DataFillsGap
                               : arrived.is_highest ? DataInOrder
                                                    : DataFillsPart;
      out.add({what, bytes, first, first + length - 1});
    }
    if (arrived.again > 0 && !out.has(DataDuplicate)) out.add({DataSentAgain, arrived.again});
  }
  if (length > 0 && our_window_ > 0 && our_edge_ == packet.seq + length && !has_fin)
    out.add({OurWindowFull});
  if (has_fin && was_processed(event.verdict) && after.rcv.nxt <= end) {
    early_fin_ = end;
    out.add({PeerFinEarly});
  }
  if (!fin_is_new) return;
  out.add({PeerFin});
  peer_.sent_fin = true;
  // Theirs is an answer if, when they sent it, ours had arrived.
  peer_.fin_came_after_ours =
      peer_.has_our_fin || (our_fin_ && packet.has(PacketSummary::kAck) && packet.ack > *our_fin_);
}

// -- What leaves

PacketEvents ConnectionMemory::read_departure(const PacketSentEvent& event,
                                              const PacketSummary& packet) {
  learn(packet, true, event.after);
  PacketEvents events;
  if (packet.has(PacketSummary::kRst)) {
    // One that answers an ACK of another connection ends nothing.
    if (event.reason != SendReason::RstUnacceptableAck) peer_.is_reset = true;
    return events;
  }
  if (packet.has(PacketSummary::kSyn)) peer_.we_sent_syn = true;
  const std::uint32_t length = packet.text_length;
  const SeqNum end = packet.seq + packet.segment_length();
  // A probe for tail loss may be new data; the octet of a window probe does not count as sent.
  const bool is_probe = event.reason == SendReason::ZeroWindowProbe;
  const bool is_again =
      sent_up_to_ && packet.seq < *sent_up_to_ && event.reason != SendReason::KeepAlive;
  if (is_again && packet.segment_length() > 0) {
    const std::uint32_t first = relative(packet.seq, numbers_.ours);
    events.add(
        {Retransmission, packet.segment_length(), first, first + packet.segment_length() - 1});
  }
  if (is_again && length > 0) note_retransmitted(packet.seq, end);
  if (!is_probe && (!sent_up_to_ || end > *sent_up_to_)) sent_up_to_ = end;
  if (is_probe || event.reason == SendReason::KeepAlive) {
    asked_ = true;
    asked_window_ = is_probe;
  }
  const bool has_ack = packet.has(PacketSummary::kAck);
  const bool is_first_ack = has_ack && last_ack_sent_ && packet.ack > *last_ack_sent_;
  if (is_first_ack && length > 0) events.add({AckOnData, relative(packet.ack, *last_ack_sent_)});
  if (packet.has(PacketSummary::kFin)) {
    our_fin_ = end - 1;
    peer_.we_sent_fin = true;
    const bool is_first = their_fin_ && !peer_.we_acknowledged_fin;
    if (is_first && has_ack && packet.ack == *their_fin_ + 1) events.add({FinAcknowledgesFin});
  }
  if (their_fin_ && has_ack && packet.ack == *their_fin_ + 1) {
    peer_.we_acknowledged_fin = true;
    (packet.has(PacketSummary::kFin) ? peer_.fin_carried_ack : peer_.acknowledged_apart) = true;
  }
  if (has_ack) read_ack_sent(event, packet, events);
  if (event.after == nullptr || length == 0) return events;
  const TcbSnapshot& after = *event.after;
  if (packet.has(PacketSummary::kPsh)) {
    bool ends_message = false;
    const MessageParts parts = out_.parts(packet.seq, length);  // must outlive the loop
    for (const MessagePart& part : parts.all()) {
      ends_message = ends_message || part.ends;
    }
    if (ends_message) {
      events.add({PushEndOfMessage});
    } else if (after.unsent == 0) {
      events.add({PushEndOfQueue});
    }
  }
  if (!is_synchronized(after.state)) return events;
  const SeqNum edge = after.snd.una + after.snd.wnd;
  const bool is_new = end == after.snd.nxt && !is_again;
  const bool fills =
      after.snd.wnd > 0 && end >= edge && !packet.has(PacketSummary::kFin) && !is_probe;
  if (fills) events.add({PeerWindowFull, after.snd.wnd});
  if (is_new && !fills && after.unsent > 0 && after.pipe + after.effective_mss > after.cwnd)
    events.add({CwndFull, after.cwnd});
  events.add({after.in_recovery             ? Recovery
              : after.cwnd < after.ssthresh ? SlowStart
                                            : CongestionAvoidance});
  return events;
}

// What an ACK of ours says to them: RFC 5681 §4.2 (duplicates), RFC 9293 §3.8.6 (windows).
void ConnectionMemory::read_ack_sent(const PacketSentEvent& event, const PacketSummary& packet,
                                     PacketEvents& out) {
  const bool has_syn = packet.has(PacketSummary::kSyn);
  const std::uint32_t window = std::uint32_t{packet.window}
                               << (has_syn ? 0 : our_shift_.value_or(0));
  const bool is_bare = packet.text_length == 0 && !packet.has(PacketSummary::kFin) && !has_syn;
  const bool asks = event.reason == SendReason::KeepAlive ||  // with an old number
                    event.reason == SendReason::ZeroWindowProbe;
  const bool repeats = is_bare && !asks && last_ack_sent_ == packet.ack;
  const bool is_asked = std::exchange(was_asked_, false) && is_bare;
  if (is_asked) out.add({was_asked_window_ ? AnswersProbe : AnswersKeepAlive});
  if (repeats && window > 0 && window != our_window_) {
    out.add({WindowUpdateSent, 0, our_window_, window});
  } else if (repeats && window > 0 && !is_asked) {
    out.add({DuplicateAckSent, ++duplicates_sent_, relative(packet.ack, numbers_.theirs)});
  } else if (last_ack_sent_ != packet.ack) {
    duplicates_sent_ = 0;
  }
  if (window == 0 && !has_syn) out.add({OurWindowClosed});
  last_ack_sent_ = packet.ack;
  our_window_ = window;
  our_edge_ = packet.ack + window;
}

// Ranges that are acknowledged are forgotten; of too many the oldest.
bool ConnectionMemory::was_retransmitted(SeqNum begin, SeqNum end) {
  bool found = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < retransmitted_count_; ++i) {
    const Range& range = retransmitted_[i];
    found = found || (range.begin < end && range.end > begin);
    if (range.end > end) retransmitted_[kept++] = range;
  }
  retransmitted_count_ = kept;
  return found;
}

void ConnectionMemory::note_retransmitted(SeqNum begin, SeqNum end) {
  if (retransmitted_count_ == retransmitted_.size()) {
    std::copy(retransmitted_.begin() + 1, retransmitted_.end(), retransmitted_.begin());
    --retransmitted_count_;
  }
  retransmitted_[retransmitted_count_++] = {begin, end};
}

MessageParts ConnectionMemory::parts(const PacketSummary& packet, bool outgoing) {
  const SeqNum first = packet.seq + (packet.has(PacketSummary::kSyn) ? 1U : 0U);
  return (outgoing ? out_ : in_).parts(first, packet.text_length);
}

void ConnectionMemory::take(const MessageMark& mark) {
  (mark.outgoing ? out_ : in_).take(mark);
}

// -- All of them

ConnectionMemories::ConnectionMemories(std::size_t most) {
  const std::size_t groups = std::clamp<std::size_t>(most, kWays, kMost) / kWays;
  memories_.reset(new (std::nothrow) ConnectionMemory[groups * kWays]);
  messages_.reset(new (std::nothrow) Message[groups * kWays * 2 * StreamMemory::kMessages]);
  if (memories_ == nullptr) return;
  groups_ = groups;
  if (messages_ == nullptr) return;
  for (std::size_t i = 0; i < groups * kWays; ++i) {
    Message* const own = messages_.get() + i * 2 * StreamMemory::kMessages;
    memories_[i].in_.messages_ = own;
    memories_[i].out_.messages_ = own + StreamMemory::kMessages;
  }
}

// FNV-1a. Who aims at a place only makes an observer forget, so the hash needs no key.
ConnectionMemory* ConnectionMemories::find(const FourTuple& tuple) {
  std::uint32_t hash = 2166136261U;
  const auto mix = [&hash](std::uint32_t value) { hash = (hash ^ value) * 16777619U; };
  for (const std::uint8_t b : tuple.remote_address.bytes()) mix(b);
  for (const std::uint8_t b : tuple.local_address.bytes()) mix(b);
  mix(number(tuple.remote_port));
  mix(number(tuple.local_port));
  ConnectionMemory* const group = &memories_[(hash ^ hash >> 16) % groups_ * kWays];
  ConnectionMemory* oldest = group;
  for (ConnectionMemory* m = group; m != group + kWays; ++m) {
    if (m->used_ && m->tuple_ == tuple) {
      if (m->gaps_ != gaps_) m->forget_last_packets();
      m->gaps_ = gaps_;
      return m;
    }
    if (!m->used_ ? oldest->used_ : oldest->used_ && m->last_use_ < oldest->last_use_) oldest = m;
  }
  return renew(*oldest, tuple);
}

ConnectionMemory* ConnectionMemories::renew(ConnectionMemory& memory, const FourTuple& tuple) {
  Message* const in = memory.in_.messages_;
  Message* const out = memory.out_.messages_;
  memory = ConnectionMemory();
  memory.in_.messages_ = in;
  memory.out_.messages_ = out;
  memory.used_ = true;
  memory.tuple_ = tuple;
  memory.stream_ = next_stream_++;
  memory.gaps_ = gaps_;
  return &memory;
}

void ConnectionMemories::forget_states() {
  for (std::size_t i = 0; i < groups_ * kWays; ++i) {
    if (memories_[i].used_) memories_[i].set_state(State::Closed);
  }
}

ConnectionMemory* ConnectionMemories::of(const FourTuple& tuple) {
  if (groups_ == 0) return nullptr;
  ConnectionMemory* const memory = find(tuple);
  memory->last_use_ = ++uses_;
  return memory;
}

ConnectionMemory* ConnectionMemories::of(const PacketSummary& packet, bool outgoing, bool is_used) {
  if (!packet.is_tcp()) return nullptr;
  ConnectionMemory* memory = of(packet.tuple(outgoing));
  if (memory == nullptr) return nullptr;
  // A SYN with another number begins a new connection, and Wireshark counts it as one, also if we
  // did not use it.
  const std::optional<SeqNum>& first = outgoing ? memory->numbers_.ours : memory->numbers_.theirs;
  if (!packet.has(PacketSummary::kSyn) || !first || *first == packet.seq) return memory;
  const bool is_counted = memory->refused_syn_ == packet.seq;
  if (!is_used) {
    if (!is_counted) memory->stream_ = next_stream_++;
    memory->refused_syn_ = packet.seq;
    return memory;
  }
  const std::uint32_t stream = memory->stream_;
  renew(*memory, memory->tuple_);
  if (is_counted) {
    memory->stream_ = stream;
    --next_stream_;
  }
  memory->last_use_ = uses_;
  return memory;
}

}  // namespace glasstcp
