// A body whose length nobody knows: bytes come while the answer is sent, and it ends when its
// maker, the client or the server ends it.
//
// RFC 9112 §6.3: without a length, the end of the connection is the end of the content.
//
// Invariants:
//   1. Whoever makes the bytes never waits for whoever reads them: a reader that is too slow is the
//      maker's to deal with.
//
// Next: transfer.h.
#pragma once

#include <cstddef>
#include <utility>

#include "http/shared.h"
#include "stack/base/bytes.h"

namespace glasstcp::http {

/// Gives bytes as they come. Destroyed when its answer ends, however it ends.
class BodyStream : public Shared {
 public:
  /// Copies what is there, as much as fits; 0: nothing just now.
  [[nodiscard]] virtual std::size_t read(ByteSpan out) noexcept = 0;
  /// Whether read() will never give anything again.
  [[nodiscard]] virtual bool is_over() const noexcept = 0;
  /// The server goes down: give what is there, and then be over.
  virtual void end() noexcept = 0;

  /// Whether bytes came, or the end, since take_news().
  [[nodiscard]] bool has_news() const noexcept { return has_news_; }
  bool take_news() noexcept { return std::exchange(has_news_, false); }

 protected:
  /// To be called when read() has something to give that it had not before.
  void note_news() noexcept { has_news_ = true; }

 private:
  bool has_news_ = true;
};

}  // namespace glasstcp::http
