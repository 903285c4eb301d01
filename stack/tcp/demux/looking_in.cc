// For people who look: which timers run for a tuple, and what it has outstanding. See tcp_layer.h.
//
// RFC 9293 §3.8 (a connection's), §3.10.7.4 (TIME-WAIT), RFC 6298 (a SYN-ACK's).
//
// Next: memory.cc.
#include "stack/tcp/demux/tcp_layer.h"

namespace glasstcp {

std::vector<RunningTimer> TcpLayer::timers(const FourTuple& tuple) const {
  const std::uint32_t value = look_up(tuple, flow_hash_(tuple));
  if (value == kNone) return {};
  const std::uint32_t index = value & kIndexMask;
  switch (static_cast<Kind>(value >> kKindShift)) {
    case Kind::Connection:
      return connections_[index].timers();
    case Kind::TimeWait:
      return {{TimerName::TimeWait, time_waits_[index].expires()}};
    case Kind::HalfOpen:
      break;
  }
  const Instant deadline = half_open_[index].deadline();  // of its SYN-ACK
  if (deadline == kNever) return {};
  return {{TimerName::Retransmit, deadline}};
}

std::optional<TcbSnapshot> TcpLayer::status(const FourTuple& tuple) const {
  const std::uint32_t value = look_up(tuple, flow_hash_(tuple));
  if (value == kNone || static_cast<Kind>(value >> kKindShift) != Kind::Connection) return {};
  return connections_[value & kIndexMask].status();
}

std::vector<OutstandingRange> TcpLayer::outstanding(const FourTuple& tuple) const {
  const std::uint32_t value = look_up(tuple, flow_hash_(tuple));
  if (value == kNone || static_cast<Kind>(value >> kKindShift) != Kind::Connection) return {};
  return connections_[value & kIndexMask].outstanding();
}

}  // namespace glasstcp
