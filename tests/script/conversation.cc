// Scripted segments to the wire's numbers, and the comparison of what we sent with what was
// expected.
#include "tests/script/conversation.h"

#include <cstdio>

#include "stack/base/bytes.h"
#include "stack/wire/tcp.h"

namespace glasstcp::test {
namespace {

void append_be32(Bytes& bytes, std::uint32_t value) {
  bytes.resize(bytes.size() + 4);
  store_be32(&bytes[bytes.size() - 4], value);
}

// `origin` is that of the segment the option is in.
Option option_to_wire(const ScriptOption& option, const Origin& origin) {
  Option wire{option.kind, option.raw};
  switch (option.kind) {
    case kOptionMss:
      wire.data.resize(2);
      store_be16(wire.data.data(), static_cast<std::uint16_t>(option.numbers[0]));
      break;
    case kOptionScale:
      wire.data = {static_cast<std::uint8_t>(option.numbers[0])};
      break;
    case kOptionSack:
      for (const std::uint32_t edge : option.numbers) append_be32(wire.data, edge + origin.ack);
      break;
    case kOptionTimestamps:
      append_be32(wire.data, option.numbers[0] + origin.timestamp);
      append_be32(wire.data, option.numbers[1] == 0 ? 0 : option.numbers[1] + origin.echo);
      break;
    case kOptionEcn0:
    case kOptionEcn1:
      for (const std::uint32_t counter : option.numbers) {
        for (int shift = 16; shift >= 0; shift -= 8)
          wire.data.push_back(static_cast<std::uint8_t>(counter >> shift));
      }
      break;
    case kOptionUserTimeout:
      wire.data.resize(2);
      store_be16(wire.data.data(), static_cast<std::uint16_t>(option.numbers[0]));
      break;
    case kOptionExperiment:
      wire.data.insert(wire.data.begin(), {0xf9, 0x89});  // Fast Open's name (RFC 6994)
      break;
    default:
      break;
  }
  return wire;
}

std::vector<Option> options_to_wire(const std::vector<ScriptOption>& options,
                                    const Origin& origin) {
  std::vector<Option> wire;
  for (const ScriptOption& option : options) wire.push_back(option_to_wire(option, origin));
  return wire;
}

void learn(const ScriptSegment& expected, const Segment& actual, Flow& flow) {
  if (flow.expects_our_syn && (actual.flags & TcpFlags::kSyn) != 0) {
    flow.our_isn = actual.seq - expected.seq;
    flow.our_first_byte = expected.seq + 1;
    flow.expects_our_syn = false;
    flow.knows_timestamp = false;
  }
  const Option* timestamps = actual.find(kOptionTimestamps);
  if (flow.knows_timestamp || timestamps == nullptr || timestamps->data.size() != 8) return;
  for (const ScriptOption& option : expected.options) {
    if (option.kind != kOptionTimestamps) continue;
    flow.our_timestamp = load_be32(timestamps->data.data()) - option.numbers[0];
    flow.knows_timestamp = true;
  }
}

// A reset for a segment without ACK has the sequence number zero itself, not one relative to
// anything (RFC 9293 §3.5.2): no connection ever gave us an initial number.
bool has_absolute_seq(const ScriptSegment& expected, const Flow& flow) {
  constexpr std::uint16_t kResetAck = TcpFlags::kRst | TcpFlags::kAck;
  return flow.expects_our_syn && (expected.flags & kResetAck) == kResetAck;
}

// Timestamps may be one tick off: the script's times and the clock's ticks need not begin together.
bool same_option(const Option& expected, const Option& actual) {
  if (expected.kind != kOptionTimestamps || actual.kind != kOptionTimestamps ||
      actual.data.size() != 8) {
    return expected == actual;
  }
  const std::uint32_t ticks = load_be32(actual.data.data()) - load_be32(expected.data.data()) + 1;
  return ticks <= 2 && load_be32(&expected.data[4]) == load_be32(&actual.data[4]);
}

bool same_options(const std::vector<Option>& expected, const std::vector<Option>& actual) {
  if (expected.size() != actual.size()) return false;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!same_option(expected[i], actual[i])) return false;
  }
  return true;
}

class Report {
 public:
  void compare(const char* what, std::uint32_t expected, std::uint32_t actual) {
    if (expected == actual) return;
    say(what, std::to_string(expected), std::to_string(actual));
  }
  void say(const char* what, const std::string& expected, const std::string& actual) {
    lines_.push_back(std::string(what) + ": the script says " + expected + ", the stack " + actual);
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

void compare_payload(const Segment& actual, const Flow& flow, Report& report) {
  const std::uint32_t syn = (actual.flags & TcpFlags::kSyn) != 0 ? 1 : 0;
  const std::uint32_t offset = actual.seq + syn - flow.our_isn - flow.our_first_byte;
  if (actual.payload.empty()) return;
  if (actual.payload != pattern_bytes(offset, actual.payload.size(), kOurPattern)) {
    report.say("bytes", "what the application wrote there", "sends others");
  }
}

}  // namespace

Segment to_wire(const ScriptSegment& segment, const Flow& flow) {
  const Origin origin = flow.inbound();
  Segment wire;
  wire.flags = segment.flags;
  wire.seq = segment.seq + origin.seq;
  wire.ack = segment.ack ? *segment.ack + origin.ack : 0;
  wire.window = segment.window.value_or(0);
  wire.urgent = segment.urgent.value_or(0);
  wire.options = options_to_wire(segment.options, origin);
  const std::uint32_t syn = (segment.flags & TcpFlags::kSyn) != 0 ? 1 : 0;
  wire.payload =
      pattern_bytes(segment.seq + syn - flow.peer_first_byte, segment.length, kPeerPattern);
  return wire;
}

std::vector<std::string> differences(const ScriptSegment& expected, const Segment& actual,
                                     Flow& flow) {
  const bool absolute = has_absolute_seq(expected, flow);
  learn(expected, actual, flow);
  Origin origin = flow.outbound();
  if (absolute) origin.seq = 0;
  Report report;
  if (expected.flags != actual.flags) {
    report.say("flags", flags_text(expected.flags), flags_text(actual.flags));
  }
  if (!expected.any_seq) report.compare("seq", expected.seq, actual.seq - origin.seq);
  report.compare("length", expected.length, static_cast<std::uint32_t>(actual.payload.size()));
  if (expected.ack && !expected.any_ack)
    report.compare("ack", *expected.ack, actual.ack - origin.ack);
  if (expected.window) report.compare("win", *expected.window, actual.window);
  report.compare("urg", expected.urgent.value_or(0), actual.urgent);
  const auto options = options_to_wire(expected.options, origin);
  if (!expected.any_options && !same_options(options, actual.options)) {
    report.say("options", '<' + options_text(options, origin) + '>',
               '<' + options_text(actual.options, origin) + '>');
  }
  compare_payload(actual, flow, report);
  return report.take();
}

std::string seconds_text(Duration since_start) {
  char text[32];
  const std::int64_t us = to_us(since_start);
  std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(us / 1'000'000),
                static_cast<long long>(us % 1'000'000));
  return text;
}

}  // namespace glasstcp::test
