// `get`: its options, URLs, messages, progress, and one fetch over a transport that a test plays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tun/cli/options.h"
#include "tun/get/ending.h"
#include "tun/get/fetch.h"
#include "tun/get/output.h"
#include "tun/get/progress.h"
#include "tun/get/target.h"

namespace glasstcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// -- The command line

GetOptions accepted(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "get");
  const CommandLine line = parse_command_line(arguments);
  const ExitNow* const refused = std::get_if<ExitNow>(&line);
  EXPECT_EQ(refused, nullptr) << (refused != nullptr ? refused->err : "");
  return refused == nullptr ? std::get<GetOptions>(line) : GetOptions{};
}

ExitNow refused(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "get");
  const CommandLine line = parse_command_line(arguments);
  const ExitNow* const end = std::get_if<ExitNow>(&line);
  EXPECT_NE(end, nullptr) << testing::PrintToString(arguments);
  return end != nullptr ? *end : ExitNow{-1, {}, {}};
}

TEST(GetOptions, RunBesideAServeByDefault) {
  const GetOptions o = accepted({"http://192.0.2.2/"});
  EXPECT_EQ(o.url, "http://192.0.2.2/");
  EXPECT_TRUE(o.to_stdout());
  EXPECT_EQ(o.tun, "");
  EXPECT_EQ(o.address.to_string(), "198.51.100.2/24");
  EXPECT_EQ(o.host_cidr().to_string(), "198.51.100.1/24");
  EXPECT_EQ(o.address6.to_string(), "2001:db8:1::2/64");
  EXPECT_EQ(o.host_cidr6().to_string(), "2001:db8:1::1/64");
  EXPECT_EQ(o.via, Via::Stack);
  EXPECT_TRUE(o.offload);
  EXPECT_FALSE(o.timeout.has_value());
}

TEST(GetOptions, TakeEveryValue) {
  const GetOptions o =
      accepted({"-o",        "f",      "-r",    "0-9",  "-f",     "--via", "kernel",
                "--timeout", "3",      "--tun", "tun7", "--mtu",  "9000",  "--offload",
                "off",       "--seed", "5",     "-v",   "--lang", "zh",    "a"});
  EXPECT_EQ(o.output, "f");
  EXPECT_EQ(o.range, "0-9");
  EXPECT_TRUE(o.fail);
  EXPECT_EQ(o.via, Via::Kernel);
  EXPECT_EQ(o.timeout, 3s);
  EXPECT_EQ(o.tun, "tun7");
  EXPECT_EQ(o.mtu, 9000u);
  EXPECT_FALSE(o.offload);
  EXPECT_EQ(o.seed, 5u);
  EXPECT_EQ(o.language, Language::Chinese);
  EXPECT_TRUE(accepted({"-I", "a"}).head);
  EXPECT_EQ(accepted({"--timeout", "500ms", "a"}).timeout, 500ms);
  for (const char* range : {"0-", "-5", "0-1,4-5"})
    EXPECT_EQ(accepted({"-r", range, "a"}).range, range);
}

TEST(GetOptions, RefuseWhatMakesNoSense) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"a", "b"},
      {"a", "--range", "x"},
      {"a", "--range", "-"},
      {"a", "--range", "5"},
      {"a", "--range", "0-9\r\nX: y"},
      {"a", "--timeout", "0"},
      {"a", "--via", "pigeon"},
      {"a", "--via", "kernel", "--capture", "f"},
      {"a", "--capture", "-"},
      {"a", "--head", "--range", "0-1"},
      {"a", "--tun", "x/y"},
      {"a", "--host-address", "198.51.100.2"},
      {"a", "--address6", "2001:db8:5::2/64"},
  };
  for (const auto& arguments : cases) {
    const ExitNow end = refused(arguments);
    EXPECT_EQ(end.code, kExitWrongUsage);
    EXPECT_THAT(end.err, HasSubstr("glasstcp get --help"));
  }
  EXPECT_THAT(refused({}).err, HasSubstr("a URL is missing"));
}

// -- URLs

