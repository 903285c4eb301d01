// See doctor.h: the judgement and its words.
#include "tun/cli/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace glasstcp {
namespace {

constexpr const char* kContainerFlags =
    "start the container with --cap-add=NET_ADMIN --device=/dev/net/tun";

std::string url_of(const IpAddress& address, std::uint16_t port) {
  const std::string text = address.to_string();
  const std::string host = address.is_v4() ? text : "[" + text + "]";
  return port == 80 ? fmt::format("http://{}/", host) : fmt::format("http://{}:{}/", host, port);
}

bool has_address(const ServeOptions& options, const DoctorFacts& facts, const IpAddress& address) {
  return std::ranges::any_of(facts.addresses, [&](const LocalAddress& one) {
    return one.interface == options.tun && one.cidr.address == address;
  });
}

// Whether root made everything ready, so that no right is needed.
bool is_prepared(const ServeOptions& options, const DoctorFacts& facts) {
  return !facts.device && facts.interface_is_up &&
         has_address(options, facts, options.host_address);
}

Finding about_device(const ServeOptions& options, const DoctorFacts& facts) {
  if (!facts.device) {
    return {Severity::Fine, "device", "the TUN interface " + options.tun + " can be had", {}};
  }
  if (facts.is_answering) {
    return {Severity::Problem, "device",
            fmt::format("{}; a server answers at {} already", facts.device->message,
                        url_of(options.address.address, options.port)),
            "stop it, or start another one with --tun tun1 --address 198.51.100.2/24 "
            "--host-address 198.51.100.1 --address6 2001:db8:1::2/64 --host-address6 "
            "2001:db8:1::1"};
  }
  return {Severity::Problem, "device", facts.device->message, facts.device->cure};
}

Finding about_rights(const ServeOptions& options, const DoctorFacts& facts) {
  if (facts.has_net_admin) {
    return {Severity::Fine, "rights", "the capability NET_ADMIN is there", {}};
  }
  if (is_prepared(options, facts)) {
    return {Severity::Fine, "rights", "not needed: " + options.tun + " is prepared", {}};
  }
  return {Severity::Problem, "rights",
          "no capability NET_ADMIN, which making and configuring the interface needs",
          facts.in_container ? kContainerFlags : "run it with sudo"};
}

// An interface that is somebody else's and has one of our addresses, or our network.
const LocalAddress* conflict(const ServeOptions& options, const DoctorFacts& facts) {
  const auto clashes = [&](const LocalAddress& one) {
    const Cidr& ours = one.cidr.address.is_v4() ? options.address : options.address6;
    return one.interface != options.tun &&
           (ours.contains(one.cidr.address) || one.cidr.contains(ours.address));
  };
  const auto found = std::ranges::find_if(facts.addresses, clashes);
  return found == facts.addresses.end() ? nullptr : &*found;
}

Finding about_addresses(const ServeOptions& options, const DoctorFacts& facts) {
  const LocalAddress* const other = conflict(options, facts);
  if (other == nullptr) {
    return {Severity::Fine,
            "addresses",
            fmt::format("{} and {} are free", options.address.to_string(),
                        options.address6.to_string()),
            {}};
  }
  const bool v4 = other->cidr.address.is_v4();
  return {Severity::Problem, "addresses",
          fmt::format("{} has {}, so packets for {} go there", other->interface,
                      other->cidr.to_string(),
                      (v4 ? options.address : options.address6).address.to_string()),
          v4 ? "choose others with --address 198.51.100.2/24 --host-address 198.51.100.1"
             : "choose others with --address6 2001:db8:1::2/64 --host-address6 2001:db8:1::1"};
}

Finding about_v6(const DoctorFacts& facts) {
  switch (facts.v6) {
    case DoctorFacts::V6::Enabled:
      break;
    case DoctorFacts::V6::Disabled:
      return {Severity::Note, "IPv6", "disabled here: serving IPv4 alone",
              facts.in_container
                  ? "start the container with --sysctl net.ipv6.conf.all.disable_ipv6=0"
                  : "run 'sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0'"};
    case DoctorFacts::V6::Absent:
      return {Severity::Note, "IPv6", "this kernel has none: serving IPv4 alone",
              "boot it without ipv6.disable=1"};
  }
  return {Severity::Fine, "IPv6", "enabled", {}};
}

Finding about_publishing(const DoctorFacts& facts) {
  if (!facts.forwarding && !facts.may_forward) {
    return {Severity::Note, "forwarding",
            "off, and it cannot be switched on here: --publish would not work",
            facts.in_container ? "start the container with --sysctl net.ipv4.ip_forward=1"
                               : "run 'sudo sysctl -w net.ipv4.ip_forward=1'"};
  }
  if (!facts.has_nft) {
    return {Severity::Note, "forwarding", "there is no nft here: --publish would not work",
            "run 'sudo apt-get install nftables'"};
  }
  return {Severity::Fine,
          "forwarding",
          facts.forwarding ? "on" : "off; --publish would switch it on while it runs",
          {}};
}

Finding about_port(const ServeOptions& options, const DoctorFacts& facts) {
  if (!facts.port_is_taken) {
    return {Severity::Fine, "port", fmt::format("nobody listens on tcp/{} here", options.port), {}};
  }
  return {Severity::Note, "port",
          fmt::format("another program listens on tcp/{}: it and the TUN address do not meet, but "
                      "with --publish its callers from outside would get the page",
                      options.port),
          "leave --publish out, or choose another port with --port 8080"};
}

Finding about_proxy(const ServeOptions& options, const DoctorFacts& facts) {
  const IpAddress& v4 = options.address.address;
  const IpAddress& v6 = options.address6.address;
  if (!is_caught_by_proxy(facts.proxy, facts.no_proxy, v4) &&
      !is_caught_by_proxy(facts.proxy, facts.no_proxy, v6)) {
    return {Severity::Fine, "proxy", "none in the environment that would catch the address", {}};
  }
  return {
      Severity::Note, "proxy",
      "curl and others here would ask the proxy " + without_password(facts.proxy) + " for the page",
      fmt::format("run curl --noproxy '*' {}, or 'export no_proxy={},{}'", url_of(v4, options.port),
                  v4.to_string(), v6.to_string())};
}

std::string_view label(Severity severity) {
  switch (severity) {
    case Severity::Fine:
      return "ok";
    case Severity::Note:
      return "note";
    case Severity::Problem:
      break;
  }
  return "PROBLEM";
}

bool is_problem(const Finding& finding) {
  return finding.severity == Severity::Problem;
}

// The host of an entry of no_proxy: "192.0.2.2", "192.0.2.0/24", "[2001:db8::2]", "*".
bool names(std::string_view entry, const IpAddress& address) {
  if (entry == "*") return true;
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (const auto single = IpAddress::parse(entry)) return *single == address;
  const auto network = Cidr::parse(entry);
  return network && network->address.version() == address.version() && network->contains(address);
}

}  // namespace

