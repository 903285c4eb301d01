// Sequence numbers counted from the start of each connection, as Wireshark shows them and people
// can read them.
//
// RFC 9293 §3.4: both directions begin at a random number. The first numbers are learnt from the
// SYNs that pass by, and
// kept in a small table of fixed size; an old connection's place is taken by a new one that falls
// on it.
//
// Invariants:
//   1. No allocation; a packet of a connection that was not learnt has no relative numbers, and
//   never wrong ones of
//      another connection: the whole tuple is compared.
//
// Next: explain.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/trace/event.h"
#include "stack/trace/packet_summary.h"

namespace glasstcp {

/// The initial sequence numbers of one connection, as far as they are known.
struct InitialNumbers {
  std::optional<SeqNum> ours;
  std::optional<SeqNum> theirs;
};

/// Remembers the initial sequence numbers of connections.
class RelativeNumbers {
 public:
  /// What to count from in this packet; learns from it first, and from the snapshot (may be null)
  /// if there is one.
  InitialNumbers learn(const PacketSummary& packet, bool outgoing, const TcbSnapshot* tcb);

 private:
  struct Entry {
    FourTuple tuple;
    InitialNumbers numbers;
  };
  static constexpr std::size_t kEntries = 256;
  Entry& entry_of(const FourTuple& tuple);

  std::array<Entry, kEntries> entries_{};
};

}  // namespace glasstcp
