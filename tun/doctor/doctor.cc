// See doctor.h: the judgement and its words.
#include "tun/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "tun/cli/chinese.h"
#include "tun/host/cures.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kSmallestV6Mtu = 1280;  // RFC 8200 §5

std::string url_of(const IpAddress& address, std::uint16_t port) {
  const std::string text = address.to_string();
  const std::string host = address.is_v4() ? text : "[" + text + "]";
  return port == 80 ? fmt::format("http://{}/", host) : fmt::format("http://{}:{}/", host, port);
}

bool has_address(const ServeOptions& options, const std::vector<LocalAddress>& addresses,
                 const IpAddress& address) {
  return std::ranges::any_of(addresses, [&](const LocalAddress& one) {
    return one.interface == options.tun && one.cidr.address == address;
  });
}

// Whether root made everything ready, so that no right is needed.
bool is_prepared(const ServeOptions& options, const DoctorFacts& facts) {
  return !facts.device && facts.interface_is_up &&
         has_address(options, facts.networks.addresses, options.host_address);
}

Patient patient_of(const ServeOptions& options, const DoctorFacts& facts) {
  return {facts.in_container, facts.is_root, options.language};
}

// A text of the language, with its gaps filled.
template <typename... Values>
std::string told(const ServeOptions& options, const char* english, const char* chinese,
                 const Values&... values) {
  return fmt::format(fmt::runtime(in_language(options.language, english, chinese)), values...);
}

std::string server_url(const ServeOptions& options) {
  return url_of(options.address.address, options.port);
}

Finding about_device(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "device", "设备");
  if (!facts.device) {
    return {Severity::Fine,
            subject,
            told(options, "the TUN interface {} is available", "可以使用 TUN 接口 {}", options.tun),
            {}};
  }
  if (runs_already(options, facts)) {
    return {Severity::Fine,
            subject,
            told(options, "{} belongs to the server that answers at {}",
                 "{} 属于正在 {} 应答的服务器", options.tun, server_url(options)),
            {}};
  }
  return {Severity::Problem, subject, facts.device->message, facts.device->cure};
}

Finding about_rights(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "rights", "权限");
  if (facts.has_net_admin) {
    return {Severity::Fine,
            subject,
            told(options, "the capability NET_ADMIN is available", "有 NET_ADMIN 权能"),
            {}};
  }
  if (runs_already(options, facts)) {
    return {Severity::Fine,
            subject,
            told(options, "not needed: the server runs", "不需要：服务器已在运行"),
            {}};
  }
  if (is_prepared(options, facts)) {
    return {Severity::Fine,
            subject,
            told(options, "not needed: {} is prepared", "不需要：{} 已准备好", options.tun),
            {}};
  }
  return {Severity::Problem, subject,
          told(options, "no capability NET_ADMIN, which making and configuring the interface needs",
               "没有 NET_ADMIN 权能，而创建和配置接口需要它"),
          rights_cure(patient_of(options, facts))};
}

// How to serve as a plain user; only where the rights are missing.
Finding about_own_network(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "no root", "无 root");
  switch (facts.own_network) {
    case OwnNetwork::Untried:
    case OwnNetwork::Works:
      break;
    case OwnNetwork::NoDevice:
      return {Severity::Note, subject,
              told(options, "a network of your own works, but /dev/net/tun may not be opened in it",
                   "可以有自己的网络命名空间，但在其中无法打开 /dev/net/tun"),
              told(options, "run 'sudo chmod 666 /dev/net/tun', which lasts until the next boot",
                   "运行 'sudo chmod 666 /dev/net/tun'，下次启动前有效")};
    case OwnNetwork::NoNamespace:
    case OwnNetwork::NoRights: {
      const std::string why =
          facts.forbidding_setting.empty()
              ? told(options, "the kernel or the container forbids it", "内核或容器不允许")
              : told(options, "the kernel forbids it until {}", "内核不允许，除非 {}",
                     facts.forbidding_setting);
      return {Severity::Note, subject,
              told(options, "no network of your own ('unshare -Urn'): {}",
                   "无法有自己的网络命名空间（'unshare -Urn'）：{}", why),
              facts.forbidding_setting.empty()
                  ? std::string()
                  : told(options, "run 'sudo sysctl -w {}'", "运行 'sudo sysctl -w {}'",
                         facts.forbidding_setting)};
    }
  }
  return {Severity::Fine,
          subject,
          told(options, "a network of your own works: 'unshare -Urn glasstcp serve --offload off'",
               "可以有自己的网络命名空间：'unshare -Urn glasstcp serve --offload off'"),
          {}};
}