TEST(GetTarget, UrlsMayLackTheirSchemeAndSpeakAnyLanguage) {
  EXPECT_EQ(normalize_url("192.0.2.2/a"), "http://192.0.2.2/a");
  EXPECT_EQ(normalize_url("HTTP://a/?u=http://b"), "HTTP://a/?u=http://b");
  EXPECT_EQ(normalize_url("a/?u=http://b"), "http://a/?u=http://b");
  EXPECT_EQ(normalize_url("http://a/\xe5\xbc\xa0"), "http://a/%E5%BC%A0");
  EXPECT_EQ(normalize_url("https://a/").error().code, get_exit::kUnsupportedProtocol);
}

TEST(GetTarget, MalformedUrlsEndWith3) {
  for (const char* url :
       {"http://", "http://a:0/", "http://a:99999/", "http://a b/", "http://[::1"}) {
    const auto read = read_url(url);
    ASSERT_FALSE(read.has_value()) << url;
    EXPECT_EQ(read.error().code, get_exit::kMalformedUrl);
    EXPECT_THAT(read.error().message, HasSubstr(url));
  }
}

TEST(GetTarget, LiteralAddressesAreNotLookedUp) {
  const auto v4 = find_endpoints(*http::parse_url("http://192.0.2.2:81/"));
  ASSERT_TRUE(v4.has_value());
  EXPECT_THAT(*v4, ElementsAre(Endpoint{IpAddress::v4(192, 0, 2, 2), Port{81}}));
  const auto v6 = find_endpoints(*http::parse_url("http://[2001:db8::2]/"));
  ASSERT_TRUE(v6.has_value());
  EXPECT_THAT(*v6, ElementsAre(Endpoint{*IpAddress::parse("2001:db8::2"), Port{80}}));
}

TEST(GetTarget, SomeAddressesAreBeyondAnInterface) {
  const std::vector<Cidr> own{GetOptions().address, GetOptions().address6};
  for (const char* text : {"127.0.0.1", "::1", "fe80::1", "169.254.1.1", "198.51.100.2"}) {
    EXPECT_NE(why_beyond_reach(*IpAddress::parse(text), own), "") << text;
  }
  for (const char* text : {"198.51.100.1", "192.0.2.2", "2001:db8::2"}) {
    EXPECT_EQ(why_beyond_reach(*IpAddress::parse(text), own), "") << text;
  }
}

// -- Messages

TEST(GetEnding, NamesTheCauseInOneLine) {
  const Attempt attempt{{IpAddress::v4(192, 0, 2, 2), Port{81}}, 5, 30s};
  EXPECT_EQ(connect_ending(TransportError::Refused, attempt).code, 7);
  EXPECT_THAT(connect_ending(TransportError::Refused, attempt).message,
              StartsWith("192.0.2.2:81 refused the connection"));
  EXPECT_EQ(connect_ending(TransportError::TimedOut, attempt).code, 28);
  EXPECT_EQ(connect_ending(TransportError::TimedOut, attempt).message,
            "192.0.2.2:81 did not answer: timed out after 30 s and 5 SYNs");
  EXPECT_EQ(connect_ending(TransportError::Unreachable, attempt).code, 7);
  EXPECT_EQ(transfer_ending(TransportError::Reset, 1, 0s).code, 56);
  EXPECT_EQ(transfer_ending(TransportError::Reset, 1, 0s).message,
            "the server reset the connection, after 1 byte");
  EXPECT_EQ(transfer_ending(TransportError::TimedOut, 7, 1500ms).message,
            "timed out: nothing came for 1.5 s, after 7 bytes");
  EXPECT_EQ(early_close_ending(10, 20).message,
            "the server closed before the end, after 10 of 20 bytes");
  EXPECT_EQ(early_close_ending(10, std::nullopt).code, 18);
}

