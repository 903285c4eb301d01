// The settings of a stack stand in one table (stack/README.md): every member of glasstcp_config,
// with the default that glasstcp_config_init sets.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <string>

#include "stack/socket/glasstcp.h"

namespace glasstcp::test {
namespace {

using Defaults = std::map<std::string, std::string>;

std::string text_of(const char* path) {
  std::ifstream file(std::string(GLASSTCP_SOURCE_DIR) + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Rows "| `setting` | default | ..." of the section.
Defaults documented() {
  const std::string book = text_of("/stack/README.md");
  const std::size_t begin = book.find("## The settings of one stack");
  const std::string section = book.substr(begin, book.find("\n## ", begin + 1) - begin);
  const std::regex row(R"(\| `(\w+)` \| ([^|]+) \| [^|\n]+ \|)");
  Defaults found;
  for (std::sregex_iterator i(section.begin(), section.end(), row), end; i != end; ++i) {
    EXPECT_TRUE(found.emplace((*i)[1], (*i)[2]).second) << (*i)[1] << " stands there twice";
  }
  return found;
}

// Members of the struct as the header declares them; the size is no setting, and
// `habits` another name of one.
std::map<std::string, bool> declared() {
  const std::string header = text_of("/stack/socket/glasstcp.h");
  const std::size_t begin = header.find("struct glasstcp_config {");
  const std::string body = header.substr(begin, header.find("\n};", begin) - begin);
  const std::regex member(R"(\n +[a-z][\w* ]*[ *](\w+)(\[32\])?;)");
  std::map<std::string, bool> found;
  for (std::sregex_iterator i(body.begin(), body.end(), member), end; i != end; ++i) {
    if ((*i)[1] != "size" && (*i)[1] != "habits") found[(*i)[1]] = true;
  }
  return found;
}

#define SETTING(name) \
  { #name, std::to_string(c.name) }
Defaults set_by_init() {
  glasstcp_config c;
  glasstcp_config_init(&c);
  EXPECT_EQ(c.addresses, nullptr);
  for (const std::uint8_t byte : c.seed) EXPECT_EQ(byte, 0);
  return {
      {"addresses", "none"},
      {"seed", "zeros"},
      {"congestion", c.congestion},
      SETTING(address_count),
      SETTING(mtu),
      SETTING(gso_max),
      SETTING(checksum_offload),
      SETTING(memory),
      SETTING(max_connections),
      SETTING(option_layout),
      SETTING(use_window_scale),
      SETTING(window_scale),
      SETTING(use_timestamps),
      SETTING(tolerate_missing_timestamps),
      SETTING(reset_may_repeat_fin),
      SETTING(time_wait_reset),
      SETTING(use_sack),
      SETTING(use_ecn),
      SETTING(mss),
      SETTING(receive_buffer),
      SETTING(initial_receive_buffer),
      SETTING(send_buffer),
      SETTING(most_send_buffer),
      SETTING(unsent_low),
      SETTING(initial_window),
      SETTING(delayed_ack),
      SETTING(ack_every),
      SETTING(quick_acks),
      SETTING(personality),
      SETTING(least_superpacket),
      SETTING(initial_rto),
      SETTING(min_rto),
      SETTING(max_rto),
      SETTING(slow_start_after_idle),
      SETTING(use_rack),
      SETTING(use_tail_loss_probe),
      SETTING(pacing),
      SETTING(nagle),
      SETTING(syn_retries),
      SETTING(syn_ack_retries),
      SETTING(syn_option_retries),
      SETTING(ecn_retries),
      SETTING(icmp_aborts),
      SETTING(drop_syn_fin),
      SETTING(retransmissions),
      SETTING(user_timeout),
      SETTING(keep_idle),
      SETTING(keep_interval),
      SETTING(keep_probes),
      SETTING(two_msl),
      SETTING(fin_wait_2),
      SETTING(rfc5961),
      SETTING(syn_cookies),
      SETTING(path_mtu_discovery),
      SETTING(hop_limit),
      SETTING(isn_is_set),
      SETTING(isn),
      SETTING(timestamp_is_set),
      SETTING(timestamp),
  };
}
#undef SETTING

TEST(StackSettings, EachStandsInTheTableWithItsDefault) {
  EXPECT_EQ(documented(), set_by_init());
}

TEST(StackSettings, TheTableHasEachMemberOfTheStruct) {
  std::map<std::string, bool> rows;
  for (const auto& [name, value] : documented()) rows[name] = true;
  EXPECT_EQ(rows, declared());
}

}  // namespace
}  // namespace glasstcp::test
