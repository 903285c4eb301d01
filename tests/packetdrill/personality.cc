// Which sysctl is which knob. See personality.h.
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

constexpr std::uint32_t kLinuxQuickAcks = 16;
constexpr std::uint32_t kSuperpacket = 65535;
constexpr std::uint32_t kBsdReceiveSpace = 65536;

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

void read_bsd(const Names& names, glasstcp_config& c) {
  const auto get = [&](const char* name, auto otherwise) {
    const auto found = names.find(std::string("net.inet.tcp.") + name);
    return found == names.end() ? otherwise : static_cast<decltype(otherwise)>(found->second);
  };
  c.use_window_scale = c.use_timestamps = get("rfc1323", 1) != 0 ? 1 : 0;
  c.use_sack = get("sack.enable", 1);
  // Whole segments of Ethernet.
  constexpr std::uint32_t kSegment = 1460;
  const std::uint32_t space =
      (get("recvspace", kBsdReceiveSpace) + kSegment - 1) / kSegment * kSegment;
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
      config.quick_acks = kLinuxQuickAcks;
      config.gso_max = kSuperpacket;
      config.habits = GLASSTCP_HABITS_LINUX;
      config.congestion = "cubic";
    } else if (word == "bsd") {
      is_bsd = true;
      config.memory = std::uint64_t{4} << 30;  // every connection's buffer is whole
      config.option_layout = 1;
      config.habits = GLASSTCP_HABITS_BSD;
      config.window_scale = 6;
    } else if (word == "cubic" || word == "bbr" || word == "reno") {
      config.congestion = word == "bbr" ? "bbr" : word == "cubic" ? "cubic" : "reno";
    } else if (word.starts_with("mtu=")) {
      config.mtu = static_cast<std::uint32_t>(std::stoul(word.substr(4)));
    } else if (word.starts_with("segment=")) {
      segment = static_cast<std::uint16_t>(std::stoul(word.substr(8)));
    }
  }
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
  if (is_bsd) read_bsd(bsd_names(folder), c);
  return c;
}

}  // namespace glasstcp::packetdrill
