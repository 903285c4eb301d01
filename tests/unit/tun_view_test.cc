// The live view: what a page is told and how much of it, and who may turn its switches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/two_stacks.h"
#include "tests/support/view_packets.h"
#include "tun/serve/server_status.h"
#include "tun/view/view_control.h"
#include "tun/view/view_exemption.h"
#include "tun/view/view_hub.h"

namespace glasstcp {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using test::packet_of;

// -- What a page is told

struct Told {
  std::string event;
  json data;
};

// Reads all that a stream has, and cuts it into events.
std::vector<Told> events_of(http::BodyStream& stream) {
  std::string text;
  std::vector<std::uint8_t> piece(100'000);
  while (const std::size_t n = stream.read(piece)) {
    text.append(reinterpret_cast<const char*>(piece.data()), n);
  }
  std::vector<Told> all;
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    EXPECT_NE(end, std::string::npos) << "an event is whole";
    const std::string one = text.substr(0, end);
    text.erase(0, end + 2);
    if (one.starts_with(':')) continue;
    const std::size_t line = one.find("\ndata: ");
    EXPECT_EQ(one.find('\n', line + 1), std::string::npos) << "the data is one line";
    all.push_back({one.substr(7, line - 7), json::parse(one.substr(line + 7))});
  }
  return all;
}

const json* find(const std::vector<Told>& all, std::string_view event) {
  for (const Told& told : all) {
    if (told.event == event) return &told.data;
  }
  return nullptr;
}

// A server's stack with a client, and a hub that watches it.
class ViewTest : public testing::Test {
 protected:
  ViewTest() : hub_({{"192.0.2.2"}, 80, false, Language::English}, 4U << 20), switches_({}, false) {
    hub_.join(two_.right, switches_, two_.now, [this] {
      ++looks_;
      if (lacks_memory_) throw std::bad_alloc();
      Status status;
      status.sections.push_back({"received", {"received", "r"}, true, {}});
      status.sections.back().add("SynAccepted", {"SynAccepted", "SynAccepted"}, std::uint64_t{3},
                                 {"a handshake begins", "z"});
      return status;
    });
    // A loop would say when a packet was written.
    two_.drop = [this](const test::Wire&) {
      hub_.annotator().on_application_done();
      hub_.annotator().on_written(two_.now);
      return false;
    };
    watch();
  }
  void watch() {
    two_.right.set_observer(hub_.wants_packets(two_.now) ? &hub_.annotator() : nullptr);
  }
  void pass(Duration time) {
    two_.run_for(time);
    hub_.annotator().on_application_done();
    hub_.annotator().on_turn_done(two_.now);
    watch();
    hub_.on_time(two_.now);
  }
  Ref<http::BodyStream> open(std::string_view query, const char* client = "192.0.2.1",
                             const FourTuple& tuple = {}) {
    http::ServiceCall call;
    call.query = query;
    call.tuple = tuple;
    call.tuple.remote_address = *IpAddress::parse(client);
    hub_.on_time(two_.now);
    http::ServiceAnswer answer = hub_.open(call);
    status_ = answer.status;
    return answer.stream;
  }

