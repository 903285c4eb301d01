// See network_setup.h.
#include "tun/host/network_setup.h"

#include <linux/capability.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>

#include <fstream>
#include <memory>

#include "tun/host/cures.h"
#include "tun/host/local_networks.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kSmallestV6Mtu = 1280;  // RFC 8200 §5

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Socket = std::unique_ptr<nl_sock, Freer<nl_socket_free>>;
using Link = std::unique_ptr<rtnl_link, Freer<rtnl_link_put>>;
using Address = std::unique_ptr<rtnl_addr, Freer<rtnl_addr_put>>;
using NetlinkBytes = std::unique_ptr<nl_addr, Freer<nl_addr_put>>;
using Cache = std::unique_ptr<nl_cache, Freer<nl_cache_free>>;

Socket connect_to_kernel() {
  Socket socket(nl_socket_alloc());
  if (socket != nullptr && nl_connect(socket.get(), NETLINK_ROUTE) < 0) socket.reset();
  return socket;
}

NetlinkBytes to_netlink(const Cidr& cidr) {
  const ByteView bytes = cidr.address.bytes();
  NetlinkBytes address(
      nl_addr_build(cidr.address.is_v4() ? AF_INET : AF_INET6, bytes.data(), bytes.size()));
  if (address != nullptr) nl_addr_set_prefixlen(address.get(), cidr.prefix_length);
  return address;
}

Address make_address(int index, const Cidr& cidr) {
  Address address(rtnl_addr_alloc());
  const NetlinkBytes local = to_netlink(cidr);
  if (address == nullptr || local == nullptr) return {};
  rtnl_addr_set_ifindex(address.get(), index);
  rtnl_addr_set_local(address.get(), local.get());
  // Duplicate address detection would keep the address unusable for a second, on a link where
  // nobody else is.
  if (!cidr.address.is_v4()) rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  return address;
}

bool is_refusal(int error) {
  return error == -NLE_PERM || error == -NLE_NOACCESS;
}

bool has_address(nl_sock* socket, int index, const Cidr& cidr) {
  nl_cache* all = nullptr;
  if (rtnl_addr_alloc_cache(socket, &all) < 0) return false;
  const Cache cache(all);
  const NetlinkBytes wanted = to_netlink(cidr);
  for (nl_object* o = nl_cache_get_first(all); o != nullptr; o = nl_cache_get_next(o)) {
    auto* const address = reinterpret_cast<rtnl_addr*>(o);
    nl_addr* const local = rtnl_addr_get_local(address);
    if (rtnl_addr_get_ifindex(address) == index && local != nullptr &&
        nl_addr_get_prefixlen(local) == cidr.prefix_length &&
        nl_addr_cmp(local, wanted.get()) == 0) {
      return true;
    }
  }
  return false;
}

std::string ip_command(const NetworkPlan& plan, const std::string& command) {
  const Patient patient = this_process();
  if (patient.in_container) return rights_cure(patient);
  return "run 'sudo ip " + command + " dev " + plan.interface + "', or glasstcp itself with sudo";
}

// Empty when this interface can have IPv6; else why it cannot, with the cure.
std::string missing_v6(const NetworkPlan& plan) {
  if (plan.mtu < kSmallestV6Mtu) {
    return "IPv6 needs an MTU of at least 1280 bytes: serving IPv4 alone; give --mtu 1280 or more";
  }
  std::ifstream file("/proc/sys/net/ipv6/conf/" + plan.interface + "/disable_ipv6");
  char value = '1';
  if (!file) {
    return "this kernel has no IPv6: serving IPv4 alone; boot it without ipv6.disable=1";
  }
  file >> value;
  if (value == '0') return {};
  return "IPv6 is disabled here: serving IPv4 alone; to have both, " + ipv6_cure(this_process());
}

std::string keep_switch(const std::string& interface) {
  return "/proc/sys/net/ipv6/conf/" + interface + "/keep_addr_on_down";
}

// Linux Documentation/networking/ip-sysctl.rst, keep_addr_on_down: without it an interface that
// goes down loses its IPv6 addresses, and with them the way to us, until somebody gives them again.
// True: it was off and is on. Where it cannot be had (before Linux 4.6, no rights, /proc/sys
// read-only), `doctor --serving` says what is missing when it is.
bool keep_v6_when_down(const std::string& interface) {
  std::ifstream before(keep_switch(interface));
  int value = 0;
  if (!(before >> value) || value != 0) return false;
  std::ofstream file(keep_switch(interface));
  file << '1' << std::flush;
  return file.good();
}

