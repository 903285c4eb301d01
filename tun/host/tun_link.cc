// See tun_link.h.
#include "tun/host/tun_link.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kLargestGso = 65535;  // the most that an IPv4 length can say

}  // namespace

std::expected<TunLink, Failure> TunLink::set_up(std::unique_ptr<TunDevice> device, NetworkPlan plan,
                                                bool has_sandbox) {
  plan.interface = device->name();
  auto network = set_up_network(plan);
  if (!network) return std::unexpected(std::move(network.error()));
  Keeper keeper;
  if (device->is_persistent()) keeper = keep_network(plan.interface, *network, has_sandbox);
  return TunLink{std::move(device), std::move(*network), std::move(keeper)};
}

StackConfig TunLink::completed(StackConfig config, const Cidr& address,
                               const Cidr& address6) const {
  config.addresses.push_back(address);
  if (network.has_v6) config.addresses.push_back(address6);
  config.mtu = network.mtu;
  config.checksum_offload = device->has_offload();
  config.gso_max = device->has_offload() ? kLargestGso : 0;
  return config;
}

}  // namespace glasstcp
