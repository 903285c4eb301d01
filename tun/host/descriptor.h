// A file descriptor that closes itself: the one owner of what a system call opened.
//
// Invariants:
//   1. At most one Descriptor owns a number; -1 owns nothing.
//
// Next: device.h.
#pragma once

#include <unistd.h>

#include <utility>

namespace glasstcp {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  /// Owns it no more.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  void reset() noexcept {
    const int number = std::exchange(number_, -1);
    if (number >= 0) ::close(number);
  }

 private:
  int number_ = -1;
};

}  // namespace glasstcp
