// A body that comes as a test gives it: dots, so many as it says, until it says that they are all.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "http/body_stream.h"

namespace glasstcp::test {

/// Gives what give() was told, and ends when end() was called and nothing waits.
class DotStream final : public http::BodyStream {
 public:
  std::size_t read(ByteSpan out) noexcept override {
    const std::size_t n = std::min(out.size(), waiting);
    std::fill_n(out.begin(), n, std::uint8_t{'.'});
    waiting -= n;
    return n;
  }
  bool is_over() const noexcept override { return over && waiting == 0; }
  void end() noexcept override { over = true; }
  void give(std::size_t bytes) {
    waiting += bytes;
    note_news();
  }
  std::size_t waiting = 0;
  bool over = false;
};

}  // namespace glasstcp::test
