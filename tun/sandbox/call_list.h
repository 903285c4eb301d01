// Which system calls each of our processes makes once it is set up: everything else is refused by
// the kernel, so that whoever takes a process over can do no more than the process itself.
//
// seccomp(2). What a list does not name fails with ENOSYS, as on a kernel that lacks it, so that a
// newer C library falls back. What only an intruder would try (another program, a new socket, a
// namespace, another process's memory) ends the process, with a line that names the call.
//
// Invariants:
//   1. On the path of packets a call is allowed by its number alone: for those the kernel keeps a
//   bitmap (Linux 5.11) and runs no filter. Arguments are looked at only where a call is rare.
//   2. No list allows memory that can be executed, another program or process, or a way to the
//   network.
//
// Next: call_filter.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace glasstcp {

/// What an argument must be: (argument & mask) == value.
struct CallCondition {
  unsigned argument = 0;  ///< its place, from 0
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
};

/// A call that is allowed. Several rules may name one call.
struct CallRule {
  const char* name = "";
  std::optional<CallCondition> only{};  ///< empty: with any arguments
};

/// Whose calls.
enum class Confined : std::uint8_t {
  Server,         ///< `serve` once it is ready
  FolderKeeper,   ///< who finds the site's folder again (../files/folder_keeper.h)
  NetworkKeeper,  ///< who takes the network's settings back (../host/keeper.h)
  PublishKeeper,  ///< who withdraws what --publish did (../host/publish.h)
  LogKeeper,      ///< who opens the access log again (../files/access_log_file.h)
  Reader,         ///< who reads a capture for `report`: bytes in, text out
};

/// What it may do, of the calling process (some rules name its own id).
[[nodiscard]] std::vector<CallRule> calls_of(Confined process);

/// The calls that end a process whose list does not name them.
[[nodiscard]] std::span<const char* const> ending_calls();

}  // namespace glasstcp
