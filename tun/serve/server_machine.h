// The server as the event loop's machine: a device, a stack, an application, and how they stop. It
// knows no system call and no clock.
//
// Invariants:
//   1. After stop() everything is over within the grace period and a tenth of a second: what is
//   left after the former is reset. stop_now() ends the grace period.
//   2. What came before the signal is dealt with before anything is closed: a client whose last
//   segment of the handshake, or whose request, still lies in the device is not reset.
//
// Next: serve.cc.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "stack/socket/stack.h"
#include "tun/loop/attendant.h"
#include "tun/loop/machine.h"
#include "tun/loop/pump.h"

namespace glasstcp {

/// Runs until it was stopped and has come to its end.
class ServerMachine final : public Machine {
 public:
  /// For responses in flight after the first signal.
  static constexpr Duration kGrace = 5s;
  /// How long a peer that lost segments may answer our RST with a challenge ACK (RFC 5961 §3.2)
  /// after the grace period: it believes only the RST that answers that one.
  static constexpr Duration kLastWords = 100ms;
  /// How long the FINs of peers are waited for that have acknowledged all that we sent, FIN
  /// included, when there is nothing else to wait for. A client that keeps its end open is left
  /// alone then, without a reset, which could cost it an answer that it has not read yet (RFC 9112
  /// §9.6).
  static constexpr Duration kLastWait = 500ms;

  /// All borrowed.
  ServerMachine(Device& device, Stack& stack, Application& application, PumpListener& listener)
      : device_(device),
        stack_(stack),
        application_(application),
        pump_(device, stack, application) {
    pump_.set_listener(&listener);
  }

  /// Borrowed; null: nobody watches.
  void set_watch(PacketWatch* watch) { pump_.set_watch(watch); }

  /// Borrowed; null: there is none.
  void set_attendant(Attendant* attendant) { attendant_ = attendant; }

  TurnResult turn(Instant now) override;
  [[nodiscard]] Instant next_deadline() const override;
  [[nodiscard]] pollfd source() const override { return {device_.descriptor(), POLLIN, 0}; }
  [[nodiscard]] pollfd sink() const override {
    return attendant_ != nullptr ? attendant_->interest() : pollfd{-1, 0, 0};
  }
  void on_sink_ready() override { attendant_->on_ready(); }
  /// For the signals that mean more than the end. Gives whether it acted on one.
  void set_signal_handler(std::function<bool(int)> handler) { on_signal_ = std::move(handler); }
  [[nodiscard]] bool takes_signal(int number) override { return on_signal_ && on_signal_(number); }
  void stop(Instant now) override;
  [[nodiscard]] bool stop_now(Instant now) override;
  [[nodiscard]] bool is_over(Instant now) override;

  [[nodiscard]] const PumpCounters& counters() const { return pump_.counters(); }

 private:
  // Where packets come without end, so many turns of them are what came before.
  static constexpr int kTurnsToStop = 16;

  Device& device_;
  Stack& stack_;
  Application& application_;
  Pump pump_;
  Attendant* attendant_ = nullptr;
  Instant turned_at_{};
  std::function<bool(int)> on_signal_;
  std::optional<Instant> stop_deadline_;
  bool is_stop_due_ = false;  // the application is told behind what waits in the device
  int turns_to_stop_ = 0;
  bool has_reset_any_ = false;
  std::optional<Instant> last_wait_;  // nothing is missing but the FINs of peers: until then
};

}  // namespace glasstcp
