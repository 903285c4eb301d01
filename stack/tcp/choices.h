// What a stack, or one of its connections, may choose among.
//
// RFC 3168 and RFC 9768 (ECN), RFC 4821 (path MTU), RFC 6298 (timeouts); the congestion control
// algorithms have a list of their own (congestion_names.h).
//
// Next: config.h.
#pragma once

#include <cstdint>

#include "stack/base/time.h"
#include "stack/tcp/congestion_names.h"

namespace glasstcp {

/// Which resets end TIME-WAIT (RFC 1337 §3, RFC 9293 §3.10.7.4).
enum class TimeWaitReset : std::uint8_t {
  Never,     ///< RFC 1337
  AfterSyn,  ///< one at RCV.NXT, if what we said last answered a SYN
  Exact,     ///< any at RCV.NXT, as Linux has it by default
};

/// Whether a stack uses explicit congestion notification.
enum class EcnUse : std::uint8_t {
  Off,
  Passive,  ///< only if the peer asks for it
  On,       ///< our SYNs ask for it
};

/// What a stack is willing to do about it.
struct EcnWill {
  EcnUse use = EcnUse::Passive;
  bool accurate = true;              ///< RFC 9768 where the peer has it too
  std::uint8_t classic_retries = 0;  ///< SYNs sent again that still ask for RFC 3168's (BSD: 1)

  friend bool operator==(const EcnWill&, const EcnWill&) = default;
};

/// The bounds of the retransmission timeout that RFC 6298 leaves to the implementation.
struct RtoBounds {
  Duration initial;
  Duration min;
  Duration max;
  bool min_is_variance = false;  ///< `min` bounds 4 * rttvar and not the sum, as Linux has it

  friend bool operator==(const RtoBounds&, const RtoBounds&) = default;
};

/// What the MSS in our SYN follows (RFC 9293 §3.7.1 asks for what we can receive).
enum class OfferedMss : std::uint8_t {
  Device,
  Path,    ///< as Linux: no more than the path takes in our direction
  PathV6,  ///< as BSD: so over IPv6
};

/// Which ICMP errors end a connection that is not synchronized yet (RFC 9293 §3.9.2.2 SHLD-26).
enum class IcmpAborts : std::uint8_t {
  None,
  Rfc,         ///< protocol and port unreachable, and IPv6's "prohibited" (RFC 5461 §2)
  Prohibited,  ///< as BSD: IPv4's "prohibited" too, which RFC 1122 does not know
};

/// When to search for the path MTU by probes (RFC 4821).
enum class MtuProbing : std::uint8_t {
  Off,
  AfterBlackHole,  ///< when full-sized segments vanish, and upwards from there
  Always,          ///< from a small size upwards on every connection
};

}  // namespace glasstcp
