// What TIME-WAIT keeps of a connection that ended.
//
// RFC 9293 §3.6.1.
//
// Next: ../demux/time_wait.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/seq_num.h"
#include "stack/tcp/timestamps.h"
#include "stack/trace/reason.h"

namespace glasstcp {

/// The numbers of the end of a connection.
struct TimeWaitFacts {
  FourTuple tuple;
  std::uint64_t hash = 0;
  Timestamps timestamps;
  SeqNum snd_nxt;
  SeqNum rcv_nxt;
  std::uint16_t window = 0;  ///< as its last ACK would show it
  std::optional<SendReason> owed_ack;
};

}  // namespace glasstcp
