// IPv4 forwarding, switched on for as long as somebody publishes, and for each interface by itself.
//
// Linux Documentation/networking/ip-sysctl.rst: a packet is forwarded if the interface on which it
// arrives forwards; ip_forward writes the switches of all interfaces at once, and stays as it is
// here. So whoever else writes it can be seen, and what it wants stays.
//
// Invariants:
//   1. Where ip_forward is on, nothing is changed, neither at the start nor at the end.
//   2. An interface that forwarded before is left alone.
//
// Leaves out: a program that switches on, meanwhile, an interface that we had switched on already;
// the kernel tells nobody of that. And IPv6, which is never switched on.
// Next: publish.h.
#pragma once

#include <set>
#include <string>

#include "tun/host/descriptor.h"

namespace glasstcp {

/// The switches.
class Forwarding {
 public:
  /// Whether the machine forwards, as ip_forward says.
  [[nodiscard]] static bool is_on();
  /// Interfaces that forward now, without "all"; "default" is for those to come.
  [[nodiscard]] static std::set<std::string> interfaces_that_forward();
  /// Switches on all interfaces that do not. False: one of them cannot be switched.
  [[nodiscard]] static bool switch_on();
  /// Switches off all but these, unless ip_forward is on by now.
  static void switch_off_all_but(const std::set<std::string>& kept);
};

/// Tells when a switch changed, by netlink (RTNLGRP_IPV4_NETCONF).
class ForwardingWatch {
 public:
  /// Opens the socket; where that cannot be, nothing is ever told.
  void open();
  /// Readable when something changed; -1: it never is.
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  /// Reads what has come, and forgets it.
  void clear() const;

 private:
  Descriptor socket_;
};

}  // namespace glasstcp
