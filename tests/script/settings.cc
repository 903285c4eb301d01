// The table of keys.
#include "tests/script/settings.h"

#include <map>
#include <string_view>

#include "stack/base/quantity.h"
#include "stack/socket/settings.h"
#include "stack/tcp/personality/personality.h"

namespace glasstcp::test {
namespace {

// "personality.ROW=linux": one row of the table alone.
constexpr std::string_view kRowPrefix = "personality.";

using Fault = std::optional<std::string>;  // empty: none

std::string refusal(const std::string& value, const std::string& expected) {
  return "'" + value + "' is not " + expected;
}

Fault choose_row(TcpConfig& config, std::string_view name, const std::string& value) {
  const PersonalityRow* const row = personality_row(name);
  if (row == nullptr) return "no row of a personality is called '" + std::string(name) + "'";
  const auto personality = personality_named(value);
  if (!personality) return refusal(value, "'rfc', 'linux' or 'bsd'");
  row->choose(config, *personality);
  return std::nullopt;
}

// All rows at once.
Fault choose_personality(TcpConfig& config, const std::string& value) {
  const auto personality = personality_named(value);
  if (!personality) return refusal(value, "'rfc', 'linux' or 'bsd'");
  const bool pacing = config.pacing;
  adopt_personality(config, *personality);
  config.pacing = pacing;  // a script says when packets leave
  return std::nullopt;
}

Fault choose_tolerance(RunSettings& settings, const std::string& value) {
  const auto tolerance = parse_duration(value, 1ms);
  if (!tolerance) return refusal(value, "a time like 1ms");
  settings.tolerance = *tolerance;
  return std::nullopt;
}

// What is a script's alone comes first; all else is a row of stack/socket/settings_rows.cc.
Fault set(RunSettings& settings, const std::string& key, const std::string& value) {
  StackConfig& stack = settings.stack;
  if (key.starts_with(kRowPrefix)) {
    return choose_row(stack.tcp, std::string_view(key).substr(kRowPrefix.size()), value);
  }
  if (key == "row") return choose_row(stack.tcp, value, "rfc");  // ways.h says how
  if (key == "personality" || key == "habits") return choose_personality(stack.tcp, value);
  if (key == "tolerance") return choose_tolerance(settings, value);
  if (key == "ip") return value == "v4" || value == "v6" ? Fault() : refusal(value, "v4 or v6");
  const Setting* const setting = setting_named(key);
  if (setting == nullptr) return "no setting is called '" + key + "'";
  const auto number = value_of(*setting, value);
  if (!number) return refusal(value, number.error());
  setting->write(stack, *number);
  // A script's buffer is that large from the beginning.
  if (key == "receive_buffer") stack.tcp.initial_receive_buffer = stack.tcp.receive_buffer;
  return std::nullopt;
}

}  // namespace

std::expected<void, std::string> change(ConnectionSettings& settings, const std::string& key,
                                        const std::string& value) {
  const Setting* const setting = setting_named(key);
  if (setting == nullptr) return std::unexpected("no setting is called '" + key + "'");
  if (setting->choose == nullptr) {
    return std::unexpected("'" + key +
                           "' holds for the whole script: write it above the first event");
  }
  const auto number = value_of(*setting, value);
  if (!number) return std::unexpected(refusal(value, number.error()));
  setting->choose(settings, *number);
  if (key == "send_buffer") settings.send_buffer_chosen = true;
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
  for (const auto& [key, value] : script.settings) {
    if (const Fault fault = set(settings, key, value)) return std::unexpected(*fault);
  }
  // An IPv6 header is 20 bytes longer: with 20 bytes more of MTU both versions offer the same MSS.
  if (world.version == IpVersion::V6) settings.stack.mtu += 20;
  return settings;
}

}  // namespace glasstcp::test
