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

void ConnectionMemory::learn(const PacketSummary& packet, bool outgoing, const TcbSnapshot* tcb) {
  std::optional<SeqNum>& sender = outgoing ? numbers_.ours : numbers_.theirs;
  std::optional<SeqNum>& receiver = outgoing ? numbers_.theirs : numbers_.ours;
  const auto set = [this](std::optional<SeqNum>& number, SeqNum first) {
    if (number == first) return;
    number = first;
    (&number == &numbers_.ours ? out_ : in_).begin_at(first + 1);
  };
  if (packet.has(PacketSummary::kSyn)) {
    if (sender != packet.seq) receiver.reset();  // a new connection of the same tuple
    set(sender, packet.seq);
    if (packet.has(PacketSummary::kAck)) set(receiver, packet.ack - 1);
  }
  if (tcb == nullptr) return;
  if (is_synchronized(tcb->state)) {
    set(numbers_.ours, tcb->snd.iss);
    set(numbers_.theirs, tcb->rcv.irs);
    our_shift_ = tcb->rcv_shift;
    their_shift_ = tcb->snd_shift;
  }
}

PacketEvents ConnectionMemory::read_arrival(const PacketReceivedEvent& event,
                                            const PacketSummary& packet) {
  learn(packet, false, event.after);
  PacketEvents events;
  if (packet.has(PacketSummary::kRst)) {
    if (event.verdict != Verdict::ResetAccepted) return events;
    events.add({PeerReset});
    peer_.is_reset = true;
    return events;
  }
  const bool was_synchronized = event.before != nullptr && is_synchronized(event.before->state);
  if (packet.has(PacketSummary::kSyn)) {
    const bool again = event.verdict == Verdict::SynDuplicate || was_synchronized;
    events.add({again ? PeerSynAgain : packet.has(PacketSummary::kAck) ? PeerSynAck : PeerSyn});
    peer_.sent_syn = true;
  }
  read_data(event, packet, events);
  if (packet.has(PacketSummary::kAck)) {
    read_ack(event, packet, events);
    read_window(event, packet, events);
  }
  return events;
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
  if (repeats && ((same_window && before.snd.wnd > 0) || reported > 0)) {
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
  if (!is_synchronized(event.before->state)) return;
  const std::uint32_t before = event.before->snd.wnd;
  const std::uint32_t after = event.after->snd.wnd;
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
                                 PacketEvents& out) {
  if (event.before == nullptr || event.after == nullptr) return;
  const TcbSnapshot& before = *event.before;
  const TcbSnapshot& after = *event.after;
  if (!is_synchronized(after.state) && after.state != State::Closed) return;
  const std::uint32_t length = packet.text_length;
  const bool has_fin = packet.has(PacketSummary::kFin);
  const std::uint32_t first = relative(packet.seq, numbers_.theirs);
  const bool is_old = packet.seq == before.rcv.nxt - 1 && length <= 1;
  if (is_old && !has_fin && is_synchronized(before.state) && !packet.has(PacketSummary::kSyn)) {
    return out.add({PeerKeepAlive, 0, relative(before.rcv.nxt, numbers_.theirs)});
  }
  if (length > 0 && before.rcv.wnd == 0 && packet.seq == before.rcv.nxt)
    out.add({PeerWindowProbe, length, first});
  const std::uint32_t advance = relative(after.rcv.nxt, before.rcv.nxt);
  const SeqNum end = packet.seq + (length + (packet.has(PacketSummary::kSyn) ? 1U : 0U));
  if (has_fin && event.verdict != Verdict::AcceptedOutOfOrder && was_processed(event.verdict) &&
      after.rcv.nxt > end) {
    their_fin_ = end;
  }
  const bool fin_is_new = their_fin_ && after.rcv.nxt == *their_fin_ + 1 && advance > 0;
  if (length > 0 && was_processed(event.verdict)) {
    if (event.verdict == Verdict::AcceptedOutOfOrder) {
      out.add({DataOutOfOrder, length, first, relative(before.rcv.nxt, numbers_.theirs)});
    } else if (advance == 0) {
      out.add({DataDuplicate, length, first});
    } else {
      const std::uint32_t bytes = advance - (fin_is_new ? 1U : 0U);
      const SeqNum reach = after.rcv.nxt - (fin_is_new ? 1U : 0U);
      out.add({reach > end ? DataFillsGap : DataInOrder, bytes, first, first + length - 1});
    }
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
    peer_.is_reset = true;
    return events;
  }
  if (packet.has(PacketSummary::kSyn)) peer_.we_sent_syn = true;
  const std::uint32_t length = packet.text_length;
  const SeqNum end = packet.seq + packet.segment_length();
  const bool is_again = is_retransmission(event.reason);
  if (is_again && length > 0) note_retransmitted(packet.seq, end);
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
  if (has_ack) last_ack_sent_ = packet.ack;
  if (event.after == nullptr || length == 0) return events;
  const TcbSnapshot& after = *event.after;
  if (packet.has(PacketSummary::kPsh)) {
    bool ends_message = false;
    for (const MessagePart& part : out_.parts(packet.seq, length).all()) {
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
  const bool fills = is_new && after.snd.wnd > 0 && end >= edge;
  if (fills) events.add({PeerWindowFull, after.snd.wnd});
  if (is_new && !fills && after.unsent > 0 && after.pipe + after.effective_mss > after.cwnd)
    events.add({CwndFull, after.cwnd});
  events.add({after.in_recovery             ? Recovery
              : after.cwnd < after.ssthresh ? SlowStart
                                            : CongestionAvoidance});
  return events;
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
  const std::size_t groups = std::max<std::size_t>(most / kWays, 1);
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
    if (m->used_ && m->tuple_ == tuple) return m;
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
  return &memory;
}

ConnectionMemory* ConnectionMemories::of(const FourTuple& tuple) {
  if (groups_ == 0) return nullptr;
  ConnectionMemory* const memory = find(tuple);
  memory->last_use_ = ++uses_;
  return memory;
}

ConnectionMemory* ConnectionMemories::of(const PacketSummary& packet, bool outgoing) {
  if (!packet.is_tcp()) return nullptr;
  ConnectionMemory* memory = of(packet.tuple(outgoing));
  if (memory == nullptr) return nullptr;
  // A SYN with another number begins a new connection, and Wireshark counts it as one.
  const std::optional<SeqNum>& first = outgoing ? memory->numbers_.ours : memory->numbers_.theirs;
  if (packet.has(PacketSummary::kSyn) && first && *first != packet.seq) {
    renew(*memory, memory->tuple_);
    memory->last_use_ = uses_;
  }
  return memory;
}

}  // namespace glasstcp
