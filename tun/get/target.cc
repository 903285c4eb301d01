// See target.h.
#include "tun/get/target.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <memory>

#include "tun/host/descriptor.h"
#include "tun/host/socket_address.h"

namespace glasstcp {
namespace {

// Connecting a UDP socket sends nothing, and asks the kernel for a route.
bool has_route(const addrinfo& info) {
  const Descriptor probe(::socket(info.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe.is_open() && ::connect(probe.get(), info.ai_addr, info.ai_addrlen) == 0;
}

}  // namespace

std::expected<std::string, Ending> normalize_url(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const bool has_scheme = scheme != std::string_view::npos && scheme < text.find_first_of("/?#");
  if (has_scheme && !http::equals_ignoring_case(text.substr(0, scheme), "http")) {
    return std::unexpected(Ending{
        get_exit::kUnsupportedProtocol,
        "the protocol " + std::string(text.substr(0, scheme)) + " is not supported, only http is"});
  }
  std::string url = has_scheme ? "" : "http://";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      url += c;
    } else {
      url += fmt::format("%{:02X}", byte);
    }
  }
  return url;
}

std::expected<http::Url, Ending> read_url(std::string_view normalized) {
  const auto url = http::parse_url(normalized);
  if (url) return *url;
  return std::unexpected(Ending{get_exit::kMalformedUrl,
                                "malformed URL " + std::string(normalized) +
                                    ": it reads http://HOST[:PORT][/PATH], an IPv6 address is "
                                    "written in brackets"});
}

std::expected<std::vector<Endpoint>, Ending> find_endpoints(const http::Url& url) {
  if (const auto literal = IpAddress::parse(url.host)) {
    return std::vector<Endpoint>{{*literal, url.port}};
  }
  const std::string host(url.host);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, ::freeaddrinfo);
  std::vector<Endpoint> near;
  std::vector<Endpoint> far;
  for (const addrinfo* info = list.get(); info != nullptr; info = info->ai_next) {
    const auto end = to_endpoint(info->ai_addr);
    if (!end) continue;
    (has_route(*info) ? near : far).push_back({end->address, url.port});
  }
  near.insert(near.end(), far.begin(), far.end());
  if (!near.empty()) return near;
  const char* const why = error != 0 ? ::gai_strerror(error) : "it has no address";
  return std::unexpected(
      Ending{get_exit::kNoSuchHost, fmt::format("cannot find the host {}: {}", host, why)});
}

std::string why_beyond_reach(const IpAddress& target, const std::vector<Cidr>& own) {
  if (target.is_loopback()) {
    return "a loopback address never leaves the host: ask for an address of an interface, or use "
           "--via kernel";
  }
  if (target.is_link_local()) return "link-local addresses are not forwarded: use --via kernel";
  if (std::any_of(own.begin(), own.end(), [&](const Cidr& c) { return c.address == target; })) {
    return "this is our own address: choose another one for us with --address or --address6";
  }
  return {};
}

}  // namespace glasstcp
