// Every setting of TCP, with its default and its reason. One TcpConfig per stack; nothing is
// global.
//
// RFC 9293 §3.8 names most of them. Defaults follow the RFCs; where deployed practice differs, the
// comment gives both.
//
// Invariants:
//   1. Values are fixed when the stack is made; what may differ per connection is also a field of
//      ConnectionSettings (user_types.h).
//
// Next: segment.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/time.h"
#include "stack/tcp/choices.h"
#include "stack/tcp/user_types.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// The most of what a setting below may say about retransmissions or probes in a row: their
/// counters are bytes, and the one after the last ends the connection.
inline constexpr std::uint32_t kMostRetries = 254;

/// All settings of TCP. Times are durations, sizes are bytes.
struct TcpConfig {
  // Windows and buffers.
  std::uint32_t receive_buffer = 4 * 1024 * 1024;  ///< a window grows up to this; 4 KiB .. 1 GiB
  /// and starts at this (less when memory is short)
  std::uint32_t initial_receive_buffer = 64 * 1024;
  std::uint32_t send_buffer = 1024 * 1024;  ///< bytes that send() copies and holds at most
  /// and starts with, until twice the congestion window is more
  std::uint32_t initial_send_buffer = 256 * 1024;
  /// forced shift 0..14; empty: the least that covers the buffer
  std::optional<std::uint8_t> window_scale;
  std::uint32_t initial_window_segments = 10;  ///< RFC 6928 §2 IW10 (RFC 5681's 2-4 by setting 3)
  MtuProbing mtu_probing = MtuProbing::AfterBlackHole;  ///< costs nothing where nothing vanishes
  std::uint16_t mss = 0;  ///< offered MSS; 0: from the device's MTU (RFC 9293 §3.7.1)

  // Options we use if the peer does.
  bool use_window_scale = true;  ///< RFC 7323 §2
  bool use_timestamps = true;    ///< RFC 7323 §3
  bool use_sack = true;          ///< RFC 2018
  EcnWill ecn;                   ///< RFC 3168, RFC 9768; passive, as deployed stacks are
  OptionLayout option_layout = OptionLayout::Linux;

  // Acknowledging.
  /// RFC 9293 §3.8.6.3 MUST-40: below 0.5 s; 0: every segment at once
  Duration delayed_ack = 40ms;
  std::uint32_t ack_every_segments = 2;
  /// the first so many segments with data are acknowledged at once, as Linux does (16)
  std::uint32_t quick_acks = 0;

  // Retransmission (RFC 6298).
  Duration initial_rto = 1s;
  Duration min_rto = 200ms;  ///< RFC 6298 §2.4 says 1 s; every deployed stack uses 200-300 ms,
                             ///< since clocks are fine now
  Duration max_rto = 60s;    ///< RFC 6298 §2.5: not below 60 s
  /// RFC 9293 §3.8.3 SHLD-10: tell the application from here on
  std::uint32_t r1_retransmissions = 3;
  /// then give up: about 15 minutes with the default RTO bounds (SHLD-11: >= 100 s)
  std::uint32_t r2_retransmissions = 15;
  std::uint32_t syn_retries = 7;          ///< 1+2+4+...+128 s > 3 minutes (MUST-23)
  std::uint32_t syn_ack_retries = 5;      ///< RFC 4987 §3.3: half-open state must expire soon
  Duration user_timeout{};                ///< 0: none (RFC 9293 §3.9.1.1 suggests 5 minutes)
  bool slow_start_after_idle = true;      ///< RFC 5681 §4.1
  std::uint32_t slow_start_segments = 1;  ///< RFC 5681 §3.1: segments that one ACK may count for in
                                          ///< slow start; RFC 9406 §4.2: 8; 0: all it acknowledges
  bool nagle = true;              ///< RFC 9293 §3.7.4 SHLD-7
  Duration sws_override = 200ms;  ///< RFC 9293 §3.8.6.2.1: 0.1-1 s; 0: one timeout, as Linux
  CongestionAlgorithm congestion = CongestionAlgorithm::NewReno;
  bool hystart = true;  ///< RFC 9406: leave the first slow start when delay rises (not BBR)

  // Pacing.
  bool pacing = true;  ///< spread a window over its round trip; BBR always does

  // Finding losses (with SACK; without it, duplicates are counted: RFC 5681, RFC 6582).
  bool use_rack = true;             ///< RFC 8985; off: RFC 6675's count of reported bytes
  bool use_tail_loss_probe = true;  ///< RFC 8985 §7, with use_rack
  bool use_frto = true;             ///< RFC 5682: detect spurious timeouts
  Duration loss_timer_floor = 2ms;  ///< what the reordering timer adds, and the least probe wait:
                                    ///< peers and loops are not more punctual than that

  // Probing a peer.
  // RFC 9293 §3.8.4 MAY-5: keep-alives exist, and are off until asked for.
  Duration keep_alive_idle = 2h;  ///< RFC 9293 §3.8.4 MUST-28: two hours or more
  Duration keep_alive_interval = 75s;
  std::uint32_t keep_alive_probes = 9;

  // Ending.
  Duration msl = 30s;  ///< RFC 9293 §3.4.3 says 2 minutes; 30 s is what deployed stacks use.
                       ///< TIME-WAIT is 2 MSL
  /// after the application is gone; the RFC has no limit, every stack has one
  Duration fin_wait_2_timeout = 60s;

