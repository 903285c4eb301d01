// What a stack, or one of its connections, may choose among.
//
// RFC 9293 §3.8.2 (congestion control), RFC 3168 and RFC 9768 (ECN), RFC 4821 (path MTU).
//
// Next: config.h.
#pragma once

#include <cstdint>

namespace glasstcp {

/// The congestion control algorithms that a connection can use (RFC 9293 §3.8.2 MAY-18).
enum class CongestionAlgorithm : std::uint8_t {
  NewReno,  ///< RFC 5681, RFC 6582
  Cubic,    ///< RFC 9438
  Bbr,      ///< draft-ietf-ccwg-bbr
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
  bool accurate = true;  ///< RFC 9768 where the peer has it too
};

/// When to search for the path MTU by probes (RFC 4821).
enum class MtuProbing : std::uint8_t {
  Off,
  AfterBlackHole,  ///< when full-sized segments vanish, and upwards from there
  Always,          ///< from a small size upwards on every connection
};

}  // namespace glasstcp
