// The runner's own parts, tested without a stack: the reader of scripts, the language of checks,
// the libtins codec.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "stack/wire/tcp.h"
#include "tests/script/condition.h"
#include "tests/script/conversation.h"
#include "tests/script/script_parser.h"
#include "tests/script/settings.h"
#include "tests/support/segment_codec.h"

namespace glasstcp::test {
namespace {

const ScriptSegment& segment_at(const Script& script, std::size_t index) {
  return std::get<ScriptSegment>(script.events.at(index).action);
}

TEST(ScriptParser, ReadsAHandshake) {
  const auto script = parse_script(R"(
    # COVERS: MUST-10 SHLD-7
    //: mss=1000 nagle=off
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
    +.01 < S 0:0(0) win 32792 <mss 1460,sackOK,nop,wscale 7>   // verdict: SynAccepted
    +0 > S. 0:0(0) ack 1 <...>                                  // reason: SynAck
    0.1~+.2 < . 1:1(0) ack 1 win 257
  )");
  ASSERT_TRUE(script) << script.error();
  EXPECT_EQ(script->covers, (std::vector<std::string>{"MUST-10", "SHLD-7"}));
  EXPECT_EQ(script->setting("mss"), "1000");
  EXPECT_EQ(script->setting("nagle"), "off");
  ASSERT_EQ(script->events.size(), 4U);
  const auto& call = std::get<ScriptCall>(script->events[0].action);
  EXPECT_EQ(call.arguments, (std::vector<std::string>{"...", "SOCK_STREAM", "IPPROTO_TCP"}));
  EXPECT_EQ(call.result, 3);
  const ScriptSegment& syn = segment_at(*script, 1);
  EXPECT_TRUE(syn.is_inbound);
  EXPECT_EQ(syn.flags, TcpFlags::kSyn);
  EXPECT_EQ(syn.options.size(), 4U);
  EXPECT_EQ(script->events[1].note("verdict"), "SynAccepted");
  EXPECT_EQ(script->events[1].time.from, 10ms);
  EXPECT_TRUE(segment_at(*script, 2).any_options);
  EXPECT_EQ(script->events[2].note("reason"), "SynAck");
  EXPECT_EQ(script->events[3].time.base, EventTime::Base::Script);
  EXPECT_EQ(script->events[3].time.to, 200ms);
}

TEST(ScriptParser, ReadsCallsWithErrorsAndBlockingTimes) {
  const auto script = parse_script(R"(
    0.5...0.7 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)
    +0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0
  )");
  ASSERT_TRUE(script) << script.error();
  EXPECT_TRUE(script->events[0].time.is_blocking);
  EXPECT_EQ(script->events[0].time.to, 700ms);
  const auto& call = std::get<ScriptCall>(script->events[0].action);
  EXPECT_EQ(call.result, -1);
  EXPECT_EQ(call.error, "ECONNREFUSED");
  EXPECT_EQ(std::get<ScriptCall>(script->events[1].action).arguments[3], "{onoff=1, linger=0}");
}

TEST(ScriptParser, NamesTheLineOfAMistake) {
  EXPECT_EQ(parse_script("\n\n+0 < S 0:5(0) win 1").error(),
            "line 3: the sequence numbers and the length do not agree");
  EXPECT_EQ(parse_script("+0 < . 0:0(0) win 1").error(),
            "line 1: flag '.' and 'ack N' go together");
  EXPECT_FALSE(parse_script("+0 < S 0:0(0)"));
  EXPECT_FALSE(parse_script("//: nonsense"));
}

TEST(ScriptParser, SaysWhatItExpectedInAPacketOfBytes) {
  const auto fault = [](const std::string& text) {
    const auto script = parse_script("\n" + text);
    return script ? std::string("none") : script.error();
  };
  EXPECT_EQ(
      fault("+0 < raw { 45 0 }"),
      "line 2: '0': expected bytes in hex, N*HH, ??, us, peer, our+N, their+N, length, ipsum, "
      "icmpsum or tcpsum");
  EXPECT_EQ(fault("+0 < raw { 45 ?? }"), "line 2: '\?\?' can only be expected, not sent");
  EXPECT_EQ(fault("+0 > raw { }"), "line 2: expected at least one word between '{' and '}'");
  EXPECT_EQ(fault("+0 > raw 45"), "line 2: expected '{' before '45'");
  EXPECT_EQ(fault("+0 > raw { 45 our+1 3*00 ?? }"), "none");
}

TEST(ScriptParser, SaysWhatItExpectedOfASegment) {
  const auto fault = [](const std::string& text) {
    const auto script = parse_script(text);
    return script ? std::string("none") : script.error();
  };
  EXPECT_EQ(
      fault("+0 < [odd] S 0:0(0) win 1"),
      "line 1: expected one of tos noecn ect0 ect1 ce ttl df nodf id flow reserved in '[...]'");
  EXPECT_EQ(fault("+0 < [flow 1048576] S 0:0(0) win 1"), "line 1: expected a number below 1048576");
  EXPECT_EQ(fault("+0 > [reserved 1] . 1:1(0) ack 1"),
            "line 1: reserved bits of ours must be zero: leave '[reserved]' out");
  EXPECT_EQ(fault("+0 < S *:*(0) win 1"),
            "line 1: '*' can only be expected: an inbound segment needs its numbers");
  EXPECT_EQ(fault("+0 > . x:1(0) ack 1"), "line 1: expected a number before 'x:1(0) ack 1'");
  EXPECT_EQ(fault("+0 > [df,id 7,flow 9] . *:*(0) ack *"), "none");
  EXPECT_EQ(fault("+0 > [nodf,id new,flow same] . *:*(0) ack *"), "none");
  EXPECT_EQ(fault("+0 < [id new] S 0:0(0) win 1"),
            "line 1: expected a number before 'new] S 0:0(0) win 1'");
}

TEST(ScriptParser, KeepsNotesWithTheirEvent) {
  const auto script = parse_script(
      "+0 < . 1:1(0) ack 1 win 5 // batch: yes; verdict: Accepted\n"
      "// reason: a line of its own belongs to nobody\n"
      "+0 %{ cwnd == 10, state == \"ESTABLISHED\" }%\n");
  ASSERT_TRUE(script) << script.error();
  EXPECT_EQ(script->events[0].note("verdict"), "Accepted");
  EXPECT_TRUE(script->events[0].notes.contains("batch"));
  EXPECT_TRUE(script->events[1].notes.empty());
  EXPECT_EQ(std::get<ScriptCheck>(script->events[1].action).conditions.size(), 2U);
}

TEST(ScriptParser, PutsASettingWhereItStands) {
  const auto script = parse_script(
      "//: mss=900 nagle=on\n"
      "+0 < S 0:0(0) win 1\n"
      "//: nagle=off hop_limit=9\n"
      "+0 < . 1:1(0) ack 1 win 1\n"
      "//: mss=500\n");
  ASSERT_TRUE(script) << script.error();
  EXPECT_EQ(script->settings.size(), 2U);
  EXPECT_EQ(script->setting("nagle"), "on");
  ASSERT_EQ(script->events.size(), 4U);
  const auto& second = std::get<ScriptSettings>(script->events[1].action);
  EXPECT_EQ(second, (ScriptSettings{{"nagle", "off"}, {"hop_limit", "9"}}));
  EXPECT_EQ(script->events[1].line, 3);
  EXPECT_EQ(std::get<ScriptSettings>(script->events[3].action).front().second, "500");
}

TEST(ScriptParser, ReadsIcmpErrorsOfBothDirections) {
  const auto script = parse_script(
      "+0 < icmp unreachable frag_needed mtu 1400 [1:1461(1460)]\n"
      "+0 > icmp parameter_problem unknown_option pointer 42 [last]\n"
      "+0 > icmp time_exceeded frag_reass_exceeded [*]\n");
  ASSERT_TRUE(script) << script.error();
  const auto at = [&](std::size_t i) { return std::get<ScriptIcmp>(script->events.at(i).action); };
  EXPECT_TRUE(at(0).is_inbound);
  EXPECT_EQ(at(0).word, 1400U);
  EXPECT_FALSE(at(1).is_inbound);
  EXPECT_EQ(at(1).pointer, 42U);
  EXPECT_TRUE(at(2).any_quote);
  EXPECT_EQ(parse_script("+0 > icmp unreachable port_unreachable [1:2(1)]").error(),
            "line 1: an ICMP error of ours quotes what came in: [last], or any: [*]");
  EXPECT_NE(parse_script("+0 > icmp unreachable nonsense [*]")
                .error()
                .find("expected one of parameter_problem, "),
            std::string::npos);
}

// What a script says must be what the stack does, or an error: a wrong word never means a default.
TEST(ScriptSettings, RefuseWhatTheyDoNotKnow) {
  const auto fault = [](const std::string& setting) {
    const auto script = parse_script("//: " + setting + "\n+0 < S 0:0(0) win 1\n");
    const auto settings = settings_of(script.value(), World{});
    return settings ? std::string("none") : settings.error();
  };
  EXPECT_EQ(fault("personality=linux"), "none");
  EXPECT_EQ(fault("habits=linux"), "none") << "its name of before";
  EXPECT_EQ(fault("personality=mine"), "'mine' is not 'rfc', 'linux' or 'bsd'");
  EXPECT_EQ(fault("syn_cookies=sometimes"), "'sometimes' is not 'off', 'full' or 'only'");
  EXPECT_EQ(fault("hop_limit=256"), "'256' is not a number from 1 to 255");
  EXPECT_EQ(fault("mss=65536"), "'65536' is not a number from 0 to 65535");
  EXPECT_EQ(fault("nagel=off"), "no setting is called 'nagel'");
}

TEST(ScriptSettings, ChangeOnTheWayWhereAConnectionCan) {
  ConnectionSettings settings;
  EXPECT_TRUE(change(settings, "hop_limit", "9"));
  EXPECT_EQ(settings.hop_limit, 9);
  EXPECT_EQ(change(settings, "repeats_fin", "on").error(),
            "'repeats_fin' holds for the whole script: write it above the first event");
  EXPECT_EQ(change(settings, "hop_limit", "far").error(), "'far' is not a number from 1 to 255");
}

TEST(ScriptSettings, AllRowsOfAPersonalityAreChosenByOneWordAndEachByItsOwn) {
  const auto script = parse_script("//: personality=bsd repeats_fin=off\n+0 < S 0:0(0) win 1\n");
  const auto settings = settings_of(script.value(), World{});
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_TRUE(settings->stack.tcp.acks_second_segment);
  EXPECT_FALSE(settings->stack.tcp.repeats_fin);
}

TEST(Condition, ComparesSumsAndProducts) {
  const Lookup lookup = [](std::string_view name) -> std::optional<Value> {
    if (name == "cwnd") return Value{14600, "", false};
    if (name == "state") return Value{0, "LISTEN", true};
    return std::nullopt;
  };
  EXPECT_EQ(violation("cwnd == 10 * 1460", lookup), "");
  EXPECT_EQ(violation("cwnd <= (2 + 3) * 2920", lookup), "");
  EXPECT_EQ(violation("state == \"LISTEN\"", lookup), "");
  EXPECT_NE(violation("cwnd > 14600", lookup).value().find("left is 14600"), std::string::npos);
  EXPECT_FALSE(violation("cwmd > 1", lookup));
  EXPECT_FALSE(violation("cwnd > 1 2", lookup));
}

Datagram sample(IpVersion version) {
  Datagram datagram;
  datagram.source = peer_address(version);
  datagram.destination = our_address(version);
  datagram.source_port = 33000;
  datagram.destination_port = 8080;
  datagram.segment.seq = 0xfffffff0U;
  datagram.segment.ack = 7;
  datagram.segment.flags = TcpFlags::kAck | TcpFlags::kPsh;
  datagram.segment.window = 500;
  datagram.segment.options = {{kOptionNop, {}}, {kOptionNop, {}}, {kOptionTimestamps, Bytes(8, 3)}};
  datagram.segment.payload = pattern_bytes(0, 101, 1);
  return datagram;
}

TEST(SegmentCodec, JudgesWhatItEncodes) {
  for (const IpVersion version : {IpVersion::V4, IpVersion::V6}) {
    const Datagram datagram = sample(version);
    const auto seen = judge(encode(datagram));
    ASSERT_TRUE(seen) << seen.error();
    EXPECT_EQ(seen->source, datagram.source);
    EXPECT_EQ(seen->segment.seq, datagram.segment.seq);
    EXPECT_EQ(seen->segment.options, datagram.segment.options);
    EXPECT_EQ(seen->segment.payload, datagram.segment.payload);
  }
}

TEST(SegmentCodec, CondemnsWrongChecksumsAndLengths) {
  for (const IpVersion version : {IpVersion::V4, IpVersion::V6}) {
    RawParts raw;
    raw.corrupt_checksum = true;
    EXPECT_EQ(judge(encode(sample(version), raw)).error(), "the TCP checksum is wrong");
    Bytes longer = encode(sample(version));
    longer.push_back(0);
    EXPECT_EQ(judge(longer).error(), "the IP length differs from the packet's");
  }
}

TEST(SegmentCodec, PutsRawOptionsInPlace) {
  RawParts raw;
  raw.options = Bytes{2, 0, 5, 180};  // an MSS option that claims a length of zero
  const Bytes packet = encode(sample(IpVersion::V6), raw);
  EXPECT_EQ(packet[52] >> 4, 6);
  EXPECT_EQ(packet[60], 2);
  EXPECT_EQ(packet[61], 0);
}

TEST(SegmentText, ReadsLikeAScript) {
  const Datagram datagram = sample(IpVersion::V4);
  EXPECT_EQ(segment_text(datagram.segment, {0xffffffefU, 6, 0, 0}),
            "P. 1:102(101) ack 1 win 500 <nop,nop,TS val 50529027 ecr 50529027>");
}

}  // namespace
}  // namespace glasstcp::test
