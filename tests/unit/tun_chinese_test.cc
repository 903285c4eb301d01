// Messages and help in Chinese: every one of them, by the terms of the glossary, and only for those
// who read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "stack/base/quantity.h"
#include "stack/link/impairment.h"
#include "stack/socket/settings.h"
#include "tests/support/glossary_terms.h"
#include "tun/cli/chinese.h"
#include "tun/cli/options.h"

namespace glasstcp {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Arguments = std::vector<std::string>;

// The environment of a test, as it was afterwards.
class Locale {
 public:
  Locale(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    ::setenv(name, value, 1);
  }
  ~Locale() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Locale(const Locale&) = delete;
  Locale& operator=(const Locale&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

ExitNow ended(Arguments arguments, bool in_chinese = true) {
  if (in_chinese) arguments.insert(arguments.end(), {"--lang", "zh"});
  const CommandLine line = parse_command_line(arguments);
  const ExitNow* const end = std::get_if<ExitNow>(&line);
  return end != nullptr ? *end : ExitNow{-1, {}, {}};
}

// English that was left: two words in a row that are no name. What is quoted, options, values and
// examples are.
std::string english_in(std::string text) {
  const bool has_half = std::ranges::count(text, '\'') % 2 == 1;  // of a quotation over two lines
  const std::string behind = text.substr(text.find('\'') + 1);
  text = std::regex_replace(text, std::regex("'[^'\n]*'"), "''");
  if (has_half) text = std::regex_replace(text, std::regex("([^'])'[^'\n]*$"), "$1");
  text = std::regex_replace(text, std::regex("（请看.*"), "");
  text = std::regex_replace(text, std::regex("示例：.*|用法：.*"), "");
  text = std::regex_replace(text, std::regex("--[a-z0-9-]+(=[^ ]*)?"), "-");
  std::smatch found;
  const std::regex words("\\b[a-z]{2,} [a-z]{2,}\\b");
  if (!std::regex_search(text, found, words)) return "";
  return has_half ? english_in(behind) : found.str();
}
bool has_chinese(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0xe3) return true;
  }
  return false;
}
void expect_chinese(const std::string& text) {
  EXPECT_TRUE(has_chinese(text)) << text;
  EXPECT_EQ(english_in(text), "") << text;
  test::expect_terms_of_the_glossary("message", text);
}

TEST(Chinese, IsAskedForByTheOptionWhereverItStands) {
  const Locale plain("LC_ALL", "C");
  EXPECT_EQ(language_of({"serve", "--port", "x", "--lang", "zh"}), Language::Chinese);
  EXPECT_EQ(language_of({"--lang=zh", "serve"}), Language::Chinese);
  EXPECT_EQ(language_of({"serve", "--lang", "en", "--lang", "zh"}), Language::English);
  EXPECT_EQ(language_of({"serve", "--lang"}), Language::English);
  EXPECT_EQ(language_of({"serve", "--lang", "fr"}), Language::English);
  EXPECT_THAT(ended({"serve", "--port", "x"}).err, HasSubstr("不是 1 至 65535 的端口号"));
  EXPECT_THAT(ended({"serve", "--port", "x"}, false).err, HasSubstr("is not a port"));
  const CommandLine line = parse_command_line({"--lang", "zh", "serve"});
  ASSERT_TRUE(std::holds_alternative<ServeOptions>(line));
  EXPECT_EQ(std::get<ServeOptions>(line).language, Language::Chinese);
}

TEST(Chinese, IsAskedForByTheFirstVariableThatIsSet) {
  const Locale none_all("LC_ALL", "");
  const Locale messages("LC_MESSAGES", "zh_CN.UTF-8");
  const Locale lang("LANG", "en_US.UTF-8");
  EXPECT_THAT(ended({"srve"}, false).err, HasSubstr("未知命令"));
  for (const char* const chinese : {"zh_CN.UTF-8", "zh-CN", "zh", "zh_TW"}) {
    const Locale all("LC_ALL", chinese);
    EXPECT_EQ(language_of({}), Language::Chinese) << chinese;
    EXPECT_EQ(language_of({"--lang", "en"}), Language::English);
  }
  for (const char* const other : {"C", "POSIX", "C.UTF-8", "en_US.UTF-8", "zhuang"}) {
    const Locale all("LC_ALL", other);
    EXPECT_EQ(language_of({}), Language::English) << other;
  }
}

TEST(Chinese, EveryHelpPageIs) {
  for (const Arguments& command :
       {Arguments{}, Arguments{"serve"}, Arguments{"get"}, Arguments{"doctor"}, Arguments{"site"},
        Arguments{"report"}, Arguments{"capture"}, Arguments{"wireshark-files"},
        Arguments{"lab"}}) {
    Arguments asked = command;
    asked.emplace_back("--help");
    std::istringstream page(ended(asked).out);
    for (std::string line; std::getline(page, line);) {
      EXPECT_EQ(english_in(line), "") << line;
      test::expect_terms_of_the_glossary("help", line);
    }
    EXPECT_TRUE(has_chinese(ended(asked).out));
  }
  EXPECT_THAT(ended({"help", "serve"}).out, HasSubstr("提供服务的 TCP 端口（80）"));
  EXPECT_THAT(ended({"serve", "--help"}, false).out, HasSubstr("TCP port to serve on (80)"));
}

TEST(Chinese, LinesOfHelpEndAtAHundredColumns) {
  std::istringstream page(ended({"serve", "--help"}).out + ended({"serve", "--help"}, false).out);
  for (std::string line; std::getline(page, line);) {
    std::size_t columns = 0;
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      columns += (byte & 0xc0U) == 0x80 ? 0 : byte >= 0xe0 ? 2 : 1;
    }
    EXPECT_LE(columns, 102U) << line;  // a mark may hang over
    EXPECT_EQ(std::regex_search(line, std::regex("^ *(，|。|；|、|）)|(（|“|§)$")), false) << line;
  }
}

