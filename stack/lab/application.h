// The application at one end of a connection: it does what the scenario tells it, as soon as the
// stack lets it.
//
// RFC 9293 §3.9.1 (the calls that it makes).
//
// Invariants:
//   1. What it is told happens in that order: a CLOSE waits for the writes before it.
//   2. Each write is one SEND (or several where the send buffer is full), filled with a letter of
//      its own: A, B, C, ...
//
// Next: journal.h.
#pragma once

#include <deque>

#include "stack/lab/journal.h"
#include "stack/lab/scenario.h"
#include "stack/socket/stack.h"

namespace glasstcp::lab {

/// One end of one connection.
class Application {
 public:
  explicit Application(Actor actor) : actor_(actor) {}

  /// It has this connection now; `connected`: the handshake is over.
  void attach(ConnectionId id, bool connected);
  /// The host has lost its memory.
  void forget();
  /// Whether it is the application that does this, and not its host.
  [[nodiscard]] static bool is_order(Deed deed);
  /// To be done as soon as possible, in this order; how it reads changes at once. The journal is
  /// told of each order when it is carried out: of a write when its bytes are handed to TCP.
  void order(const Action& action, Journal& journal, Instant now);
  void on_event(const Stack& stack, const Event& event);
  /// Reads what may be read.
  void read(Stack& stack, Instant now);
  /// Carries out its orders up to one SEND: what that queued leaves before the next.
  void carry_out_orders(Stack& stack, Journal& journal, Instant now);
  /// Whether it could carry one out.
  [[nodiscard]] bool is_ready() const { return !orders_.empty() && !blocked_ && attached_; }
  /// When it wants to read at the latest.
  [[nodiscard]] Instant wake() const { return next_read_; }

  /// Whether what a statement waits for has happened.
  [[nodiscard]] bool has_reached(const Stack& stack, const Statement& statement) const;

  [[nodiscard]] const Actor& actor() const { return actor_; }
  [[nodiscard]] ConnectionId id() const { return id_; }

 private:
  enum class Reading : std::uint8_t { All, Some, Nothing };

  bool carry_out(Stack& stack, const Action& action, Instant now);
  bool write(Stack& stack, const Action& action, Instant now);
  bool send(Stack& stack, ByteView bytes, Instant now);
  void begin_reading(const Action& action, Instant now);

  Actor actor_;
  ConnectionId id_;
  bool attached_ = false;
  bool connected_ = false;
  bool blocked_ = false;  // the send buffer is full
  bool failed_ = false;
  bool saw_end_ = false;
  bool has_written_ = false;
  std::deque<Action> orders_;
  bool has_begun_ = false;           // the first order
  std::uint64_t sent_of_order_ = 0;  // bytes of the first order that were taken by the stack
  std::uint64_t writes_ = 0;         // before the first order
  std::uint64_t read_ = 0;
  Reading reading_ = Reading::All;
  std::uint64_t allowance_ = 0;  // bytes that may be read, of Reading::Some
  Action paced_;                 // read so many, again and again
  Instant next_read_ = kNever;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace glasstcp::lab
