// Whom `get` asks: from the text of a URL to addresses.
//
// RFC 3986 §2.1 (percent-encoding), §3.2.2 (host); getaddrinfo(3). Names are looked up over the
// kernel's network before rights are given up.
//
// Invariants:
//   1. A literal address is taken as it is; only names are looked up.
//   2. Addresses that the kernel has no route to come last.
//
// Next: get.cc.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "tun/get/ending.h"

namespace glasstcp {

/// The URL as it goes over the wire: "http://" in front if there was no scheme, and bytes beyond
/// ASCII percent-encoded. Fails for another scheme.
[[nodiscard]] std::expected<std::string, Ending> normalize_url(std::string_view text);

/// Its parts, borrowed from `normalized`.
[[nodiscard]] std::expected<http::Url, Ending> read_url(std::string_view normalized);

/// The addresses of its host, with its port; at least one.
[[nodiscard]] std::expected<std::vector<Endpoint>, Ending> find_endpoints(const http::Url& url);

/// Whether packets that leave a TUN interface cannot come to this address, and why; empty: they
/// can. `own`: our addresses there.
[[nodiscard]] std::string why_beyond_reach(const IpAddress& target, const std::vector<Cidr>& own);

}  // namespace glasstcp
