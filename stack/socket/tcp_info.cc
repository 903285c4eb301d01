// TCP_INFO: what a connection reports, in the fields and units of Linux's struct tcp_info.
#include <algorithm>
#include <cstddef>

#include "stack/socket/socket_layer.h"

namespace glasstcp {
namespace {

// Bits of tcpi_options (linux/tcp.h).
constexpr std::uint8_t kTimestampsBit = 1, kSackBit = 2, kWindowScaleBit = 4, kEcnBit = 8,
                       kSynDataBit = 32;
// tcpi_ca_state.
constexpr std::uint8_t kOpen = 0, kDisorder = 1, kReduced = 2, kRecovery = 3, kLoss = 4;
constexpr std::uint32_t kInfiniteThreshold = 0x7fffffff;

std::uint32_t us(Duration d) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_us(d), 0, 0xffffffff));
}

std::uint32_t ms_since(const std::optional<Instant>& then, Instant now) {
  if (!then) return 0;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_ms(now - *then), 0, 0xffffffff));
}

std::uint32_t segments(std::uint32_t bytes, std::uint32_t mss) {
  return mss == 0 ? 0 : (bytes + mss - 1) / mss;
}

std::uint8_t congestion_state(const ConnectionReport& r) {
  switch (r.phase) {
    case RecoveryPhase::Cwr:
      return kReduced;
    case RecoveryPhase::FastRecovery:
      return kRecovery;
    case RecoveryPhase::Timeout:
      return kLoss;
    case RecoveryPhase::Open:
      break;
  }
  if (r.tcb.retransmissions > 0) return kLoss;  // of a SYN or a probe
  return r.tcb.sacked > 0 || r.tcb.duplicate_acks > 0 ? kDisorder : kOpen;
}

}  // namespace

// Linux's layout, checked where the ABI would break silently.
static_assert(offsetof(glasstcp_tcp_info, tcpi_rto) == 8);
static_assert(offsetof(glasstcp_tcp_info, tcpi_total_retrans) == 100);
static_assert(offsetof(glasstcp_tcp_info, tcpi_pacing_rate) == 104);
static_assert(offsetof(glasstcp_tcp_info, tcpi_busy_time) == 168);
static_assert(offsetof(glasstcp_tcp_info, tcpi_snd_wnd) == 228);
static_assert(sizeof(glasstcp_tcp_info) == 280);

int linux_state(State state) {
  switch (state) {
    case State::Established:
      return 1;
    case State::SynSent:
      return 2;
    case State::SynReceived:
      return 3;
    case State::FinWait1:
      return 4;
    case State::FinWait2:
      return 5;
    case State::TimeWait:
      return 6;
    case State::Closed:
      return 7;
    case State::CloseWait:
      return 8;
    case State::LastAck:
      return 9;
    case State::Listen:
      return 10;
    case State::Closing:
      return 11;
  }
  return 7;
}

glasstcp_tcp_info tcp_info_of(const ConnectionReport& r, Instant now) {
  glasstcp_tcp_info i{};
  const TcbSnapshot& t = r.tcb;
  const ConnectionStatistics& s = r.statistics;
  const std::uint32_t mss = std::max(t.effective_mss, 1U);
  i.tcpi_state = static_cast<std::uint8_t>(linux_state(t.state));
  i.tcpi_ca_state = congestion_state(r);
  i.tcpi_retransmits = static_cast<std::uint8_t>(t.retransmissions);
  i.tcpi_probes = r.probes;
  i.tcpi_backoff = r.backoff;
  i.tcpi_options = static_cast<std::uint8_t>(
      (r.timestamps ? kTimestampsBit : 0) | (r.sack ? kSackBit : 0) |
      (r.scaled ? kWindowScaleBit : 0) | (r.ecn ? kEcnBit : 0) | (r.syn_data ? kSynDataBit : 0));
  i.tcpi_snd_wscale = t.snd_shift & 15U;
  i.tcpi_rcv_wscale = t.rcv_shift & 15U;
  i.tcpi_rto = us(t.rto);
  i.tcpi_snd_mss = t.effective_mss;
  i.tcpi_rcv_mss = r.receive_mss == 0 ? std::min(t.effective_mss, 536U) : r.receive_mss;
  i.tcpi_unacked = segments(t.flight, mss);
  // What was lost counts until it has arrived, sent again or not.
  i.tcpi_sacked = segments(t.sacked, mss);
  i.tcpi_lost = segments(r.lost + (r.phase == RecoveryPhase::Open ? 0 : r.retransmitted), mss);
  i.tcpi_retrans = segments(r.retransmitted, mss);
  i.tcpi_last_data_sent = ms_since(s.last_data_sent, now);
  i.tcpi_last_data_recv = ms_since(s.last_data_received, now);
  i.tcpi_last_ack_recv = ms_since(s.last_ack_received, now);
  i.tcpi_pmtu = r.path_mtu;
  i.tcpi_rcv_ssthresh = r.receive_buffer;
  i.tcpi_rtt = us(t.srtt);
  i.tcpi_rttvar = us(t.rttvar);
  i.tcpi_snd_ssthresh =
      t.ssthresh == 0xffffffffU ? kInfiniteThreshold : std::max(t.ssthresh / mss, 1U);
  i.tcpi_snd_cwnd = std::max(t.cwnd / mss, 1U);
  i.tcpi_advmss = r.offered_mss - (r.timestamps ? 12U : 0U);
  i.tcpi_reordering = s.reordering;
  i.tcpi_reord_seen = s.reorderings_seen;
  i.tcpi_rcv_space = r.receive_buffer;
  i.tcpi_total_retrans = s.segments_retransmitted;
  i.tcpi_max_pacing_rate = ~std::uint64_t{0};  // no limit was set
  i.tcpi_pacing_rate = r.pacing_rate == 0 ? i.tcpi_max_pacing_rate : r.pacing_rate;
  i.tcpi_bytes_acked = s.bytes_acked;
  i.tcpi_bytes_received = s.bytes_received;
  i.tcpi_segs_out = static_cast<std::uint32_t>(s.segments_out);
  i.tcpi_segs_in = static_cast<std::uint32_t>(s.segments_in);
  i.tcpi_notsent_bytes = t.unsent;
  i.tcpi_min_rtt = s.min_rtt ? us(*s.min_rtt) : 0;
  i.tcpi_data_segs_in = static_cast<std::uint32_t>(s.data_segments_in);
  i.tcpi_data_segs_out = static_cast<std::uint32_t>(s.data_segments_out);
  i.tcpi_busy_time = static_cast<std::uint64_t>(to_us(s.limits.busy(now)));
  i.tcpi_rwnd_limited = static_cast<std::uint64_t>(to_us(s.limits.spent(SendLimit::Window, now)));
  i.tcpi_sndbuf_limited = static_cast<std::uint64_t>(to_us(s.limits.spent(SendLimit::Buffer, now)));
  i.tcpi_delivered = s.segments_delivered;
  i.tcpi_delivered_ce = r.ecn_marks;
  i.tcpi_bytes_sent = s.bytes_sent;
  i.tcpi_bytes_retrans = s.bytes_retransmitted;
  i.tcpi_dsack_dups = s.duplicate_segments_in;
  i.tcpi_rcv_ooopack = s.out_of_order_in;
  i.tcpi_snd_wnd = t.snd.wnd;
  i.tcpi_rcv_wnd = t.rcv.wnd;
  return i;
}

}  // namespace glasstcp