  test::TwoStacks two_;
  ViewHub hub_;
  ViewSwitches switches_;
  int status_ = 0;
  int looks_ = 0;  // at all that is counted
  bool lacks_memory_ = false;
};

TEST_F(ViewTest, TellsWhatCameBeforeSomebodyLooked) {
  [[maybe_unused]] const auto sockets = two_.connected();
  pass(1ms);
  const auto stream = open("c=last&lang=zh");
  ASSERT_EQ(status_, 200);
  const auto told = events_of(*stream);
  const json& hello = *find(told, "hello");
  EXPECT_EQ(hello["version"], 1);
  EXPECT_EQ(hello["client"], "192.0.2.1");
  EXPECT_EQ(hello["language"], "zh");
  EXPECT_EQ(hello["control"], false);
  EXPECT_NE(hello["watched"], 0);
  const json& table = *find(told, "connections");
  ASSERT_EQ(table["shown"].size(), 1U);
  EXPECT_EQ(table["shown"][0]["id"], hello["watched"]);
  EXPECT_EQ(table["shown"][0]["state"], "ESTABLISHED");
  EXPECT_EQ(table["shown"][0]["local"], "192.0.2.2:80");
  EXPECT_EQ(table["total"], 1);
  const json& packets = *find(told, "packets");
  ASSERT_EQ(packets["rows"].size(), 3U) << "the handshake";
  EXPECT_EQ(packets["lost"], 0);
  EXPECT_EQ(packets["rows"][0]["label"], "SYN seq=0");
  EXPECT_EQ(packets["rows"][1]["side"], 1);
  EXPECT_EQ(packets["rows"][1]["reason"], "SynAck");
  EXPECT_EQ(packets["rows"][1]["arrived"], -1) << "nobody told whether it came";
  EXPECT_EQ(packets["rows"][2]["states"][1], "ESTABLISHED");
  EXPECT_EQ(packets["rows"][0]["bytes"].get<std::string>().substr(0, 2), "45");
  EXPECT_EQ(packets["moments"].back()[0], "tcb");
  EXPECT_EQ(packets["moments"].back()[5].size(), lab::kTcbKeys.size());
  EXPECT_EQ((*find(told, "counters"))["verdicts"][0], json::parse(R"(["SynAccepted","z",3])"));
  EXPECT_TRUE(find(told, "switches")->contains("settings"));
}

TEST_F(ViewTest, TellsOnlyWhatChangedAndAtMostFourTimesASecond) {
  const auto [client, server] = two_.connected();
  pass(1ms);
  const auto stream = open("c=last");
  events_of(*stream);
  pass(100ms);
  EXPECT_TRUE(events_of(*stream).empty()) << "it is not time";
  pass(200ms);
  EXPECT_TRUE(events_of(*stream).empty()) << "nothing changed";
  const std::string text(3000, 'x');
  ASSERT_TRUE(two_.right.send(server, test::TwoStacks::bytes(text), {}, two_.now));
  pass(300ms);
  const auto told = events_of(*stream);
  EXPECT_EQ(find(told, "connections")->at("shown")[0]["sent"], 3000);
  EXPECT_GE(find(told, "packets")->at("rows").size(), 3U);
  EXPECT_EQ(find(told, "hello"), nullptr);
}

TEST_F(ViewTest, AReaderThatStopsHoldsOneBatch) {
  const auto [client, server] = two_.connected();
  const auto stream = open("c=last");
  const std::string text(2000, 'x');
  for (int i = 0; i < 40; ++i) {
    (void)two_.right.send(server, test::TwoStacks::bytes(text), {}, two_.now);
    pass(250ms);
  }
  std::vector<std::uint8_t> piece(1'000'000);
  EXPECT_LE(stream->read(piece), ViewStream::kMostAtOnce + 2000);
  EXPECT_EQ(stream->read(piece), 0U);
  pass(250ms);
  EXPECT_GT(stream->read(piece), 0U) << "it goes on when that was taken";
}

TEST_F(ViewTest, AThousandConnectionsFitIntoItsRate) {
  for (std::uint16_t port = 1000; port < 2000; ++port) {
    hub_.on_annotated(packet_of(port, PacketSummary::kSyn, two_.now));
  }
  const auto stream = open("");
  std::vector<std::uint8_t> piece(1'000'000);
  std::size_t total = stream->read(piece);
  std::size_t most = total;
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 4; ++i) {
      for (std::uint16_t port = 1000; port < 2000; ++port) {
        hub_.on_annotated(packet_of(port, PacketSummary::kAck, two_.now));
      }
      pass(250ms);
      const std::size_t n = stream->read(piece);
      most = std::max(most, n);
      total += n;
    }
  }
  EXPECT_LE(most, ViewStream::kMostAtOnce + 1000);
  EXPECT_LE(total, 5 * 100'000U + ViewStream::kMostAtOnce);
}

