// What a connection counts for those who ask.
//
// RFC 9293 §3.10.6 (STATUS) and RFC 4898 say what may be asked; these are the ones of TCP_INFO.
//
// Next: connection_extras.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/time.h"
#include "stack/tcp/connection/chronograph.h"

namespace glasstcp {

struct Segment;
struct SendDecision;

/// What a connection did so far; kept only if TcpConfig::keep_statistics.
struct ConnectionStatistics {
  void on_arrival(const Segment& seg, Instant now);
  /// `segments`: of the wire, which it leaves in.
  void on_departure(const SendDecision& decision, std::uint32_t segments, Instant now);
  /// `segments`, of `bytes` together, were acknowledged.
  void on_acked(std::uint32_t bytes, std::uint32_t segments);
  void on_rtt(Duration measured);
  /// One of ours was reordered: it came after `segments` segments together.
  void on_reordering(std::uint32_t segments);

  std::uint64_t segments_in = 0, segments_out = 0;
  std::uint64_t data_segments_in = 0, data_segments_out = 0;
  std::uint64_t bytes_received = 0, bytes_acked = 0, bytes_sent = 0, bytes_retransmitted = 0;
  std::uint32_t segments_retransmitted = 0;  ///< SYNs too
  std::uint32_t segments_delivered = 0;      ///< acknowledged, in segments, the SYN too
  std::uint32_t duplicate_segments_in = 0;   ///< reported as D-SACK
  std::uint32_t out_of_order_in = 0;
  std::uint32_t duplicates_reported = 0;  ///< D-SACKs of the peer
  std::uint32_t reorderings_seen = 0;     ///< ACKs that reported one of ours as reordered
  std::uint32_t reordering = 3;           ///< the largest reordering seen, in segments
  std::optional<Instant> last_data_sent, last_data_received, last_ack_received;
  std::optional<Duration> min_rtt;
  Chronograph limits;           ///< what data waited for
  std::uint8_t icmp_error = 0;  ///< the last ICMP error, 1 + IcmpSignal::Kind; 0: none
};

}  // namespace glasstcp
