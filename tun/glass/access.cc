// See access.h.
#include "tun/glass/access.h"

#include <algorithm>

#include "http/text.h"

namespace glasstcp {
namespace {

bool is_port(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Without the port; empty: it is not of the form.
std::optional<std::string_view> without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && !(rest.starts_with(':') && is_port(rest.substr(1)))) return std::nullopt;
    return host.substr(1, close - 1);
  }
  const std::size_t colon = host.find(':');
  if (colon == std::string_view::npos || IpAddress::parse(host)) return host;
  if (!is_port(host.substr(colon + 1))) return std::nullopt;
  return host.substr(0, colon);
}

}  // namespace

bool is_own_host(std::string_view host, const std::vector<std::string>& names) {
  const auto name = without_port(host);
  if (!name) return false;
  const auto address = IpAddress::parse(*name);
  if (address) return !host.starts_with('[') || !address->is_v4();
  if (host.starts_with('[')) return false;
  std::string_view bare = *name;
  if (bare.ends_with('.')) bare.remove_suffix(1);
  const auto is_it = [bare](std::string_view own) { return http::equals_ignoring_case(bare, own); };
  return is_it("localhost") || std::ranges::any_of(names, is_it);
}

Access access_of(const AccessRule& rule, const IpAddress& client,
                 std::optional<std::string_view> host, std::string_view authority) {
  const auto has_it = [&client](const Cidr& network) { return network.contains(client); };
  if (std::ranges::none_of(rule.networks, has_it)) return Access::WrongClient;
  if (!host || !is_own_host(*host, rule.hosts)) return Access::WrongHost;
  if (!authority.empty() && !is_own_host(authority, rule.hosts)) return Access::WrongHost;
  return Access::Granted;
}

std::optional<Cidr> parse_network(std::string_view text) {
  if (const auto network = Cidr::parse(text)) return network;
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return Cidr{*address, static_cast<std::uint8_t>(address->is_v4() ? 32 : 128)};
}

bool is_host_name(std::string_view name) {
  const auto may_stand = [](char c) {
    return http::is_alpha(c) || http::is_digit(c) || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 253 && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, may_stand) && !IpAddress::parse(name);
}

}  // namespace glasstcp
