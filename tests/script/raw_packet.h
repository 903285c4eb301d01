// Packets that a script spells out byte by byte: ICMP, fragments, extension headers, IPv4 options,
// nonsense.
//
// RFC 791, RFC 8200, RFC 792, RFC 4443. A template is a list of words (`45 00 length ...`); the words of
// kWordHelp stand for what a script cannot know or should not have to compute.
//
// Invariants:
//   1. An unknown word is an error that names the words there are; `??` is allowed only in what
//   we expect, never in what the peer sends.
//
// Next: runner.h.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "tests/script/conversation.h"
#include "tests/script/settings.h"

namespace glasstcp::test {

/// The bytes of a template; empty: any byte.
using PacketPattern = std::vector<std::optional<std::uint8_t>>;

/// What is wrong with a template, or empty. For the parser, which knows no world yet.
[[nodiscard]] std::string template_fault(const ScriptRaw& raw);
/// The template in this world. Lengths and checksums are those of a packet whose free bytes are
/// `actual`'s, so that an expected checksum is recomputed from what was really sent.
[[nodiscard]] PacketPattern fill_in(const ScriptRaw& raw, IpVersion version, const Flow& flow,
                                    const Bytes& actual = {});
/// The first difference, or empty.
[[nodiscard]] std::string difference(const PacketPattern& expected, const Bytes& actual);
/// "45 00 00 1c".
[[nodiscard]] std::string hex_of(const Bytes& packet);

/// Writes the IP fields and reserved bits of a scripted segment ("[df, id 7, flow 5, reserved 1]")
/// into its packet; the IPv4 checksum and the TCP checksum are adjusted by the difference.
void write_ip_fields(const ScriptSegment& segment, Bytes& packet);
/// How a packet's fields differ from those of the script, one line each.
[[nodiscard]] std::vector<std::string> ip_differences(const ScriptSegment& expected,
                                                      const Bytes& packet);

}  // namespace glasstcp::test
