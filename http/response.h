// Responses in the making: status codes, a writer that never overruns, heads, and pieces of bytes
// with their owners.
//
// RFC 9112 §4 (status line), RFC 9110 §15 (status codes), §6.6.1 (Date), §8.6 (Content-Length).
//
// Invariants:
//   1. Bytes that were handed out in an OwnedBytes do not change until its owner is released.
//   2. TextWriter never writes outside its memory; what does not fit makes overflowed() true.
//   3. We never send Transfer-Encoding: every length is known before the head ends.
//
// Next: site.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/buffer_pool.h"
#include "http/date.h"
#include "http/text.h"
#include "stack/base/time.h"

namespace glasstcp::http {

/// The two times that every call brings along: monotonic for deadlines, wall time for dates.
struct Moment {
  Instant now{};
  std::int64_t unix_seconds = 0;
};

/// Bytes to send, with whoever keeps them alive (nobody for static text).
struct OwnedBytes {
  ByteView bytes{};
  Ref<Shared> owner{};
};

/// The reason phrase of a status code that we send; "" for others.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// Writes text into memory of fixed size.
class TextWriter {
 public:
  TextWriter(std::uint8_t* memory, std::size_t capacity) noexcept
      : memory_(reinterpret_cast<char*>(memory)), capacity_(capacity) {}

  TextWriter& text(std::string_view s) noexcept {
    if (s.size() > capacity_ - size_) {
      overflowed_ = true;
      return *this;
    }
    s.copy(memory_ + size_, s.size());
    size_ += s.size();
    return *this;
  }
  TextWriter& number(std::uint64_t value) noexcept;
  TextWriter& hex(std::uint64_t value) noexcept;
  /// `s` with everything escaped that would end a quoted string or a line: for logs.
  TextWriter& escaped(std::string_view s) noexcept;
  /// `name: value` and the line end.
  TextWriter& field(std::string_view name, std::string_view value) noexcept {
    return text(name).text(": ").text(value).text("\r\n");
  }
  TextWriter& field(std::string_view name, std::uint64_t value) noexcept {
    return text(name).text(": ").number(value).text("\r\n");
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
  [[nodiscard]] std::string_view written() const noexcept { return {memory_, size_}; }

 private:
  char* memory_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

/// Whether the connection goes on after the answer, and whether that must be said.
enum class Persistence : std::uint8_t {
  Implied,    ///< HTTP/1.1 goes on: nothing to say
  KeepAlive,  ///< an HTTP/1.0 client asked for it: say keep-alive
  Close,      ///< say close
};

/// What every head begins with.
struct HeadStart {
  int status = 200;
  std::string_view server{};
  std::string_view date{};
  Persistence persistence = Persistence::Implied;
  std::uint32_t keep_alive_seconds = 0;  ///< how long an idle connection may be used; 0: unsaid
  std::string_view extra_fields{};       ///< complete lines
};

/// Writes the status line, Server (unless empty), Date, Connection, Keep-Alive and what is added.
void write_head_start(TextWriter& out, const HeadStart& start) noexcept;

/// A small page that says `status` and `explanation` (plain text without markup), as HTML.
void write_error_page(TextWriter& out, int status, std::string_view explanation) noexcept;

}  // namespace glasstcp::http
