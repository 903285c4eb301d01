// The table of Figure 5 (RFC 9293 §3.3.2). See tcp_state.h.
// Next: ../trace/reason.h.
#include "stack/base/tcp_state.h"

#include <array>
#include <cstdint>

namespace glasstcp {
namespace {

constexpr std::array<std::string_view, kStateCount> kNames = {
    "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
    "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT",
};

// RFC 9293 §3.3.2 Figure 5, and the arrows to CLOSED that §3.10 adds in text (abort, RST, timeouts,
// delete TCB).
constexpr std::array kTransitions = {
    Transition{State::Closed, State::Listen, "passive OPEN"},
    Transition{State::Closed, State::SynSent, "active OPEN, send SYN"},
    Transition{State::Listen, State::SynReceived, "receive SYN, send SYN-ACK"},
    Transition{State::Listen, State::SynSent, "SEND, send SYN"},
    Transition{State::Listen, State::Closed, "CLOSE"},
    Transition{State::SynSent, State::SynReceived, "receive SYN (simultaneous open), send SYN-ACK"},
    Transition{State::SynSent, State::Established, "receive SYN-ACK, send ACK"},
    Transition{State::SynSent, State::Closed, "CLOSE, reset or timeout"},
    Transition{State::SynReceived, State::Established, "receive ACK of SYN"},
    Transition{State::SynReceived, State::FinWait1, "CLOSE, send FIN"},
    Transition{State::SynReceived, State::CloseWait, "receive FIN"},
    Transition{State::SynReceived, State::Listen, "receive RST after a passive OPEN"},
    Transition{State::SynReceived, State::Closed, "reset or timeout"},
    Transition{State::Established, State::FinWait1, "CLOSE, send FIN"},
    Transition{State::Established, State::CloseWait, "receive FIN, send ACK"},
    Transition{State::Established, State::Closed, "ABORT, reset or timeout"},
    Transition{State::FinWait1, State::FinWait2, "receive ACK of FIN"},
    Transition{State::FinWait1, State::Closing, "receive FIN, send ACK"},
    Transition{State::FinWait1, State::TimeWait, "receive FIN and ACK of FIN, send ACK"},
    Transition{State::FinWait1, State::Closed, "ABORT, reset or timeout"},
    Transition{State::FinWait2, State::TimeWait, "receive FIN, send ACK"},
    Transition{State::FinWait2, State::Closed, "ABORT, reset or timeout"},
    Transition{State::CloseWait, State::LastAck, "CLOSE, send FIN"},
    Transition{State::CloseWait, State::Closed, "ABORT, reset or timeout"},
    Transition{State::Closing, State::TimeWait, "receive ACK of FIN"},
    Transition{State::Closing, State::Closed, "ABORT, reset or timeout"},
    Transition{State::LastAck, State::Closed, "receive ACK of FIN, reset or timeout"},
    Transition{State::TimeWait, State::Closed, "2 MSL passed, or the tuple is used again"},
};

// For each state a bit for every state that may follow: each connection asks six times or more.
constexpr auto kFollowers = [] {
  std::array<std::uint16_t, kStateCount> followers{};
  for (const Transition& t : kTransitions) {
    auto& bits = followers[static_cast<std::size_t>(t.from)];
    bits = static_cast<std::uint16_t>(bits | 1U << static_cast<unsigned>(t.to));
  }
  return followers;
}();
static_assert(kStateCount <= 16);

}  // namespace

std::string_view name_of(State state) {
  return kNames[static_cast<std::size_t>(state)];
}

std::span<const Transition> transitions() {
  return kTransitions;
}

bool is_transition(State from, State to) {
  return (kFollowers[static_cast<std::size_t>(from)] >> static_cast<unsigned>(to) & 1U) != 0;
}

}  // namespace glasstcp
