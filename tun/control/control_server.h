// The control socket: what a person on the same machine may ask of a running server.
//
// A client sends one line, a command and its words. The answer is "ok" in a line of its own and
// then what was asked for, until the end; or "error" with a sentence. A stream goes on until the
// client closes its writing end; then it comes to its end in order.
//
//     capture\n        ->  ok\n, and a pcapng file
//     status json\n    ->  ok\n, and the counters (status.h)
//
// Invariants:
//   1. Nobody is waited for: a client that does not read is left out until it does.
//   2. Only root and the users that are named may ask.
//   3. At most kMostClients at once, with one line of kLongestLine bytes each.
//   4. Where no descriptor is left, who comes is told so: one is kept to take them in with.
//
// Next: ../serve/serve.cc.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_stream.h"
#include "tun/host/descriptor.h"
#include "tun/host/failure.h"
#include "tun/loop/attendant.h"

namespace glasstcp {

/// What a command answers: an error, or a text, or a stream.
struct ControlAnswer {
  std::string error{};
  std::string text{};
  Ref<http::BodyStream> stream{};
};

/// Serves the control socket of one server.
class ControlServer final : public Attendant {
 public:
  static constexpr std::size_t kMostClients = 16;
  static constexpr std::size_t kLongestLine = 1024;
  /// A command: gets the words behind its name.
  using Command = std::function<ControlAnswer(std::string_view words)>;

  /// Opens the socket of the server on `interface`, for root and `users`. Before rights are given
  /// up: a client believes a server that was root's, or its own user's, when it began.
  static std::expected<std::unique_ptr<ControlServer>, Failure> open(const std::string& interface,
                                                                     std::vector<uid_t> users);
  ~ControlServer() override;

  /// It must not throw.
  void add(std::string name, Command command) { commands_[std::move(name)] = std::move(command); }

  [[nodiscard]] pollfd interest() const noexcept override { return {events_.get(), POLLIN, 0}; }
  /// Takes new clients and their lines, and sends on where there is room again.
  void on_ready() noexcept override;
  /// Sends what streams came to have since the last call. Cheap when there is nothing.
  void flush() noexcept;
  /// At the very end: lets all streams end, and waits for their readers, a second at most.
  void finish() noexcept;
  [[nodiscard]] std::size_t client_count() const { return clients_.size(); }

 private:
  struct Client;
  ControlServer(Descriptor listener, Descriptor events, std::vector<uid_t> users);
  void accept_all() noexcept;
  void refuse_with_spare() noexcept;
  void take(Descriptor socket) noexcept;
  void read_from(Client& client) noexcept;
  void obey(Client& client, std::string_view line) noexcept;
  void send_to(Client& client) noexcept;
  void want_room(Client& client, bool wanted) noexcept;
  void note_interest(Client& client) noexcept;
  void drop_gone() noexcept;

  Descriptor listener_;
  Descriptor events_;
  Descriptor spare_;
  std::vector<uid_t> users_;
  std::map<std::string, Command, std::less<>> commands_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace glasstcp