// What is refused, once each.
const std::vector<Arguments> kRefused{
    {},
    {"brew"},
    {"srve"},
    {"-v"},
    {"--port", "80", "serve"},
    {"--hepl"},
    {"serve", "--unknown"},
    {"serve", "--vrebose"},
    {"serve", "extra"},
    {"serve", "--publish", "yes"},
    {"serve", "--publish=maybe"},
    {"doctor", "--sink", "/up"},
    {"serve", "--site"},
    {"serve", "--port", "1", "--port", "2"},
    {"serve", "--port", "0"},
    {"serve", "--mtu", "575"},
    {"serve", "--offload", "maybe"},
    {"serve", "--address", "192.0.2.2"},
    {"serve", "--address6", "192.0.2.2/24"},
    {"serve", "--host-address", "x"},
    {"serve", "--host-address6", "x"},
    {"serve", "--host-address", "192.0.2.2"},
    {"serve", "--host-address6", "2001:db8:1::1"},
    {"serve", "--tun", "a/b"},
    {"serve", "--memory", "lots"},
    {"serve", "--memory", "1K"},
    {"serve", "--seed", "x"},
    {"serve", "--spin", "x"},
    {"serve", "--max-age", "x"},
    {"serve", "--sink", "upload"},
    {"serve", "--min-rate", "x"},
    {"serve", "--min-rate-after", "x"},
    {"serve", "--site", ""},
    {"serve", "--user", ""},
    {"serve", "--capture", ""},
    {"serve", "--access-log", ""},
    {"serve", "--comments", "x"},
    {"serve", "--verbose=x"},
    {"serve", "--capture", "-", "--access-log", "-"},
    {"serve", "--capture-bytes", "1"},
    {"serve", "--header", "X-A"},
    {"serve", "--header", "X A: b"},
    {"serve", "--header", "content-length: 1"},
    {"serve", "--header", "X-A: b\tc\r\n"},
    {"serve", "--header", "X-A: " + std::string(9000, 'a')},
    {"serve", "--recent", "100K"},
    {"serve", "--capture-size", "1M"},
    {"serve", "--capture", "f", "--capture-size", "1K"},
    {"serve", "--capture", "f", "--capture-files", "1"},
    {"serve", "--recent", "64M", "--memory", "100M"},
    {"serve", "--view", "home"},
    {"serve", "--view-host", "a b"},
    {"serve", "--impair", "loss=1%", "--offload", "on"},
    {"serve", "--impair", "loss=2"},
    {"serve", "--impair", "los=2"},
    {"serve", "--impair", "loss=2%,loss=3%"},
    {"serve", "--rto-min", "5s"},
    {"get"},
    {"get", "http://a/", "http://b/"},
    {"get", "http://a/", "--range", "x"},
    {"get", "http://a/", "--timeout", "x"},
    {"get", "http://a/", "--via", "x"},
    {"get", "http://a/", "--head", "--range", "0-1"},
    {"get", "http://a/", "--via", "kernel", "--capture", "f"},
    {"get", "http://a/", "--via", "kernel", "--impair", "loss=1%"},
    {"get", "http://a/", "--capture", "-"},
    {"site"},
    {"site", "a", "b"},
    {"site", ""},
    {"report"},
    {"report", "a", "b"},
    {"report", "a", "--figure", "x"},
    {"report", "a", "--connection", "0"},
    {"report", "a", "--template", "x"},
    {"report", "a", "--json", "--html"},
    {"report", "a", "--markdown", "d", "-o", "f"},
    {"report", "a", "--json", "--template", "homework"},
    {"capture", "x"},
    {"capture", "--tun", "a/b"},
    {"capture", "--filter", ""},
    {"wireshark-files"},
    {"wireshark-files", "x"},
    {"lab"},
    {"lab", "a", "b"},
    {"lab", "export"},
    {"lab", "export", "d", "--end", "client"},
    {"lab", "all"},
    {"lab", "all", "-o", "d", "--capture", "f"},
    {"lab", "all", "-o", "d", "--set", "a=b"},
    {"lab", "handshake", "-o", "d"},
    {"lab", "list", "--capture", "f"},
    {"lab", "handshake", "--end", "client"},
    {"lab", "handshake", "--set", "a"},
};

