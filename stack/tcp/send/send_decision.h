// A decision to send: what the next segment is, and why. A value, made by looking; doing it is
// separate.
//
// RFC 9293 §3.10.2 (SEND), §3.7, §3.8. NextSegment makes it without changing anything;
// Connection::commit() does it.
//
// Invariants:
//   1. Each decision has exactly one reason, which stays with the packet to the capture.
//
// Next: ../connection/next_segment.h.
#pragma once

#include <cstdint>

#include "stack/base/seq_num.h"
#include "stack/base/slab.h"
#include "stack/trace/reason.h"
#include "stack/wire/tcp.h"

namespace glasstcp {

/// The next segment of a connection.
struct SendDecision {
  enum class Kind : std::uint8_t { Syn, NewData, Retransmission, TailProbe, Ack, Probe, Reset };

  SendReason reason = SendReason::NewData;
  Kind kind = Kind::NewData;
  TcpFlags flags;
  SeqNum seq;
  std::uint32_t length = 0;     ///< bytes of data
  std::uint32_t entry = kNone;  ///< of the retransmission queue, for a retransmission
};

}  // namespace glasstcp
