// Who may see what the server shows of itself below /_glass/: every packet of everybody, with its
// content.
//
// A page of anybody's, open in a browser of somebody who may look, must not read it. Without CORS
// fields the browser keeps answers from other origins; what is left is DNS rebinding, by which a
// foreign name comes to mean our address: then Host has the foreign name. So only names that cannot
// be taken over count: addresses, localhost, and those that the user gives.
//
// Next: glass_service.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/addresses.h"

namespace glasstcp {

/// Who may look, and under which names.
struct AccessRule {
  std::vector<Cidr> networks;      ///< of clients
  std::vector<std::string> hosts;  ///< names of this server beside addresses and localhost
};

enum class Access : std::uint8_t {
  Granted,
  WrongClient,  ///< its address is in none of the networks
  WrongHost,    ///< it asked by a name that is none of ours, or by none
};

/// Whether a client may look that asks by `host` (the field Host; empty: absent or ambiguous) and,
/// in a target of absolute-form, by `authority`.
[[nodiscard]] Access access_of(const AccessRule& rule, const IpAddress& client,
                               std::optional<std::string_view> host, std::string_view authority);

/// Whether `host`, which may have a port, is an address, "localhost" or one of `names`.
[[nodiscard]] bool is_own_host(std::string_view host, const std::vector<std::string>& names);

/// A network from text: ADDRESS/LENGTH, or an address alone.
[[nodiscard]] std::optional<Cidr> parse_network(std::string_view text);

/// Whether `name` can be a host's name (RFC 1123 §2.1), and no address.
[[nodiscard]] bool is_host_name(std::string_view name);

}  // namespace glasstcp
