// The command line: what is accepted, what is wrong usage (exit 2, one line), and what --help says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include "stack/base/quantity.h"
#include "stack/socket/settings.h"
#include "tun/cli/options.h"

namespace glasstcp {
namespace {

using testing::HasSubstr;
using testing::Not;
using Arguments = std::vector<std::string>;

// Whatever the language of who runs the tests.
[[maybe_unused]] const int kPlainLocale = ::setenv("LC_ALL", "C", 1);

ServeOptions accepted(const Arguments& more) {
  Arguments arguments{"serve"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const CommandLine line = parse_command_line(arguments);
  const ExitNow* const refused = std::get_if<ExitNow>(&line);
  EXPECT_EQ(refused, nullptr) << (refused != nullptr ? refused->err : "");
  return refused == nullptr ? std::get<ServeOptions>(line) : ServeOptions{};
}

ExitNow ended(const Arguments& arguments) {
  const CommandLine line = parse_command_line(arguments);
  const ExitNow* const end = std::get_if<ExitNow>(&line);
  EXPECT_NE(end, nullptr);
  return end != nullptr ? *end : ExitNow{-1, {}, {}};
}

TEST(Options, DefaultsServeBothVersionsOnPort80) {
  const ServeOptions o = accepted({});
  EXPECT_EQ(o.tun, "tun0");
  EXPECT_EQ(o.address.to_string(), "192.0.2.2/24");
  EXPECT_EQ(o.host_cidr().to_string(), "192.0.2.1/24");
  EXPECT_EQ(o.address6.to_string(), "2001:db8::2/64");
  EXPECT_EQ(o.host_cidr6().to_string(), "2001:db8::1/64");
  EXPECT_EQ(o.port, 80);
  EXPECT_EQ(o.mtu, 1500u);
  EXPECT_TRUE(o.offload);
  EXPECT_EQ(o.spin, Duration::zero());
  EXPECT_EQ(o.stack.tcp.msl, 30s);
  EXPECT_FALSE(o.seed.has_value());
  EXPECT_FALSE(o.max_age.has_value());
}

TEST(Options, TakesEveryValue) {
  const ServeOptions o = accepted({"--tun",
                                   "tun7",
                                   "--address",
                                   "10.77.0.2/16",
                                   "--host-address",
                                   "10.77.3.4",
                                   "--address6",
                                   "fd77::2/64",
                                   "--host-address6",
                                   "fd77::1",
                                   "--port",
                                   "8080",
                                   "--site",
                                   "page",
                                   "--max-age",
                                   "60",
                                   "--mtu",
                                   "9000",
                                   "--offload",
                                   "off",
                                   "--spin",
                                   "50",
                                   "--congestion",
                                   "bbr",
                                   "--msl",
                                   "1",
                                   "--memory",
                                   "512M",
                                   "--sink",
                                   "/up",
                                   "--seed",
                                   "7",
                                   "--user",
                                   "www-data",
                                   "--access-log",
                                   "-",
                                   "--verbose",
                                   "--lang",
                                   "zh",
                                   "--capture",
                                   "lab.pcapng",
                                   "--capture-bytes",
                                   "128"});
  EXPECT_EQ(o.tun, "tun7");
  EXPECT_EQ(o.host_cidr().to_string(), "10.77.3.4/16");
  EXPECT_EQ(o.host_cidr6().to_string(), "fd77::1/64");
  EXPECT_EQ(o.port, 8080);
  EXPECT_EQ(o.site, "page");
  EXPECT_EQ(o.max_age, 60u);
  EXPECT_EQ(o.mtu, 9000u);
  EXPECT_FALSE(o.offload);
  EXPECT_EQ(o.spin, 50us);
  EXPECT_EQ(o.stack.tcp.congestion, CongestionAlgorithm::Bbr);
  EXPECT_EQ(o.stack.tcp.msl, 1s);
  EXPECT_EQ(o.memory, 512u << 20);
  EXPECT_EQ(o.sink, "/up");
  EXPECT_EQ(o.seed, 7u);
  EXPECT_EQ(o.user, "www-data");
  EXPECT_EQ(o.access_log, "-");
  EXPECT_EQ(o.verbose, Detail::Folded);
  EXPECT_EQ(o.language, Language::Chinese);
  EXPECT_EQ(o.capture, "lab.pcapng");
  EXPECT_EQ(o.capture_bytes, 128u);
}

TEST(Options, SayWhoMaySeeWhatTheServerShowsOfItself) {
  const ServeOptions o = accepted({"--recent", "64M", "--view", "10.0.0.0/8", "--view", "fd00::1",
                                   "--view-host", "glass.example"});
  EXPECT_EQ(o.recent, 64u << 20);
  ASSERT_EQ(o.view.size(), 2u);
  EXPECT_EQ(o.view[1].to_string(), "fd00::1/128");
  EXPECT_THAT(o.view_hosts, testing::ElementsAre("glass.example"));
}

TEST(Options, SayHowSlowAClientMayBe) {
  EXPECT_EQ(accepted({}).min_rate, 500u);
  EXPECT_EQ(accepted({}).min_rate_after, 30s);
  const ServeOptions o = accepted({"--min-rate", "0", "--min-rate-after", "1min"});
  EXPECT_EQ(o.min_rate, 0u);
  EXPECT_EQ(o.min_rate_after, 60s);
  EXPECT_EQ(ended({"serve", "--min-rate-after", "500ms"}).code, kExitWrongUsage);
}

TEST(Options, FieldsMayBeAddedSeveralTimes) {
  const ServeOptions o = accepted({"--list", "--header", "X-A: [1,2]", "--header", "X-B:b"});
  EXPECT_TRUE(o.list);
  EXPECT_THAT(o.headers, testing::ElementsAre("X-A: [1,2]", "X-B:b"));
}

TEST(Options, TheLastOfSeveralValuesIsNotSilentlyTaken) {
  EXPECT_EQ(ended({"serve", "--port", "1", "--port", "2"}).code, kExitWrongUsage);
}

class WrongUsage : public testing::TestWithParam<Arguments> {};

TEST_P(WrongUsage, EndsWithTwoAndOneLine) {
  const ExitNow end = ended(GetParam());
  EXPECT_EQ(end.code, kExitWrongUsage);
  EXPECT_EQ(end.out, "");
  EXPECT_THAT(end.err, testing::StartsWith("glasstcp: "));
  EXPECT_THAT(end.err, HasSubstr("--help"));
  EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
}

INSTANTIATE_TEST_SUITE_P(
    Options, WrongUsage,
    testing::Values(
        Arguments{}, Arguments{"brew"}, Arguments{"--port", "80"}, Arguments{"serve", "--unknown"},
        Arguments{"serve", "extra"}, Arguments{"serve", "--port"},
        Arguments{"serve", "--port", "0"}, Arguments{"serve", "--port", "65536"},
        Arguments{"serve", "--port", "80x"}, Arguments{"serve", "--port", "-1"},
        Arguments{"serve", "--mtu", "575"}, Arguments{"serve", "--mtu", "65536"},
        Arguments{"serve", "--offload", "maybe"}, Arguments{"serve", "--address", "192.0.2.2"},
        Arguments{"serve", "--address", "2001:db8::2/64"},
        Arguments{"serve", "--address6", "192.0.2.2/24"},
        Arguments{"serve", "--host-address", "192.0.2.2"},
        Arguments{"serve", "--host-address", "198.51.100.1"},
        Arguments{"serve", "--host-address6", "2001:db8:1::1"}, Arguments{"serve", "--tun", ""},
        Arguments{"serve", "--tun", "a/b"}, Arguments{"serve", "--tun", "longer-than-15-ch"},
        Arguments{"serve", "--memory", "lots"}, Arguments{"serve", "--memory", "1K"},
        Arguments{"serve", "--msl", "soon"}, Arguments{"serve", "--seed", "x"},
        Arguments{"serve", "--sink", "upload"}, Arguments{"serve", "--sink", "/a?b"},
        Arguments{"serve", "--sink", "/a b"}, Arguments{"serve", "--sink", "/a/../b"},
        Arguments{"serve", "--sink", "/上传"}, Arguments{"serve", "--sink", ""},
        Arguments{"serve", "--site", ""}, Arguments{"serve", "--user", ""},
        Arguments{"serve", "--capture", ""}, Arguments{"serve", "--access-log", ""},
        Arguments{"site", ""}, Arguments{"get", "http://h/", "-o", ""},
        Arguments{"serve", "--lang", "fr"}, Arguments{"serve", "--congestion", "magic"},
        Arguments{"serve", "--impair"}, Arguments{"serve", "--impair", ""},
        Arguments{"serve", "--impair", "loss=200%"},
        Arguments{"serve", "--impair", "loss=1%", "--offload", "on"},
        Arguments{"serve", "--capture", "-", "--access-log", "-"},
        Arguments{"serve", "--header", "X-A"}, Arguments{"serve", "--header", "X A: b"},
        Arguments{"serve", "--header", "X-A: b\r\nX-B: c"},
        Arguments{"serve", "--header", "content-length: 1"},
        Arguments{"serve", "--header", "X-A: b", "--header", "Transfer-Encoding: gzip"},
        Arguments{"serve", "--header", "X-A: " + std::string(9000, 'a')},
        Arguments{"serve", "--capture-size", "1M"},
        Arguments{"serve", "--capture", "-", "--capture-size", "1M"},
        Arguments{"serve", "--capture", "f", "--capture-size", "1K"},
        Arguments{"serve", "--capture", "f", "--capture-files", "1"},
        Arguments{"serve", "--recent", "100K"},
        Arguments{"serve", "--recent", "64M", "--memory", "100M"},
        Arguments{"serve", "--view", "192.0.2.0/33"}, Arguments{"serve", "--view", "home"},
        Arguments{"serve", "--view-host", "192.0.2.1"}, Arguments{"serve", "--view-host", "a b"},
        Arguments{"serve", "--capture", "f", "--capture-bytes", "10"}));

TEST(Options, TcpIsChangedByTheSettingsThatNameAnOption) {
  const Arguments chosen = {"--sack",    "off", "--timestamps",  "off", "--window-scale",   "off",
                            "--nagle",   "off", "--delayed-ack", "20",  "--initial-window", "3",
                            "--rto-min", "1s",  "--ecn",         "on",  "--receive-buffer", "16K"};
  const TcpConfig tcp = accepted(chosen).stack.tcp;
  EXPECT_FALSE(tcp.use_sack);
  EXPECT_FALSE(tcp.use_timestamps);
  EXPECT_FALSE(tcp.use_window_scale);
  EXPECT_FALSE(tcp.nagle);
  EXPECT_EQ(tcp.delayed_ack, 20ms);
  EXPECT_EQ(tcp.initial_window_segments, 3U);
  EXPECT_EQ(tcp.min_rto, 1s);
  EXPECT_EQ(tcp.ecn.use, EcnUse::On);
  EXPECT_EQ(tcp.receive_buffer, 16384U);
  Arguments get = {"get", "http://h/"};
  get.insert(get.end(), chosen.begin(), chosen.end());
  const CommandLine line = parse_command_line(get);
  ASSERT_TRUE(std::holds_alternative<GetOptions>(line));
  EXPECT_EQ(std::get<GetOptions>(line).stack.tcp, tcp);
}

TEST(Options, EachSettingWithAnOptionIsOneOfServeAndOfGet) {
  const std::string serve = ended({"serve", "--help"}).out, get = ended({"get", "--help"}).out;
  const std::string completion = ended({"--completion", "bash"}).out;
  for (const Setting& s : settings()) {
    if (s.option.empty()) continue;
    const std::string option = std::string(s.option) + " ";
    EXPECT_THAT(serve, HasSubstr(option));
    EXPECT_THAT(get, HasSubstr(option));
    EXPECT_THAT(completion, HasSubstr(std::string(s.option)));
    const ExitNow end = ended({"serve", std::string(s.option), "nonsense"});
    EXPECT_EQ(end.code, kExitWrongUsage);
    EXPECT_THAT(end.err, HasSubstr(std::string(s.option) + ": 'nonsense' is not "));
  }
}

TEST(Options, ATimeoutAboveTheFirstOneIsRefused) {
  EXPECT_THAT(ended({"serve", "--rto-min", "5s"}).err,
              HasSubstr("--rto-min: 5 s is above --rto-initial, which is 1 s"));
  EXPECT_EQ(accepted({"--rto-min", "5s", "--rto-initial", "5s"}).stack.tcp.min_rto, 5s);
  EXPECT_THAT(ended({"get", "http://h/", "--delayed-ack", "500"}).err,
              HasSubstr("'500' is not a time like 40 or 40ms from 0 ms to 499 ms"));
}

TEST(Options, AnImpairmentTakesTheOffloadAway) {
  const ServeOptions o = accepted({"--impair", "loss=2%,drop=out:7"});
  ASSERT_TRUE(o.impair.has_value());
  EXPECT_DOUBLE_EQ(o.impair->in.loss, 0.02);
  EXPECT_FALSE(o.offload);
  EXPECT_FALSE(accepted({"--offload", "off", "--impair", "delay=1ms"}).offload);
  EXPECT_TRUE(accepted({}).offload);
  EXPECT_FALSE(accepted({}).impair.has_value());
  const CommandLine line = parse_command_line({"get", "http://h/", "--impair", "in:loss=3%"});
  const GetOptions* const get = std::get_if<GetOptions>(&line);
  ASSERT_NE(get, nullptr);
  EXPECT_DOUBLE_EQ(get->impair->in.loss, 0.03);
  EXPECT_FALSE(get->offload);
}

TEST(Options, AnImpairmentWithOffloadIsWrongUsage) {
  for (const Arguments& arguments : {Arguments{"serve"}, Arguments{"get", "http://h/"}}) {
    Arguments all = arguments;
    all.insert(all.end(), {"--offload", "on", "--impair", "loss=2%"});
    const ExitNow end = ended(all);
    EXPECT_EQ(end.code, kExitWrongUsage);
    EXPECT_THAT(end.err, HasSubstr("leave out --offload on"));
    EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1);
  }
}

TEST(Options, SaysWhatIsWrong) {
  EXPECT_THAT(ended({"serve", "--impair", "loss=2"}).err, HasSubstr("a share like 2%"));
  EXPECT_THAT(ended({"get", "http://h/", "--via", "kernel", "--impair", "loss=2%"}).err,
              HasSubstr("with --via kernel there is none"));
  EXPECT_THAT(ended({"serve", "--port", "70000"}).err, HasSubstr("a port from 1 to 65535"));
  EXPECT_THAT(ended({"serve", "--host-address", "198.51.100.1"}).err,
              HasSubstr("is not in the network of --address 192.0.2.2/24"));
}

struct Refusal {
  Arguments arguments;
  std::string text;
};

void expect_refusals(const std::vector<Refusal>& refusals) {
  for (const Refusal& one : refusals) {
    const ExitNow end = ended(one.arguments);
    EXPECT_EQ(end.code, kExitWrongUsage) << one.text;
    EXPECT_THAT(end.err, HasSubstr(one.text));
    EXPECT_THAT(end.err, Not(HasSubstr("TEXT")));
    EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
  }
}

// What somebody types in the first hour, and what is to be learnt from the answer.
TEST(Options, SayWhichWordIsWrongAndWhatIsNear) {
  const std::vector<Refusal> refusals{
      {{},
       "a command is missing: serve, doctor, site, get, capture, status, wireshark-files, report, "
       "lab or replay"},
      {{"srve"}, "unknown command 'srve'; did you mean 'serve'?"},
      {{"SERVE"}, "unknown command 'SERVE'; did you mean 'serve'?"},
      {{"doc"}, "unknown command 'doc'; did you mean 'doctor'?"},
      {{"version"}, "unknown command 'version'; did you mean '--version'?"},
      {{"analyse", "x"},
       "unknown command 'analyse'; choose serve, doctor, site, get, capture, status, "
       "wireshark-files, report, lab or replay"},
      {{"help", "srve"}, "unknown command 'srve'; did you mean 'serve'?"},
      {{"help", "serve", "extra"}, "help takes one command, and 'extra' is a second word"},
      {{"-v"},
       "'-v' is an option of serve or get and follows the command, as in "
       "'glasstcp serve -v'; --version prints the version"},
      {{"--port", "80", "serve"}, "'--port' is an option of serve or doctor and follows"},
      {{"--hepl"}, "unknown option '--hepl'; did you mean '--help'?"},
      {{"serve", "surplus", "another"}, "'surplus' is not expected: serve takes options alone"},
      {{"serve", "--vrebose"}, "unknown option '--vrebose' of serve; did you mean '--verbose'?"},
      {{"serve", "--vrebose=1", "x"}, "unknown option '--vrebose' of serve"},
      {{"serve", "--publish", "yes"}, "'yes' is not expected: --publish takes no value"},
      {{"serve", "--publish=maybe"}, "--publish takes no value, but was given 'maybe'"},
      {{"doctor", "--sink", "/up"}, "'--sink' is an option of serve, not of doctor"},
      {{"serve", "--lang"}, "--lang needs a value: --lang en|zh"},
      {{"serve", "--lang="}, "--lang needs a value: --lang en|zh"},
      {{"serve", "--site"}, "--site needs a value: --site DIR"},
      {{"get", "http://h/", "-o"}, "needs a value"},
      {{"serve", "--port", "1", "--port", "2"}, "--port is given more than once"},
      {{"serve", "--site", ""}, "--site: '' is not a folder"},
      {{"serve", "--user", ""}, "--user: '' is not the name or number of a user"},
      {{"get"}, "a URL is missing, as in 'glasstcp get http://192.0.2.2/'"},
      {{"get", "http://a/", "http://b/"}, "'http://b/' is not expected: get takes one URL"},
      {{"site"}, "a folder to write to is missing, as in 'glasstcp site page'"},
      {{"site", "a", "b"}, "'b' is not expected: site takes one folder"},
      {{"wireshark-files"},
       "a folder to write to is missing, as in 'glasstcp wireshark-files -o wireshark'"},
      {{"capture", "--filter", ""}, "--filter: '' is not an expression"},
      {{"capture", "--tun", "a/b"}, "--tun: 'a/b' is not the name of an interface"},
      {{"capture", "x"}, "'x' is not expected: capture takes options alone"},
      {{"report"}, "a capture is missing, as in 'glasstcp report visit.pcapng -o report.html'"},
      {{"report", "a", "b"}, "'b' is not expected: report takes one capture"},
      {{"report", "a", "--figure", "x"}, "--figure: 'x' is not 'ladder', 'sequence'"},
      {{"report", "a", "--connection", "0"}, "--connection: '0' is not the number of a connection"},
      {{"report", "a", "--template", "x"}, "--template: 'x' is not 'report' or 'homework'"},
      {{"report", "a", "--json", "--html"}, "--html, --markdown, --json and --figure exclude each"},
      {{"report", "a", "--markdown", "d", "-o", "f"}, "--output has no meaning with --markdown"},
      {{"report", "a", "--json", "--template", "homework"},
       "--template needs --html or --markdown"},
      {{"--completion"}, "--completion needs a value: --completion bash"},
  };
  expect_refusals(refusals);
}

TEST(Options, SayWhatALabLacks) {
  expect_refusals({
      {{"lab"}, "the name of a scenario is missing, as in 'glasstcp lab list'"},
      {{"lab", "a", "b"}, "'b' is not expected: lab takes one name"},
      {{"lab", "export"}, "'lab export' needs DIR"},
      {{"lab", "export", "d", "--end", "client"}, "'lab export' takes a folder"},
      {{"lab", "all"}, "'lab all' needs -o DIR, the folder to write the course to"},
      {{"lab", "all", "-o", "d", "--set", "a=b"}, "--set and --edit change one scenario"},
      {{"lab", "all", "-o", "d", "--edit", "lose client packet 1"},
       "--set and --edit change one scenario"},
      {{"lab", "handshake", "-o", "d"}, "--output belongs to 'lab all'"},
      {{"lab", "list", "--capture", "f"}, "'lab list' only prints names"},
      {{"lab", "handshake", "--end", "server"}, "--end needs --capture FILE"},
      {{"lab", "handshake", "--set", "a"}, "--set: 'a' is not KNOB=VALUE"},
  });
}

TEST(Options, ReportTakesACaptureAndAForm) {
  const CommandLine line = parse_command_line({"report", "v.pcapng", "--figure", "close", "-o",
                                               "c.svg", "--connection", "2", "--lang", "zh"});
  const auto* const options = std::get_if<ReportOptions>(&line);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->capture, "v.pcapng");
  EXPECT_EQ(options->form(), ReportForm::Figure);
  EXPECT_EQ(options->connection, 2U);
  EXPECT_EQ(options->language, Language::Chinese);
  const CommandLine plain = parse_command_line({"report", "v.pcapng", "--template", "homework"});
  const auto* const page = std::get_if<ReportOptions>(&plain);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->form(), ReportForm::Html);
  EXPECT_TRUE(page->homework);
  EXPECT_EQ(page->language, Language::English);
}

