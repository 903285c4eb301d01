// What one acknowledgment told us: filled by reading it (read_ack.cc); what follows from it is
// found out afterwards (find_losses.cc, loss_recovery.cc).
//
// RFC 9937 §6.2 (DeliveredData), RFC 8985 §6.2, RFC 5682 §2.1.
//
// Next: read_ack.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/timestamps.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// Bytes are sequence numbers: SYN and FIN count one each.
struct AckReport {
  SeqNum prior_una;
  std::uint32_t acked = 0;      ///< by which snd.una advanced
  std::uint32_t delivered = 0;  ///< newly, by number or SACK, or assumed from duplicates
  std::uint32_t lost = 0;       ///< newly found lost
  /// bytes by which a segment that arrived only now was overtaken; 0: none was
  std::uint32_t reordered = 0;
  Duration rtt = kNoRtt;             ///< of a segment that was sent once
  std::optional<Instant> sent_once;  ///< when the last of those left
  /// when the newest of the retransmissions left that were found lost
  std::optional<Instant> lost_retransmission_sent_at;
  SackBlock duplicate;              ///< if duplicate_reported
  TsVal echo{};                     ///< if has_echo
  std::uint32_t first_sent_ms = 0;  ///< when what was outstanding first left first, if acked > 0
  bool has_echo = false;
  bool any_retransmitted = false;   ///< of what was delivered, some was sent more than once
  bool original_delivered = false;  ///< some was sent once, and taken for lost
  bool by_sack = false;             ///< SACK reported something new
  bool is_duplicate = false;        ///< a duplicate ACK in RFC 5681's sense, without SACK
  bool is_bare = false;             ///< no data, no SACK, the same window
  bool duplicate_reported = false;  ///< D-SACK
  bool mark_reported = false;       ///< ECN: what we sent met congestion
  bool mark_echoed = false;         ///< the same, also if it was reported before

  // RFC 3522 §3.2, RFC 7323 §4.3: whoever advances snd.una and echoes honestly names what left no
  // sooner than the first of what was outstanding. An echo of 0, or of any other time before,
  // proves nothing.
  /// Whether it echoes the timestamp of something that was under way.
  [[nodiscard]] bool echoes_flight(const Timestamps& timestamps, Instant now) const {
    return acked > 0 && has_echo && timestamps.is_echo_since(echo, first_sent_ms, now);
  }
};

}  // namespace glasstcp
