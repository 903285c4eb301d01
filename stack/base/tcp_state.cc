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

using enum StateCause;

template <typename... Causes>
constexpr std::uint32_t any_of(Causes... causes) {
  static_assert(kStateCauseCount <= 32);
  return (0U | ... | (1U << static_cast<unsigned>(causes)));
}

// What ends a connection in any synchronized state, and in SYN-RECEIVED: RFC 9293 §3.10 has these
// arrows in text (abort, RST, timeouts), and RFC 793 the one of a SYN in the window.
constexpr std::uint32_t kEnds =
    any_of(PeerReset, Abort, ListenerClosed, CloseUnread, LateData, RetransmissionsEnd,
           WindowProbesEnd, WindowStaysClosed, KeepAlivesEnd, UserTimeout, SynInWindow,
           EcnAmbiguous, StateCause::OutOfMemory, Evicted);

// RFC 9293 §3.3.2 Figure 5.
constexpr std::array kTransitions = {
    Transition{State::Closed, State::Listen},
    Transition{State::Closed, State::SynSent, any_of(ActiveOpen)},
    Transition{State::Listen, State::SynReceived, any_of(PeerSyn, SynCookie)},
    Transition{State::Listen, State::SynSent},
    Transition{State::Listen, State::Closed},
    Transition{State::SynSent, State::SynReceived, any_of(PeerSyn)},
    Transition{State::SynSent, State::Established, any_of(PeerSynAck)},
    Transition{State::SynSent, State::Closed,
               any_of(CloseInSynSent, Abort, PeerReset, RetransmissionsEnd, UserTimeout, IcmpError,
                      StateCause::OutOfMemory)},
    Transition{State::SynReceived, State::Established, any_of(AckOfSyn)},
    Transition{State::SynReceived, State::FinWait1, any_of(AckOfSynAfterClose)},
    Transition{State::SynReceived, State::CloseWait, any_of(PeerFin)},
    Transition{State::SynReceived, State::Listen, any_of(PeerReset, IcmpError)},
    Transition{State::SynReceived, State::Closed, kEnds | any_of(IcmpError, PlaceTaken)},
    Transition{State::Established, State::FinWait1, any_of(Close)},
    Transition{State::Established, State::CloseWait, any_of(PeerFin)},
    Transition{State::Established, State::Closed, kEnds},
    Transition{State::FinWait1, State::FinWait2, any_of(AckOfFin)},
    Transition{State::FinWait1, State::Closing, any_of(PeerFin)},
    Transition{State::FinWait1, State::TimeWait, any_of(PeerFin)},
    Transition{State::FinWait1, State::Closed, kEnds},
    Transition{State::FinWait2, State::TimeWait, any_of(PeerFin)},
    Transition{State::FinWait2, State::Closed, kEnds | any_of(FinWait2Timeout)},
    Transition{State::CloseWait, State::LastAck, any_of(Close)},
    Transition{State::CloseWait, State::Closed, kEnds},
    Transition{State::Closing, State::TimeWait, any_of(AckOfFin)},
    Transition{State::Closing, State::Closed, kEnds},
    Transition{State::LastAck, State::Closed, kEnds | any_of(AckOfFin)},
    Transition{
        State::TimeWait, State::Closed,
        any_of(TwoMsl, NewConnection, PeerReset, PlaceTaken, Abort, StateCause::OutOfMemory)},
};

// What may make each change, from and to: each connection asks six times or more.
constexpr auto kCauses = [] {
  std::array<std::array<std::uint32_t, kStateCount>, kStateCount> causes{};
  for (const Transition& t : kTransitions)
    causes[static_cast<std::size_t>(t.from)][static_cast<std::size_t>(t.to)] = t.causes;
  return causes;
}();

}  // namespace

std::string_view name_of(State state) {
  return kNames[static_cast<std::size_t>(state)];
}

std::span<const Transition> transitions() {
  return kTransitions;
}

bool is_transition(State from, State to) {
  for (const Transition& t : kTransitions) {
    if (t.from == from && t.to == to) return true;
  }
  return false;
}

bool is_transition(State from, State to, StateCause cause) {
  const std::uint32_t causes =
      kCauses[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
  return (causes >> static_cast<unsigned>(cause) & 1U) != 0;
}

}  // namespace glasstcp
