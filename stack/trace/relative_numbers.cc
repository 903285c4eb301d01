// Learns initial sequence numbers from SYNs and from synchronized connections.
#include "stack/trace/relative_numbers.h"

namespace glasstcp {

// FNV-1a. Collisions only cost a relative number, so the hash needs no key.
RelativeNumbers::Entry& RelativeNumbers::entry_of(const FourTuple& tuple) {
  std::uint32_t hash = 2166136261U;
  const auto mix = [&hash](std::uint32_t value) { hash = (hash ^ value) * 16777619U; };
  for (const std::uint8_t b : tuple.remote_address.bytes()) mix(b);
  for (const std::uint8_t b : tuple.local_address.bytes()) mix(b);
  mix(number(tuple.remote_port));
  mix(number(tuple.local_port));
  Entry& entry = entries_[(hash ^ hash >> 16) % kEntries];
  if (entry.tuple != tuple) entry = {tuple, {}};
  return entry;
}

InitialNumbers RelativeNumbers::learn(const PacketSummary& packet, bool outgoing,
                                      const TcbSnapshot* tcb) {
  if (!packet.is_tcp()) return {};
  const FourTuple tuple = outgoing ? FourTuple{packet.source, packet.destination,
                                               packet.source_port, packet.destination_port}
                                   : FourTuple{packet.destination, packet.source,
                                               packet.destination_port, packet.source_port};
  InitialNumbers& known = entry_of(tuple).numbers;
  std::optional<SeqNum>& sender = outgoing ? known.ours : known.theirs;
  std::optional<SeqNum>& receiver = outgoing ? known.theirs : known.ours;
  if (packet.has(PacketSummary::kSyn)) {
    if (sender != packet.seq) receiver.reset();  // a new connection of the same tuple
    sender = packet.seq;
    if (packet.has(PacketSummary::kAck)) receiver = packet.ack - 1;
  }
  if (tcb != nullptr && is_synchronized(tcb->state)) known = {tcb->snd.iss, tcb->rcv.irs};
  return known;
}

}  // namespace glasstcp