// The table and the panes beside the ladder must not contradict each other: both are told in the
// same batch that it is over, why, and that nothing is in flight any more.
TEST_F(ViewTest, AnEndIsToldWithItsCauseAndNothingIsLeftInFlight) {
  const auto [client, server] = two_.connected();
  pass(1ms);
  const auto stream = open("c=last");
  EXPECT_EQ(find(events_of(*stream), "packets")->at("state"), "ESTABLISHED");
  two_.drop = [](const test::Wire&) { return true; };
  const std::string text(5000, 'x');
  ASSERT_TRUE(two_.right.send(server, test::TwoStacks::bytes(text), {}, two_.now));
  pass(1ms);
  two_.drop = [](const test::Wire&) { return false; };
  two_.left.abort(client, two_.now);
  pass(300ms);
  const auto told = events_of(*stream);
  const json& row = find(told, "connections")->at("shown")[0];
  EXPECT_GT(row["ended"], 0);
  EXPECT_EQ(row["state"], "CLOSED");
  EXPECT_EQ(row["flight"], 0);
  EXPECT_EQ(row["unsent"], 0);
  EXPECT_THAT(row["ending"].get<std::string>(), HasSubstr("ESTABLISHED -> CLOSED: "));
  const json& packets = *find(told, "packets");
  EXPECT_EQ(packets["waiting"], 0);
  EXPECT_EQ(packets["state"], "CLOSED");
  EXPECT_TRUE(packets["moments"].back()[5].is_null()) << "the TCB is gone";
}

TEST_F(ViewTest, AnEndThatNobodyObservedHasNoCause) {
  const auto [client, server] = two_.connected();
  pass(1ms);
  const auto stream = open("c=last");
  events_of(*stream);
  two_.right.set_observer(nullptr);
  two_.left.abort(client, two_.now);
  pass(300ms);
  const auto told = events_of(*stream);
  const json& row = find(told, "connections")->at("shown")[0];
  EXPECT_GT(row["ended"], 0);
  EXPECT_FALSE(row.contains("ending"));
  EXPECT_EQ(find(told, "packets")->at("state"), "CLOSED") << "though no row says so";
}

TEST_F(ViewTest, RowsThatWaitAreCountedAndOfAQuietConnectionNoneIsLeftOut) {
  constexpr std::size_t kRows = 301;
  hub_.on_annotated(packet_of(1, PacketSummary::kSyn, two_.now));
  for (std::size_t i = 1; i < kRows; ++i) {
    hub_.on_annotated(packet_of(1, PacketSummary::kAck, two_.now));
  }
  two_.now += 5s;
  const auto stream = open("c=last");
  std::size_t rows = 0, waiting = kRows;
  for (int batch = 0; waiting > 0 && batch < 40; ++batch) {
    const auto told = events_of(*stream);
    const json& packets = *find(told, "packets");
    rows += packets["rows"].size();
    waiting = packets["waiting"];
    EXPECT_EQ(packets["lost"], 0);
    EXPECT_EQ(waiting, kRows - rows);
    EXPECT_EQ(packets.contains("state"), waiting == 0) << "a state is of now, not of a past row";
    pass(250ms);
  }
  EXPECT_EQ(waiting, 0U);
}

TEST_F(ViewTest, OfABusyConnectionTheViewIsAtMostASecondBehind) {
  const auto [client, server] = two_.connected();
  pass(1ms);
  const auto stream = open("c=last");
  events_of(*stream);
  std::uint64_t last = 0, made = 0;
  for (int batch = 0; batch < 20; ++batch) {
    for (int i = 0; i < 200; ++i, ++made) {
      AnnotatedPacket packet = packet_of(1, PacketSummary::kAck, two_.now);
      packet.tuple = *two_.right.tuple(server);
      hub_.on_annotated(packet);
    }
    pass(250ms);
    const auto told = events_of(*stream);
    const json& packets = *find(told, "packets");
    EXPECT_LE(packets["waiting"], ViewStream::kMostBehind);
    last = packets["rows"].back()["i"];
    EXPECT_GE(last + ViewStream::kMostBehind, made);
  }
}

TEST_F(ViewTest, LooksAwayWhereThereIsTooMuchToSee) {
  EXPECT_TRUE(hub_.wants_packets(two_.now));
  for (std::uint32_t i = 0; i <= ViewHub::kMostObserved; ++i) {
    hub_.on_annotated(packet_of(1, PacketSummary::kAck, two_.now));
  }
  EXPECT_FALSE(hub_.wants_packets(two_.now));
  two_.now += ViewHub::kWindow;
  EXPECT_TRUE(hub_.wants_packets(two_.now)) << "the next window is another";
}