Finding about_addresses(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "addresses", "地址");
  for (const Cidr* const ours : {&options.address, &options.address6}) {
    if (!ours->address.is_v4() && facts.v6 != DoctorFacts::V6::Enabled) continue;
    const LocalAddress* const holder = holder_of(*ours, options.tun, facts.networks);
    if (holder == nullptr) continue;
    const LinkWish wish{options.tun, options.address, options.address6};
    return {
        Severity::Problem, subject,
        told(options, "{} has {}, so packets for {} go there", "{} 已有 {}，发往 {} 的分组会到那里",
             holder->interface, holder->cidr.to_string(), ours->address.to_string()),
        told(options, "choose others with {}", "用 {} 另选地址",
             free_link_options(wish, false, facts.networks))};
  }
  const std::string both = options.address.to_string() + " " + told(options, "and", "和") + " " +
                           options.address6.to_string();
  return {Severity::Fine,
          subject,
          runs_already(options, facts)
              ? told(options, "{} belong only to the server", "{} 只属于该服务器", both)
              : told(options, "{} are free", "{} 可用", both),
          {}};
}

Finding about_v6(const ServeOptions& options, const DoctorFacts& facts) {
  switch (facts.v6) {
    case DoctorFacts::V6::Enabled:
      break;
    case DoctorFacts::V6::Disabled:
      return {Severity::Note, "IPv6",
              told(options, "disabled here: serving IPv4 alone", "此处已禁用：只提供 IPv4"),
              ipv6_cure(patient_of(options, facts))};
    case DoctorFacts::V6::Absent:
      return {Severity::Note, "IPv6",
              told(options, "this kernel has none: serving IPv4 alone", "内核不支持：只提供 IPv4"),
              told(options, "boot it without ipv6.disable=1", "启动内核时去掉 ipv6.disable=1")};
  }
  return {Severity::Fine, "IPv6", told(options, "enabled", "已启用"), {}};
}

Finding about_publishing(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "forwarding", "转发");
  if (!facts.forwarding && !facts.may_forward) {
    return {Severity::Note, subject,
            told(options, "off, and it cannot be switched on here: --publish would not work",
                 "已关闭，且此处无法打开：--publish 不会起作用"),
            forwarding_cure(patient_of(options, facts))};
  }
  if (!facts.has_nft) {
    const char* const install =
        facts.in_container ? "apt-get install nftables" : "sudo apt-get install nftables";
    return {Severity::Note, subject,
            told(options, "there is no nft here: --publish would not work",
                 "此处没有 nft：--publish 不会起作用"),
            told(options, "run '{}'", "运行 '{}'", install)};
  }
  if (facts.forwarding) return {Severity::Fine, subject, told(options, "on", "已打开"), {}};
  return {Severity::Fine,
          subject,
          told(options, "off; --publish would switch it on while it runs",
               "已关闭；--publish 会在运行期间打开它"),
          {}};
}

Finding about_port(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "port", "端口");
  if (!facts.port_is_taken) {
    return {Severity::Fine,
            subject,
            told(options, "nobody listens on tcp/{} here", "此处没有程序在 tcp/{} 上收听",
                 options.port),
            {}};
  }
  return {Severity::Note, subject,
          told(options,
               "another program listens on tcp/{}: it and the TUN address do not meet, but "
               "with --publish its callers from outside would get the page",
               "另一个程序在 tcp/{} 上收听：它与 TUN 地址互不影响，但使用 --publish "
               "时，从外部访问它的人会得到本网页",
               options.port),
          told(options, "leave --publish out, or choose another port with --port 8080",
               "不用 --publish，或者用 --port 8080 另选端口")};
}

Finding about_proxy(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "proxy", "代理");
  const IpAddress& v4 = options.address.address;
  const IpAddress& v6 = options.address6.address;
  if (!is_caught_by_proxy(facts.proxy, facts.no_proxy, v4) &&
      !is_caught_by_proxy(facts.proxy, facts.no_proxy, v6)) {
    return {Severity::Fine,
            subject,
            told(options, "none in the environment that would catch the address",
                 "环境变量中没有会截走该地址的代理"),
            {}};
  }
  return {Severity::Note, subject,
          told(options, "curl and others here would ask the proxy {} for the page",
               "此处的 curl 等程序会向代理 {} 请求网页", without_password(facts.proxy)),
          told(options, "run curl --noproxy '*' {0}, or 'export no_proxy={1},{2}'",
               "运行 curl --noproxy '*' {0}，或者 'export no_proxy={1},{2}'",
               url_of(v4, options.port), v4.to_string(), v6.to_string())};
}

