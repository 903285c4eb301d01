// Which sysctl is which setting. See personality.h.
#include "tests/packetdrill/personality.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <vector>

namespace glasstcp::packetdrill {
namespace {

constexpr std::uint32_t kGso = 65535;
constexpr std::uint32_t kBsdReceiveSpace = 65536;
constexpr std::uint32_t kOptionRetries = 2;  // BSD's, where it drops them at all

// The words of one file below /proc/sys/net/ipv4, which belongs to the network namespace.
std::vector<std::uint32_t> linux_words(const char* name) {
  std::ifstream file(std::string("/proc/sys/net/ipv4/") + name);
  std::vector<std::uint32_t> words;
  for (std::int64_t word = 0; file >> word;) {
    words.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(word, 0, 0xffffffff)));
  }
  return words;
}

std::uint32_t linux_or(const char* name, std::uint32_t otherwise, std::size_t word = 0) {
  const auto words = linux_words(name);
  return words.size() > word ? words[word] : otherwise;
}

void read_linux(glasstcp_config& c) {
  c.use_sack = static_cast<int>(linux_or("tcp_sack", 1));
  c.use_timestamps = static_cast<int>(linux_or("tcp_timestamps", 1));
  c.time_wait_reset = linux_or("tcp_rfc1337", 0) != 0 ? 0 : 2;
  c.use_window_scale = static_cast<int>(linux_or("tcp_window_scaling", 1));
  c.use_ecn = static_cast<int>(linux_or("tcp_ecn", 2));
  c.syn_cookies = static_cast<int>(std::min(linux_or("tcp_syncookies", 1), 2U));
  constexpr std::uint32_t kProbes = 3;  // of tcp_early_retrans, from here on
  c.use_rack = static_cast<int>(linux_or("tcp_recovery", 1) & 1U);
  c.use_tail_loss_probe = linux_or("tcp_early_retrans", kProbes) >= kProbes ? 1 : 0;
  c.receive_buffer = linux_or("tcp_rmem", c.receive_buffer, 2);
  c.send_buffer = linux_or("tcp_wmem", 2 * c.send_buffer, 1) / 2;
  c.most_send_buffer = linux_or("tcp_wmem", c.most_send_buffer, 2);
  c.unsent_low = linux_or("tcp_notsent_lowat", c.unsent_low);
  c.syn_retries = linux_or("tcp_syn_retries", c.syn_retries);
  c.syn_ack_retries = linux_or("tcp_synack_retries", c.syn_ack_retries);
  c.retransmissions = linux_or("tcp_retries2", c.retransmissions);
  c.keep_idle = linux_or("tcp_keepalive_time", c.keep_idle / 1000) * 1000;
  c.keep_interval = linux_or("tcp_keepalive_intvl", c.keep_interval / 1000) * 1000;
  c.keep_probes = linux_or("tcp_keepalive_probes", c.keep_probes);
  c.fin_wait_2 = linux_or("tcp_fin_timeout", c.fin_wait_2 / 1000) * 1000;
  c.least_superpacket = linux_or("tcp_min_tso_segs", c.least_superpacket);
  c.slow_start_after_idle = static_cast<int>(linux_or("tcp_slow_start_after_idle", 1));
}

// What the stand-in for sysctl noted (bin/sysctl).
constexpr const char* kNoted = "/sysctl";

// The congestion control that the script chose last; null: none that we have.
const char* noted_congestion(const std::string& folder) {
  constexpr std::string_view kName = "net.ipv4.tcp_congestion_control=";
  const char* chosen = nullptr;
  std::ifstream file(folder + kNoted);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kName)) continue;
    for (const char* ours : {"reno", "cubic", "bbr"}) {
      if (line.substr(kName.size()) == ours) chosen = ours;
    }
  }
  return chosen;
}

using Names = std::map<std::string, std::uint32_t>;

Names bsd_names(const std::string& folder) {
  Names names;
  std::ifstream file(folder + kNoted);
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    std::uint32_t value = 0;
    std::from_chars(line.data() + equals + 1, line.data() + line.size(), value);
    names[line.substr(0, equals)] = value;
  }
  return names;
}

// The least shift with which a window covers the largest socket buffer.
int scale_for(std::uint32_t buffer) {
  int shift = 0;
  while (shift < 14 && (std::uint64_t{65535} << shift) < buffer) ++shift;
  return shift;
}

