// Counting segments. See connection_statistics.h.
#include "stack/tcp/connection/connection_statistics.h"

#include <algorithm>

#include "stack/tcp/segment.h"
#include "stack/tcp/send/send_decision.h"

namespace glasstcp {

void ConnectionStatistics::on_arrival(const Segment& seg, Instant now) {
  segments_in += seg.count();
  if (seg.flags.ack()) last_ack_received = now;
  if (!last_data_received) last_data_received = now;  // the handshake counts, as on Linux
  if (seg.data.empty()) return;
  data_segments_in += seg.count();
  last_data_received = now;
}

void ConnectionStatistics::on_departure(const SendDecision& d, std::uint32_t segments,
                                        Instant now) {
  segments_out += segments;
  const bool again = d.kind == SendDecision::Kind::Retransmission || is_retransmission(d.reason);
  if (again) segments_retransmitted += segments;
  if (d.length == 0) return;
  data_segments_out += segments;
  bytes_sent += d.length;
  last_data_sent = now;
  if (again) bytes_retransmitted += d.length;
}

void ConnectionStatistics::on_acked(std::uint32_t bytes, std::uint32_t segments) {
  bytes_acked += bytes;
  segments_delivered += segments;
}

void ConnectionStatistics::on_rtt(Duration measured) {
  min_rtt = std::min(min_rtt.value_or(measured), measured);
}

void ConnectionStatistics::on_reordering(std::uint32_t segments) {
  reorderings_seen += 1;
  reordering = std::max(reordering, segments);
}

}  // namespace glasstcp