TEST(Chinese, EveryRefusalIs) {
  for (const Arguments& arguments : kRefused) {
    const ExitNow end = ended(arguments);
    EXPECT_EQ(end.code, kExitWrongUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(end.err, StartsWith("glasstcp: ")) << end.err;
    expect_chinese(end.err.substr(std::min(end.err.size(), sizeof("glasstcp: ") - 1)));
  }
  for (const Setting& s : settings()) {
    if (!s.option.empty()) expect_chinese(ended({"serve", std::string(s.option), "?"}).err);
  }
  for (const char* const word : {"loss", "burst", "delay", "jitter", "reorder", "duplicate",
                                 "corrupt", "rate", "queue", "drop"}) {
    expect_chinese(ended({"serve", "--impair", std::string(word) + "=?"}).err);
  }
}

// What the sources say, with the literals of a sentence joined.
std::string sources() {
  std::string all;
  const std::filesystem::path top(GLASSTCP_SOURCE_DIR);
  for (const char* const folder :
       {"tun", "http", "stack/lab", "stack/link", "stack/socket", "stack/trace"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top / folder)) {
      const std::string name = entry.path().filename().string();
      const bool is_source = name.ends_with(".cc") || name.ends_with(".h");
      if (!is_source || name.starts_with("chinese_")) continue;
      std::ifstream file(entry.path());
      all.append(std::istreambuf_iterator<char>(file), {});
    }
  }
  return std::regex_replace(all, std::regex("\"\\s*\n\\s*\""), "");
}

// Put together from parts, or said by the system.
bool is_said_elsewhere(std::string_view text) {
  for (int error = 1; error < 134; ++error) {
    if (text == std::strerror(error)) return true;
  }
  for (int error = -20; error < 0; ++error) {
    if (text == ::gai_strerror(error)) return true;
  }
  static constexpr std::array kAssembled = {
      "a number of at least",
      "cannot write the capture",
      "cannot write the access log",
      "cannot be read by the user this server runs as",
      "the kernel refuses partial checksums on",
      "the kernel refuses merged segments on",
      "sending plain segments with whole checksums from now on",
      "sending plain segments from now on",
      "connected from",
      "packets captured",
      "packet captured",
  };
  return text.starts_with("serve, ") || text.find(" or ") < 8 || text == "get or report" ||
         text == "doctor or get" || std::ranges::find(kAssembled, text) != kAssembled.end();
}