  // Limits.
  std::uint32_t max_connections = 1U << 20;
  std::uint32_t max_half_open = 4096;            ///< all listeners together (RFC 4987 §3.2)
  std::uint32_t max_time_wait = 262144;          ///< beyond it the oldest records go early
  std::uint32_t challenge_acks_per_second = 10;  ///< RFC 5961 §7, per connection

  SynCookieUse syn_cookies = SynCookieUse::WhenFull;  ///< RFC 4987 §3.6
  /// new half-open records whose handshake does not end; above it SYNs get cookies as if the table
  /// were full
  std::uint32_t half_open_per_second = 1000;
  std::uint32_t syn_answers_per_second = 100'000;  ///< beyond that SYNs are dropped; 0: no limit
  std::uint32_t max_orphans = 262144;  ///< connections that their applications have closed
                                       ///< and that have not ended; one more is reset

  // The user timeout option (RFC 5482).
  bool announce_user_timeout = false;  ///< ADV_UTO's option goes out, if there is a timeout
  bool adopt_user_timeout = false;     ///< CHANGEABLE: the peer's counts too
  Duration user_timeout_least = 100s;  ///< U_LIMIT and L_LIMIT: what is adopted lies between
  Duration user_timeout_most = 15min;

  // What is kept for those who ask.
  bool keep_statistics = false;  ///< ConnectionStatistics for every connection, for TCP_INFO

  // What a personality chooses (personality/personality.h has the table), and tests.
  bool push_gso = false;          ///< as Linux: PSH ends each GSO packet
  bool gso_follows_rate = false;  ///< as Linux: pacing rate and cwnd bound the size of GSO packets
  /// as Linux: with nothing in flight a GSO packet takes a short tail along
  bool tail_rides_along = false;
  std::uint32_t least_superpacket = 2;  ///< segments that such a bound allows at least
  bool min_rto_is_variance = false;     ///< as Linux: min_rto is the least of 4 * rttvar
  bool probes_without_data = false;  ///< as Linux: a window probe carries an old number, no octet
  bool more_ends_with_ack = false;   ///< as Linux: an ACK lets go what a SEND with `more` held back
  bool counts_send_memory = false;   ///< as Linux: send_buffer is half of the memory to start with
  std::uint32_t most_send_buffer = 4U << 20;  ///< then: memory that it grows to, bytes
  std::uint32_t unsent_low = 0xffffffff;      ///< writable again below this many unsent bytes
  bool window_follows_buffer = false;         ///< as BSD: the offered edge moves with any room
  bool accepts_whole_buffer = false;  ///< as BSD: data beyond 65535 octets that a window without
                                      ///< scale could not offer is taken where there is room
  bool updates_at_quarter = false;    ///< as BSD: a quarter of the buffer, read, is worth an update
                                    ///< (RFC 9293 §3.8.6.2.2 asks for one at a half at the latest)
  OfferedMss offered_mss = OfferedMss::Device;  ///< what the MSS of a SYN follows
  bool acks_second_segment = false;   ///< as BSD: a second one is acknowledged, whatever its size
  bool acks_overlap_at_once = false;  ///< as BSD: so is one whose first part came before
  bool repeats_fin = false;           ///< as BSD: an ACK carries our FIN until that is acknowledged
  std::uint32_t syn_option_retries = 255;    ///< then SYNs carry an MSS alone; BSD can choose 2
  IcmpAborts icmp_aborts = IcmpAborts::Rfc;  ///< which errors end what is not synchronized
  bool listen_drops_syn_fin = true;  ///< as Linux: in LISTEN a SYN with FIN is dropped, with data
                                     ///< of Fast Open too; off: RFC 9293 takes it
  bool drops_syn_fin = false;        ///< as BSD can: a SYN with FIN opens nothing in any state
  bool tolerates_missing_timestamps = true;  ///< as Linux; off: as BSD, and RFC 7323 §3.2's SHOULD
  bool reset_may_repeat_fin = true;  ///< as Linux: behind their FIN its number resets, too; off: as
                                     ///< BSD, and RFC 5961 §3.2
  TimeWaitReset time_wait_reset = TimeWaitReset::AfterSyn;  ///< Linux: Exact; RFC 1337: Never
  bool time_wait_answers_syn = true;  ///< off: as BSD and RFC 6191 §2, dropped in silence
  bool answers_unsent_ack = true;     ///< RFC 9293 §3.10.7.4; off: as Linux, dropped in silence
  bool late_data_resets_as_closed_port = false;  ///< as Linux: <SEQ=SEG.ACK><CTL=RST> after CLOSE
  bool use_fast_path = true;         ///< off: every segment goes through all checks; nothing else
                                     ///< may differ
  bool blind_attack_defence = true;  ///< RFC 5961; off: RFC 9293's plain rules
  bool may_fragment = false;         ///< no path MTU discovery, unless a connection asks
  std::uint8_t hop_limit = 64;       ///< RFC 9293 §3.9.2 MUST-49
  std::optional<std::uint32_t> fixed_iss;  ///< ISN override, for scripts only
  /// the timestamp clock starts here, for scripts only
  std::optional<std::uint32_t> fixed_timestamp;

  friend bool operator==(const TcpConfig&, const TcpConfig&) = default;
};

}  // namespace glasstcp
