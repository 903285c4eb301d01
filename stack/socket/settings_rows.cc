// The rows: each field of StackConfig and TcpConfig once. See settings.h.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "stack/socket/glasstcp.h"
#include "stack/socket/settings.h"

namespace glasstcp {
namespace {

using Kind = SettingKind;
using Form = MemberForm;

// -- A field as a number

template <typename T>
std::int64_t number_of(const T& value) {
  return static_cast<std::int64_t>(value);
}
std::int64_t number_of(const Duration& value) {
  return value.count();
}
template <typename T>
std::int64_t number_of(const std::optional<T>& value) {
  return value ? number_of(*value) : -1;
}

template <typename T>
void assign(T& field, std::int64_t value) {
  field = static_cast<T>(value);
}
void assign(Duration& field, std::int64_t value) {
  field = Duration(value);
}
template <typename T>
void assign(std::optional<T>& field, std::int64_t value) {
  if (value < 0) return field.reset();
  field = static_cast<T>(value);
}

template <typename T>
struct MostOf {
  static constexpr std::int64_t value =
      std::is_enum_v<T>         ? 255
      : std::is_same_v<T, bool> ? 1
      : sizeof(T) >= 8          ? std::numeric_limits<std::int64_t>::max()
                                : static_cast<std::int64_t>(std::numeric_limits<T>::max());
};
template <>
struct MostOf<Duration> {
  static constexpr std::int64_t value = Duration::max().count();
};
template <typename T>
struct MostOf<std::optional<T>> : MostOf<T> {};

#define FIELD(path)                                                               \
  .field = #path, .read = [](const StackConfig& c) { return number_of(c.path); }, \
  .write = [](StackConfig& c, std::int64_t v) { assign(c.path, v); },             \
  .most_of_field = MostOf<std::remove_cvref_t<decltype(std::declval<StackConfig&>().path)>>::value
#define OF_CONNECTION(path) \
  .connection = #path, .choose = [](ConnectionSettings& s, std::int64_t v) { assign(s.path, v); }
#define MEMBER(name_, form_)                                                  \
  .member = #name_, .form = Form::form_,                                      \
  .read_member = [](const glasstcp_config& c) { return number_of(c.name_); }, \
  .write_member = [](glasstcp_config& c, std::int64_t v) { assign(c.name_, v); }
#define BY_HAND(name_) .member = #name_, .form = Form::ByHand

constexpr std::int64_t ms(std::int64_t value) {
  return value * 1'000'000;
}

// Words in the order of their enumerations (choices.h, wire/tcp_options.h).
constexpr std::string_view kLayouts[] = {"linux", "bsd"};
constexpr std::string_view kEcnUses[] = {"off", "passive", "on"};
constexpr std::string_view kCookieUses[] = {"off", "full", "only"};
constexpr std::string_view kMtuProbings[] = {"off", "after_black_hole", "always"};
constexpr std::string_view kOfferedMss[] = {"device", "path", "path_v6"};
constexpr std::string_view kIcmpAborts[] = {"none", "rfc", "prohibited"};
constexpr std::string_view kTimeWaitResets[] = {"never", "after_syn", "exact"};

// clang-format off
constexpr Setting kSettings[] = {
    // The device and memory.
    {.name = "mtu", .kind = Kind::Bytes, .rule = "RFC 9293 §3.7.1",
     .what = "MTU of the device, with the IP header",
     FIELD(mtu), .least = 576, .most = 65535, MEMBER(mtu, Plain)},
    {.name = "gso", .kind = Kind::Bytes,
     .what = "largest GSO packet that the device takes; 0: none",
     FIELD(gso_max), MEMBER(gso_max, Plain)},
    {.name = "checksum_offload", .kind = Kind::Switch,
     .what = "the device completes partial checksums",
     FIELD(checksum_offload), MEMBER(checksum_offload, Plain)},
    {.name = "memory", .kind = Kind::Bytes,
     .what = "one budget for all buffers",
     FIELD(memory), MEMBER(memory, Plain)},

    // The handshake.
    {.name = "layout", .kind = Kind::Word, .words = kLayouts, .rule = "RFC 9293 §3.1",
     .what = "order of the options of a SYN",
     FIELD(tcp.option_layout), MEMBER(option_layout, Plain)},
    {.name = "window_scaling", .kind = Kind::Switch, .rule = "RFC 7323 §2",
     .what = "scaled windows, if the peer agrees",
     FIELD(tcp.use_window_scale), MEMBER(use_window_scale, Plain), .option = "--window-scale"},
    {.name = "window_scale", .kind = Kind::Count, .rule = "RFC 7323 §2",
     .what = "the shift that our SYN offers; -1: the least that covers the buffer",
     FIELD(tcp.window_scale), .least = -1, .most = 14, MEMBER(window_scale, Plain)},
    {.name = "timestamps", .kind = Kind::Switch, .rule = "RFC 7323 §3",
     .what = "timestamps, if the peer agrees",
     FIELD(tcp.use_timestamps), MEMBER(use_timestamps, Plain), .option = "--timestamps"},
    {.name = "sack", .kind = Kind::Switch, .rule = "RFC 2018",
     .what = "selective acknowledgments, if the peer agrees",
     FIELD(tcp.use_sack), MEMBER(use_sack, Plain), .option = "--sack"},
    {.name = "ecn", .kind = Kind::Word, .words = kEcnUses, .rule = "RFC 3168",
     .what = "explicit congestion notification: never, when the peer asks, or always asked for",
     FIELD(tcp.ecn.use), OF_CONNECTION(ecn.use), BY_HAND(use_ecn), .option = "--ecn"},
    {.name = "accurate_ecn", .kind = Kind::Switch, .rule = "RFC 9768",
     .what = "each mark is reported, not one in a round trip",
     FIELD(tcp.ecn.accurate), OF_CONNECTION(ecn.accurate), BY_HAND(use_ecn)},
    {.name = "classic_ecn_retries", .kind = Kind::Count, .rule = "RFC 3168 §6.1.1.1",
     .what = "SYNs sent again that still ask for RFC 3168",
     FIELD(tcp.ecn.classic_retries), MEMBER(ecn_retries, Plain)},
    {.name = "mss", .kind = Kind::Count, .rule = "RFC 9293 §3.7.1",
     .what = "MSS that we offer; 0: from the MTU",
     FIELD(tcp.mss), OF_CONNECTION(mss), MEMBER(mss, Plain), .socket_option = "TCP_MAXSEG",
     .option = "--mss"},
    {.name = "offered_mss", .kind = Kind::Word, .words = kOfferedMss, .rule = "RFC 9293 §3.7.1",
     .what = "what that MSS follows",
     FIELD(tcp.offered_mss)},
    {.name = "syn_retries", .kind = Kind::Count, .rule = "RFC 9293 §3.8.3",
     .what = "SYNs sent again",
     FIELD(tcp.syn_retries), .most = kMostRetries, OF_CONNECTION(syn_retries), MEMBER(syn_retries, Plain),
     .socket_option = "TCP_SYNCNT"},
    {.name = "syn_ack_retries", .kind = Kind::Count, .rule = "RFC 4987 §3.3",
     .what = "SYN-ACKs sent again",
     FIELD(tcp.syn_ack_retries), .most = kMostRetries, MEMBER(syn_ack_retries, Plain)},
    {.name = "syn_option_retries", .kind = Kind::Count,
     .what = "SYNs sent again with all options; later ones carry an MSS alone",
     FIELD(tcp.syn_option_retries), MEMBER(syn_option_retries, Plain)},
    {.name = "syn_cookies", .kind = Kind::Word, .words = kCookieUses, .rule = "RFC 4987 §3.6",
     .what = "SYN cookies, handshakes without state: never, when the table is full, or always",
     FIELD(tcp.syn_cookies), MEMBER(syn_cookies, Plain), .option = "--syn-cookies"},
    {.name = "half_open_per_second", .kind = Kind::Count, .rule = "RFC 4987 §3.2",
     .what = "new half-open connections in a second that stay so; above it: cookies",
     FIELD(tcp.half_open_per_second)},
    {.name = "syn_answers_per_second", .kind = Kind::Count, .rule = "RFC 4987 §3.2",
     .what = "SYNs that are answered in a second; above it they are dropped; 0: no limit",
     FIELD(tcp.syn_answers_per_second)},
    {.name = "icmp_aborts", .kind = Kind::Word, .words = kIcmpAborts, .rule = "RFC 9293 §3.9.2.2",
     .what = "ICMP errors that end an attempt to connect",
     FIELD(tcp.icmp_aborts), MEMBER(icmp_aborts, Plain)},
    {.name = "listen_drops_syn_fin", .kind = Kind::Switch, .rule = "RFC 9293 §3.10.7.2",
     .what = "a SYN with FIN opens nothing at a listener",
     FIELD(tcp.listen_drops_syn_fin)},
    {.name = "drops_syn_fin", .kind = Kind::Switch,
     .what = "a SYN with FIN opens nothing",
     FIELD(tcp.drops_syn_fin), MEMBER(drop_syn_fin, Plain)},

    // Acknowledgments and the window.
    {.name = "receive_buffer", .kind = Kind::Bytes, .rule = "RFC 9293 §3.8.6",
     .what = "a window grows up to this",
     FIELD(tcp.receive_buffer), OF_CONNECTION(receive_buffer), MEMBER(receive_buffer, Plain),
     .socket_option = "SO_RCVBUF", .option = "--receive-buffer"},
    {.name = "initial_receive_buffer", .kind = Kind::Bytes, .rule = "RFC 9293 §3.8.6",
     .what = "and starts here",
     FIELD(tcp.initial_receive_buffer), MEMBER(initial_receive_buffer, Plain)},
    {.name = "delayed_ack", .kind = Kind::Time, .rule = "RFC 9293 §3.8.6.3",
     .what = "how long an ACK may be delayed; 0: not at all",
     FIELD(tcp.delayed_ack), .most = ms(499), OF_CONNECTION(delayed_ack), MEMBER(delayed_ack, Plain),
     .option = "--delayed-ack"},
    {.name = "ack_every", .kind = Kind::Count, .rule = "RFC 9293 §3.8.6.3",
     .what = "full segments per ACK at most",
     FIELD(tcp.ack_every_segments), .least = 1, MEMBER(ack_every, Plain)},
    {.name = "quick_acks", .kind = Kind::Count, .rule = "RFC 9293 §3.8.6.3",
     .what = "segments acknowledged at once at the start",
     FIELD(tcp.quick_acks), MEMBER(quick_acks, Plain)},
    {.name = "accepts_whole_buffer", .kind = Kind::Switch, .rule = "RFC 9293 §3.10.7.4",
     .what = "what a window without scale could not say is taken too",
     FIELD(tcp.accepts_whole_buffer)},
    {.name = "window_follows_buffer", .kind = Kind::Switch, .rule = "RFC 9293 §3.8.6.2.2",
     .what = "the offered edge moves with any room",
     FIELD(tcp.window_follows_buffer)},
    {.name = "updates_at_quarter", .kind = Kind::Switch, .rule = "RFC 9293 §3.8.6.2.2",
     .what = "a quarter of the buffer, read, is told; else a half",
     FIELD(tcp.updates_at_quarter)},
    {.name = "acks_second_segment", .kind = Kind::Switch, .rule = "RFC 9293 §3.8.6.3",
     .what = "a second segment is acknowledged, whatever its size",
     FIELD(tcp.acks_second_segment)},
    {.name = "acks_overlap_at_once", .kind = Kind::Switch, .rule = "RFC 2883 §4.2",
     .what = "so is one whose first part came before",
     FIELD(tcp.acks_overlap_at_once)},

    // Sending.
    {.name = "nagle", .kind = Kind::Switch, .rule = "RFC 9293 §3.7.4",
     .what = "small segments wait while data is in flight",
     FIELD(tcp.nagle), MEMBER(nagle, Plain), .socket_option = "TCP_NODELAY", .option = "--nagle"},
    {.name = "send_buffer", .kind = Kind::Bytes, .rule = "RFC 9293 §3.9.1.2",
     .what = "what a socket holds at most",
     FIELD(tcp.send_buffer), OF_CONNECTION(send_buffer), MEMBER(send_buffer, Plain),
     .socket_option = "SO_SNDBUF"},
    {.name = "initial_send_buffer", .kind = Kind::Bytes,
     .what = "and at the start, until twice the congestion window is more",
     FIELD(tcp.initial_send_buffer)},
    {.name = "most_send_buffer", .kind = Kind::Bytes,
     .what = "with counts_send_memory: memory that it grows to",
     FIELD(tcp.most_send_buffer), MEMBER(most_send_buffer, Plain)},
    {.name = "counts_send_memory", .kind = Kind::Switch,
     .what = "the send buffer counts memory, not bytes",
     FIELD(tcp.counts_send_memory)},
    {.name = "unsent_low", .kind = Kind::Bytes,
     .what = "writable below so many unsent bytes",
     FIELD(tcp.unsent_low), OF_CONNECTION(unsent_low), MEMBER(unsent_low, Plain),
     .socket_option = "TCP_NOTSENT_LOWAT"},
    {.name = "push_gso", .kind = Kind::Switch, .rule = "RFC 9293 §3.9.1.2",
     .what = "PSH ends each GSO packet",
     FIELD(tcp.push_gso)},
    {.name = "gso_follows_rate", .kind = Kind::Switch,
     .what = "rate and congestion window bound a GSO packet",
     FIELD(tcp.gso_follows_rate)},
    {.name = "least_superpacket", .kind = Kind::Count,
     .what = "segments that such a bound allows at least",
     FIELD(tcp.least_superpacket), MEMBER(least_superpacket, Plain)},
    {.name = "tail_rides_along", .kind = Kind::Switch, .rule = "RFC 9293 §3.7.4",
     .what = "a short tail rides in a GSO packet, with nothing in flight",
     FIELD(tcp.tail_rides_along)},
    {.name = "more_ends_with_ack", .kind = Kind::Switch,
     .what = "an ACK lets go what MSG_MORE held back",
     FIELD(tcp.more_ends_with_ack)},
    {.name = "sws_override", .kind = Kind::Time, .rule = "RFC 9293 §3.8.6.2.1",
     .what = "how long small segments wait at most; 0: one timeout",
     FIELD(tcp.sws_override)},
    {.name = "probes_without_data", .kind = Kind::Switch, .rule = "RFC 9293 §3.8.6.1",
     .what = "a window probe carries no octet",
     FIELD(tcp.probes_without_data)},
    {.name = "may_fragment", .kind = Kind::Switch, .rule = "RFC 1191",
     .what = "routers may cut our packets: no path MTU discovery",
     FIELD(tcp.may_fragment), OF_CONNECTION(may_fragment), MEMBER(path_mtu_discovery, Negated),
     .socket_option = "IP_MTU_DISCOVER"},
    {.name = "mtu_probing", .kind = Kind::Word, .words = kMtuProbings, .rule = "RFC 4821",
     .what = "search for the path MTU by probes",
     FIELD(tcp.mtu_probing)},
    {.name = "hop_limit", .kind = Kind::Count, .rule = "RFC 9293 §3.9.2",
     .what = "TTL or hop limit of what we send",
     FIELD(tcp.hop_limit), .least = 1, OF_CONNECTION(hop_limit), MEMBER(hop_limit, Plain),
     .socket_option = "IP_TTL"},

    // Congestion.
    {.name = "congestion", .kind = Kind::Word, .words = kCongestionNames, .rule = "RFC 5681, RFC 9438",
     .what = "congestion control: New Reno, CUBIC or BBR",
     FIELD(tcp.congestion), OF_CONNECTION(congestion), BY_HAND(congestion),
     .socket_option = "TCP_CONGESTION", .option = "--congestion"},
    {.name = "initial_window", .kind = Kind::Count, .rule = "RFC 6928",
     .what = "initial congestion window in segments",
     FIELD(tcp.initial_window_segments), .least = 1, OF_CONNECTION(initial_window_segments),
     MEMBER(initial_window, Plain),
     .option = "--initial-window"},
    {.name = "slow_start_segments", .kind = Kind::Count, .rule = "RFC 5681 §3.1",
     .what = "segments that one ACK counts for in slow start; 0: all",
     FIELD(tcp.slow_start_segments)},
    {.name = "slow_start_after_idle", .kind = Kind::Switch, .rule = "RFC 5681 §4.1",
     .what = "a pause brings the window back to its start",
     FIELD(tcp.slow_start_after_idle), MEMBER(slow_start_after_idle, Plain)},
    {.name = "hystart", .kind = Kind::Switch, .rule = "RFC 9406",
     .what = "the first slow start ends when delay rises",
     FIELD(tcp.hystart), OF_CONNECTION(hystart), .option = "--hystart"},
    {.name = "pacing", .kind = Kind::Switch,
     .what = "spread a window of data over a round trip",
     FIELD(tcp.pacing), OF_CONNECTION(pacing), MEMBER(pacing, OnlyOff), .option = "--pacing"},

    // Losses and timeouts.
    {.name = "rack", .kind = Kind::Switch, .rule = "RFC 8985",
     .what = "losses are found by time; off: by counting reports",
     FIELD(tcp.use_rack), OF_CONNECTION(use_rack), MEMBER(use_rack, Plain), .option = "--rack"},
    {.name = "tail_loss_probe", .kind = Kind::Switch, .rule = "RFC 8985 §7",
     .what = "probe for a lost last segment before its timeout",
     FIELD(tcp.use_tail_loss_probe), OF_CONNECTION(use_tail_loss_probe),
     MEMBER(use_tail_loss_probe, Plain),
     .option = "--tail-loss-probe"},
    {.name = "frto", .kind = Kind::Switch, .rule = "RFC 5682",
     .what = "spurious timeouts are detected",
     FIELD(tcp.use_frto)},
    {.name = "loss_timer_floor", .kind = Kind::Time, .rule = "RFC 8985 §6.2",
     .what = "what the reordering timer adds, and the least wait for a probe",
     FIELD(tcp.loss_timer_floor)},
    {.name = "initial_rto", .kind = Kind::Time, .rule = "RFC 6298 §2.1",
     .what = "retransmission timeout without a measurement",
     FIELD(tcp.initial_rto), OF_CONNECTION(rto.initial), MEMBER(initial_rto, Plain), .option = "--rto-initial"},
    {.name = "min_rto", .kind = Kind::Time, .rule = "RFC 6298 §2.4",
     .what = "the least retransmission timeout",
     FIELD(tcp.min_rto), .least = ms(1), OF_CONNECTION(rto.min), MEMBER(min_rto, Plain), .option = "--rto-min"},
    {.name = "max_rto", .kind = Kind::Time, .rule = "RFC 6298 §2.5",
     .what = "the most",
     FIELD(tcp.max_rto), OF_CONNECTION(rto.max), MEMBER(max_rto, Plain), .option = "--rto-max"},
    {.name = "min_rto_is_variance", .kind = Kind::Switch, .rule = "RFC 6298 §2.4",
     .what = "min_rto bounds the variance, not the sum",
     FIELD(tcp.min_rto_is_variance)},
    {.name = "r1", .kind = Kind::Count, .rule = "RFC 9293 §3.8.3",
     .what = "retransmissions until the application is told",
     FIELD(tcp.r1_retransmissions)},
    {.name = "r2", .kind = Kind::Count, .rule = "RFC 9293 §3.8.3",
     .what = "and until the connection is given up",
     FIELD(tcp.r2_retransmissions), .most = kMostRetries, MEMBER(retransmissions, Plain)},
    {.name = "user_timeout", .kind = Kind::Time, .rule = "RFC 9293 §3.9.1.1",
     .what = "how long data may stay unacknowledged; 0: until r2",
     FIELD(tcp.user_timeout), OF_CONNECTION(user_timeout), MEMBER(user_timeout, Plain),
     .socket_option = "TCP_USER_TIMEOUT"},
    {.name = "announce_user_timeout", .kind = Kind::Switch, .rule = "RFC 5482",
     .what = "the peer is told of it",
     FIELD(tcp.announce_user_timeout)},
    {.name = "adopt_user_timeout", .kind = Kind::Switch, .rule = "RFC 5482",
     .what = "the peer's counts too",
     FIELD(tcp.adopt_user_timeout)},
    {.name = "user_timeout_least", .kind = Kind::Time, .rule = "RFC 5482",
     .what = "the least that is adopted",
     FIELD(tcp.user_timeout_least)},
    {.name = "user_timeout_most", .kind = Kind::Time, .rule = "RFC 5482",
     .what = "the most",
     FIELD(tcp.user_timeout_most)},

    // Segments that arrive.
    {.name = "missing_timestamps", .kind = Kind::Switch, .rule = "RFC 7323 §3.2",
     .what = "a segment without the agreed timestamp is taken",
     FIELD(tcp.tolerates_missing_timestamps), MEMBER(tolerate_missing_timestamps, AsPersonality)},
    {.name = "reset_may_repeat_fin", .kind = Kind::Switch, .rule = "RFC 5961 §3.2",
     .what = "behind their FIN a reset with its number counts",
     FIELD(tcp.reset_may_repeat_fin), MEMBER(reset_may_repeat_fin, AsPersonality)},
    {.name = "answers_unsent_ack", .kind = Kind::Switch, .rule = "RFC 9293 §3.10.7.4",
     .what = "an ACK of what was not sent is answered",
     FIELD(tcp.answers_unsent_ack)},
    {.name = "late_data_resets_as_closed_port", .kind = Kind::Switch, .rule = "RFC 9293 §3.6.1",
     .what = "data after CLOSE draws a closed port's reset",
     FIELD(tcp.late_data_resets_as_closed_port)},
    {.name = "blind_attack_defence", .kind = Kind::Switch, .rule = "RFC 5961",
     .what = "challenge ACKs against blind attacks",
     FIELD(tcp.blind_attack_defence), MEMBER(rfc5961, Plain)},
    {.name = "challenge_acks_per_second", .kind = Kind::Count, .rule = "RFC 5961 §7",
     .what = "of one connection at most",
     FIELD(tcp.challenge_acks_per_second)},
    {.name = "use_fast_path", .kind = Kind::Switch,
     .what = "common segments skip checks that they pass anyway",
     FIELD(tcp.use_fast_path)},

    // Idle connections, and the end.
    {.name = "keep_alive_idle", .kind = Kind::Time, .rule = "RFC 9293 §3.8.4",
     .what = "keep-alive begins after",
     FIELD(tcp.keep_alive_idle), OF_CONNECTION(keep_alive_idle), MEMBER(keep_idle, Plain),
     .socket_option = "TCP_KEEPIDLE"},
    {.name = "keep_alive_interval", .kind = Kind::Time, .rule = "RFC 9293 §3.8.4",
     .what = "and repeats after",
     FIELD(tcp.keep_alive_interval), OF_CONNECTION(keep_alive_interval),
     MEMBER(keep_interval, Plain), .socket_option = "TCP_KEEPINTVL"},
    {.name = "keep_alive_probes", .kind = Kind::Count, .rule = "RFC 9293 §3.8.4",
     .what = "so often",
     FIELD(tcp.keep_alive_probes), .most = kMostRetries, OF_CONNECTION(keep_alive_probes),
     MEMBER(keep_probes, Plain),
     .socket_option = "TCP_KEEPCNT"},
    {.name = "repeats_fin", .kind = Kind::Switch, .rule = "RFC 9293 §3.10.4",
     .what = "an ACK carries our FIN until it is acknowledged",
     FIELD(tcp.repeats_fin)},
    {.name = "msl", .kind = Kind::Time, .rule = "RFC 9293 §3.4.3",
     .what = "maximum segment lifetime: TIME-WAIT lasts twice that",
     FIELD(tcp.msl), MEMBER(two_msl, Doubled), .option = "--msl",
     .bare_unit = std::chrono::seconds(1)},
    {.name = "time_wait_reset", .kind = Kind::Word, .words = kTimeWaitResets, .rule = "RFC 1337",
     .what = "which resets end TIME-WAIT",
     FIELD(tcp.time_wait_reset), MEMBER(time_wait_reset, AsPersonality)},
    {.name = "time_wait_answers_syn", .kind = Kind::Switch, .rule = "RFC 6191 §2",
     .what = "a SYN that may not take TIME-WAIT over is answered",
     FIELD(tcp.time_wait_answers_syn)},
    {.name = "fin_wait_2_timeout", .kind = Kind::Time,
     .what = "how long an abandoned FIN-WAIT-2 lasts",
     FIELD(tcp.fin_wait_2_timeout), OF_CONNECTION(fin_wait_2_timeout), MEMBER(fin_wait_2, Plain),
     .socket_option = "TCP_LINGER2"},

    // Limits.
    {.name = "max_connections", .kind = Kind::Count,
     .what = "connections at most",
     FIELD(tcp.max_connections), .least = 1, MEMBER(max_connections, Plain)},
    {.name = "max_half_open", .kind = Kind::Count, .rule = "RFC 4987 §3.2",
     .what = "half-open connections at most",
     FIELD(tcp.max_half_open)},
    {.name = "max_time_wait", .kind = Kind::Count,
     .what = "records of TIME-WAIT at most",
     FIELD(tcp.max_time_wait)},
    {.name = "max_orphans", .kind = Kind::Count,
     .what = "connections without an application at most",
     FIELD(tcp.max_orphans)},

    // For tests.
    {.name = "keep_statistics", .kind = Kind::Switch,
     .what = "what TCP_INFO tells is kept; in the C ABI always",
     FIELD(tcp.keep_statistics)},
    {.name = "fixed_iss", .kind = Kind::Count,
     .what = "every ISN is this one; -1: none",
     FIELD(tcp.fixed_iss), .least = -1, BY_HAND(isn)},
    {.name = "fixed_timestamp", .kind = Kind::Count,
     .what = "the timestamp clock reads this at time 0; -1: none",
     FIELD(tcp.fixed_timestamp), .least = -1, BY_HAND(timestamp)},
};
// clang-format on

#undef FIELD
#undef OF_CONNECTION
#undef MEMBER
#undef BY_HAND

}  // namespace

std::span<const Setting> settings() {
  return kSettings;
}

const Setting* setting_named(std::string_view name) {
  const auto found = std::ranges::find(kSettings, name, &Setting::name);
  return found == std::end(kSettings) ? nullptr : &*found;
}

}  // namespace glasstcp
