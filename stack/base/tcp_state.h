// The eleven states of a TCP connection, and the arrows between them.
//
// RFC 9293 §3.3.2, Figure 5. The table is data, so that one function, Connection::enter, checks
// every change of state against it.
//
// Invariants:
//   1. A state changes only along an arrow of the table; CLOSED is reachable from every state
//   (abort, RST, timeouts).
//
// Next: tcp_state.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "stack/base/state_cause.h"

namespace glasstcp {

/// RFC 9293 §3.3.2. CLOSED is fictional: it is the absence of a connection.
enum class State : std::uint8_t {
  Closed,
  Listen,
  SynSent,
  SynReceived,
  Established,
  FinWait1,
  FinWait2,
  CloseWait,
  Closing,
  LastAck,
  TimeWait,
};
inline constexpr int kStateCount = 11;

/// One arrow of Figure 5: from, to, and what may make the change.
struct Transition {
  State from;
  State to;
  std::uint32_t causes = 0;  ///< a bit for each StateCause; none: a listener's, which tells nothing

  [[nodiscard]] constexpr bool may_have(StateCause cause) const {
    return (causes >> static_cast<unsigned>(cause) & 1U) != 0;
  }
};

/// The state's name as the RFC prints it, e.g. "SYN-SENT".
[[nodiscard]] std::string_view name_of(State state);

/// Every arrow that a connection may take, in the order of a connection's life.
[[nodiscard]] std::span<const Transition> transitions();

/// Whether Figure 5 (with aborts and resets) has an arrow between the two states.
[[nodiscard]] bool is_transition(State from, State to);
/// Whether it has one that `cause` may make a connection take.
[[nodiscard]] bool is_transition(State from, State to, StateCause cause);

/// RFC 9293 §3.3.2: both sides agree on sequence numbers from ESTABLISHED on.
[[nodiscard]] constexpr bool is_synchronized(State state) {
  return state >= State::Established;
}

/// RFC 9293 §3.10.7.4: the states in which data of the peer is taken.
[[nodiscard]] constexpr bool takes_data(State state) {
  return state == State::Established || state == State::FinWait1 || state == State::FinWait2;
}

}  // namespace glasstcp
