// The table of settings against all that is made from it: each field has a row, each row says all,
// each member of glasstcp_config and each option of the command line belongs to a row.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "stack/socket/glasstcp.h"
#include "stack/socket/settings.h"
#include "tests/support/book.h"

namespace glasstcp::test {
namespace {

using Names = std::set<std::string>;

std::string text_of_file(const std::string& path) {
  std::ifstream file(GLASSTCP_SOURCE_DIR + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a struct declares; comments and functions are left out.
Names members_of(const std::string& path, const std::string& type) {
  const std::string text = text_of_file(path);
  const std::size_t begin = text.find("struct " + type + " {");
  std::string body = text.substr(begin, text.find("\n};", begin) - begin);
  body = std::regex_replace(body, std::regex(R"(//[^\n]*|/\*[\s\S]*?\*/|friend [^;]*;)"), "");
  const std::regex member(R"((\w+)\s*(?:\[\d+\])?\s*(?:=[^;]*|\{\})?;)");
  Names names;
  for (std::sregex_iterator i(body.begin(), body.end(), member), end; i != end; ++i) {
    names.insert((*i)[1]);
  }
  return names;
}

const Setting* with_field(const std::string& field) {
  for (const Setting& s : settings()) {
    if (s.field == field) return &s;
  }
  return nullptr;
}

void expect_rows_for(const Names& fields, const std::string& prefix, const Names& parts) {
  EXPECT_FALSE(fields.empty());
  for (const std::string& name : fields) {
    if (parts.contains(name)) continue;
    EXPECT_NE(with_field(prefix + name), nullptr)
        << "the field '" << prefix << name << "' has no row in stack/socket/settings_rows.cc";
  }
}

TEST(Settings, EachFieldHasARow) {
  const Names by_hand = {"addresses", "shared_sources", "seed", "tcp"};
  expect_rows_for(members_of("/stack/socket/stack_config.h", "StackConfig"), "", by_hand);
  expect_rows_for(members_of("/stack/tcp/config.h", "TcpConfig"), "tcp.", {"ecn"});
  expect_rows_for(members_of("/stack/tcp/choices.h", "EcnWill"), "tcp.ecn.", {});
}

TEST(Settings, EachFieldOfAConnectionHasARow) {
  // Those that no stack has a default of, and those whose parts have rows.
  const Names of_sockets = {"ecn",           "rto",       "send_buffer_chosen",
                            "traffic_class", "quick_ack", "cork"};
  for (const std::string& name : members_of("/stack/tcp/user_types.h", "ConnectionSettings")) {
    if (of_sockets.contains(name)) continue;
    EXPECT_TRUE(
        std::ranges::any_of(settings(), [&](const Setting& s) { return s.connection == name; }))
        << "ConnectionSettings::" << name << " is in no row of stack/socket/settings_rows.cc";
  }
}

TEST(Settings, EachMemberOfTheCAbiBelongsToARow) {
  const Names by_hand = {"size",       "addresses",        "address_count", "seed",
                         "isn_is_set", "timestamp_is_set", "personality",   "habits"};
  const Names members = members_of("/stack/socket/glasstcp.h", "glasstcp_config");
  Names named;
  for (const Setting& s : settings()) {
    if (!s.member.empty()) named.insert(std::string(s.member));
  }
  for (const std::string& member : members) {
    EXPECT_TRUE(by_hand.contains(member) || named.contains(member))
        << "glasstcp_config::" << member << " is in no row of stack/socket/settings_rows.cc";
  }
  for (const std::string& name : named) {
    EXPECT_TRUE(members.contains(name)) << "glasstcp.h declares no member '" << name << "'";
  }
}

// A value other than the default, if there is one.
std::int64_t another(const Setting& s, std::int64_t value) {
  const std::int64_t least = s.kind == SettingKind::Time && s.least == 0 ? 2'000'000 : s.least;
  if (value != least) return least;
  return s.kind == SettingKind::Time ? value + 2'000'000 : value + 1;
}

TEST(Settings, EachRowSaysAllAndWritesItsOwnField) {
  const StackConfig defaults;
  Names names, options;
  for (const Setting& s : settings()) {
    SCOPED_TRACE(std::string(s.name));
    EXPECT_TRUE(names.insert(std::string(s.name)).second) << "the name stands there twice";
    EXPECT_FALSE(s.what.empty()) << "what does it do?";
    EXPECT_EQ(s.kind == SettingKind::Word, !s.words.empty()) << "a Word has words";
    if (!s.option.empty()) {
      EXPECT_TRUE(s.option.starts_with("--"));
      EXPECT_TRUE(options.insert(std::string(s.option)).second) << "the option stands there twice";
    }
    EXPECT_EQ(s.read_member == nullptr, s.form == MemberForm::None || s.form == MemberForm::ByHand);
    const std::int64_t value = s.read(defaults);
    EXPECT_GE(value, s.least) << "the default is out of bounds";
    EXPECT_LE(value, s.highest()) << "the default is out of bounds";
    StackConfig changed;
    s.write(changed, another(s, value));
    for (const Setting& other : settings()) {
      EXPECT_EQ(other.read(changed), &other == &s ? another(s, value) : other.read(defaults))
          << other.name;
    }
  }
}

TEST(Settings, TheCAbiBeginsWithTheDefaultsAndReadsWhatItWrites) {
  glasstcp_config c;
  glasstcp_config_init(&c);
  EXPECT_TRUE(members_are_sane(c));
  StackConfig read;
  read_members(c, read);
  for (const Setting& s : settings()) {
    const bool is_others = s.name == "max_connections";  // and sockets: 65536
    EXPECT_EQ(s.read(read), is_others ? 65536 : s.read(StackConfig{})) << s.name;
  }
  for (const Setting& s : settings()) {
    if (s.read_member == nullptr || s.form == MemberForm::AsPersonality) continue;
    StackConfig changed;
    s.write(changed, another(s, s.read(changed)));
    write_members(changed, c);
    StackConfig again;
    read_members(c, again);
    EXPECT_EQ(s.read(again), s.read(changed)) << "glasstcp_config::" << s.member;
  }
}

TEST(Settings, APersonalityIsWrittenIntoTheMembersThatItChanges) {
  glasstcp_config c;
  glasstcp_config_init(&c);
  c.mtu = 9000;
  glasstcp_config_adopt(&c, GLASSTCP_PERSONALITY_BSD);
  EXPECT_EQ(c.personality, GLASSTCP_PERSONALITY_BSD);
  EXPECT_EQ(c.option_layout, 1);
  EXPECT_EQ(c.ecn_retries, 1);
  EXPECT_EQ(c.icmp_aborts, 2);
  EXPECT_EQ(c.mtu, 9000U);
  EXPECT_EQ(c.tolerate_missing_timestamps, -1) << "as the personality";
  glasstcp_config_init(&c);
  glasstcp_config_adopt(&c, GLASSTCP_PERSONALITY_LINUX);
  EXPECT_EQ(c.quick_acks, 16U);
}

TEST(Settings, ValuesAreReadAndRefusedInTheWordsOfTheirRow) {
  const auto read = [](const char* name, const char* text) {
    const auto value = value_of(*setting_named(name), text);
    return value ? std::to_string(*value) : value.error();
  };
  EXPECT_EQ(read("sack", "off"), "0");
  EXPECT_EQ(read("sack", "no"), "'on' or 'off'");
  EXPECT_EQ(read("congestion", "bbr"), "2");
  EXPECT_EQ(read("congestion", "magic"), "'reno', 'cubic' or 'bbr'");
  EXPECT_EQ(read("delayed_ack", "40"), "40000000");
  EXPECT_EQ(read("delayed_ack", "500ms"), "a time like 40 or 40ms from 0 ms to 499 ms");
  EXPECT_EQ(read("msl", "2"), "2000000000") << "a bare number of --msl is seconds";
  EXPECT_EQ(read("initial_window", "0"), "a number of at least 1");
  EXPECT_EQ(read("initial_window", "1K"), "a number of at least 1");
  EXPECT_EQ(read("receive_buffer", "64K"), "65536");
  EXPECT_EQ(read("window_scale", "-1"), "-1");
  EXPECT_EQ(read("hop_limit", "256"), "a number from 1 to 255");
  for (const char* const name : {"syn_retries", "syn_ack_retries", "r2", "keep_alive_probes"}) {
    EXPECT_EQ(read(name, "254"), "254");
    EXPECT_EQ(read(name, "255"), "a number from 0 to 254") << "they are counted in bytes";
  }
}

TEST(Settings, ARetransmissionTimeoutHasItsOrder) {
  StackConfig config;
  EXPECT_FALSE(contradiction(config));
  config.tcp.min_rto = 2s;
  ASSERT_TRUE(contradiction(config));
  EXPECT_EQ(contradiction(config)->first->name, "min_rto");
  EXPECT_EQ(contradiction(config)->second->name, "initial_rto");
}

TEST(Settings, EachSocketOptionStandsInTheManual) {
  const std::string manual = text_of_file("/stack/socket/glasstcp.h");
  for (const Setting& s : settings()) {
    EXPECT_NE(manual.find(s.socket_option), std::string::npos)
        << s.name << ": glasstcp.h does not speak of " << s.socket_option;
  }
}

TEST(Settings, EachOptionIsInBothReadmes) {
  for (const char* const path : {"/README.md", "/.github/README.zh.md"}) {
    const std::string readme = text_of_file(path);
    for (const Setting& s : settings()) {
      if (s.option.empty()) continue;
      EXPECT_NE(readme.find("`" + std::string(s.option) + " "), std::string::npos)
          << path << " does not speak of " << s.option;
    }
  }
}

TEST(Settings, StandsInTheBook) {
  expect_in_book("## The settings of one stack", settings_table());
}

}  // namespace
}  // namespace glasstcp::test