TEST_F(ViewTest, PlacesAreFewAndOneClientDoesNotTakeAll) {
  std::vector<Ref<http::BodyStream>> all;
  for (std::size_t i = 0; i < ViewHub::kMostViews; ++i) all.push_back(open(""));
  EXPECT_EQ(hub_.view_count(), ViewHub::kMostViews);
  open("");
  EXPECT_EQ(status_, 503);
  EXPECT_EQ(hub_.counters().refused, 1U);
  all.push_back(open("", "192.0.2.9"));
  EXPECT_EQ(status_, 200) << "another client gets the oldest place of the one that has most";
  EXPECT_EQ(hub_.view_count(), ViewHub::kMostViews);
  EXPECT_EQ(events_of(*all[0]).back().event, "bye");
  EXPECT_TRUE(all[0]->is_over());
  all.clear();
  EXPECT_EQ(hub_.view_count(), 0U);
  EXPECT_EQ(hub_.next_deadline(), kNever) << "nobody is woken";
}

// Else one host of a network with 2^64 addresses takes all places for itself.
TEST_F(ViewTest, AddressesOfOneNetworkAreOnePeer) {
  std::vector<Ref<http::BodyStream>> all;
  for (std::size_t i = 0; i < ViewHub::kMostViews; ++i)
    all.push_back(open("", ("2001:db8::" + std::to_string(i + 1)).c_str()));
  open("", "2001:db8::99");
  EXPECT_EQ(status_, 503) << "each of its neighbours has one";
  all.push_back(open("", "2001:db8:0:1::1"));
  EXPECT_EQ(status_, 200) << "another network has a place";
  EXPECT_TRUE(events_of(*all[0]).back().event == "bye");
  all.push_back(open("", "192.0.2.9"));
  EXPECT_EQ(status_, 200);
  // Inside of it the address that has most gives one up.
  all.clear();
  for (std::size_t i = 0; i < ViewHub::kMostViews; ++i)
    all.push_back(open("", i < 6 ? "2001:db8::1" : "2001:db8::2"));
  all.push_back(open("", "2001:db8::3"));
  EXPECT_EQ(status_, 200);
  EXPECT_EQ(events_of(*all[0]).back().event, "bye");
}

// Places are for those who look: who stops reading, and holds its window closed, gives its one up.
TEST_F(ViewTest, WhoReadsNothingGivesItsPlaceToWhoeverComes) {
  const auto [client, server] = two_.connected();
  const FourTuple tuple = *two_.right.tuple(server);
  std::vector<Ref<http::BodyStream>> all;
  for (std::size_t i = 0; i < ViewHub::kMostViews; ++i)
    all.push_back(i == 3 ? open("", "192.0.2.1", tuple)
                         : open("", ("192.0.2." + std::to_string(50 + i)).c_str()));
  open("", "192.0.2.99");
  EXPECT_EQ(status_, 503) << "all of them read";
  const std::string text(2'000'000, 'x');
  (void)two_.right.send(server, test::TwoStacks::bytes(text), {}, two_.now);
  pass(2s);
  ASSERT_TRUE(two_.right.status(server)->window_limited);
  all.push_back(open("", "192.0.2.99"));
  EXPECT_EQ(status_, 200);
  EXPECT_EQ(events_of(*all[3]).back().event, "bye");
  EXPECT_EQ(hub_.view_count(), ViewHub::kMostViews);
}

// Looking at everything costs time for each connection: who opens and closes pages all day must not
// have it done each time.
TEST_F(ViewTest, PagesThatComeAndGoDoNotHaveEverythingLookedAt) {
  const int before = looks_;
  for (int i = 0; i < 100; ++i) events_of(*open(""));
  EXPECT_EQ(looks_ - before, 1);
  two_.right.set_observer(nullptr);  // so that only a look finds what is new
  [[maybe_unused]] const auto sockets = two_.connected();
  EXPECT_TRUE(find(events_of(*open("")), "connections")->at("shown").empty());
  pass(ViewHub::kWindow);
  EXPECT_EQ(find(events_of(*open("")), "connections")->at("shown").size(), 1U);
  EXPECT_EQ(looks_ - before, 2);
}