TEST(GetProgress, LinesFitTheTerminal) {
  EXPECT_EQ(progress_line({45'000'000, 100'000'000, 4500ms, 80}),
            " 45% [==============>                 ] 45.0 MB of 100 MB  10.0 MB/s  0:06 left");
  EXPECT_EQ(progress_line({100, 100, 1s, 60}),
            "100% [============================] 100 B of 100 B  100 B/s");
  EXPECT_EQ(progress_line({1'500'000, std::nullopt, 2s, 80}), "1.50 MB  750 kB/s  0:02");
  EXPECT_EQ(progress_line({0, 0, 0s, 80}), "0 B  0:00");
  for (std::size_t columns = 0; columns < 120; ++columns) {
    EXPECT_LE(progress_line({123'456'789, 9'876'543'210, 3661s, columns}).size(), columns);
  }
}

// -- A fetch

// A server that a test plays: it says when to connect, what arrives, and how it ends.
class PlayedTransport final : public Transport {
 public:
  std::string arriving;  // not consumed yet
  bool peer_closed = false;
  bool connects = true;
  bool over = true;
  std::optional<TransportError> error;
  std::string sent;
  std::vector<Endpoint> tried;
  std::string marks;  // of messages: kind, and the place in the stream
  std::size_t consumed = 0;
  int finishes = 0, releases = 0, aborts = 0;

  void connect(const Endpoint& remote, Instant) override { tried.push_back(remote); }
  [[nodiscard]] bool is_connected() const override { return connects; }
  [[nodiscard]] std::optional<TransportError> failure() const override { return error; }
  [[nodiscard]] std::uint32_t syns() const override { return 3; }
  [[nodiscard]] std::optional<Endpoint> local() const override { return std::nullopt; }
  std::size_t send(ByteView bytes, Instant) override {
    sent += http::as_text(bytes);
    return bytes.size();
  }
  [[nodiscard]] std::optional<ByteView> peek() override {
    if (!arriving.empty()) return http::as_bytes(arriving);
    return peer_closed ? std::optional(ByteView{}) : std::nullopt;
  }
  void consume(std::size_t count, Instant) override {
    arriving.erase(0, count);
    consumed += count;
  }
  void note(const MessageMark& mark, Instant) override {
    const bool is_request = mark.role == MessageRole::Request;
    EXPECT_EQ(mark.outgoing, is_request);
    marks += is_request ? "request " : "response ";
    switch (mark.kind) {
      case MessageMark::Kind::Begin:
        marks += "begins at " + std::to_string(is_request ? sent.size() : consumed);
        break;
      case MessageMark::Kind::Name:
        marks += "is " + std::string(mark.label) + ", " + std::to_string(mark.length);
        break;
      case MessageMark::Kind::End:
        marks += "ends at " + std::to_string(is_request ? sent.size() : consumed);
        break;
    }
    marks += '\n';
  }
  void note(const CloseNote& why, Instant) override {
    if (why.cause == CloseCause::Finished) marks += "finished\n";
  }
  void finish(Instant) override { ++finishes; }
  void release(Instant) override { ++releases; }
  void abort(Instant) override { ++aborts; }
  [[nodiscard]] bool is_over() const override { return over; }
  TurnResult turn(Application& user, Instant now) override {
    user.turn(now, Timers::Run);
    return {};
  }
  [[nodiscard]] Instant next_deadline() const override { return kNever; }
  [[nodiscard]] pollfd interest() const override { return {-1, 0, 0}; }
};

class Lines final : public LineSink {
 public:
  std::string text;
  void write(std::string_view line) noexcept override { text += line; }
};

// One fetch into a pipe, and the time.
class GetFetch : public testing::Test {
 protected:
  GetFetch() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    reading_ = Descriptor(ends[0]);
    writing_ = Descriptor(ends[1]);
    plan_.candidates = {{IpAddress::v4(192, 0, 2, 2), Port{80}}};
    plan_.request = "GET / HTTP/1.1\r\n\r\n";
  }

  Fetch& begin() {
    auto output = GetOutput::open("/proc/self/fd/" + std::to_string(writing_.get()));
    EXPECT_TRUE(output.has_value());
    output_.emplace(std::move(*output));
    writing_.reset();
    fetch_.emplace(plan_, transport_, *output_, FetchListeners{&notes_, &story_, nullptr});
    fetch_->start(now_);
    fetch_->turn(now_, Timers::Run);
    return *fetch_;
  }
  void arrive(const std::string& bytes) {
    transport_.arriving += bytes;
    fetch_->turn(now_, Timers::Run);
  }
  void peer_closes() {
    transport_.peer_closed = true;
    fetch_->turn(now_, Timers::Run);
  }
  void wait(Duration time) {
    now_ += time;
    fetch_->turn(now_, Timers::Run);
  }
  std::string written() {
    std::array<char, 100'000> bytes;
    const ssize_t got = ::read(reading_.get(), bytes.data(), bytes.size());
    return {bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

  FetchPlan plan_;
  PlayedTransport transport_;
  Lines notes_, story_;
  Descriptor reading_, writing_;
  std::optional<GetOutput> output_;
  std::optional<Fetch> fetch_;
  Instant now_{};
};

TEST_F(GetFetch, WritesTheContentAndCloses) {
  Fetch& fetch = begin();
  EXPECT_EQ(transport_.sent, plan_.request);
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_FALSE(fetch.is_finished());
  arrive("lo");
  EXPECT_EQ(transport_.finishes, 1);
  EXPECT_FALSE(fetch.is_finished()) << "the server's FIN is still to come";
  peer_closes();
  EXPECT_TRUE(fetch.is_finished());
  EXPECT_EQ(transport_.releases, 1);
  EXPECT_EQ(fetch.ending().code, 0);
  EXPECT_EQ(written(), "hello");
  EXPECT_THAT(story_.text, HasSubstr("< HTTP/1.1 200 OK\n"));
}

TEST_F(GetFetch, TellsWhereItsMessagesLie) {
  begin();
  EXPECT_EQ(transport_.marks,
            "request begins at 0\nrequest is GET / HTTP/1.1, 18\nrequest ends at 18\n");
  transport_.marks.clear();
  arrive("HTTP/1.1 206 Partial Con");
  arrive("tent\r\nContent-Length: 5\r\n\r\nhel");
  arrive("lo");
  EXPECT_EQ(transport_.marks,
            "response begins at 0\nresponse is HTTP/1.1 206 Partial Content, 56\n"
            "response ends at 56\nfinished\n");
}

TEST_F(GetFetch, SaysNoLengthThatItDoesNotKnow) {
  begin();
  transport_.marks.clear();
  arrive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n");
  EXPECT_EQ(transport_.marks,
            "response begins at 0\nresponse is HTTP/1.1 200 OK, 0\nresponse ends at 60\n"
            "finished\n");
}

TEST_F(GetFetch, TheAnswerToAHeadEndsWithItsHead) {
  plan_.to_head = true;
  begin();
  transport_.marks.clear();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(transport_.marks,
            "response begins at 0\nresponse is HTTP/1.1 200 OK, 38\nresponse ends at 38\n"
            "finished\n");
}

TEST_F(GetFetch, ReadsChunksByteByByte) {
  begin();
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: "
      "1\r\n\r\n";
  for (const char c : answer) arrive(std::string(1, c));
  peer_closes();
  EXPECT_EQ(fetch_->ending().code, 0);
  EXPECT_EQ(written(), "hello");
  EXPECT_EQ(transport_.arriving, "");
}

TEST_F(GetFetch, AnAnswerMayEndWithTheConnection) {
  begin();
  arrive("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  peer_closes();
  EXPECT_TRUE(fetch_->is_finished());
  EXPECT_EQ(fetch_->ending().code, 0);
  EXPECT_EQ(written(), "until the end");
}

TEST_F(GetFetch, WritesTheHeadOfAHead) {
  plan_.to_head = true;
  begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  peer_closes();
  EXPECT_EQ(fetch_->ending().code, 0);
  EXPECT_EQ(written(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST_F(GetFetch, LeavesUnreadWhatTheOutputDoesNotTake) {
  Fetch& fetch = begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  EXPECT_TRUE(fetch.is_output_blocked());
  const std::size_t unread = transport_.arriving.size();
  EXPECT_GT(unread, 800'000u);
  wait(1h);
  EXPECT_EQ(transport_.arriving.size(), unread);
  EXPECT_FALSE(fetch.is_finished()) << "it is not the server who stalls";
  std::size_t taken = 0;
  while (!transport_.arriving.empty()) {
    taken += written().size();
    fetch.turn(now_, Timers::Run);
  }
  EXPECT_EQ(taken + written().size(), 1'000'000u);
  peer_closes();
  EXPECT_EQ(fetch.ending().code, 0);
}

TEST_F(GetFetch, AnEarlyCloseIsAnError) {
  begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  peer_closes();
  EXPECT_EQ(fetch_->ending().code, get_exit::kPartial);
  EXPECT_EQ(written(), "hel");
  EXPECT_EQ(transport_.aborts, 1);
  EXPECT_FALSE(fetch_->is_finished()) << "a challenge ACK may come";
  wait(1s);
  EXPECT_TRUE(fetch_->is_finished());
}

TEST_F(GetFetch, NoAnswerIsAnError) {
  begin();
  peer_closes();
  EXPECT_EQ(fetch_->ending().code, get_exit::kEmptyReply);
}

TEST_F(GetFetch, AnotherProtocolIsAnError) {
  begin();
  arrive("SSH-2.0-OpenSSH\r\n");
  EXPECT_EQ(fetch_->ending().code, get_exit::kWeirdReply);
}

TEST_F(GetFetch, BrokenChunksAreAnError) {
  begin();
  arrive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX");
  EXPECT_EQ(fetch_->ending().code, get_exit::kReceiveFailed);
  EXPECT_EQ(written(), "ab");
}

TEST_F(GetFetch, AResetIsAnError) {
  begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  transport_.error = TransportError::Reset;
  arrive("");
  EXPECT_EQ(fetch_->ending().code, get_exit::kReceiveFailed);
  EXPECT_TRUE(fetch_->is_finished());
}

TEST_F(GetFetch, TriesEveryAddress) {
  plan_.candidates.push_back({*IpAddress::parse("2001:db8::2"), Port{80}});
  transport_.connects = false;
  begin();
  transport_.error = TransportError::Refused;
  arrive("");
  EXPECT_EQ(transport_.tried.size(), 2u);
  EXPECT_THAT(notes_.text, HasSubstr("refused"));
  arrive("");
  EXPECT_EQ(fetch_->ending().code, get_exit::kCannotConnect);
  EXPECT_THAT(fetch_->ending().message, HasSubstr("[2001:db8::2]:80"));
}

TEST_F(GetFetch, NobodyAnswers) {
  transport_.connects = false;
  begin();
  EXPECT_EQ(fetch_->next_deadline(), now_ + plan_.connect_timeout);
  wait(plan_.connect_timeout);
  EXPECT_EQ(fetch_->ending().code, get_exit::kTimedOut);
  EXPECT_THAT(fetch_->ending().message, HasSubstr("3 SYNs"));
  EXPECT_TRUE(fetch_->is_finished());
}

TEST_F(GetFetch, AServerThatStallsIsLeft) {
  begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  wait(plan_.stall_timeout - 1s);
  arrive("h");
  wait(plan_.stall_timeout - 1s);
  EXPECT_FALSE(fetch_->is_finished());
  wait(1s);
  EXPECT_EQ(fetch_->ending().code, get_exit::kTimedOut);
  EXPECT_EQ(transport_.aborts, 1);
}

TEST_F(GetFetch, AReaderThatWentAwayIsAnError) {
  ::signal(SIGPIPE, SIG_IGN);
  begin();
  reading_.reset();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(fetch_->ending().code, get_exit::kWriteError);
  EXPECT_EQ(transport_.aborts, 1);
}

TEST_F(GetFetch, ErrorPagesAreWrittenUnlessTheyAreFailures) {
  plan_.fail = true;
  begin();
  arrive("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
  EXPECT_EQ(fetch_->ending().code, get_exit::kHttpError);
  EXPECT_THAT(fetch_->ending().message, HasSubstr("404"));
}

TEST_F(GetFetch, RedirectsAreTold) {
  begin();
  arrive("HTTP/1.1 301 Moved\r\nLocation: /\x1b[31mthere\r\nContent-Length: 0\r\n\r\n");
  peer_closes();
  EXPECT_EQ(fetch_->ending().code, 0);
  EXPECT_EQ(notes_.text, "glasstcp: redirected to /?[31mthere (not followed)\n");
}

TEST_F(GetFetch, AnInterruptResets) {
  begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh");
  fetch_->stop(now_);
  EXPECT_EQ(transport_.aborts, 1);
  wait(1s);
  EXPECT_TRUE(fetch_->is_finished());
}

TEST_F(GetFetch, AServerThatNeverClosesIsReset) {
  begin();
  arrive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  wait(10s);
  EXPECT_TRUE(fetch_->is_finished());
  EXPECT_EQ(transport_.aborts, 1);
  EXPECT_EQ(fetch_->ending().code, 0);
}

}  // namespace
}  // namespace glasstcp
