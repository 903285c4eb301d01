// What the options of a SYN agree on, and the options that answer them. See agreement.h.
#include "stack/tcp/handshake/agreement.h"

#include <algorithm>

#include "stack/tcp/config.h"
#include "stack/tcp/segment.h"

namespace glasstcp {
namespace {

// RFC 9293 §3.7.1 leaves the least MSS open. A tiny one would make us send headers around nothing.
constexpr std::uint16_t kLeastMss = 64;
// RFC 7323 §2.3 R7323-06: a larger shift means this one.
constexpr std::uint8_t kMostShift = 14;

}  // namespace

Agreement Agreement::from_syn(const Segment& syn, const TcpConfig& config, std::uint8_t our_shift) {
  const TcpOptions& offered = syn.options;
  Agreement agreed;
  agreed.tuple = syn.tuple;
  agreed.hash = syn.hash;
  agreed.irs = syn.seq;
  // RFC 9293 §3.7.1 MUST-14, MUST-15.
  const std::uint16_t mss = offered.mss.value_or(default_mss(syn.tuple.remote_address.version()));
  agreed.peer_mss = std::max(mss, kLeastMss);
  // RFC 7323 §2.2 R7323-01, §2.3 R7323-04: scaling only if both SYNs have the option.
  agreed.scaled = config.use_window_scale && offered.window_scale.has_value();
  if (agreed.scaled) {
    agreed.snd_shift = std::min(*offered.window_scale, kMostShift);
    agreed.rcv_shift = our_shift;
  }
  agreed.sack = config.use_sack && offered.sack_permitted;
  agreed.timestamps = config.use_timestamps && offered.timestamps.has_value();
  if (agreed.timestamps) agreed.ts_recent = offered.timestamps->val;
  agreed.user_timeout = offered.user_timeout;
  return agreed;
}

// What the peer's SYN did not offer is left out (RFC 7323 §2.3 R7323-04, RFC 2018 §2 R2018-01).
// What may be the cause that a SYN-ACK is lost goes on the first one alone: a cookie, and RFC
// 9768's option, which tests there whether it passes (RFC 9768 §3.2.3.2.1).
TcpOptions Agreement::syn_ack_options(const SynAckWords& words) const {
  TcpOptions options;
  options.mss = words.mss;
  options.sack_permitted = sack;
  if (scaled) options.window_scale = rcv_shift;
  if (timestamps) options.timestamps = TimestampsOption{words.clock, ts_recent};
  options.user_timeout = words.user_timeout;
  if (!words.is_first) return options;
  if (ecn.feedback == EcnFeedback::Accurate) options.accurate_ecn = Ecn(ecn).option(1);
  if (words.fast_open_cookie.empty()) return options;
  options.fast_open = true;
  options.fast_open_experimental = words.fast_open_experimental;
  options.fast_open_cookie = words.fast_open_cookie;
  return options;
}

}  // namespace glasstcp