// Rows for those who may come some day take little, and what a view has had goes a minute after it.
TEST_F(ViewTest, WhileNobodyWatchesItHoldsLittle) {
  constexpr std::uint64_t kAll = 4U << 20;
  const auto fill = [this] {
    for (std::uint16_t port = 1000; port < 1200; ++port) {
      for (int i = 0; i < 60; ++i)
        hub_.on_annotated(packet_of(port, PacketSummary::kAck, two_.now));
    }
  };
  fill();
  EXPECT_LE(hub_.memory_bytes(), kAll / 8);
  EXPECT_GT(hub_.memory_bytes(), kAll / 16);
  {
    const auto stream = open("");
    fill();
    EXPECT_GT(hub_.memory_bytes(), kAll / 2);
  }
  pass(30s);
  hub_.release_idle_memory(two_.now);
  EXPECT_GT(hub_.memory_bytes(), kAll / 2) << "a page may be loaded anew";
  pass(31s);
  hub_.release_idle_memory(two_.now);
  EXPECT_LE(hub_.memory_bytes(), kAll / 8);
  fill();
  EXPECT_LE(hub_.memory_bytes(), kAll / 8);
}

TEST_F(ViewTest, OwnConnectionsAreHiddenUnlessAskedFor) {
  two_.connected();
  pass(1ms);
  std::optional<FourTuple> tuple = two_.right.tuple(two_.right.connections().at(0));
  hub_.note_own(*tuple);
  EXPECT_EQ(find(events_of(*open("c=last")), "hello")->at("watched"), 0);
  const auto hidden = events_of(*open(""));
  EXPECT_TRUE(find(hidden, "connections")->at("shown").empty());
  const auto shown = events_of(*open("own=1"));
  EXPECT_EQ(find(shown, "connections")->at("shown")[0]["own"], 1);
}

TEST_F(ViewTest, APageThatCannotBeToldSomethingEndsAndNotTheServer) {
  const auto stream = open("");
  events_of(*stream);
  lacks_memory_ = true;
  pass(2s);
  EXPECT_TRUE(stream->is_over());
  EXPECT_THROW(open(""), std::bad_alloc) << "which its service answers with 503";
  EXPECT_EQ(hub_.view_count(), 1U);
  lacks_memory_ = false;
  events_of(*open(""));
  EXPECT_EQ(status_, 200);
}

TEST_F(ViewTest, TheServerEndsItInOrder) {
  const auto stream = open("");
  events_of(*stream);
  stream->end();
  EXPECT_EQ(events_of(*stream).back().event, "bye");
  EXPECT_TRUE(stream->is_over());
}

// -- Switches

http::ServiceCall control_call() {
  http::ServiceCall call;
  call.method = http::Method::Post;
  call.path = "control";
  call.host = "192.0.2.2";
  call.origin = "http://192.0.2.2";
  call.content_type = "application/json; charset=utf-8";
  return call;
}

TEST(ViewControl, IsForPagesOfThisServerAlone) {
  EXPECT_TRUE(is_same_origin("http://192.0.2.2", "192.0.2.2"));
  EXPECT_TRUE(is_same_origin("http://192.0.2.2", "192.0.2.2:80"));
  EXPECT_TRUE(is_same_origin("http://localhost:8080", "LOCALHOST:8080"));
  EXPECT_TRUE(is_same_origin("http://[2001:db8::2]", "[2001:db8::2]"));
  for (const char* origin : {"", "null", "https://192.0.2.2", "http://evil.example",
                             "http://192.0.2.2:81", "http://192.0.2.22", "192.0.2.2", "http://"}) {
    EXPECT_FALSE(is_same_origin(origin, "192.0.2.2")) << origin;
  }
  ViewSwitches switches({}, true);
  EXPECT_TRUE(answer_with_control(switches, control_call()).on_body);
  http::ServiceCall form = control_call();
  form.content_type = "application/x-www-form-urlencoded";
  EXPECT_EQ(answer_with_control(switches, form).status, 415);
  form.content_type.reset();
  EXPECT_EQ(answer_with_control(switches, form).status, 415);
  http::ServiceCall foreign = control_call();
  foreign.origin = "http://evil.example";
  EXPECT_EQ(answer_with_control(switches, foreign).status, 403);
  foreign.origin.reset();
  EXPECT_EQ(answer_with_control(switches, foreign).status, 403);
  ViewSwitches off({}, false);
  EXPECT_EQ(answer_with_control(off, control_call()).status, 403);
}

