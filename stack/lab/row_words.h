// What a row of a ladder says of a packet: the same words in the lab and in the live view.
//
// Invariants:
//   1. A sentence about a reason or a verdict stands once, where it first occurs; later its name
//   alone.
//
// Next: row_json.h.
#pragma once

#include <string>

#include "stack/lab/row.h"

namespace glasstcp::lab {

/// "SYN-ACK seq=0 ack=1", with relative numbers.
[[nodiscard]] std::string label_of(const PacketSummary& packet, std::uint32_t seq,
                                   std::uint32_t ack);
/// So many segments beyond a gap, and duplicate ACKs, are told; those that follow say the same.
inline constexpr std::uint32_t kToldOfAGap = 3;
/// Whether it is a duplicate ACK after those that matter.
[[nodiscard]] bool is_one_more_duplicate(const AnnotatedPacket& packet);
/// Whether it is data or an ACK as any other, which may be folded. `repeats`: it only says once
/// more that a gap is open.
[[nodiscard]] bool is_plain_packet(const AnnotatedPacket& packet, bool repeats);
/// Writes its numbers and its label into the row.
void describe(Row& row, const AnnotatedPacket& packet);
/// Why one was sent.
[[nodiscard]] std::string why_of(const AnnotatedPacket& packet, ToldNames& told_names,
                                 Language language);
/// What one that came did; empty: nothing to be remarked.
[[nodiscard]] std::string effect_of(const AnnotatedPacket& packet, ToldNames& told_names,
                                    Language language);
/// The changes of state that happened without a packet; empty: there were none.
[[nodiscard]] std::string happening_of(const AnnotatedPacket& packet, Language language);

}  // namespace glasstcp::lab
