// `glasstcp doctor`: what is missing to serve, each finding with the command or flag that cures it.
//
// Three steps: gather_doctor_facts() asks the system and judges nothing; diagnose() judges and asks
// nothing, so that every case can be tested; doctor() prints. The device is tried by the code that
// `serve` opens it with, so both refuse for the same reasons.
//
// Invariants:
//   1. A Problem is what keeps `serve` from working; anything less is a Note, and costs no exit
//   status. A server that runs and answers is no problem.
//   2. With --serving, IPv4 and IPv6 are judged each by itself: one that could be served and does
//   not answer is a Problem.
//   3. Nothing is changed: an interface that is made to try vanishes at once.
//
// Leaves out: what only other options of `serve` need (a folder, a user).
// Next: ../serve.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tun/cli/options.h"
#include "tun/doctor/own_network.h"
#include "tun/host/failure.h"
#include "tun/host/local_networks.h"
#include "tun/sandbox/sandbox.h"

namespace glasstcp {

/// How bad a finding is.
enum class Severity { Fine, Note, Problem };

/// What was found about one subject.
struct Finding {
  Severity severity = Severity::Fine;
  std::string subject;  ///< "device", "rights", ...
  std::string text;
  std::string cure;  ///< a command or a flag; may be empty
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// What the diagnosis rests on.
struct DoctorFacts {
  enum class V6 { Enabled, Disabled, Absent };

  bool in_container = false;
  bool is_root = true;
  bool has_net_admin = false;
  std::optional<Failure> device;  ///< why the interface cannot be had; empty: it can
  bool interface_is_up = false;   ///< it was there before, prepared
  LocalNetworks networks;         ///< what the interfaces and routes hold
  V6 v6 = V6::Enabled;
  bool forwarding = false;
  bool may_forward = false;  ///< whether the switch of forwarding can be written
  bool has_nft = false;
  bool port_is_taken = false;  ///< a program listens on it, by the kernel's TCP
  bool is_answering = false;   ///< a server, at the address
  std::string proxy;           ///< of the environment, for http; empty: none
  std::string no_proxy;        ///< hosts that are reached without it
  SandboxState sandbox;        ///< what `serve` could limit itself by here
  /// The process of the server on the interface, and whether it is confined; empty: none is seen.
  struct Server {
    int process = 0;
    bool is_confined = false;
  };
  std::optional<Server> server{};
  OwnNetwork own_network = OwnNetwork::Untried;
  std::string forbidding_setting;  ///< of the kernel, and its value that allows one; empty: none
};

/// Whether the server that is meant runs: it answers at the address, on the interface, which it
/// holds. Then nothing is missing.
[[nodiscard]] bool runs_already(const ServeOptions& options, const DoctorFacts& facts);

/// All that there is to say, in the order of printing and in the language of the options.
[[nodiscard]] std::vector<Finding> diagnose(const ServeOptions& options, const DoctorFacts& facts);

/// Whether clients that honour these variables would send a request for `address` to the proxy.
[[nodiscard]] bool is_caught_by_proxy(std::string_view proxy, std::string_view no_proxy,
                                      const IpAddress& address);

/// The proxy's URL without the name and password that it may hold.
[[nodiscard]] std::string without_password(std::string_view url);

/// Whether /proc/net/tcp or tcp6, as `text`, has a listener on the port.
[[nodiscard]] bool has_listener(std::string_view text, std::uint16_t port);

/// The diagnosis as text, closed by a line that says whether `serve` works or would work.
[[nodiscard]] std::string to_text(const ServeOptions& options, const DoctorFacts& facts);

/// Asks the system.
[[nodiscard]] DoctorFacts gather_doctor_facts(const ServeOptions& options);

/// Where an HTTP server answers a HEAD request: one answer for each, all within three seconds and a
/// half.
[[nodiscard]] std::vector<bool> who_answers(const std::vector<IpAddress>& addresses,
                                            std::uint16_t port);

/// What the judgement of a running server rests on.
struct ServingFacts {
  bool v4_answers = false;
  bool v6_answers = false;
  DoctorFacts::V6 v6 = DoctorFacts::V6::Enabled;  ///< on the interface, or by default
  std::uint32_t mtu = 0;                          ///< of the interface; 0: there is none
  bool interface_is_up = false;
  std::vector<LocalAddress> addresses;  ///< of all interfaces
};

/// Asks the system and the server.
[[nodiscard]] ServingFacts gather_serving_facts(const ServeOptions& options);

/// One finding for each IP version: Fine, it answers; Note, it cannot be served here; Problem.
[[nodiscard]] std::vector<Finding> judge_serving(const ServeOptions& options,
                                                 const ServingFacts& facts);

/// Does what the options say. Returns the exit code.
[[nodiscard]] int doctor(const DoctorOptions& options);

}  // namespace glasstcp
