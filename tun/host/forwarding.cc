// See forwarding.h.
#include "tun/host/forwarding.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace glasstcp {
namespace {

constexpr const char* kAll = "/proc/sys/net/ipv4/ip_forward";
constexpr const char* kEach = "/proc/sys/net/ipv4/conf";

bool is_switched_on(const std::filesystem::path& path) {
  std::ifstream file(path);
  char value = '0';
  return file >> value && value != '0';
}

std::filesystem::path switch_of(const std::string& interface) {
  return std::filesystem::path(kEach) / interface / "forwarding";
}

bool write_switch(const std::string& interface, bool on) {
  std::ofstream file(switch_of(interface));
  file << (on ? '1' : '0') << std::flush;
  return file.good();
}

// Those that have a switch of their own; not loopback, on which nobody comes from outside.
std::set<std::string> interfaces() {
  std::set<std::string> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kEach, error)) {
    const std::string name = entry.path().filename();
    if (name != "all" && name != "lo") all.insert(name);
  }
  return all;
}

}  // namespace

bool Forwarding::is_on() {
  return is_switched_on(kAll);
}

std::set<std::string> Forwarding::interfaces_that_forward() {
  std::set<std::string> found;
  for (const std::string& one : interfaces()) {
    if (is_switched_on(switch_of(one))) found.insert(one);
  }
  return found;
}

bool Forwarding::switch_on() {
  bool is_done = true;
  for (const std::string& one : interfaces()) {
    if (is_switched_on(switch_of(one))) continue;
    // An interface may have gone in the meantime.
    is_done = (write_switch(one, true) || !std::filesystem::exists(switch_of(one))) && is_done;
  }
  return is_done;
}

void Forwarding::switch_off_all_but(const std::set<std::string>& kept) {
  if (is_on()) return;
  for (const std::string& one : interfaces()) {
    if (!kept.contains(one)) write_switch(one, false);
  }
}

void ForwardingWatch::open() {
  socket_ =
      Descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (RTNLGRP_IPV4_NETCONF - 1);
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    socket_.reset();
  }
}

void ForwardingWatch::clear() const {
  std::array<char, 8192> bytes;
  while (::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) continue;
}

}  // namespace glasstcp
