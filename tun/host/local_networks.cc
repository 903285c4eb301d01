// See local_networks.h.
#include "tun/host/local_networks.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>

namespace glasstcp {
namespace {

constexpr std::uint32_t kRouteRefuses = 0x0200;  // RTF_REJECT of linux/route.h

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, 16);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

std::optional<IpAddress> v6_of(std::string_view digits) {
  if (digits.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = hexadecimal(digits.substr(2 * i, 2));
    if (!byte) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*byte);
  }
  return IpAddress::v6(bytes.data());
}

bool is_in_the_way(const Cidr& ours, const LocalAddress& address) {
  const Cidr& other = address.cidr;
  if (other.address.version() != ours.address.version() || other.prefix_length == 0) return false;
  return ours.contains(other.address) || other.contains(ours.address);
}

// The kernel takes the most exact route; of two that are equally exact, the older.
bool leads_away(const Cidr& ours, const LocalAddress& route) {
  return route.cidr.address.version() == ours.address.version() &&
         route.cidr.prefix_length >= ours.prefix_length && route.cidr.contains(ours.address);
}

std::string free_interface(const LocalNetworks& networks) {
  for (int number = 1;; ++number) {
    std::string name = fmt::format("tun{}", number);
    if (std::ranges::find(networks.interfaces, name) == networks.interfaces.end()) return name;
  }
}

struct Ends {
  std::string ours;
  std::string host;
};

// Networks that are reserved for documentation (RFC 5737, RFC 3849) and benchmarks (RFC 2544), so
// that they meet nobody's. Those that `get` takes by default come last.
std::vector<Ends> candidates(IpVersion version) {
  std::vector<Ends> all;
  const auto add = [&all, version](const std::string& network) {
    const char* const length = version == IpVersion::V4 ? "/24" : "/64";
    all.push_back({network + "2" + length, network + "1"});
  };
  if (version == IpVersion::V4) {
    add("203.0.113.");
    for (int n = 0; n < 256; ++n) add(fmt::format("198.18.{}.", n));
  } else {
    for (int n = 2; n < 256; ++n) add(fmt::format("2001:db8:{:x}::", n));
  }
  return all;
}

// The options for another network, if the wish's is taken.
std::string free_network(const std::optional<Cidr>& wish, std::string_view interface,
                         std::string_view six, const LocalNetworks& networks) {
  if (!wish || holder_of(*wish, interface, networks) == nullptr) return {};
  for (const Ends& ends : candidates(wish->address.version())) {
    const auto cidr = Cidr::parse(ends.ours);
    if (cidr && holder_of(*cidr, interface, networks) == nullptr) {
      return fmt::format(" --address{0} {1} --host-address{0} {2}", six, ends.ours, ends.host);
    }
  }
  return {};
}

}  // namespace

std::vector<LocalAddress> parse_routes_v4(std::string_view text) {
  // "Iface Destination Gateway Flags RefCnt Use Metric Mask ...": numbers in hexadecimal, addresses
  // as the machine's own words over bytes in network order.
  std::vector<LocalAddress> routes;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() < 8) continue;
    const auto destination = hexadecimal(fields[1]);
    const auto flags = hexadecimal(fields[3]);
    const auto mask = hexadecimal(fields[7]);
    if (!destination || !flags || !mask || (*flags & kRouteRefuses) != 0) continue;
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &*destination, bytes.size());
    const auto length = static_cast<std::uint8_t>(std::popcount(*mask));
    routes.push_back({fields[0], {IpAddress::v4(bytes.data()), length}});
  }
  return routes;
}

std::vector<LocalAddress> parse_routes_v6(std::string_view text) {
  // "destination length source length gateway metric references use flags interface"
  std::vector<LocalAddress> routes;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() < 10) continue;
    const auto destination = v6_of(fields[0]);
    const auto length = hexadecimal(fields[1]);
    const auto flags = hexadecimal(fields[8]);
    if (!destination || !length || *length > 128 || !flags || (*flags & kRouteRefuses) != 0) {
      continue;
    }
    routes.push_back({fields[9], {*destination, static_cast<std::uint8_t>(*length)}});
  }
  return routes;
}

LocalNetworks local_networks() {
  LocalNetworks networks;
  networks.addresses = local_addresses();
  networks.routes = parse_routes_v4(text_of("/proc/net/route"));
  std::ranges::move(parse_routes_v6(text_of("/proc/net/ipv6_route")),
                    std::back_inserter(networks.routes));
  const std::unique_ptr<struct if_nameindex[], decltype(&::if_freenameindex)> names(
      ::if_nameindex(), &::if_freenameindex);
  for (std::size_t i = 0; names != nullptr && names[i].if_name != nullptr; ++i) {
    networks.interfaces.emplace_back(names[i].if_name);
  }
  return networks;
}

const LocalAddress* holder_of(const Cidr& ours, std::string_view interface,
                              const LocalNetworks& networks) {
  for (const LocalAddress& one : networks.addresses) {
    if (one.interface != interface && is_in_the_way(ours, one)) return &one;
  }
  for (const LocalAddress& one : networks.routes) {
    if (one.interface != interface && one.interface != "lo" && leads_away(ours, one)) return &one;
  }
  return nullptr;
}

std::string free_link_options(const LinkWish& wish, bool is_taken, const LocalNetworks& networks) {
  const std::string interface = is_taken ? free_interface(networks) : wish.interface;
  std::string options = is_taken ? " --tun " + interface : "";
  options += free_network(wish.address, interface, "", networks);
  options += free_network(wish.address6, interface, "6", networks);
  return options.empty() ? options : options.substr(1);
}

}  // namespace glasstcp
