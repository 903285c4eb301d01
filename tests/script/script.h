// A packet script as data: what the parser makes of a .pkt file, and what the runner performs.
//
// The language is packetdrill's (a public tool for testing TCP by conversations): each event has a
// time and is a segment that comes in ("<"), a segment that must go out (">"), an ICMP error that
// comes in or goes out, a socket call with its expected result, a check of the connection's
// variables, or settings from there on. See cases/README.md for what we add in comments.
//
// Invariants:
//   1. Sequence numbers here are as written: relative to the initial number of the side that owns
//   them.
//
// Next: script_parser.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stack/base/time.h"
#include "tests/support/segment.h"

namespace glasstcp::test {

/// When an event happens. For an outbound segment [from, to] is when it may be sent; for a call,
/// from its begin to its return.
struct EventTime {
  enum class Base : std::uint8_t { Script, Previous, Any };
  Base base = Base::Previous;
  Duration from{};
  Duration to{};
  bool is_blocking = false;  ///< written with "...": the call must return exactly at `to`
};

/// One option as written; the numbers of SACK and TS are relative.
struct ScriptOption {
  std::uint8_t kind = 0;
  std::vector<std::uint32_t> numbers;
  Bytes raw;  ///< for kinds without numbers
};

/// Fast Open cookies by name: of our present key, of our key before, and two that the peer made up,
/// one of them as long as a cookie may be.
inline constexpr std::uint32_t kGoodCookie = 1, kOlderCookie = 2, kTheirCookie = 3,
                               kLongestCookie = 4;

/// A segment as written.
struct ScriptSegment {
  bool is_inbound = false;
  std::uint16_t flags = 0;
  std::uint32_t seq = 0;
  std::uint32_t length = 0;
  std::optional<std::uint32_t> ack;
  std::optional<std::uint16_t> window;
  std::optional<std::uint16_t> urgent;
  std::vector<ScriptOption> options;
  bool any_options = false;                     ///< "<...>"
  std::optional<std::uint8_t> traffic_class;    ///< "[tos 0x10]"
  std::optional<std::uint8_t> hop_limit;        ///< "[ttl 64]"
  bool any_seq = false;                         ///< "*:*(0)", expected only
  bool any_ack = false;                         ///< "ack *", expected only
  std::optional<bool> dont_fragment;            ///< "[df]", "[nodf]"; IPv4 alone
  std::optional<std::uint16_t> identification;  ///< "[id 0]"; IPv4 alone
  std::optional<std::uint32_t> flow_label;      ///< "[flow 7]"; IPv6 alone
  bool new_identification = false;              ///< "[id new]": no packet of ours had it
  bool same_flow_label = false;                 ///< "[flow same]": as all of its flow, not zero
  std::uint8_t reserved = 0;  ///< "[reserved 7]": the three bits, inbound; ours must be zero
};

/// A packet byte by byte: "raw { 45 00 length ... }" (raw_packet.h).
struct ScriptRaw {
  bool is_inbound = false;
  std::vector<std::string> words;
};

/// An ICMP error as written: "icmp unreachable frag_needed mtu 1400 [1:1001(1000)]".
struct ScriptIcmp {
  bool is_inbound = true;
  std::string type;
  std::string code;
  std::uint32_t word = 0;  ///< "mtu 1400"
  std::optional<std::uint32_t> pointer;
  std::uint32_t quoted_seq = 0;  ///< inbound: the segment of ours that it quotes
  std::uint32_t quoted_length = 0;
  bool any_quote = false;  ///< ours: "[*]"; else "[last]", the packet that came in last
};

/// "//: key=value ..." lines, in order.
using ScriptSettings = std::vector<std::pair<std::string, std::string>>;

/// A socket call as written: arguments as text, the expected result as a number and perhaps an
/// errno's name.
struct ScriptCall {
  std::string name;
  std::vector<std::string> arguments;
  std::optional<long long> result;  ///< empty: not checked
  std::string error;
};

/// Conditions on the connection's variables: "%{ state == "ESTABLISHED", cwnd == 10 * 1460 }%".
struct ScriptCheck {
  std::vector<std::string> conditions;
};

/// One event, with the words in its trailing comment ("reason: AckDelayTimer") by key.
struct ScriptEvent {
  int line = 0;
  std::string text;  ///< as written, for messages
  EventTime time;
  std::variant<ScriptSegment, ScriptRaw, ScriptIcmp, ScriptCall, ScriptCheck, ScriptSettings>
      action;
  std::map<std::string, std::string> notes;

  /// The note of that key, or empty.
  [[nodiscard]] std::string note(const std::string& key) const;
};

/// A whole script.
struct Script {
  std::vector<std::string> covers;  ///< ids of the COVERS line
  ScriptSettings settings;          ///< those above the first event: of the whole script
  std::vector<ScriptEvent> events;

  /// The last value of that key above the first event, or empty.
  [[nodiscard]] std::string setting(std::string_view key) const;
};

}  // namespace glasstcp::test
