// A small process beside the server that has rights which the server gave up: it undoes a change to
// the kernel's network when its owner ends, however that ends, and opens again what may be opened
// again.
//
// capabilities(7), unix(7). The server gives up its rights before it talks to anybody, so it cannot
// clean up behind itself; the keeper is forked before that, keeps the few capabilities that it
// needs, and waits at one end of a pair of sockets whose other end only the server holds. What it
// can be asked for is fixed when it starts: a question is a number, and words if the duty takes
// some. It has a sandbox of its own (../sandbox/sandbox.h).
//
// Invariants:
//   1. The keeper reads nothing that a peer wrote, and holds no descriptor of the server: the
//   device vanishes with its owner, and readers of its output see the end.
//   2. No signal that can be ignored ends it: it lives exactly as long as its owner.
//   3. Destroying the Keeper waits until everything is undone. Asking does not wait.
//   4. In its sandbox it starts no program or process, and opens files where its duties say.
//
// Next: network_setup.h, publish.h, ../files/folder_keeper.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tun/host/descriptor.h"
#include "tun/host/privileges.h"
#include "tun/sandbox/call_list.h"
#include "tun/sandbox/file_limits.h"

namespace glasstcp {

/// A folder, and what may be done with the files beneath it.
struct KeeperFolder {
  std::string path;
  FileUse use = FileUse::Read;
};

/// What a keeper does, all of it in its own process.
struct KeeperDuties {
  /// What it keeps of the capabilities that we have now (capabilities(7)); the numbers of
  /// <linux/capability.h>.
  std::vector<unsigned> capabilities{};
  /// Whom it becomes, with those capabilities; empty: it stays who we are.
  std::optional<Identity> become{};
  /// The calls that are left to it behind begin(), which opens what they need; empty: all.
  std::optional<Confined> sandbox{};
  /// Where files are left to it in its sandbox.
  std::vector<KeeperFolder> folders{};
  /// Before start() returns. Gives a sentence if it failed: then the process ends at once.
  std::function<std::string()> begin{};
  /// Once its owner is gone.
  std::function<void()> undo{};
  /// A descriptor that it waits for beside its owner, from its beginning on; -1: there is none.
  std::function<int()> watched{};
  /// That one is readable.
  std::function<void()> on_watched{};
  /// Opens what a question means; a descriptor that is not open: `errno` says why.
  std::function<Descriptor(std::uint32_t what, const std::string& words)> open{};
};

/// What a question came to.
struct KeeperAnswer {
  std::uint32_t what = 0;
  Descriptor file;  ///< not open: see error
  int error = 0;    ///< an errno
};

/// Owns a process that does its duties.
class Keeper {
 public:
  static constexpr std::size_t kMostWords = 4096;  ///< bytes

  /// Keeps nothing.
  Keeper() = default;
  /// Starts the process; before privileges are given up. If it cannot be started, or fails at its
  /// beginning, nothing is kept, and refusal() says why.
  static Keeper start(const KeeperDuties& duties);
  Keeper(Keeper&& other) noexcept
      : socket_(std::move(other.socket_)),
        process_(std::exchange(other.process_, -1)),
        refusal_(std::move(other.refusal_)) {}
  Keeper& operator=(Keeper&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(process_, other.process_);
    std::swap(refusal_, other.refusal_);
    return *this;
  }
  /// Lets it clean, and waits until it has.
  ~Keeper();

  /// Why there is no process; empty: there is one, or none was asked for.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  [[nodiscard]] bool is_running() const { return socket_.is_open(); }
  /// Asks it to open something. False: it is not there, has too many questions, or the words are
  /// more than kMostWords.
  [[nodiscard]] bool ask(std::uint32_t what, std::string_view words = {}) const noexcept;
  /// The next answer, if one comes within `patience` milliseconds.
  [[nodiscard]] std::optional<KeeperAnswer> answer(int patience = 0) noexcept;

 private:
  [[nodiscard]] std::string wait_for_beginning() const;

  Descriptor socket_;
  int process_ = -1;
  std::string refusal_;
};

}  // namespace glasstcp
