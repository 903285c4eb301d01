// See local_addresses.h.
#include "tun/host/local_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <bit>
#include <memory>

namespace glasstcp {
namespace {

std::uint8_t prefix_length(const std::uint8_t* mask, std::size_t size) {
  int bits = 0;
  for (std::size_t i = 0; i < size; ++i) bits += std::popcount(mask[i]);
  return static_cast<std::uint8_t>(bits);
}

const std::uint8_t* bytes_v4(const sockaddr* address) {
  return reinterpret_cast<const std::uint8_t*>(
      &reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
}

const std::uint8_t* bytes_v6(const sockaddr* address) {
  return reinterpret_cast<const std::uint8_t*>(
      &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

}  // namespace

std::vector<LocalAddress> local_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<LocalAddress> all;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_netmask == nullptr) continue;
    const sockaddr* const mask = one->ifa_netmask;
    if (one->ifa_addr->sa_family == AF_INET) {
      all.push_back({one->ifa_name,
                     {IpAddress::v4(bytes_v4(one->ifa_addr)), prefix_length(bytes_v4(mask), 4)}});
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      all.push_back({one->ifa_name,
                     {IpAddress::v6(bytes_v6(one->ifa_addr)), prefix_length(bytes_v6(mask), 16)}});
    }
  }
  return all;
}

std::vector<IpAddress> addresses_beside(const std::string& interface) {
  std::vector<IpAddress> others;
  for (const LocalAddress& one : local_addresses()) {
    if (one.interface != interface) others.push_back(one.cidr.address);
  }
  return others;
}

}  // namespace glasstcp
