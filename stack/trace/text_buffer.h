// Text of bounded length without allocation, for lines that are written for every packet.
//
// Invariants:
//   1. Never more than kCapacity bytes (and a line feed); what does not fit is cut off between two
//   characters of UTF-8, not within one.
//
// Next: packet_summary.h.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace glasstcp {

/// A line that is put together piece by piece.
class TextBuffer {
 public:
  static constexpr std::size_t kCapacity = 1024;

  /// Appends text as fmt formats it.
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    const std::size_t room = kCapacity - size_;
    const auto result =
        fmt::format_to_n(text_.data() + size_, room, format, std::forward<Args>(args)...);
    size_ += result.size < room ? result.size : room;
    if (result.size > room) cut_to_whole_character();
  }
  /// Appends `separator` unless nothing was added since `mark` (a former size()), then the rest
  /// like add().
  template <typename... Args>
  void add_item(std::size_t mark, std::string_view separator, fmt::format_string<Args...> format,
                Args&&... args) {
    if (size_ != mark) add("{}", separator);
    add(format, std::forward<Args>(args)...);
  }

  /// Appends a line feed, for which there is always room; before it `last`, for which the end of a
  /// full line gives way.
  void end_line(std::string_view last = {}) {
    if (size_ + last.size() > kCapacity) {
      size_ = kCapacity - last.size();
      cut_to_whole_character();
    }
    add("{}", last);
    text_[size_++] = '\n';
  }

  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  void clear() { size_ = 0; }

 private:
  // Drops trailing bytes of a character whose end did not fit.
  void cut_to_whole_character() {
    std::size_t begin = size_;
    while (begin > 0 && (static_cast<unsigned char>(text_[begin - 1]) & 0xc0U) == 0x80U) --begin;
    if (begin == 0) return;
    const auto lead = static_cast<unsigned char>(text_[begin - 1]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (begin - 1 + length != size_) size_ = begin - 1;
  }

  std::array<char, kCapacity + 1> text_;  // the last place is for end_line
  std::size_t size_ = 0;
};

}  // namespace glasstcp
