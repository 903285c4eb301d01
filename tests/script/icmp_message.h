// ICMP errors of a script by name: those that come in about a segment of ours, and those that we
// must send about a packet that came in.
//
// RFC 792, RFC 4443 (types, codes, what is quoted), RFC 1812 §4.3.2.3 (576 bytes).
//
// Invariants:
//   1. What we send is compared whole: addresses, type, code, pointer, checksum, and how much is
//   quoted.
//
// Next: runner.h.
#pragma once

#include <string>

#include "tests/script/conversation.h"
#include "tests/script/script.h"
#include "tests/script/settings.h"
#include "tests/support/segment.h"

namespace glasstcp::test {

/// What is wrong with its names, or empty.
[[nodiscard]] std::string icmp_fault(const ScriptIcmp& icmp);
/// The packet that comes in: it quotes a segment of ours, sent from `our_port`.
[[nodiscard]] Bytes icmp_packet(const ScriptIcmp& icmp, IpVersion version, const Flow& flow,
                                std::uint16_t our_port);
/// How what we sent differs from what the script expects about the packet `cause`; empty: not.
[[nodiscard]] std::string icmp_difference(const ScriptIcmp& expected, IpVersion version,
                                          const Bytes& cause, const Bytes& actual);

}  // namespace glasstcp::test