// Sets what differs: MTU, queue length, up.
std::expected<int, Failure> set_up_link(nl_sock* socket, const NetworkPlan& plan,
                                        NetworkState& state) {
  rtnl_link* found = nullptr;
  int error = rtnl_link_get_kernel(socket, 0, plan.interface.c_str(), &found);
  if (error < 0) {
    return std::unexpected(
        Failure{"no interface " + plan.interface + ": " + nl_geterror(error), {}});
  }
  const Link link(found);
  const Link change(rtnl_link_alloc());
  if (change == nullptr) return std::unexpected(Failure{"out of memory", {}});
  const bool is_up = (rtnl_link_get_flags(found) & IFF_UP) != 0;
  const bool right_mtu = rtnl_link_get_mtu(found) == plan.mtu;
  const bool long_enough = rtnl_link_get_txqlen(found) >= plan.queue_length;
  state.mtu = rtnl_link_get_mtu(found);
  if (is_up && right_mtu && long_enough) return rtnl_link_get_ifindex(found);

  if (!right_mtu) rtnl_link_set_mtu(change.get(), plan.mtu);
  if (!long_enough) rtnl_link_set_txqlen(change.get(), plan.queue_length);
  if (!is_up) rtnl_link_set_flags(change.get(), IFF_UP);
  error = rtnl_link_change(socket, found, change.get(), 0);
  if (error == 0) {
    state.mtu = plan.mtu;
  } else if (!is_refusal(error) || !is_up) {
    return std::unexpected(Failure{"cannot bring " + plan.interface + " up: " + nl_geterror(error),
                                   is_refusal(error) ? ip_command(plan, "link set up") : ""});
  } else if (!right_mtu) {
    state.notes.push_back("no right to change the MTU of " + plan.interface + ": using its " +
                          std::to_string(state.mtu) + " bytes");
  }
  return rtnl_link_get_ifindex(found);
}

std::expected<void, Failure> set_up_address(nl_sock* socket, int index, const NetworkPlan& plan,
                                            const Cidr& cidr, NetworkState& state) {
  if (has_address(socket, index, cidr)) return {};
  const Address address = make_address(index, cidr);
  if (address == nullptr) return std::unexpected(Failure{"out of memory", {}});
  const int error = rtnl_addr_add(socket, address.get(), NLM_F_EXCL);
  // Somebody may have added it since we looked.
  if (error == -NLE_EXIST) return {};
  if (error < 0) {
    return std::unexpected(Failure{
        "cannot give " + cidr.to_string() + " to " + plan.interface + ": " + nl_geterror(error),
        is_refusal(error) ? ip_command(plan, "address add " + cidr.to_string()) : ""});
  }
  state.added.push_back(cidr);
  return {};
}

// Where one of our networks is on another interface; empty: nowhere.
std::expected<void, Failure> check_networks_are_free(const NetworkPlan& plan, bool with_v6) {
  const LocalNetworks networks = local_networks();
  for (const Cidr* const ours : {&plan.address, plan.address6 ? &*plan.address6 : nullptr}) {
    if (ours == nullptr || (!ours->address.is_v4() && !with_v6)) continue;
    const LocalAddress* const holder = holder_of(*ours, plan.interface, networks);
    if (holder == nullptr) continue;
    const LinkWish wish{plan.interface, plan.address, plan.address6};
    return std::unexpected(Failure{
        "the network " + holder->cidr.to_string() + " is in use on " + holder->interface +
            " (another glasstcp, or a VPN?), so nothing for " + ours->address.to_string() +
            " would come to " + plan.interface,
        "stop that, or choose another network with " + free_link_options(wish, false, networks)});
  }
  return {};
}

void remove_addresses(nl_sock* socket, const std::string& interface,
                      const std::vector<Cidr>& addresses) {
  rtnl_link* found = nullptr;
  if (socket == nullptr || rtnl_link_get_kernel(socket, 0, interface.c_str(), &found) != 0) return;
  const Link link(found);
  for (const Cidr& cidr : addresses) {
    const Address address = make_address(rtnl_link_get_ifindex(found), cidr);
    if (address != nullptr) rtnl_addr_delete(socket, address.get(), 0);
  }
}

}  // namespace

std::expected<NetworkState, Failure> set_up_network(const NetworkPlan& plan) {
  const Socket socket = connect_to_kernel();
  if (socket == nullptr) return std::unexpected(Failure{"cannot talk to the kernel's network", {}});
  std::string missing = missing_v6(plan);
  if (auto free = check_networks_are_free(plan, missing.empty()); !free) {
    return std::unexpected(free.error());
  }
  NetworkState state;
  const auto index = set_up_link(socket.get(), plan, state);
  if (!index) return std::unexpected(index.error());
  if (auto done = set_up_address(socket.get(), *index, plan, plan.host_address, state); !done) {
    return std::unexpected(done.error());
  }
  if (!plan.host_address6) return state;
  if (missing.empty()) {
    const auto done = set_up_address(socket.get(), *index, plan, *plan.host_address6, state);
    state.has_v6 = done.has_value();
    if (!done) missing = done.error().to_string() + ": serving IPv4 alone";
  }
  if (state.has_v6) state.keeps_v6 = keep_v6_when_down(plan.interface);
  if (!missing.empty()) state.notes.push_back(std::move(missing));
  return state;
}

Keeper keep_network(const std::string& interface, const NetworkState& state, bool has_sandbox) {
  if (state.added.empty() && !state.keeps_v6) return {};
  // Opened at the beginning: in its sandbox the keeper opens nothing.
  Socket kernel;
  std::ofstream keeping;
  KeeperDuties duties{.capabilities = {CAP_NET_ADMIN}};
  if (has_sandbox) duties.sandbox = Confined::NetworkKeeper;
  duties.begin = [&] {
    kernel = connect_to_kernel();
    if (state.keeps_v6) keeping.open(keep_switch(interface));
    return std::string();
  };
  duties.undo = [&] {
    remove_addresses(kernel.get(), interface, state.added);
    if (state.keeps_v6) keeping << '0' << std::flush;
  };
  return Keeper::start(duties);
}

}  // namespace glasstcp
