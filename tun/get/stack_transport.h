// `get` over our own stack: an active open on a TUN device.
//
// RFC 9293 §3.10.1 (active OPEN), §3.10.4 (CLOSE), §3.10.5 (ABORT).
//
// Invariants:
//   1. Every event of the stack is taken in the turn in which it happened.
//
// Next: fetch.h.
#pragma once

#include <algorithm>

#include "stack/socket/stack.h"
#include "tun/get/transport.h"

namespace glasstcp {

/// Joins a stack and a device, both borrowed.
class StackTransport final : public Transport, private Application {
 public:
  /// All borrowed.
  StackTransport(Stack& stack, Device& device, PumpListener& listener)
      : stack_(stack), device_(device), pump_(device, stack, *this) {
    pump_.set_listener(&listener);
  }
  /// Borrowed; told when packets pass; null: nobody watches.
  void set_watch(PacketWatch* watch) {
    watch_ = watch;
    pump_.set_watch(watch);
  }

  void connect(const Endpoint& remote, Instant now) override;
  [[nodiscard]] bool is_connected() const override { return connected_; }
  [[nodiscard]] std::optional<TransportError> failure() const override { return failure_; }
  [[nodiscard]] std::uint32_t syns() const override { return syns_; }
  [[nodiscard]] std::optional<Endpoint> local() const override;
  std::size_t send(ByteView bytes, Instant now) override;
  [[nodiscard]] std::optional<ByteView> peek() override;
  void consume(std::size_t count, Instant now) override { stack_.consume(id_, count, now); }
  void finish(Instant now) override { static_cast<void>(stack_.shutdown_send(id_, now)); }
  void release(Instant now) override { stack_.close(id_, now); }
  void abort(Instant now) override { stack_.abort(id_, now); }
  void note(const MessageMark& mark, Instant now) override { stack_.note_message(id_, mark, now); }
  void note(const CloseNote& why, Instant now) override { stack_.note_close(id_, why, now); }
  /// Whatever is left to be said goes out in the same turn.
  [[nodiscard]] bool is_over() const override {
    return stack_.connection_count() == 0 && pump_.is_drained();
  }

  TurnResult turn(Application& user, Instant now) override;
  [[nodiscard]] Instant next_deadline() const noexcept override {
    const Instant watch = watch_ == nullptr ? kNever : watch_->next_deadline();
    return std::min({stack_.next_deadline(), device_.next_deadline(), watch});
  }
  [[nodiscard]] pollfd interest() const override { return {device_.descriptor(), POLLIN, 0}; }

 private:
  // The pump's application: takes the events, then lets the user act.
  void turn(Instant now, Timers timers) noexcept override;
  void flush(Instant now) noexcept override { user_->flush(now); }
  void stop(Instant) noexcept override {}
  [[nodiscard]] bool is_finished() const noexcept override { return false; }

  void take(const Event& event, Instant now);

  Stack& stack_;
  Device& device_;
  Pump pump_;
  PacketWatch* watch_ = nullptr;
  Application* user_ = nullptr;
  ConnectionId id_{};
  bool connected_ = false;
  std::optional<TransportError> failure_;
  std::uint32_t syns_ = 0;
};

}  // namespace glasstcp
