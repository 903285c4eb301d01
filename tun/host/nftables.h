// The kernel's packet filter, through libnftables, which is loaded only by the process that needs
// it.
//
// libnftables(3): the language of nft(8), over a netlink socket that stays open. A table with the
// flag `owner` (Linux 5.12) belongs to that socket: nobody else changes it, and the kernel removes
// it when the socket is closed, however its process ended.
//
// Invariants:
//   1. The library and what it brings along are never mapped into a process that talks to
//   strangers: it is loaded at run time, by the keeper.
//
// Next: publish.h.
#pragma once

#include <expected>
#include <memory>
#include <string>

struct nft_ctx;

namespace glasstcp {

/// One netlink socket to nftables.
class Nftables {
 public:
  /// Loads the library and opens the socket. Else: why it cannot.
  static std::expected<Nftables, std::string> open();
  /// Whether the library is here.
  [[nodiscard]] static bool is_here();

  /// Runs commands as one transaction. Empty: done; else the first line of what it says.
  [[nodiscard]] std::string run(const std::string& commands) const;
  /// What a `list` command prints; empty when it cannot.
  [[nodiscard]] std::string list(const std::string& command) const;

 private:
  struct Library;
  struct Closer {
    std::shared_ptr<const Library> library;
    void operator()(nft_ctx* context) const;
  };
  explicit Nftables(std::unique_ptr<nft_ctx, Closer> context) : context_(std::move(context)) {}

  std::unique_ptr<nft_ctx, Closer> context_;
};

}  // namespace glasstcp
