// Who says what: the mapping between a script's small numbers and the numbers on the wire, and the
// record that a failed test shows.
//
// RFC 9293 §3.4: numbers are relative to each side's initial number here, as in packetdrill; RFC 7323 §3 for
// timestamps, relative to our first one.
//
// Invariants:
//   1. An initial number of ours is learned from our first SYN of a connection, and never changes
//   within it.
//
// Next: user.h.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "tests/script/script.h"
#include "tests/script/settings.h"
#include "tests/support/segment.h"

namespace glasstcp::test {

inline constexpr std::uint64_t kOurPattern = 1;   ///< salt of the bytes that we send
inline constexpr std::uint64_t kPeerPattern = 2;  ///< salt of the bytes that the peer sends

/// The numbers of one connection.
struct Flow {
  std::uint16_t peer_port = kPeerPort;
  std::uint16_t our_port = kOurPort;
  std::uint32_t our_isn = 0;
  std::uint32_t peer_isn = 0;
  std::uint32_t our_timestamp = 0;   ///< ours on the wire minus the script's
  std::uint32_t our_first_byte = 1;  ///< script number of the first byte of our stream
  std::uint32_t peer_first_byte = 1;
  std::optional<std::uint32_t> flow_label;  ///< of our first packet
  bool knows_timestamp = false;
  bool expects_our_syn = true;  ///< the next SYN of ours gives our_isn

  [[nodiscard]] Origin outbound() const { return {our_isn, peer_isn, our_timestamp, 0}; }
  [[nodiscard]] Origin inbound() const { return {peer_isn, our_isn, 0, our_timestamp}; }
};

/// The wire's form of a scripted inbound segment.
[[nodiscard]] Segment to_wire(const ScriptSegment& segment, const Flow& flow);

/// How an outbound segment differs from what the script says, one line per difference; empty when
/// it is as scripted. Learns our initial number and first timestamp from it.
[[nodiscard]] std::vector<std::string> differences(const ScriptSegment& expected,
                                                   const Segment& actual, Flow& flow);

/// "1.234000".
[[nodiscard]] std::string seconds_text(Duration since_start);

}  // namespace glasstcp::test