std::string sandbox_cure(const ServeOptions& options, const DoctorFacts& facts) {
  const LimitState& files = facts.sandbox.files;
  if (!files.is_active() && files.kind == LimitState::Kind::SwitchedOff) {
    return told(options, "boot with landlock first in lsm=, as in lsm=landlock,lockdown,yama,bpf",
                "启动内核时在 lsm= 的开头加上 landlock，例如 lsm=landlock,lockdown,yama,bpf");
  }
  if (files.kind == LimitState::Kind::Absent ||
      facts.sandbox.calls.kind == LimitState::Kind::Absent) {
    return told(options, "Linux 5.13 or newer, built with seccomp and Landlock, has both",
                "Linux 5.13 以上并编入 seccomp 和 Landlock 的内核二者都有");
  }
  return told(options, "a newer container engine allows them by its seccomp profile",
              "较新的容器引擎的 seccomp 配置允许它们");
}

Finding about_sandbox(const ServeOptions& options, const DoctorFacts& facts) {
  const std::string subject = told(options, "sandbox", "沙箱");
  if (facts.server && facts.server->is_confined) {
    return {Severity::Fine,
            subject,
            told(options, "active: the server is process {}", "有效：服务器是进程 {}",
                 facts.server->process),
            {}};
  }
  if (facts.server) {
    return {Severity::Note, subject,
            told(options, "the server, process {}, runs without it", "服务器（进程 {}）没有用沙箱",
                 facts.server->process),
            told(options, "leave out --sandbox off", "去掉 --sandbox off")};
  }
  if (facts.sandbox.is_whole()) {
    return {Severity::Fine,
            subject,
            told(options, "seccomp and Landlock (version {}) are available",
                 "可以使用 seccomp 和 Landlock（第 {} 版）", facts.sandbox.files.version),
            {}};
  }
  const auto part = [&](const LimitState& state) {
    return state.is_active() ? told(options, "available", "可用")
                             : spoken(to_text(state), options.language);
  };
  return {Severity::Note, subject,
          told(options, "less than usual: seccomp: {}; Landlock: {}",
               "比通常的少：seccomp：{}；Landlock：{}", part(facts.sandbox.calls),
               part(facts.sandbox.files)),
          sandbox_cure(options, facts)};
}

std::string label(const ServeOptions& options, Severity severity) {
  switch (severity) {
    case Severity::Fine:
      return told(options, "ok      ", "正常");
    case Severity::Note:
      return told(options, "note    ", "注意");
    case Severity::Problem:
      break;
  }
  return told(options, "PROBLEM ", "问题");
}