bool is_caught_by_proxy(std::string_view proxy, std::string_view no_proxy,
                        const IpAddress& address) {
  if (proxy.empty()) return false;
  constexpr std::string_view kBetween = ", \t";
  for (std::size_t at = no_proxy.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const std::size_t end = std::min(no_proxy.find_first_of(kBetween, at), no_proxy.size());
    if (names(no_proxy.substr(at, end - at), address)) return false;
    at = no_proxy.find_first_not_of(kBetween, end);
  }
  return true;
}

std::string without_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = url.rfind('@', url.find('/', host));
  if (at == std::string_view::npos || at < host) return std::string(url);
  return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

bool has_listener(std::string_view text, std::uint16_t port) {
  // "  0: 0100007F:0050 00000000:0000 0A ...": the state 0A is LISTEN.
  const std::string local = fmt::format(":{:04X} ", port);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t at = line.find(local);
    if (at == std::string_view::npos) continue;
    const std::size_t state = line.find(' ', at + local.size());
    const std::size_t first_colon = line.find(": ");
    // The local address is the first field behind the number of the line.
    const bool is_local = first_colon != std::string_view::npos &&
                          line.find(' ', first_colon + 2) == at + local.size() - 1;
    if (is_local && state != std::string_view::npos && line.substr(state + 1, 2) == "0A") {
      return true;
    }
  }
  return false;
}

std::vector<Finding> diagnose(const ServeOptions& options, const DoctorFacts& facts) {
  return {about_device(options, facts),    about_rights(options, facts),
          about_addresses(options, facts), about_v6(facts),
          about_publishing(facts),         about_port(options, facts),
          about_proxy(options, facts)};
}

std::string to_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& one : findings) {
    text += fmt::format("{:<8} {:<11} {}\n", label(one.severity), one.subject, one.text);
    if (!one.cure.empty()) text += fmt::format("{:<8} {:<11} cure: {}\n", "", "", one.cure);
  }
  const auto problems = std::ranges::count_if(findings, is_problem);
  text += problems == 0 ? "glasstcp serve would work\n" : "glasstcp serve would not work\n";
  return text;
}

int doctor(const DoctorOptions& options) {
  const ServeOptions& serve = options.serve;
  if (options.serving) {
    const bool answering = is_answering(serve.address.address, serve.port);
    fmt::print("{} {}\n", answering ? "a server answers at" : "no server answers at",
               url_of(serve.address.address, serve.port));
    return answering ? 0 : kExitFailure;
  }
  const std::vector<Finding> findings = diagnose(serve, gather_doctor_facts(serve));
  fmt::print("{}", to_text(findings));
  return std::ranges::any_of(findings, is_problem) ? kExitFailure : 0;
}

}  // namespace glasstcp
