// The table of keys.
#include "tests/script/settings.h"

#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <string_view>

#include "stack/tcp/congestion/congestion_names.h"
#include "stack/tcp/personality/personality.h"

namespace glasstcp::test {
namespace {

std::int64_t number_of(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("'" + text + "' is not a number");
  }
  return value;
}

template <typename T = std::uint32_t>
T count_of(const std::string& text) {
  constexpr std::int64_t kMost = std::numeric_limits<T>::max();
  const std::int64_t value = number_of(text);
  if (value < 0) throw std::invalid_argument("'" + text + "' is below 0");
  if (value > kMost)
    throw std::invalid_argument("'" + text + "' is above " + std::to_string(kMost));
  return static_cast<T>(value);
}

Duration duration_of(const std::string& text) {
  const std::size_t unit_at = text.find_first_not_of("0123456789");
  const std::int64_t value = number_of(text.substr(0, unit_at));
  const std::string unit = unit_at == std::string::npos ? "" : text.substr(unit_at);
  if (unit == "us") return std::chrono::microseconds(value);
  if (unit == "ms") return std::chrono::milliseconds(value);
  if (unit == "s") return std::chrono::seconds(value);
  if (unit == "min") return std::chrono::minutes(value);
  if (unit == "h") return std::chrono::hours(value);
  if (unit.empty() && value == 0) return Duration{};
  throw std::invalid_argument("'" + text + "' is not a time: 40ms, 1s, 2h");
}

bool switch_of(const std::string& text) {
  if (text == "on" || text == "off") return text == "on";
  throw std::invalid_argument("'" + text + "' is neither on nor off");
}

using Setter = std::function<void(RunSettings&, const std::string&)>;

Setter count(std::uint32_t TcpConfig::*member) {
  return [member](RunSettings& s, const std::string& v) { s.stack.tcp.*member = count_of(v); };
}
Setter duration(Duration TcpConfig::*member) {
  return [member](RunSettings& s, const std::string& v) { s.stack.tcp.*member = duration_of(v); };
}
Setter toggle(bool TcpConfig::*member) {
  return [member](RunSettings& s, const std::string& v) { s.stack.tcp.*member = switch_of(v); };
}

Setter octet(std::uint8_t TcpConfig::*member) {
  return [member](RunSettings& s, const std::string& v) {
    s.stack.tcp.*member = count_of<std::uint8_t>(v);
  };
}

// One word of a few; any other is a mistake of the script.
template <typename T>
T word_of(const std::string& text, const std::map<std::string, T>& words) {
  const auto found = words.find(text);
  if (found != words.end()) return found->second;
  std::string names;
  for (const auto& [name, value] : words) names += (names.empty() ? "" : ", ") + name;
  throw std::invalid_argument("'" + text + "' is none of " + names);
}
template <typename T>
Setter choice(T TcpConfig::*member, const std::map<std::string, T>& words) {
  return [member, words](RunSettings& s, const std::string& v) {
    s.stack.tcp.*member = word_of(v, words);
  };
}

// All rows in which they differ, at once.
Personality personality_of(const std::string& text) {
  return word_of<Personality>(
      text, {{"rfc", Personality::Rfc}, {"linux", Personality::Linux}, {"bsd", Personality::Bsd}});
}
void choose_personality(RunSettings& s, const std::string& v) {
  const bool pacing = s.stack.tcp.pacing;
  adopt_personality(s.stack.tcp, personality_of(v));
  s.stack.tcp.pacing = pacing;  // a script says when packets leave
}

// "personality.ROW=linux": one row alone.
constexpr std::string_view kRowPrefix = "personality.";
void choose_row(RunSettings& s, std::string_view name, const std::string& value) {
  const PersonalityRow* const row = personality_row(name);
  if (row == nullptr) {
    throw std::invalid_argument("no row of a personality is called '" + std::string(name) + "'");
  }
  row->choose(s.stack.tcp, personality_of(value));
}

const std::map<std::string, Setter> kSetters = {
    {"receive_buffer",
     [](RunSettings& s, const std::string& v) {
       s.stack.tcp.receive_buffer = s.stack.tcp.initial_receive_buffer = count_of(v);
     }},
    {"send_buffer", count(&TcpConfig::send_buffer)},
    {"initial_send_buffer", count(&TcpConfig::initial_send_buffer)},
    {"initial_window", count(&TcpConfig::initial_window_segments)},
    {"window_scaling", toggle(&TcpConfig::use_window_scale)},
    {"timestamps", toggle(&TcpConfig::use_timestamps)},
    {"sack", toggle(&TcpConfig::use_sack)},
    {"delayed_ack", duration(&TcpConfig::delayed_ack)},
    {"ack_every", count(&TcpConfig::ack_every_segments)},
    {"initial_rto", duration(&TcpConfig::initial_rto)},
    {"min_rto", duration(&TcpConfig::min_rto)},
    {"max_rto", duration(&TcpConfig::max_rto)},
    {"r1", count(&TcpConfig::r1_retransmissions)},
    {"r2", count(&TcpConfig::r2_retransmissions)},
    {"syn_retries", count(&TcpConfig::syn_retries)},
    {"syn_ack_retries", count(&TcpConfig::syn_ack_retries)},
    {"user_timeout", duration(&TcpConfig::user_timeout)},
    {"rack", toggle(&TcpConfig::use_rack)},
    {"tail_loss_probe", toggle(&TcpConfig::use_tail_loss_probe)},
    {"frto", toggle(&TcpConfig::use_frto)},
    {"slow_start_segments", count(&TcpConfig::slow_start_segments)},
    {"slow_start_after_idle", toggle(&TcpConfig::slow_start_after_idle)},
    {"nagle", toggle(&TcpConfig::nagle)},
    {"pacing", toggle(&TcpConfig::pacing)},
    {"hystart", toggle(&TcpConfig::hystart)},
    {"congestion",
     [](RunSettings& s, const std::string& v) {
       const auto algorithm = congestion_named(v);
       if (!algorithm) throw std::invalid_argument("'" + v + "' is not reno, cubic or bbr");
       s.stack.tcp.congestion = *algorithm;
     }},
    {"sws_override", duration(&TcpConfig::sws_override)},
    {"keep_alive_idle", duration(&TcpConfig::keep_alive_idle)},
    {"keep_alive_interval", duration(&TcpConfig::keep_alive_interval)},
    {"keep_alive_probes", count(&TcpConfig::keep_alive_probes)},
    {"msl", duration(&TcpConfig::msl)},
    {"fin_wait_2_timeout", duration(&TcpConfig::fin_wait_2_timeout)},
    {"max_connections", count(&TcpConfig::max_connections)},
    {"max_half_open", count(&TcpConfig::max_half_open)},
    {"max_time_wait", count(&TcpConfig::max_time_wait)},
    {"challenge_acks_per_second", count(&TcpConfig::challenge_acks_per_second)},
    {"blind_attack_defence", toggle(&TcpConfig::blind_attack_defence)},
    {"accepts_whole_buffer", toggle(&TcpConfig::accepts_whole_buffer)},
    {"acks_second_segment", toggle(&TcpConfig::acks_second_segment)},
    {"acks_overlap_at_once", toggle(&TcpConfig::acks_overlap_at_once)},
    {"repeats_fin", toggle(&TcpConfig::repeats_fin)},
    {"drops_syn_fin", toggle(&TcpConfig::drops_syn_fin)},
    {"syn_option_retries", count(&TcpConfig::syn_option_retries)},
    {"classic_ecn_retries",
     [](RunSettings& s, const std::string& v) {
       s.stack.tcp.ecn.classic_retries = count_of<std::uint8_t>(v);
     }},
    {"time_wait_answers_syn", toggle(&TcpConfig::time_wait_answers_syn)},
    {"updates_at_quarter", toggle(&TcpConfig::updates_at_quarter)},
    {"starting_receive_buffer", count(&TcpConfig::initial_receive_buffer)},
    {"accurate_ecn",
     [](RunSettings& s, const std::string& v) { s.stack.tcp.ecn.accurate = switch_of(v); }},
    {"max_orphans", count(&TcpConfig::max_orphans)},
    {"announce_user_timeout", toggle(&TcpConfig::announce_user_timeout)},
    {"adopt_user_timeout", toggle(&TcpConfig::adopt_user_timeout)},
    {"user_timeout_least", duration(&TcpConfig::user_timeout_least)},
    {"user_timeout_most", duration(&TcpConfig::user_timeout_most)},
    {"window_scale",
     [](RunSettings& s, const std::string& v) {
       s.stack.tcp.window_scale = count_of<std::uint8_t>(v);
     }},
    {"mss",
     [](RunSettings& s, const std::string& v) {
       s.stack.tcp.mss = count_of<std::uint16_t>(v);
     }},
    {"hop_limit", octet(&TcpConfig::hop_limit)},
    {"syn_cookies", choice(&TcpConfig::syn_cookies, {{"off", SynCookieUse::Off},
                                                     {"full", SynCookieUse::WhenFull},
                                                     {"on", SynCookieUse::WhenFull},
                                                     {"only", SynCookieUse::Only}})},
    {"layout", choice(&TcpConfig::option_layout,
                      {{"linux", OptionLayout::Linux}, {"bsd", OptionLayout::Bsd}})},
    {"offered_mss", choice(&TcpConfig::offered_mss, {{"device", OfferedMss::Device},
                                                     {"path", OfferedMss::Path},
                                                     {"path_v6", OfferedMss::PathV6}})},
    {"icmp_aborts", choice(&TcpConfig::icmp_aborts, {{"none", IcmpAborts::None},
                                                     {"rfc", IcmpAborts::Rfc},
                                                     {"prohibited", IcmpAborts::Prohibited}})},
    {"mtu_probing", choice(&TcpConfig::mtu_probing, {{"off", MtuProbing::Off},
                                                     {"after_black_hole",
                                                      MtuProbing::AfterBlackHole},
                                                     {"always", MtuProbing::Always}})},
    {"ecn",
     [](RunSettings& s, const std::string& v) {
       s.stack.tcp.ecn.use = word_of<EcnUse>(
           v, {{"off", EcnUse::Off}, {"passive", EcnUse::Passive}, {"on", EcnUse::On}});
     }},
    {"personality", choose_personality},
    {"habits", choose_personality},  // its name of before
    {"push_superpackets", toggle(&TcpConfig::push_superpackets)},
    {"superpackets_follow_rate", toggle(&TcpConfig::superpackets_follow_rate)},
    {"tail_rides_along", toggle(&TcpConfig::tail_rides_along)},
    {"least_superpacket", count(&TcpConfig::least_superpacket)},
    {"min_rto_is_variance", toggle(&TcpConfig::min_rto_is_variance)},
    {"probes_without_text", toggle(&TcpConfig::probes_without_text)},
    {"more_ends_with_ack", toggle(&TcpConfig::more_ends_with_ack)},
    {"counts_send_memory", toggle(&TcpConfig::counts_send_memory)},
    {"most_send_buffer", count(&TcpConfig::most_send_buffer)},
    {"unsent_low", count(&TcpConfig::unsent_low)},
    {"window_follows_buffer", toggle(&TcpConfig::window_follows_buffer)},
    {"answers_unsent_ack", toggle(&TcpConfig::answers_unsent_ack)},
    {"late_data_resets_as_closed_port", toggle(&TcpConfig::late_data_resets_as_closed_port)},
    {"use_fast_path", toggle(&TcpConfig::use_fast_path)},
    {"may_fragment", toggle(&TcpConfig::may_fragment)},
    {"quick_acks", count(&TcpConfig::quick_acks)},
    {"loss_timer_floor", duration(&TcpConfig::loss_timer_floor)},
    {"keep_statistics", toggle(&TcpConfig::keep_statistics)},
    {"row",
     [](RunSettings& s, const std::string& v) { choose_row(s, v, "rfc"); }},  // ways.h says how
    {"ip",
     [](RunSettings&, const std::string& v) {
       if (v != "v4" && v != "v6") throw std::invalid_argument("ip is v4 or v6, not '" + v + "'");
     }},
    {"gso", [](RunSettings& s, const std::string& v) { s.stack.gso_max = count_of(v); }},
    {"mtu", [](RunSettings& s, const std::string& v) { s.stack.mtu = count_of(v); }},
    {"memory", [](RunSettings& s, const std::string& v) { s.stack.memory = count_of(v); }},
    {"missing_timestamps", toggle(&TcpConfig::tolerates_missing_timestamps)},
    {"reset_may_repeat_fin", toggle(&TcpConfig::reset_may_repeat_fin)},
    {"time_wait_reset", choice(&TcpConfig::time_wait_reset, {{"never", TimeWaitReset::Never},
                                                             {"after_syn", TimeWaitReset::AfterSyn},
                                                             {"exact", TimeWaitReset::Exact}})},
    {"tolerance", [](RunSettings& s, const std::string& v) { s.tolerance = duration_of(v); }},
};

// The keys that one connection can choose on its way, and how: ConnectionSettings.
using Change = void (*)(const TcpConfig&, ConnectionSettings&);
const std::map<std::string, Change> kChanges = {
    {"keep_alive_idle",
     [](const TcpConfig& c, ConnectionSettings& k) { k.keep_alive_idle = c.keep_alive_idle; }},
    {"keep_alive_interval",
     [](const TcpConfig& c, ConnectionSettings& k) {
       k.keep_alive_interval = c.keep_alive_interval;
     }},
    {"keep_alive_probes",
     [](const TcpConfig& c, ConnectionSettings& k) { k.keep_alive_probes = c.keep_alive_probes; }},
    {"fin_wait_2_timeout",
     [](const TcpConfig& c, ConnectionSettings& k) {
       k.fin_wait_2_timeout = c.fin_wait_2_timeout;
     }},
    {"user_timeout",
     [](const TcpConfig& c, ConnectionSettings& k) { k.user_timeout = c.user_timeout; }},
    {"syn_retries",
     [](const TcpConfig& c, ConnectionSettings& k) { k.syn_retries = c.syn_retries; }},
    {"send_buffer",
     [](const TcpConfig& c, ConnectionSettings& k) {
       k.send_buffer = c.send_buffer;
       k.send_buffer_chosen = true;
     }},
    {"receive_buffer",
     [](const TcpConfig& c, ConnectionSettings& k) { k.receive_buffer = c.receive_buffer; }},
    {"unsent_low", [](const TcpConfig& c, ConnectionSettings& k) { k.unsent_low = c.unsent_low; }},
    {"mss", [](const TcpConfig& c, ConnectionSettings& k) { k.mss = c.mss; }},
    {"hop_limit", [](const TcpConfig& c, ConnectionSettings& k) { k.hop_limit = c.hop_limit; }},
    {"ecn", [](const TcpConfig& c, ConnectionSettings& k) { k.ecn.use = c.ecn.use; }},
    {"accurate_ecn",
     [](const TcpConfig& c, ConnectionSettings& k) { k.ecn.accurate = c.ecn.accurate; }},
    {"congestion", [](const TcpConfig& c, ConnectionSettings& k) { k.congestion = c.congestion; }},
    {"may_fragment",
     [](const TcpConfig& c, ConnectionSettings& k) { k.may_fragment = c.may_fragment; }},
};

}  // namespace

