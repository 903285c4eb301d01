// `get` over the kernel's sockets: the same client, for comparison.
//
// tcp(7).
//
// Invariants:
//   1. The socket is not readable for the loop while bytes wait here: an unread buffer leaves the
//   rest in the kernel, whose window then closes.
//
// Next: fetch.h.
#pragma once

#include <vector>

#include "tun/get/transport.h"
#include "tun/host/descriptor.h"

namespace glasstcp {

/// A non-blocking TCP socket.
class KernelTransport final : public Transport {
 public:
  KernelTransport() : buffer_(kRoom) {}

  void connect(const Endpoint& remote, Instant now) override;
  [[nodiscard]] bool is_connected() const override { return connected_; }
  [[nodiscard]] std::optional<TransportError> failure() const override { return failure_; }
  [[nodiscard]] std::uint32_t syns() const override { return syns_; }
  [[nodiscard]] std::optional<Endpoint> local() const override;
  std::size_t send(ByteView bytes, Instant now) override;
  [[nodiscard]] std::optional<ByteView> peek() override;
  void consume(std::size_t count, Instant now) override;
  void finish(Instant now) override;
  void release(Instant now) override;
  void abort(Instant now) override;
  /// The kernel finishes the close by itself.
  [[nodiscard]] bool is_over() const override { return !socket_.is_open(); }

  TurnResult turn(Application& user, Instant now) override;
  [[nodiscard]] Instant next_deadline() const override { return kNever; }
  [[nodiscard]] pollfd interest() const override;

 private:
  static constexpr std::size_t kRoom = 256 * 1024;

  void look_whether_connected();
  void fail(int error);

  Descriptor socket_;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0;  // unread are [begin_, end_)
  std::size_t end_ = 0;
  std::uint32_t reads_ = 0;  // that brought bytes, in this turn
  bool connected_ = false;
  bool ended_ = false;        // the peer closed
  bool wants_write_ = false;  // the socket took less than we have
  std::optional<TransportError> failure_;
  std::uint32_t syns_ = 0;
};

}  // namespace glasstcp