void read_bsd(const Names& names, bool v6, glasstcp_config& c) {
  const auto get = [&](const char* name, auto otherwise) {
    const auto found = names.find(std::string("net.inet.tcp.") + name);
    return found == names.end() ? otherwise : static_cast<decltype(otherwise)>(found->second);
  };
  c.use_window_scale = c.use_timestamps = get("rfc1323", 1) != 0 ? 1 : 0;
  c.use_sack = get("sack.enable", 1);
  // Its numbers are Linux's: never, ask and accept, accept.
  c.use_ecn = std::min(get("ecn.enable", 2), 2);
  c.ecn_retries = static_cast<std::uint8_t>(get("ecn.maxretries", 1));
  c.syn_option_retries = get("rexmit_drop_options", 0) != 0 ? kOptionRetries : c.syn_option_retries;
  c.icmp_aborts = get("icmp_may_rst", 1) != 0 ? 2 : 0;
  c.drop_syn_fin = get("drop_synfin", 0);
  const auto largest = names.find("kern.ipc.maxsockbuf");
  if (largest != names.end()) c.window_scale = scale_for(largest->second);
  // Whole segments of Ethernet.
  const std::uint32_t segment = v6 ? 1440 : 1460;
  const std::uint32_t space =
      (get("recvspace", kBsdReceiveSpace) + segment - 1) / segment * segment;
  c.initial_receive_buffer = c.receive_buffer = space;
  c.path_mtu_discovery = get("path_mtu_discovery", 1);
  c.tolerate_missing_timestamps = get("tolerate_missing_ts", 0);
  c.send_buffer = get("sendspace", 32768U);
  c.initial_rto = get("rexmit_initial", 1000U);
  c.min_rto = get("rexmit_min", 30U);
  c.rfc5961 = get("insecure_rst", 0) != 0 || get("insecure_syn", 0) != 0 ? 0 : 1;
  c.delayed_ack = get("delacktime", 40U);
  c.keep_idle = get("keepidle", 7200000U);
  c.keep_interval = get("keepintvl", 75000U);
  c.keep_probes = get("keepcnt", 8U);
  c.syn_retries = 12;
  c.max_rto = 64000;
}

}  // namespace

std::uint32_t linux_sysctl(const char* name, std::uint32_t otherwise) {
  return linux_or(name, otherwise);
}

Personality::Personality(const std::string& flags) {
  glasstcp_config_init(&config);
  std::istringstream words(flags);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == "linux") {
      is_linux = true;
      config.initial_receive_buffer = 65535;
      config.gso_max = kGso;
      glasstcp_config_adopt(&config, GLASSTCP_PERSONALITY_LINUX);
      config.congestion = "cubic";
    } else if (word == "rfc") {
      config.pacing = 0;  // as our own runner has it: packets leave when their script says "now"
    } else if (word == "bsd") {
      is_bsd = true;
      config.memory = std::uint64_t{4} << 30;  // every connection's buffer is whole
      glasstcp_config_adopt(&config, GLASSTCP_PERSONALITY_BSD);
      config.window_scale = 6;
    } else if (word == "cubic" || word == "bbr" || word == "reno") {
      config.congestion = word == "bbr" ? "bbr" : word == "cubic" ? "cubic" : "reno";
    } else if (word.starts_with("mtu=")) {
      set_mtu(static_cast<std::uint32_t>(std::stoul(word.substr(4))));
    } else if (word.starts_with("segment=")) {
      segment = static_cast<std::uint16_t>(std::stoul(word.substr(8)));
    } else if (word.starts_with("second_isn=")) {
      second_isn = static_cast<std::uint32_t>(std::stoul(word.substr(11)));
    } else if (word == "v6") {
      v6 = true;
    } else if (word == "introduce") {
      introduces = true;
    }
  }
}

// Below the least MTU of a stack it is the MSS that a script sees.
void Personality::set_mtu(std::uint32_t mtu) {
  constexpr std::uint32_t kLeast = 576, kHeaders = 40;
  config.mtu = std::max(mtu, kLeast);
  if (mtu < kLeast) config.mss = static_cast<std::uint16_t>(mtu - kHeaders);
}

std::uint32_t Personality::bsd_receive_space(const std::string& folder) {
  const Names names = bsd_names(folder);
  const auto found = names.find("net.inet.tcp.recvspace");
  return found == names.end() ? kBsdReceiveSpace : found->second;
}

glasstcp_config Personality::with_sysctls(const std::string& folder) const {
  glasstcp_config c = config;
  if (is_linux) {
    read_linux(c);
    if (const char* congestion = noted_congestion(folder)) c.congestion = congestion;
  }
  if (is_bsd) read_bsd(bsd_names(folder), v6, c);
  return c;
}

}  // namespace glasstcp::packetdrill