class ViewSwitchesTest : public testing::Test {
 protected:
  ViewSwitchesTest() {
    listener_ = *two_.right.listen({*IpAddress::parse("0.0.0.0"), Port(80)}, 16);
    switches_.join(two_.right, {listener_});
  }
  std::pair<int, json> post(std::string_view body) {
    const http::ServiceAnswer asked = answer_with_control(switches_, control_call());
    const http::ServiceAnswer answer = asked.on_body(body);
    const ByteView bytes = answer.body.bytes;
    return {answer.status, json::parse(bytes.begin(), bytes.end())};
  }
  // What the SYN-ACK of a connection that opens now offers.
  PacketSummary syn_ack() {
    two_.from_right.clear();
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
    (void)two_.left.connect(options, two_.now);
    two_.run_for(100ms);
    return summarize(ByteView(two_.from_right.at(0)));
  }
  test::TwoStacks two_;
  ListenerId listener_;
  ViewSwitches switches_{{}, true};
};

TEST_F(ViewSwitchesTest, SettingsActOnConnectionsThatOpenAfterwards) {
  EXPECT_TRUE(syn_ack().sack_permitted);
  const auto [status, said] = post(R"({"setting":["sack","off"]})");
  EXPECT_EQ(status, 200);
  EXPECT_FALSE(syn_ack().sack_permitted);
  EXPECT_TRUE(syn_ack().has_timestamps);
  EXPECT_EQ(post(R"({"setting":["timestamps","off"]})").first, 200);
  EXPECT_FALSE(syn_ack().has_timestamps);
  EXPECT_EQ(post(R"({"setting":["mss","700"]})").first, 200);
  EXPECT_EQ(syn_ack().mss, 700);
  EXPECT_EQ(post(R"({"setting":["sack","on"]})").first, 200);
  EXPECT_TRUE(syn_ack().sack_permitted);
  const json told = post(R"({"setting":["congestion","bbr"]})").second;
  for (const json& row : told["switches"]["settings"]) {
    if (row["name"] == "congestion") {
      EXPECT_EQ(row["value"], "bbr");
    }
  }
}

TEST_F(ViewSwitchesTest, WhatServeCanSetCanBeSwitched) {
  std::set<std::string_view> names;
  for (const Setting* const setting : ViewSwitches::changeable()) names.insert(setting->name);
  for (const char* name :
       {"sack", "timestamps", "window_scaling", "ecn", "mss", "syn_cookies", "receive_buffer",
        "delayed_ack", "nagle", "congestion", "initial_window", "hystart", "pacing", "rack",
        "tail_loss_probe", "initial_rto", "min_rto", "max_rto"}) {
    EXPECT_TRUE(names.erase(name)) << name;
  }
  EXPECT_THAT(names, testing::IsEmpty()) << "and nothing else";
  // Each of them is something that a connection chooses, or is handed to the stack for new ones.
  const std::set<std::string_view> of_the_stack = {"sack", "timestamps", "window_scaling",
                                                   "syn_cookies", "nagle"};
  for (const Setting* const setting : ViewSwitches::changeable()) {
    EXPECT_EQ(setting->choose == nullptr, of_the_stack.contains(setting->name)) << setting->name;
  }
}

TEST_F(ViewSwitchesTest, AConnectionKeepsWhatItBeganWith) {
  const auto open = [this] {
    ConnectOptions options;
    options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
    (void)two_.left.connect(options, two_.now);
    two_.run_for(100ms);
    return *two_.right.accept(listener_);
  };
  const auto timer_of = [this](ConnectionId id) {
    const auto timers = two_.right.timers(*two_.right.tuple(id));
    return timers.empty() ? Duration::zero() : timers.front().deadline - two_.now;
  };
  const ConnectionId before = open();
  const TcbSnapshot first = *two_.right.status(before);
  for (const char* setting :
       {R"(["initial_window","3"])", R"(["min_rto","700ms"])", R"(["delayed_ack","450ms"])",
        R"(["congestion","cubic"])", R"(["rack","off"])", R"(["hystart","off"])",
        R"(["pacing","off"])", R"(["tail_loss_probe","off"])", R"(["max_rto","5000"])"}) {
    EXPECT_EQ(post("{\"setting\":" + std::string(setting) + "}").first, 200) << setting;
  }
  const ConnectionId after = open();
  EXPECT_EQ(two_.right.status(before)->cwnd, first.cwnd);
  EXPECT_EQ(two_.right.status(before)->rto, first.rto);
  EXPECT_EQ(two_.right.status(after)->cwnd, 3 * 1448U);
  EXPECT_EQ(two_.right.status(after)->rto, 700ms) << "from the first sample on";
  // What is outstanding on each: the old one probes its tail, the new one waits for the timeout.
  two_.drop = [](const test::Wire&) { return true; };
  for (const ConnectionId id : {before, after}) {
    (void)two_.right.send(id, test::TwoStacks::bytes("x"), {}, two_.now);
  }
  two_.run_for(0ms);
  EXPECT_LT(timer_of(before), 250ms);
  EXPECT_GT(timer_of(after), 600ms);
}

