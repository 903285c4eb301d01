// The interface that packets go through, made ready: the device, the kernel's side of it, and what
// takes that back; the same for `serve` and for `get`.
//
// Next: ../serve/serve.cc.
#pragma once

#include <expected>
#include <memory>

#include "stack/socket/stack.h"
#include "tun/device/tun_device.h"
#include "tun/host/network_setup.h"

namespace glasstcp {

/// An open device whose network is set up.
struct TunLink {
  std::unique_ptr<TunDevice> device;
  NetworkState network;
  Keeper keeper;

  /// Sets up the kernel's side of `device`, whose name `plan` need not know. `has_sandbox`: of the
  /// keeper.
  static std::expected<TunLink, Failure> set_up(std::unique_ptr<TunDevice> device, NetworkPlan plan,
                                                bool has_sandbox);
  /// `config` with what a stack must know of this link; `address6` counts if there is IPv6 here.
  [[nodiscard]] StackConfig completed(StackConfig config, const Cidr& address,
                                      const Cidr& address6) const;
};

}  // namespace glasstcp
