// All that is known of a connection, for those who ask: STATUS, and reports such as TCP_INFO.
//
// RFC 9293 §3.10.6 leaves the contents to the implementation.
//
// Next: connection_statistics.h.
#pragma once

#include <cstdint>

#include "stack/tcp/connection/connection_statistics.h"
#include "stack/tcp/recovery/recovery_episode.h"
#include "stack/tcp/recovery/retransmission_queue.h"
#include "stack/trace/event.h"

namespace glasstcp {

/// A part of what is sent and not acknowledged.
struct OutstandingRange {
  SeqNum begin;
  SeqNum end;
  SegmentState state = SegmentState::InNetwork;
  bool retransmitted = false;
  /// Whether `next` is more of the same.
  [[nodiscard]] bool continues_in(const OutstandingRange& next) const {
    return end == next.begin && state == next.state && retransmitted == next.retransmitted;
  }
};

/// A connection with all that is known of it, for reports such as TCP_INFO.
struct ConnectionReport {
  TcbSnapshot tcb;
  ConnectionStatistics statistics;  ///< zeros unless TcpConfig::keep_statistics
  std::uint32_t path_mtu = 0;       ///< bytes
  std::uint32_t offered_mss = 0;    ///< what our SYN said, bytes
  std::uint32_t receive_mss = 0;    ///< data of the largest segment seen, bytes; 0: none yet
  std::uint32_t receive_buffer = 0;
  std::uint32_t lost = 0;           ///< bytes judged lost and not sent again
  std::uint32_t retransmitted = 0;  ///< bytes retransmitted, not acknowledged since
  RecoveryPhase phase = RecoveryPhase::Open;
  std::uint64_t pacing_rate = 0;  ///< bytes per second; 0: nothing is paced
  std::uint32_t send_buffer = 0;  ///< as SO_SNDBUF counts it
  bool send_room = false;         ///< a writer that polls may write
  std::uint8_t probes = 0;        ///< window or keep-alive probes unanswered
  std::uint8_t backoff = 0;       ///< times the timer was doubled
  bool sack = false;
  bool timestamps = false;
  bool scaled = false;
  bool ecn = false;
  std::uint32_t ecn_marks = 0;  ///< CE marks that the peer reported; 0 with classic feedback
  bool syn_data = false;        ///< Fast Open: the data of the SYN was taken, by us or by the peer
};

}  // namespace glasstcp