// What stands below all findings.
std::string conclusion(const ServeOptions& options, const DoctorFacts& facts, bool has_problem) {
  if (has_problem) return told(options, "glasstcp serve would not work", "glasstcp serve 无法工作");
  if (!runs_already(options, facts)) {
    return told(options, "glasstcp serve would work", "glasstcp serve 可以工作");
  }
  const LinkWish wish{options.tun, options.address, options.address6};
  return told(options,
              "glasstcp serve works: a server answers at {}\n"
              "another one beside it: glasstcp serve {}",
              "glasstcp serve 正常：服务器在 {} 应答\n要在它旁边再启动一个：glasstcp serve {}",
              server_url(options), free_link_options(wish, true, facts.networks));
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

// What the kernel's side lacks, so that no packet reaches the server; and its cure.
Finding why_silent(const ServeOptions& options, const ServingFacts& facts, bool v4) {
  const IpAddress& ours = v4 ? options.address.address : options.address6.address;
  Finding finding{
      Severity::Problem,
      v4 ? "IPv4" : "IPv6",
      told(options, "no server answers at {}", "没有服务器在 {} 应答", url_of(ours, options.port)),
      {}};
  const Cidr host = v4 ? options.host_cidr() : options.host_cidr6();
  if (facts.mtu == 0) {
    finding.text += told(options, ": there is no interface {}", "：没有接口 {}", options.tun);
  } else if (!facts.interface_is_up) {
    finding.text += told(options, ": {} is down", "：{} 没有启用", options.tun);
    finding.cure =
        told(options, "run 'sudo ip link set {} up'", "运行 'sudo ip link set {} up'", options.tun);
  } else if (!has_address(options, facts.addresses, host.address)) {
    finding.text += told(options, ": {} has not the address {}", "：{} 没有地址 {}", options.tun,
                         host.address.to_string());
    finding.cure = told(options, "run 'sudo ip address add {} dev {}{}'",
                        "运行 'sudo ip address add {} dev {}{}'", host.to_string(), options.tun,
                        std::string(v4 ? "" : " nodad"));
  }
  return finding;
}

// Why `serve` would not serve IPv6 here. Empty: it would.
std::string why_no_v6(const ServeOptions& options, const ServingFacts& facts) {
  if (facts.v6 == DoctorFacts::V6::Absent)
    return told(options, "this kernel has none", "这个内核没有");
  if (facts.v6 == DoctorFacts::V6::Disabled) return told(options, "it is disabled", "已被停用");
  return facts.mtu != 0 && facts.mtu < kSmallestV6Mtu
             ? told(options, "the MTU is below 1280 bytes", "MTU 小于 1280 字节")
             : "";
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

bool runs_already(const ServeOptions& options, const DoctorFacts& facts) {
  return facts.is_answering && facts.device && facts.interface_is_up &&
         has_address(options, facts.networks.addresses, options.host_address);
}

std::vector<Finding> diagnose(const ServeOptions& options, const DoctorFacts& facts) {
  std::vector<Finding> all = {about_device(options, facts),     about_rights(options, facts),
                              about_addresses(options, facts),  about_v6(options, facts),
                              about_publishing(options, facts), about_port(options, facts),
                              about_proxy(options, facts),      about_sandbox(options, facts)};
  // In a container its flags are the cure, and the only one.
  if (facts.own_network != OwnNetwork::Untried && !facts.in_container) {
    all.insert(all.begin() + 2, about_own_network(options, facts));
  }
  return all;
}

std::vector<Finding> judge_serving(const ServeOptions& options, const ServingFacts& facts) {
  const auto answers = [&](const char* subject, const Cidr& address) {
    return Finding{Severity::Fine,
                   subject,
                   told(options, "a server answers at {}", "服务器在 {} 应答",
                        url_of(address.address, options.port)),
                   {}};
  };
  std::vector<Finding> families;
  families.push_back(facts.v4_answers ? answers("IPv4", options.address)
                                      : why_silent(options, facts, true));
  if (const std::string why = why_no_v6(options, facts); !facts.v6_answers && !why.empty()) {
    families.push_back({Severity::Note,
                        "IPv6",
                        told(options, "IPv6 is not served here: {}", "这里不提供 IPv6：{}", why),
                        {}});
  } else {
    families.push_back(facts.v6_answers ? answers("IPv6", options.address6)
                                        : why_silent(options, facts, false));
  }
  return families;
}

std::string to_text(const ServeOptions& options, const DoctorFacts& facts) {
  // A Chinese character takes two columns, so padding by characters would not line up.
  const bool pads = options.language == Language::English;
  const std::size_t width = pads ? 11 : 0;
  const std::vector<Finding> findings = diagnose(options, facts);
  std::string text;
  for (const Finding& one : findings) {
    text +=
        fmt::format("{} {:<{}} {}\n", label(options, one.severity), one.subject, width, one.text);
    if (one.cure.empty()) continue;
    text += fmt::format("{:<{}} {}{}\n", "", pads ? 20 : 4, told(options, "cure: ", "解决办法："),
                        one.cure);
  }
  return text + conclusion(options, facts, std::ranges::any_of(findings, is_problem)) + "\n";
}

int doctor(const DoctorOptions& options) {
  const ServeOptions& serve = options.serve;
  if (options.serving) {
    const std::vector<Finding> families = judge_serving(serve, gather_serving_facts(serve));
    for (const Finding& one : families) {
      fmt::print("{}\n{}", one.text,
                 one.cure.empty() ? "" : told(serve, "  cure: {}\n", "  解决办法：{}\n", one.cure));
    }
    return std::ranges::any_of(families, is_problem) ? kExitFailure : 0;
  }
  const DoctorFacts facts = gather_doctor_facts(serve);
  fmt::print("{}", to_text(serve, facts));
  return std::ranges::any_of(diagnose(serve, facts), is_problem) ? kExitFailure : 0;
}

}  // namespace glasstcp