TEST(Chinese, NoRowIsAboutAMessageThatNobodySays) {
  const std::string said = sources();
  for (const auto rows : {chinese_messages(), chinese_help()}) {
    for (const Translation& row : rows) {
      test::expect_terms_of_the_glossary(row.english, row.chinese);
      std::string_view rest = row.english;
      while (!rest.empty()) {
        const std::size_t gap = rest.find('{');
        std::string piece(rest.substr(0, gap));
        rest = gap == std::string_view::npos ? "" : rest.substr(rest.find('}', gap) + 1);
        if (piece.starts_with("--") || piece.starts_with("Usage") || piece.ends_with(":")) continue;
        if (const std::size_t end = piece.find('\n'); end != piece.npos) piece.resize(end);
        // The longest run of words: numbers and quotes come from elsewhere.
        std::string longest, run;
        std::istringstream words(piece);
        for (std::string word; words >> word;) {
          const bool is_plain = std::regex_match(word, std::regex("[A-Za-z]+"));
          run = is_plain ? (run.empty() ? word : run + " " + word) : "";
          if (run.size() > longest.size()) longest = run;
        }
        if (longest.size() < 12 || is_said_elsewhere(longest)) continue;
        EXPECT_NE(said.find(longest), std::string::npos) << row.english << ": " << longest;
      }
    }
  }
}

TEST(Chinese, WhatHappenedAndWhatToDoAreTakenApart) {
  EXPECT_EQ(spoken("10.9.9.9:80 did not answer: timed out after 2 s and 2 SYNs; 10.9.9.9 is not an "
                   "address of this host, and the host does not forward: run 'sudo x', or use "
                   "--via kernel",
                   Language::Chinese),
            "10.9.9.9:80 没有应答：2 秒后超时，共发送 2 个 SYN；10.9.9.9 不是本机的地址，而本机不"
            "转发：运行 'sudo x'，或用 --via kernel");
  EXPECT_EQ(spoken("no glasstcp server runs on tun5; there are servers on tun0", Language::Chinese),
            "tun5 上没有正在运行的 glasstcp 服务器；有服务器的接口是 tun0");
}

TEST(Chinese, AQuotedValueFollowsAWordWithASpace) {
  EXPECT_THAT(ended({"serve", "--offload", "x"}).err, HasSubstr("'x' 不是 'on' 或 'off'"));
}

TEST(Chinese, RunningProgramsSayItToo) {
  const std::array<std::string, 13> said{
      "* connected from 192.0.2.1:40000\n",
      "cannot open /dev/net/tun: Permission denied; run it with sudo",
      "cannot write the capture /x/y: No such file or directory; make its folder first, or choose "
      "another",
      "192.0.2.9:80 refused the connection: it answered our SYN with RST",
      "192.0.2.9:80 did not answer: timed out after 30 s and 6 SYNs",
      "timed out: nothing came for 60 s, after 1448 bytes",
      "the server closed before the end, after 5 of 10 bytes",
      "not published beyond this machine: there is no nft here; install it with 'sudo apt-get "
      "install nftables' and run it with sudo",
      "the network 192.0.2.0/24 is in use on tun0 (another glasstcp, or a VPN?), so nothing for "
      "192.0.2.2 would come to tun1; stop that, or choose another network with --address "
      "10.0.0.2/24",
      "IPv6 is disabled here: serving IPv4 alone; to have both, run 'sudo sysctl -w a.b=0'",
      "'x.pcap' is neither a pcap nor a pcapng file: save it as pcapng from Wireshark, or take it "
      "with tcpdump -w or --capture",
      "there is no connection 7: the capture has 3",
      "3 packets are missing in the capture: its reader or disk was too slow, full or gone"};
  for (const std::string& line : said) {
    expect_chinese(spoken(line, Language::Chinese));
    EXPECT_EQ(spoken(line, Language::English), line);
  }
  EXPECT_EQ(spoken("what nobody knows: x", Language::Chinese), "what nobody knows: x");
  EXPECT_EQ(spoken("'none' is empty", Language::Chinese), "'none' 是空的") << "a name stays";
}

}  // namespace
}  // namespace glasstcp
