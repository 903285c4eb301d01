// The bytes of an input, taken one after the other as numbers: the grammar of a target is the order
// in which it takes them. Behind the end everything is zero.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

#include "stack/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace glasstcp::fuzz {

/// A finding: libFuzzer keeps the input.
inline void require(bool condition,
                    const std::source_location& where = std::source_location::current()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%u: not so\n", where.file_name(), static_cast<unsigned>(where.line()));
  std::abort();
}

/// A number near one of the places that matter: both ends, their middle, or far away.
inline std::uint32_t near(std::uint8_t choice, std::uint32_t low, std::uint32_t high) {
  const auto offset = static_cast<std::uint32_t>(static_cast<std::int8_t>(choice << 2) / 4);
  switch (choice >> 6) {
    case 0:
      return low + offset;
    case 1:
      return high + offset;
    case 2:
      return low + (high - low) / 2 + offset;
    default:
      return low + offset * 0x01000001U;
  }
}

/// Takes numbers from an input that outlives it.
class ByteSource {
 public:
  ByteSource(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  [[nodiscard]] std::size_t size() const { return left_.size(); }
  std::uint8_t u8() {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_.front();
    left_ = left_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const std::uint8_t high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  /// Less than `limit`, which is not 0.
  std::uint32_t below(std::uint32_t limit) { return (limit > 256 ? u16() : u8()) % limit; }
  /// The next bytes, at most `most`.
  ByteView take(std::size_t most) {
    const ByteView taken = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  ByteView rest() { return take(left_.size()); }
  /// The rest as text.
  std::string_view text() {
    const ByteView bytes = rest();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// The text up to the next `separator`, which is taken, too.
  std::string_view text_until(std::uint8_t separator) {
    const auto end = std::find(left_.begin(), left_.end(), separator);
    const ByteView bytes = take(static_cast<std::size_t>(end - left_.begin()));
    u8();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  ByteView left_;
};

}  // namespace glasstcp::fuzz