TEST(Options, HelpIsACommandToo) {
  EXPECT_EQ(ended({"help"}).out, ended({"--help"}).out);
  for (const char* command :
       {"serve", "doctor", "site", "get", "capture", "wireshark-files", "report", "lab"}) {
    const ExitNow help = ended({"help", command});
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.out, ended({command, "--help"}).out);
    EXPECT_THAT(help.out, HasSubstr("Usage: glasstcp " + std::string(command)));
  }
}

TEST(Options, HelpFitsATerminal) {
  for (const Arguments& arguments :
       {Arguments{"--help"}, Arguments{"serve", "--help"}, Arguments{"get", "--help"},
        Arguments{"doctor", "--help"}, Arguments{"report", "--help"}}) {
    const std::string page = ended(arguments).out;
    for (std::size_t at = 0; at < page.size();) {
      const std::size_t end = page.find('\n', at);
      EXPECT_LE(end - at, 101u) << page.substr(at, end - at);
      at = end + 1;
    }
  }
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  std::set<std::string> all;
  const std::regex expression(pattern, std::regex::ECMAScript | std::regex::multiline);
  for (std::sregex_iterator i(text.begin(), text.end(), expression), end; i != end; ++i) {
    all.insert((*i)[1]);
  }
  return all;
}

std::string readme(const char* path) {
  std::ifstream file(std::string(GLASSTCP_SOURCE_DIR) + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A command that --help lists, and an option of one: in both READMEs, and in their tables alike.
TEST(Options, AreInBothReadmes) {
  const std::string english = readme("/README.md"), chinese = readme("/.github/README.zh.md");
  for (const char* const command :
       {"serve", "get", "report", "doctor", "capture", "wireshark-files", "lab", "replay"}) {
    const std::string page = ended({command, "--help"}).out;
    for (const std::string& option : matches(page, R"(^  (?:-\w,)?(--[a-z0-9-]+))")) {
      if (option == "--help") continue;
      EXPECT_THAT(english, HasSubstr("`" + option)) << command;
      EXPECT_THAT(chinese, HasSubstr("`" + option)) << command;
    }
  }
  constexpr const char* kCellsOfOptions = R"(^\| (`-.*?) \| )";
  EXPECT_GT(matches(english, kCellsOfOptions).size(), 40U);
  EXPECT_EQ(matches(std::regex_replace(chinese, std::regex("、"), ", "), kCellsOfOptions),
            matches(english, kCellsOfOptions));
}

TEST(Options, HelpAndVersionGoToStdoutAndAreNoFailure) {
  const ExitNow help = ended({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("serve"));
  EXPECT_EQ(help.err, "");
  const ExitNow serve_help = ended({"serve", "--help"});
  EXPECT_EQ(serve_help.code, 0);
  EXPECT_THAT(serve_help.out, HasSubstr("Usage: glasstcp serve"));
  EXPECT_THAT(serve_help.out, HasSubstr("--host-address6"));
  const ExitNow version = ended({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, testing::MatchesRegex("glasstcp [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Options, HelpNamesOnlyWhatIsBuilt) {
  const std::string help = ended({"serve", "--help"}).out;
  EXPECT_THAT(help, Not(HasSubstr("--queues")));
  EXPECT_THAT(help, HasSubstr("reno|cubic|bbr"));
}

TEST(Quantity, SizesCountInPowersOf1024) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("64k"), 65536u);
  EXPECT_EQ(parse_size("512M"), 512u << 20);
  EXPECT_EQ(parse_size("2GiB"), 2ULL << 30);
  EXPECT_EQ(parse_size("1TB"), 1ULL << 40);
  EXPECT_EQ(parse_size("16B"), 16u);
}

TEST(Quantity, WhatIsNoSizeIsRefused) {
  for (const char* text : {"", "M", "-1", "1.5G", "1 G", "1GG", "1iB", "1X", "0x10",
                           "18446744073709551616", "16777216T"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(Quantity, DurationsCountInTheUnitTheyNameOrTheGivenOne) {
  EXPECT_EQ(parse_duration("30", 1s), 30s);
  EXPECT_EQ(parse_duration("50", 1us), 50us);
  EXPECT_EQ(parse_duration("50ms", 1us), 50ms);
  EXPECT_EQ(parse_duration("2min", 1s), 2min);
  EXPECT_EQ(parse_duration("1h", 1s), 1h);
  for (const char* text : {"", "s", "-1s", "1d", "1 s", "99999999999999999h"}) {
    EXPECT_FALSE(parse_duration(text, 1s).has_value()) << text;
  }
}

}  // namespace
}  // namespace glasstcp
