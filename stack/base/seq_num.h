// Sequence numbers: 32 bits on a circle, compared modulo 2^32.
//
// RFC 9293 §3.4: all arithmetic on sequence numbers is modulo 2^32, so "before" and "after" mean
// "within half of the circle". There is no total order on a circle: hence no operator<=>, and
// std::less<SeqNum> is deleted, so that no container can sort by it.
//
// Invariants:
//   1. a + n - a == n for every n, wherever the wrap lies.
//   2. A difference is signed (a - b) and never asserts: a peer may send any number.
//
// Next: tcp_state.h.
#pragma once

#include <cstdint>
#include <functional>

namespace glasstcp {

/// A TCP sequence or acknowledgment number (RFC 9293 §3.4).
class SeqNum {
 public:
  constexpr SeqNum() = default;
  constexpr explicit SeqNum(std::uint32_t raw) : raw_(raw) {}

  /// The 32 bits as they stand in a header.
  [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }

  constexpr SeqNum& operator+=(std::uint32_t n) {
    raw_ += n;
    return *this;
  }
  friend constexpr SeqNum operator+(SeqNum a, std::uint32_t n) { return SeqNum(a.raw_ + n); }
  friend constexpr SeqNum operator-(SeqNum a, std::uint32_t n) { return SeqNum(a.raw_ - n); }

  /// How far `a` lies after `b`: negative when it lies before, -2^31 when exactly opposite.
  friend constexpr std::int32_t operator-(SeqNum a, SeqNum b) {
    return static_cast<std::int32_t>(a.raw_ - b.raw_);
  }

  friend constexpr bool operator==(SeqNum, SeqNum) = default;
  // RFC 9293 §3.4 R9293-P13: comparisons are modulo 2^32, right across the wrap.
  friend constexpr bool operator<(SeqNum a, SeqNum b) { return a - b < 0; }
  friend constexpr bool operator>(SeqNum a, SeqNum b) { return b < a; }
  friend constexpr bool operator<=(SeqNum a, SeqNum b) { return !(b < a); }
  friend constexpr bool operator>=(SeqNum a, SeqNum b) { return !(a < b); }

 private:
  std::uint32_t raw_ = 0;
};

/// The later of two numbers that lie within half of the circle of each other.
constexpr SeqNum later(SeqNum a, SeqNum b) {
  return a < b ? b : a;
}
/// The earlier of two numbers that lie within half of the circle of each other.
constexpr SeqNum earlier(SeqNum a, SeqNum b) {
  return a < b ? a : b;
}

/// Whether `x` lies in [first, first + length): RFC 9293 §3.4's test for a window that may wrap.
constexpr bool is_within(SeqNum x, SeqNum first, std::uint32_t length) {
  return x.raw() - first.raw() < length;
}

}  // namespace glasstcp

/// Deleted: sequence numbers have no total order, so no container may sort by them.
template <>
struct std::less<glasstcp::SeqNum> {
  less() = delete;
};