std::expected<void, std::string> change(ConnectionSettings& settings, const std::string& key,
                                        const std::string& value) {
  const auto setter = kSetters.find(key);
  if (setter == kSetters.end()) return std::unexpected("no setting is called '" + key + "'");
  const auto found = kChanges.find(key);
  if (found == kChanges.end()) {
    return std::unexpected("'" + key +
                           "' holds for the whole script: write it above the first event");
  }
  RunSettings chosen;
  try {
    setter->second(chosen, value);
  } catch (const std::exception& error) {
    return std::unexpected(error.what());
  }
  found->second(chosen.stack.tcp, settings);
  return {};
}

std::string World::name() const {
  std::string text = version == IpVersion::V4 ? "v4_isn_near_" : "v6_isn_near_";
  if (our_isn > 0xf0000000U) return text + "2_32";
  return text + (our_isn > 0x70000000U ? "2_31" : "0");
}

IpAddress our_address(IpVersion version) {
  return *IpAddress::parse(version == IpVersion::V4 ? "192.0.2.2" : "2001:db8::2");
}

IpAddress peer_address(IpVersion version) {
  return *IpAddress::parse(version == IpVersion::V4 ? "192.0.2.1" : "2001:db8::1");
}

std::expected<IpAddress, std::string> named_address(const std::string& name,
                                                    const IpAddress& otherwise) {
  static const std::map<std::string, std::pair<const char*, const char*>> names = {
      {"multicast", {"224.0.0.1", "ff02::1"}},   {"broadcast", {"192.0.2.255", "ff02::1"}},
      {"own", {"192.0.2.2", "2001:db8::2"}},     {"unspecified", {"0.0.0.0", "::"}},
      {"other", {"192.0.2.77", "2001:db8::77"}}, {"loopback", {"127.0.0.1", "::1"}},
  };
  if (name.empty()) return otherwise;
  const auto found = names.find(name);
  if (found == names.end()) return std::unexpected("no address is called '" + name + "'");
  return *IpAddress::parse(otherwise.is_v4() ? found->second.first : found->second.second);
}

std::expected<RunSettings, std::string> settings_of(const Script& script, const World& world) {
  RunSettings settings;
  settings.stack.addresses = {*Cidr::parse("192.0.2.2/24"), *Cidr::parse("2001:db8::2/64")};
  settings.stack.tcp.fixed_iss = world.our_isn;
  settings.stack.tcp.pacing = false;  // a script says when packets leave, and most mean "now"
  settings.stack.tcp.fixed_timestamp =
      world.our_isn + 7;  // the clock of timestamps wraps in these runs too
  try {
    for (const auto& [key, value] : script.settings) {
      if (key.starts_with(kRowPrefix)) {
        choose_row(settings, std::string_view(key).substr(kRowPrefix.size()), value);
        continue;
      }
      const auto setter = kSetters.find(key);
      if (setter == kSetters.end()) return std::unexpected("no setting is called '" + key + "'");
      setter->second(settings, value);
    }
  } catch (const std::exception& error) {
    return std::unexpected(error.what());
  }
  // An IPv6 header is 20 bytes longer: with 20 bytes more of MTU both versions offer the same MSS.
  if (world.version == IpVersion::V6) settings.stack.mtu += 20;
  return settings;
}

}  // namespace glasstcp::test
