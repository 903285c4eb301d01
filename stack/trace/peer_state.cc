// Figure 5 of RFC 9293 §3.3.2, walked with what is proved and what is possible.
#include "stack/trace/peer_state.h"

#include <array>

namespace glasstcp {
namespace {

// The state of a synchronized peer that sent a FIN or not, has our FIN or not, and has the ACK of
// its own or not.
State state_of(bool sent_fin, bool fin_is_answer, bool has_our_fin, bool is_acknowledged) {
  if (!sent_fin) return has_our_fin ? State::CloseWait : State::Established;
  if (fin_is_answer) return is_acknowledged ? State::Closed : State::LastAck;
  if (has_our_fin) return is_acknowledged ? State::TimeWait : State::Closing;
  return is_acknowledged ? State::FinWait2 : State::FinWait1;
}

}  // namespace

PeerStates possible_states(const PeerEvidence& e) {
  PeerStates states;
  if (e.is_reset) {
    states.add(State::Closed);
    return states;
  }
  if (e.called_again) states.add(State::SynSent);
  if (!e.sent_syn) return states;
  if (!e.has_our_syn) {
    states.add(State::SynSent);
    if (e.we_sent_syn) states.add(State::Established);  // our SYN-ACK may have arrived
    return states;
  }
  // Of what is not proved, both are possible.
  const std::array<bool, 2> ours = {e.has_our_fin, e.has_our_fin || e.we_sent_fin};
  const std::array<bool, 2> theirs = {false, e.sent_fin && e.we_acknowledged_fin};
  for (const bool has_ours : ours) {
    for (const bool acknowledged : theirs) {
      if (has_ours && !acknowledged && e.fin_carried_ack) continue;
      if (acknowledged && !has_ours && !e.acknowledged_apart) continue;
      states.add(state_of(e.sent_fin, e.fin_came_after_ours, has_ours, acknowledged));
    }
  }
  return states;
}

void add_states(TextBuffer& out, PeerStates states) {
  static constexpr std::array kOrder = {
      State::Listen,   State::SynSent,  State::SynReceived, State::Established,
      State::FinWait1, State::FinWait2, State::CloseWait,   State::Closing,
      State::LastAck,  State::TimeWait, State::Closed,
  };
  const std::size_t mark = out.size();
  for (const State state : kOrder) {
    if (states.has(state)) out.add_item(mark, "|", "{}", name_of(state));
  }
}

}  // namespace glasstcp
