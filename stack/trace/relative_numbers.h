// Sequence numbers counted from the start of each connection, as Wireshark shows them and people
// can read them.
//
// RFC 9293 §3.4: both directions begin at a random number, and only the distance from it says how
// many bytes have passed.
//
// Next: connection_memory.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"

namespace glasstcp {

/// The initial sequence numbers of one connection, as far as they are known.
struct InitialNumbers {
  std::optional<SeqNum> ours;
  std::optional<SeqNum> theirs;
};

/// Octets from `first` to `seq`, modulo 2^32: 0 for the SYN itself.
[[nodiscard]] constexpr std::uint32_t relative(SeqNum seq, SeqNum first) {
  return seq.raw() - first.raw();
}
/// The same; where the first number is not known, the number as it is in the header.
[[nodiscard]] constexpr std::uint32_t relative(SeqNum seq, const std::optional<SeqNum>& first) {
  return first ? relative(seq, *first) : seq.raw();
}

}  // namespace glasstcp
