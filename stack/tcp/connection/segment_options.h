// Which options a segment carries that is about to leave, and how ECN sees it.
//
// RFC 9293 §3.1, §3.2 (MSS), RFC 7323 §2 and §3, RFC 2018 §3, RFC 7413 §4 (Fast Open), RFC 5482
// (user timeout), RFC 9768 §3.2.3. It looks at the transmission control block, and changes nothing.
//
// Invariants:
//   1. What was not agreed on is on no segment but a SYN.
//   2. Together they fit into the 40 bytes that a header has for them; a cookie in any case, since
//   data in a SYN goes with its cookie or not at all (RFC 7413 §4.2.1).
//
// Next: segment_options.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/time.h"
#include "stack/tcp/connection/tcb.h"
#include "stack/tcp/send/send_decision.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// The options of one connection's segments, at one moment. Holds a reference.
class SegmentOptions {
 public:
  explicit SegmentOptions(const Tcb& tcb) : tcb_(tcb) {}

  /// Those of the segment that was decided on.
  [[nodiscard]] TcpOptions of(const SendDecision& d, Instant now) const;
  /// That segment, with its options, as ECN sees it.
  [[nodiscard]] EcnDeparture departure(const SendDecision& d, const TcpOptions& options) const;

 private:
  [[nodiscard]] TcpOptions of_syn(Instant now) const;
  [[nodiscard]] TcpOptions of_syn_ack(const SendDecision& d, Instant now) const;
  [[nodiscard]] std::uint16_t mss(Instant now) const;
  [[nodiscard]] std::optional<std::uint16_t> user_timeout() const;

  const Tcb& tcb_;
};

}  // namespace glasstcp
