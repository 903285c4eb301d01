// `glasstcp get`: its options and their words.
//
// Invariants:
//   1. As in options.h: what is handed out is consistent.
//
// Next: ../get.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stack/base/addresses.h"
#include "stack/base/time.h"
#include "stack/link/impairment.h"
#include "stack/socket/stack_config.h"
#include "stack/trace/capture_sink.h"
#include "stack/trace/language.h"
#include "stack/trace/narrate.h"
#include "tun/cli/colours.h"
#include "tun/cli/locale.h"

namespace CLI {
class App;
}  // namespace CLI

namespace glasstcp {

/// What serve and get are told of their interface.
struct LinkOptions {
  std::string tun;  ///< empty: the first free tunN
  Cidr address;
  IpAddress host_address;
  Cidr address6;
  IpAddress host_address6;
  std::uint32_t mtu = 1500;  ///< bytes
  bool offload = true;
  std::optional<ImpairmentPlan> impair{};  ///< empty: the link is as it is

  /// The kernel's end of the link, with the prefix of ours.
  [[nodiscard]] Cidr host_cidr() const { return {host_address, address.prefix_length}; }
  [[nodiscard]] Cidr host_cidr6() const { return {host_address6, address6.prefix_length}; }
};

/// Whose TCP carries the request.
enum class Via : std::uint8_t {
  Stack,   ///< ours, on a TUN interface of its own
  Kernel,  ///< the kernel's sockets, for comparison
};

/// What `glasstcp get` was asked to do. The link is 198.51.100.2/24 and 2001:db8:1::2/64 by
/// default.
struct GetOptions : LinkOptions {
  std::string url;     ///< as given; target.h reads it
  std::string output;  ///< a file; empty or "-": stdout
  std::string range;   ///< as after "bytes="; empty: everything
  bool head = false;
  bool fail = false;  ///< HTTP errors become exit code 22, and their pages are not written
  Via via = Via::Stack;
  std::optional<std::uint64_t> seed;  ///< empty: random
  std::optional<Duration> timeout;    ///< without progress; empty: see fetch.h
  std::string user;                   ///< empty: see privileges.h
  StackConfig stack;                  ///< what the options of TCP choose (tcp_options.h)
  std::optional<Detail> verbose;      ///< empty: nothing is told
  ColourChoice colours = ColourChoice::Auto;
  Comments comments = Comments::Both;             ///< of a capture
  Language language = language_of_environment();  ///< of --verbose and --capture
  std::string capture;                            ///< a pcapng file, or "-" for stdout; empty: none

  GetOptions();
  [[nodiscard]] bool to_stdout() const { return output.empty() || output == "-"; }
};

/// Adds the command. `options` is borrowed until the command line is parsed.
CLI::App& add_get_command(CLI::App& app, GetOptions& options);

/// What single options cannot see. Empty: fine.
[[nodiscard]] std::string inconsistency(const GetOptions& options);

}  // namespace glasstcp
