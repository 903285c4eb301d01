// The knobs of a stack stand in one table (stack/README.md): every member of glasstcp_config, with
// the default that glasstcp_config_init sets.
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

// Rows "| `knob` | default | ..." of the section.
Defaults documented() {
  const std::string book = text_of("/stack/README.md");
  const std::size_t begin = book.find("## The knobs of one stack");
  const std::string section = book.substr(begin, book.find("\n## ", begin + 1) - begin);
  const std::regex row(R"(\| `(\w+)` \| ([^|]+) \| [^|\n]+ \|)");
  Defaults found;
  for (std::sregex_iterator i(section.begin(), section.end(), row), end; i != end; ++i) {
    EXPECT_TRUE(found.emplace((*i)[1], (*i)[2]).second) << (*i)[1] << " stands there twice";
  }
  return found;
}

// Members of the struct as the header declares them; the size is no knob.
std::map<std::string, bool> declared() {
  const std::string header = text_of("/stack/socket/glasstcp.h");
  const std::size_t begin = header.find("struct glasstcp_config {");
  const std::string body = header.substr(begin, header.find("\n};", begin) - begin);
  const std::regex member(R"(\n  [a-z][\w* ]*[ *](\w+)(\[32\])?;)");
  std::map<std::string, bool> found;
  for (std::sregex_iterator i(body.begin(), body.end(), member), end; i != end; ++i) {
    if ((*i)[1] != "size") found[(*i)[1]] = true;
  }
  return found;
}

#define KNOB(name) \
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
      KNOB(address_count),
      KNOB(mtu),
      KNOB(gso_max),
      KNOB(checksum_offload),
      KNOB(memory),
      KNOB(max_connections),
      KNOB(option_layout),
      KNOB(use_window_scale),
      KNOB(window_scale),
      KNOB(use_timestamps),
      KNOB(tolerate_missing_timestamps),
      KNOB(reset_may_repeat_fin),
      KNOB(time_wait_reset),
      KNOB(use_sack),
      KNOB(use_ecn),
      KNOB(mss),
      KNOB(receive_buffer),
      KNOB(initial_receive_buffer),
      KNOB(send_buffer),
      KNOB(most_send_buffer),
      KNOB(unsent_low),
      KNOB(initial_window),
      KNOB(delayed_ack),
      KNOB(ack_every),
      KNOB(quick_acks),
      KNOB(habits),
      KNOB(least_superpacket),
      KNOB(initial_rto),
      KNOB(min_rto),
      KNOB(max_rto),
      KNOB(slow_start_after_idle),
      KNOB(use_rack),
      KNOB(use_tail_loss_probe),
      KNOB(pacing),
      KNOB(nagle),
      KNOB(syn_retries),
      KNOB(syn_ack_retries),
      KNOB(syn_option_retries),
      KNOB(ecn_retries),
      KNOB(icmp_aborts),
      KNOB(drop_syn_fin),
      KNOB(retransmissions),
      KNOB(user_timeout),
      KNOB(keep_idle),
      KNOB(keep_interval),
      KNOB(keep_probes),
      KNOB(two_msl),
      KNOB(fin_wait_2),
      KNOB(rfc5961),
      KNOB(syn_cookies),
      KNOB(path_mtu_discovery),
      KNOB(hop_limit),
      KNOB(isn_is_set),
      KNOB(isn),
      KNOB(timestamp_is_set),
      KNOB(timestamp),
  };
}
#undef KNOB

TEST(StackKnobs, EachStandsInTheTableWithItsDefault) {
  EXPECT_EQ(documented(), set_by_init());
}

TEST(StackKnobs, TheTableHasEachMemberOfTheStruct) {
  std::map<std::string, bool> rows;
  for (const auto& [name, value] : documented()) rows[name] = true;
  EXPECT_EQ(rows, declared());
}

}  // namespace
}  // namespace glasstcp::test