TEST_F(ViewSwitchesTest, TheLastAcknowledgmentWaitsAsTheConnectionHasIt) {
  EXPECT_EQ(post(R"({"setting":["delayed_ack","0"]})").first, 200);
  ConnectOptions options;
  options.remote = {*IpAddress::parse("192.0.2.2"), Port(80)};
  const ConnectionId client = *two_.left.connect(options, two_.now);
  two_.run_for(100ms);
  for (int i = 0; i < 40; ++i) {  // behind the first ones, which are acknowledged at once anyway
    (void)two_.left.send(client, test::TwoStacks::bytes("x"), {}, two_.now);
    two_.run_for(100ms);
  }
  (void)two_.left.send(client, test::TwoStacks::bytes("x"), {}, two_.now);
  const std::size_t count = two_.from_right.size();
  two_.run_for(2ms);
  EXPECT_GT(two_.from_right.size(), count) << "no timer is waited for";
}

TEST_F(ViewSwitchesTest, NothingIsTakenThatWouldLockThePageOutOrContradicts) {
  for (const char* setting : {R"(["receive_buffer","0"])", R"(["receive_buffer","4095"])",
                              R"(["min_rto","2000"])", R"(["max_rto","500"])",
                              R"(["initial_rto","100"])", R"(["msl","1"])", R"(["memory","1M"])"}) {
    const auto [status, said] = post("{\"setting\":" + std::string(setting) + "}");
    EXPECT_EQ(status, 400) << setting;
    EXPECT_FALSE(said["error"].get<std::string>().empty()) << setting;
  }
  EXPECT_EQ(post(R"({"setting":["receive_buffer","4096"]})").first, 200);
  EXPECT_EQ(post(R"({"setting":["initial_rto","2000"]})").first, 200);
  EXPECT_EQ(post(R"({"setting":["min_rto","2000"]})").first, 200) << "in this order it fits";
}

TEST_F(ViewSwitchesTest, SpeaksTheLanguageOfItsPage) {
  http::ServiceCall call = control_call();
  call.query = "lang=zh";
  const auto text_of = [](const http::ServiceAnswer& answer) {
    return std::string(answer.body.bytes.begin(), answer.body.bytes.end());
  };
  const http::ServiceAnswer asked = answer_with_control(switches_, call);
  EXPECT_THAT(text_of(asked.on_body(R"({"setting":["sack","maybe"]})")), HasSubstr("不是"));
  EXPECT_THAT(text_of(asked.on_body(R"({"link":"loss=1%"})")), HasSubstr("内核"));
  for (const int status : {400, 413}) {
    const http::ServiceAnswer refused = asked.on_bad_body(status);
    EXPECT_EQ(refused.status, status);
    EXPECT_EQ(refused.type, "application/json");
    EXPECT_THAT(text_of(refused), HasSubstr("请求体"));
  }
}

TEST(ViewSwitches, WithoutControlTheLinkIsShownAllTheSame) {
  class NoDevice final : public Device {
   public:
    void set_time(Instant) noexcept override {}
    [[nodiscard]] Instant next_deadline() const noexcept override { return kNever; }
    [[nodiscard]] ReadOutcome read(ReceivedPacket&) noexcept override { return ReadOutcome::Empty; }
    [[nodiscard]] WriteOutcome write(const OutPacket&) noexcept override {
      return WriteOutcome::Written;
    }
    [[nodiscard]] int descriptor() const noexcept override { return -1; }
    [[nodiscard]] int last_error() const noexcept override { return 0; }
  } none;
  ImpairedDevice link(none, *parse_impairment("out:loss=2%,delay=5ms"), Seed::from_number(1));
  ViewSwitches switches({}, false);
  switches.set_link(link);
  Json text;
  switches.write(text, Language::English);
  const json told = json::parse(text.text());
  EXPECT_EQ(told["link"]["in"], "delay=5ms");
  EXPECT_EQ(told["link"]["out"], "loss=2%,delay=5ms");
  EXPECT_EQ(told["link_disabled"], "") << "hello tells that there is no --control";
  EXPECT_EQ(switches.change_link("").error().why, ViewSwitches::Refusal::NotAllowed);
}

