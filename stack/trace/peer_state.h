// In which state the other end may be, as far as the packets that passed prove it.
//
// RFC 9293 §3.3.2. Nobody sees the peer's TCB; but a FIN that came proves that it was sent, and an
// ACK proves that what it acknowledges was received. What we sent and what is not acknowledged may
// have arrived or not: then two states are possible, and both are told.
//
// Invariants:
//   1. Every state that the peer can be in, after sending the last packet that we saw, is in the
//   set.
//
// Leaves out: a FIN or RST that the peer has sent and that has not arrived.
// Next: connection_memory.h.
#pragma once

#include <cstdint>

#include "stack/base/tcp_state.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// A set of states.
class PeerStates {
 public:
  void add(State state) { bits_ = static_cast<std::uint16_t>(bits_ | 1U << index(state)); }
  [[nodiscard]] bool has(State state) const { return (bits_ >> index(state) & 1U) != 0; }
  /// Nothing is known of the peer.
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  friend bool operator==(PeerStates, PeerStates) = default;

 private:
  static unsigned index(State state) { return static_cast<unsigned>(state); }
  std::uint16_t bits_ = 0;
};

/// Appends the names, in the order of a connection's life, with '|' between: "LAST-ACK|CLOSED".
void add_states(TextBuffer& out, PeerStates states);

/// What the packets of one connection prove.
struct PeerEvidence {
  bool sent_syn = false;             ///< a SYN of theirs came
  bool has_our_syn = false;          ///< they acknowledged ours
  bool we_sent_syn = false;          ///< so they may have it
  bool sent_fin = false;             ///< their FIN came
  bool fin_came_after_ours = false;  ///< it acknowledged ours, or came behind such an ACK
  bool has_our_fin = false;          ///< they acknowledged ours
  bool we_sent_fin = false;          ///< so they may have it
  bool we_acknowledged_fin = false;  ///< they may know that their FIN arrived
  bool acknowledged_apart = false;   ///< and that in a segment without our FIN
  bool fin_carried_ack = false;      ///< our FIN acknowledged theirs: who has it knows both
  bool called_again = false;         ///< a SYN came that its connection does not explain
  bool is_reset = false;             ///< one side sent a RST that counts
};

/// The states in which the peer may be.
[[nodiscard]] PeerStates possible_states(const PeerEvidence& evidence);

}  // namespace glasstcp
