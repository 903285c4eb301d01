// A connection as `get` sees it: whose TCP it is, ours or the kernel's, is behind this interface.
//
// RFC 9293 §3.9.1 names the calls. Nothing waits: the event loop waits on what interest() and
// next_deadline() say, and calls turn().
//
// Invariants:
//   1. Bytes stay where they are until consume(): who does not consume closes the window.
//   2. Bytes that arrived before a failure can still be read, as far as TCP kept them.
//
// Next: stack_transport.h, kernel_transport.h.
#pragma once

#include <poll.h>

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/message_mark.h"
#include "stack/base/time.h"
#include "tun/get/ending.h"
#include "tun/loop/application.h"
#include "tun/loop/pump.h"

namespace glasstcp {

/// One connection at a time.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // -- The connection
  /// Begins to open one; what was there before is forgotten. Its fate shows in is_connected() and
  /// failure().
  virtual void connect(const Endpoint& remote, Instant now) = 0;
  [[nodiscard]] virtual bool is_connected() const = 0;
  [[nodiscard]] virtual std::optional<TransportError> failure() const = 0;
  /// SYNs sent for this connection; 0: unknown.
  [[nodiscard]] virtual std::uint32_t syns() const = 0;
  /// Our end; empty before there is one.
  [[nodiscard]] virtual std::optional<Endpoint> local() const = 0;
  /// Takes as much as fits. Returns how many bytes.
  virtual std::size_t send(ByteView bytes, Instant now) = 0;
  /// Unread bytes, borrowed until the next non-const call; an empty view: the peer closed; nothing:
  /// wait, or see failure().
  [[nodiscard]] virtual std::optional<ByteView> peek() = 0;
  virtual void consume(std::size_t count, Instant now) = 0;
  /// FIN; reading goes on.
  virtual void finish(Instant now) = 0;
  /// Done in both directions.
  virtual void release(Instant now) = 0;
  /// RST, if the peer knows of the connection.
  virtual void abort(Instant now) = 0;
  /// Tells whoever watches the packets where a message lies: at what send() took last, or at the
  /// first byte that was not consumed.
  virtual void note(const MessageMark&, Instant) {}
  /// And why the connection is about to be closed.
  virtual void note(const CloseNote&, Instant) {}
  /// After release(): whether the close has come to its end (TIME-WAIT is one).
  [[nodiscard]] virtual bool is_over() const = 0;

  // -- The loop
  /// Brings in what arrived, lets `user` act, brings out what is to be said.
  virtual TurnResult turn(Application& user, Instant now) = 0;
  /// When turn() must be called at the latest, besides what the user wants.
  [[nodiscard]] virtual Instant next_deadline() const = 0;
  /// What to wait for.
  [[nodiscard]] virtual pollfd interest() const = 0;
};

}  // namespace glasstcp