TEST_F(ViewSwitchesTest, WhatIsWrongIsSaid) {
  for (const char* body :
       {"", "{", "[]", "{}", "null", R"({"link":1})", R"({"setting":["sack"]})",
        R"({"setting":["sack","perhaps"]})", R"({"setting":["memory","1G"]})",
        R"({"setting":["sack","off"],"link":""})", R"({"setting":{"sack":"off"}})"}) {
    const auto [status, said] = post(body);
    EXPECT_EQ(status, 400) << body;
    EXPECT_FALSE(said["error"].get<std::string>().empty()) << body;
  }
  const auto [status, said] = post(R"({"link":"loss=1%"})");
  EXPECT_EQ(status, 409) << "there is no link to change";
  EXPECT_THAT(said["error"].get<std::string>(), HasSubstr("--offload off"));
  const std::string deep(4000, '[');
  EXPECT_EQ(post(deep).first, 400);
}

TEST(ImpairmentSpec, IsWrittenAsItIsRead) {
  for (const char* spec : {"", "loss=2%", "loss=0.1%,delay=30ms,jitter=5ms", "burst=0.5%x8",
                           "burst=0.3%x20ms,rate=10mbit,queue=50",
                           "reorder=1%,duplicate=1%,corrupt=0.1%", "delay=1500us,rate=64kbit"}) {
    const auto plan = *spec == '\0' ? ImpairmentPlan{} : *parse_impairment(spec);
    EXPECT_EQ(spec_of(plan.in), spec);
  }
}

// -- Who passes the link

TEST(ViewExemption, KnowsARequestByItsTarget) {
  for (const char* own :
       {"GET /_glass/ HTTP/1.1\r\n", "POST /_glass/control HTTP/1.1\r\n", "GET /_glass HTTP/1.1",
        "GET /%5fglass/events?c=1 HTTP/1.1\r\n", "GE", "GET /_gl"}) {
    EXPECT_TRUE(asks_for_glass(own)) << own;
  }
  for (const char* other :
       {"GET / HTTP/1.1\r\n", "GET /song.mp3 HTTP/1.1\r\nReferer: /_glass/\r\n",
        "GET /_glassy HTTP/1.1\r\n", "no request at all, but long", "GET /somewhere/else"}) {
    EXPECT_FALSE(asks_for_glass(other)) << other;
  }
}

TEST(ViewExemption, LetsHandshakesPassAndThenTheViewsOwnConnections) {
  test::TwoStacks two;
  ViewExemption exemption;
  std::vector<bool> passes;
  two.drop = [&](const test::Wire& wire) {
    const bool is_in = wire[15] == 1;  // 192.0.2.1 is who sends it
    const ByteView piece(wire);
    passes.push_back(
        exemption.is_exempt(is_in ? Direction::In : Direction::Out, std::span(&piece, 1)));
    return false;
  };
  const auto [client, server] = two.connected();
  EXPECT_EQ(passes, std::vector<bool>(3, true)) << "nobody knows yet what it is for";
  passes.clear();
  const std::string request = "GET /song.mp3 HTTP/1.1\r\n\r\n";
  (void)two.left.send(client, test::TwoStacks::bytes(request), {}, two.now);
  two.run_for(100ms);
  EXPECT_EQ(passes, std::vector<bool>(passes.size(), false));
  exemption.note_own(*two.right.tuple(server));
  passes.clear();
  (void)two.right.send(server, test::TwoStacks::bytes(request), {}, two.now);
  two.run_for(100ms);
  EXPECT_EQ(passes, std::vector<bool>(passes.size(), true));
}

}  // namespace
}  // namespace glasstcp
