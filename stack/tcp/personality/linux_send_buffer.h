// How much a send buffer takes when it counts as Linux does: memory, not bytes, in pieces as large
// as a TSO packet; a piece that was begun may be filled, even beyond the limit.
//
// SO_SNDBUF of socket(7) and tcp(7); RFC 9293 §3.9.1.2 (SEND) leaves it open. Only for stacks that
// are to behave as Linux does (TcpConfig::counts_send_memory).
//
// Invariants:
//   1. What is admitted never begins a piece while the memory is at or above the limit.
//   2. The limit grows only, unless it is chosen.
//
// Next: ../send/send_queue.h.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace glasstcp {

/// What a decision needs to know. Bytes.
struct SendSpaceFacts {
  std::uint32_t flight = 0;
  std::uint32_t unsent = 0;
  std::uint32_t sendable = 0;    ///< bytes that cwnd and window allow to leave now
  std::uint32_t piece = 1;       ///< a full piece
  std::uint32_t unsent_low = 0;  ///< no piece begins while as much is unsent
};

/// One connection's send buffer. 12 bytes.
class LinuxSendSpace {
 public:
  [[nodiscard]] std::uint32_t limit() const { return limit_; }
  /// The application chose it: it stays.
  void choose(std::uint32_t limit) {
    limit_ = limit;
    is_chosen_ = true;
  }
  void start(std::uint32_t limit) { limit_ = std::max(limit_, limit); }
  /// Room for twice the congestion window, headers and bookkeeping included.
  void expand(std::uint32_t window_segments, std::uint32_t mss, std::uint32_t most) {
    if (is_chosen_) return;
    const std::uint64_t each = std::bit_ceil(mss + kHeaders) + kBookkeeping;
    const std::uint64_t wanted = 2 * each * std::max(window_segments, kLeastSegments);
    limit_ = std::max(limit_, static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, most)));
  }

  /// How many of `length` bytes fit; full pieces count as sent as far as `sendable` allows, which
  /// makes room for more.
  std::uint32_t admit(SendSpaceFacts f, std::uint32_t length) {
    tail_ = std::min(tail_, f.unsent);
    std::uint32_t admitted = 0;
    while (admitted < length) {
      std::uint32_t room = tail_ > 0 && tail_ < f.piece ? f.piece - tail_ : 0;
      if (room == 0) {
        if (cost(f) >= limit_ || f.unsent >= f.unsent_low) break;
        room = f.piece;
        tail_ = 0;
      }
      const std::uint32_t n = std::min(room, length - admitted);
      admitted += n;
      f.unsent += n;
      tail_ += n;
      if (tail_ < f.piece) continue;
      const std::uint32_t leaves = std::min(f.sendable, f.unsent);
      f.sendable -= leaves;
      f.unsent -= leaves;
      f.flight += leaves;
      tail_ = std::min(tail_, f.unsent);
    }
    return admitted;
  }
  /// How much of the `unsent` bytes lies in the first piece: one packet does not reach further.
  [[nodiscard]] std::uint32_t first_piece(std::uint32_t unsent, std::uint32_t piece) const {
    const std::uint32_t tail = std::min(tail_, unsent);
    if (tail == unsent) return unsent;
    const std::uint32_t rest = (unsent - tail) % piece;
    return rest > 0 ? rest : piece;
  }
  /// Whether a writer that waits is to be told: a third of the limit is free again.
  [[nodiscard]] bool is_writable(const SendSpaceFacts& f) const {
    const std::uint64_t used = cost(f);
    return limit_ >= used + used / 2 && std::uint64_t{f.unsent} * 2 < f.unsent_low;
  }

 private:
  static constexpr std::uint32_t kHeaders = 640;       // of a segment's memory: headers, page list
  static constexpr std::uint32_t kBookkeeping = 256;   // of a piece, in the sum that expand() makes
  static constexpr std::uint32_t kPieceMemory = 1280;  // of a piece besides its data
  static constexpr std::uint32_t kLeastSegments = 10;

  static std::uint64_t cost(const SendSpaceFacts& f) {
    const std::uint64_t queued = std::uint64_t{f.flight} + f.unsent;
    if (queued == 0) return 0;
    return queued + kPieceMemory * ((queued + f.piece - 1) / f.piece + 1);
  }

  std::uint32_t limit_ = 0;
  std::uint32_t tail_ = 0;  // bytes in the last piece that has not left
  bool is_chosen_ = false;
};

}  // namespace glasstcp
