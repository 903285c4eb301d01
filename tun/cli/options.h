// The command line: text in, options or an exit code with its message out.
//
// Design section 3 is the contract. CLI11 does the parsing; its own exit codes are mapped to 2 for
// wrong usage. Nothing is printed here, so that tests can look at every outcome.
//
// Invariants:
//   1. Options that are handed out are consistent: addresses of the right version, host and server
//   in one network and different from each other, numbers in range.
//   2. What is not built does not appear in --help.
//
// Next: serve.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/time.h"
#include "stack/link/impairment.h"
#include "stack/socket/stack_config.h"
#include "stack/trace/capture_sink.h"
#include "stack/trace/language.h"
#include "stack/trace/narrate.h"
#include "tun/cli/capture_options.h"
#include "tun/cli/colours.h"
#include "tun/cli/get_options.h"
#include "tun/cli/lab_options.h"
#include "tun/cli/locale.h"
#include "tun/cli/report_options.h"
#include "tun/cli/status_options.h"
#include "tun/sandbox/sandbox.h"

namespace glasstcp {

/// What `glasstcp serve` was asked to do. The link is tun0, 192.0.2.2/24 and 2001:db8::2/64 by
/// default.
struct ServeOptions : LinkOptions {
  std::uint16_t port = 80;
  std::string site;                      ///< a folder; empty: the built-in page
  std::optional<std::uint32_t> max_age;  ///< seconds
  Duration spin = Duration::zero();
  StackConfig stack;  ///< what the options of TCP choose (tcp_options.h); all else is its default
  std::uint64_t memory = 1ULL << 30;  ///< bytes
  bool list = false;                  ///< folders without an index page
  std::vector<std::string> headers;   ///< "Name: value", checked
  std::string sink;                   ///< path of URLs; empty: no uploads
  std::uint32_t min_rate = 500;       ///< bytes per second, while memory is short; 0: any
  Duration min_rate_after = 30s;      ///< of waiting for the client
  std::optional<std::uint64_t> seed;  ///< empty: random
  std::string user;                   ///< empty: see privileges.h
  bool sandbox = kSandboxDefault;     ///< once it is ready: see sandbox.h
  bool publish = false;               ///< let others reach it through this machine's addresses
  std::string access_log;             ///< a file, or "-" for stdout; empty: none
  std::optional<Detail> verbose;      ///< empty: nothing is told
  ColourChoice colours = ColourChoice::Auto;
  Comments comments = Comments::Both;             ///< of a capture
  Language language = language_of_environment();  ///< of messages, --verbose and --capture
  std::string capture;                            ///< a pcapng file, or "-" for stdout; empty: none
  std::optional<std::uint32_t> capture_bytes;     ///< of each packet; empty: all
  std::uint64_t capture_size = 0;                 ///< bytes of each file; 0: there is one
  std::uint32_t capture_files = 10;               ///< that are used in turn, with capture_size
  std::uint64_t recent = 0;                       ///< bytes of packets that are kept; 0: none
  std::vector<Cidr> view;               ///< who may see /_glass/; empty: see access_rule()
  std::vector<std::string> view_hosts;  ///< names under which it may be asked for
  bool has_view = true;                 ///< the live view is served at /_glass/
  bool control = false;                 ///< and its switches may be turned

  ServeOptions();
};

/// What `glasstcp doctor` was asked to look at.
struct DoctorOptions {
  ServeOptions serve;    ///< the interface, the addresses and the port that are meant
  bool serving = false;  ///< only whether a server answers there
};

/// What `glasstcp site` was asked to do.
struct WriteSiteOptions {
  std::string folder;                             ///< where to
  Language language = language_of_environment();  ///< of messages
};

/// What `glasstcp wireshark-files` was asked to do.
struct WiresharkFilesOptions {
  std::string folder;                             ///< where to
  Language language = language_of_environment();  ///< of messages
};

/// End now: after --help or --version, or on wrong usage.
struct ExitNow {
  int code = 0;
  std::string out;  ///< for stdout
  std::string err;  ///< for stderr
};

using CommandLine = std::variant<ServeOptions, DoctorOptions, WriteSiteOptions, GetOptions,
                                 CaptureCommandOptions, StatusOptions, ReportOptions,
                                 WiresharkFilesOptions, LabCommandOptions, ReplayOptions, ExitNow>;

inline constexpr int kExitFailure = 1;
inline constexpr int kExitWrongUsage = 2;

/// Parses the arguments after the program's name.
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace glasstcp
