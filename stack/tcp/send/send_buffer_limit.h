// The space in a send buffer: how much may be written, and when a writer that waits is told that
// there is space again.
//
// RFC 9293 §3.9.1.2 (SEND) leaves the size to the implementation. There are two ways to count:
// bytes, and Linux's memory (../personality/linux_send_buffer.h). In bytes the buffer follows the
// congestion window, since only what the path carries is worth memory: one window is in flight
// while the next one waits behind it.
//
// Invariants:
//   1. A size that the application chose stays.
//   2. Nobody is woken from here: the connection asks wakes_writer() and signals.
//
// Next: send_queue.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stack/tcp/config.h"
#include "stack/tcp/personality/linux_send_buffer.h"
#include "stack/tcp/user_types.h"

namespace glasstcp {

/// What the space depends on. Bytes.
struct SendBufferFacts {
  std::uint32_t queued = 0;  ///< in the buffer: what is in flight, and what is unsent
  std::uint32_t unsent = 0;
  std::uint32_t cwnd = 0;
  // The rest only where memory is counted.
  std::uint32_t flight = 0;
  std::uint32_t cwnd_space = 0;      ///< what cwnd still allows
  std::uint32_t usable_window = 0;   ///< what the peer's window still allows
  std::uint32_t most_of_window = 0;  ///< a packet takes no more of it
  std::uint32_t full_segment = 1;    ///< data of a segment with its present options
  std::uint16_t peer_mss = 0;
  bool is_window_known = false;  ///< false before the handshake ends
};

/// The send buffer of one connection, seen for the time of one call: it holds references.
class SendBufferLimit {
 public:
  /// `memory`: the state of a buffer that counts memory; null: this one counts bytes.
  SendBufferLimit(const TcpConfig& config, const ConnectionSettings& settings,
                  const SendBufferFacts& facts, LinuxSendSpace* memory)
      : config_(config), settings_(settings), facts_(facts), memory_(memory) {}

  /// How many of `length` bytes SEND may queue now; they count as queued where memory is counted.
  [[nodiscard]] std::size_t admit(std::size_t length);
  /// What the buffer holds at most, as SO_SNDBUF counts it.
  [[nodiscard]] std::uint32_t size() const;
  /// Whether SEND would take enough that poll() says so.
  [[nodiscard]] bool is_writable() const;
  /// Whether a writer that waits is to be told now. May enlarge a buffer that counts memory: a
  /// writer that waits has filled it, but not the window, so it is too small.
  [[nodiscard]] bool wakes_writer();
  /// Of `waiting` bytes, those that one packet may take as far as this buffer is concerned.
  [[nodiscard]] std::uint32_t first_piece(std::uint32_t waiting) const;

 private:
  [[nodiscard]] std::uint32_t byte_limit() const;
  [[nodiscard]] SendSpaceFacts space_facts() const;
  [[nodiscard]] std::uint32_t piece() const;
  void expand();

  const TcpConfig& config_;
  const ConnectionSettings& settings_;
  const SendBufferFacts facts_;
  LinuxSendSpace* const memory_;
};

}  // namespace glasstcp
