// The names of what changes a state; their sentences stand in ../trace/packet_event_words.cc.
// Next: tcp_state.cc.
#include "stack/base/state_cause.h"

#include <array>

namespace glasstcp {
namespace {

constexpr std::array<std::string_view, kStateCauseCount> kNames = {
    "ActiveOpen",
    "PeerSyn",
    "PeerSynAck",
    "SynCookie",
    "AckOfSyn",
    "AckOfSynAfterClose",
    "Close",
    "CloseInSynSent",
    "CloseUnread",
    "PeerFin",
    "AckOfFin",
    "PeerReset",
    "SynInWindow",
    "Abort",
    "ListenerClosed",
    "LateData",
    "RetransmissionsEnd",
    "WindowProbesEnd",
    "WindowStaysClosed",
    "KeepAlivesEnd",
    "UserTimeout",
    "FinWait2Timeout",
    "IcmpError",
    "EcnAmbiguous",
    "OutOfMemory",
    "Evicted",
    "PlaceTaken",
    "TwoMsl",
    "NewConnection",
};

}  // namespace

std::string_view name_of(StateCause cause) {
  return kNames[static_cast<std::size_t>(cause)];
}

}  // namespace glasstcp
