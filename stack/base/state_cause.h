// What makes a connection take an arrow of Figure 5: given where the state changes, never guessed.
//
// RFC 9293 §3.3.2, §3.10. The table in tcp_state.cc says which of them an arrow may have.
//
// Next: state_cause.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace glasstcp {

/// Why a state changed.
enum class StateCause : std::uint8_t {
  ActiveOpen,          ///< the application opens
  PeerSyn,             ///< their SYN came
  PeerSynAck,          ///< their SYN came, and with it the ACK of ours
  SynCookie,           ///< an ACK brought back the cookie of a SYN of which nothing was remembered
  AckOfSyn,            ///< our SYN is acknowledged
  AckOfSynAfterClose,  ///< the same, and the application had closed meanwhile
  Close,               ///< the application closed
  CloseInSynSent,      ///< it closed before their SYN came
  CloseUnread,         ///< it closed, and had not read all that came
  PeerFin,             ///< their FIN came
  AckOfFin,            ///< our FIN is acknowledged
  PeerReset,           ///< their RST came
  SynInWindow,         ///< a SYN came inside the window, without RFC 5961's defence
  Abort,               ///< the application aborted
  ListenerClosed,      ///< the application closed the listener before it accepted
  LateData,            ///< bytes came that nobody will read
  RetransmissionsEnd,  ///< the last retransmission was not answered either
  WindowProbesEnd,     ///< no probe of the closed window was answered
  WindowStaysClosed,   ///< probes were answered, but the application has gone, and nothing moved
  KeepAlivesEnd,       ///< no keep-alive was answered
  UserTimeout,         ///< no progress for the user timeout
  FinWait2Timeout,     ///< their FIN did not come, and nobody waits for it
  IcmpError,           ///< a router or host said that they cannot be reached
  EcnAmbiguous,        ///< their SYNs or SYN-ACKs ask for two kinds of ECN feedback
  OutOfMemory,         ///< a limit of the stack: memory, or orphans
  Evicted,             ///< others need the room, and this peer holds most
  PlaceTaken,          ///< the table is full, and the oldest of its kind made way
  TwoMsl,              ///< 2 MSL have passed
  NewConnection,       ///< a new SYN took over the ports
};
inline constexpr int kStateCauseCount = static_cast<int>(StateCause::NewConnection) + 1;

/// The enumerator's name, e.g. "PeerFin": it stands in captures (cause=...) and is stable.
[[nodiscard]] std::string_view name_of(StateCause cause);

}  // namespace glasstcp
