// What serve and get are told of their interface alike: its name, addresses, MTU, offload, and
// `--impair`, with what that means for `--offload`.
//
// Invariants:
//   1. What the help says of a default is the default.
//   2. With an impairment there is no offload: a lost GSO packet would be 45 lost segments, and a
//   kernel that trusts a partial checksum would accept corruption.
//
// Next: ../../stack/link/impairment.h.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "stack/base/addresses.h"
#include "stack/link/impairment.h"
#include "tun/cli/get_options.h"
#include "tun/cli/option_words.h"

namespace glasstcp {

/// The options that name the link, whatever adds them.
inline void add_address_options(CLI::App& app, LinkOptions& o) {
  const auto with_default = [](const char* text, const auto& value) {
    return std::string(text) + " (" + value.to_string() + ")";
  };
  add_parsed(app,
             {"--address", "CIDR", "an IPv4 ADDRESS/LENGTH",
              with_default("our IPv4 address and its network", o.address)},
             o.address, parse_cidr<IpVersion::V4>);
  add_parsed(app,
             {"--host-address", "IP", "an IPv4 address",
              with_default("the kernel's address in that network", o.host_address)},
             o.host_address, parse_address<IpVersion::V4>);
  add_parsed(app,
             {"--address6", "CIDR", "an IPv6 ADDRESS/LENGTH",
              with_default("our IPv6 address and its network", o.address6)},
             o.address6, parse_cidr<IpVersion::V6>);
  add_parsed(app,
             {"--host-address6", "IP", "an IPv6 address",
              with_default("the kernel's address in that network", o.host_address6)},
             o.host_address6, parse_address<IpVersion::V6>);
  const std::string tun = o.tun.empty() ? "the first free tunN" : o.tun;
  app.add_option("--tun", o.tun, "name of the TUN interface (" + tun + ")")->option_text("NAME");
}

/// Adds the option to a command that has `--offload`. `into` is borrowed until the command line is
/// parsed.
inline void add_impair_option(CLI::App& app, std::optional<ImpairmentPlan>& into) {
  const auto read = [&into](const std::string& text) {
    auto plan = parse_impairment(text);
    if (!plan) throw CLI::ValidationError("--impair", plan.error());
    into = *std::move(plan);
  };
  app.add_option_function<std::string>("--impair", read,
                                       "simulate a bad link; effects separated by commas, each in "
                                       "both directions, or in one with "
                                       "the prefix in: or out: " +
                                           std::string(kImpairmentWords) +
                                           "; --seed repeats the same losses")
      ->option_text("SPEC");
}

/// Takes the offload away; what is wrong with that, or empty.
[[nodiscard]] inline std::string settle_offload(const CLI::App& app,
                                                const std::optional<ImpairmentPlan>& impair,
                                                bool& offload) {
  if (!impair) return {};
  if (offload && app.get_option("--offload")->count() > 0) {
    return "--impair needs --offload off (which it chooses by itself): leave out --offload on";
  }
  offload = false;
  return {};
}

/// The options of what goes over the link. `helps_with`: what the kernel does with segments for us.
inline void add_packet_options(CLI::App& app, LinkOptions& o, const std::string& helps_with) {
  add_parsed(
      app,
      {"--mtu", "N", "a number of bytes from 576 to 65535", "MTU of the interface in bytes (1500)"},
      o.mtu, parse_number<std::uint32_t, 576, 65535>);
  add_parsed(app,
             {"--offload", "on|off", "'on' or 'off'",
              "let the kernel " + helps_with +
                  " segments and complete checksums: fast (on); 'off' puts every segment on the "
                  "interface as it is"},
             o.offload, parse_switch);
  add_impair_option(app, o.impair);
}

}  // namespace glasstcp
