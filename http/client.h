// The other side of HTTP/1.1: writes a request, reads a response. It knows no socket.
//
// RFC 9112 §3-§4, §6.3, §7.1. For `get`: one request on one connection.
//
// Invariants:
//   1. The same bytes give the same result however they are cut.
//   2. The head is bounded by kMaxHead bytes, which lie in this object; content is handed out
//      without a copy.
//
// Leaves out redirects, cookies and compression: it shows what the server sent.
// Next: ../tun/cli.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "http/body_decoder.h"
#include "http/response.h"
#include "stack/base/addresses.h"

namespace glasstcp::http {

/// An http URL taken apart; borrowed from its text.
struct Url {
  std::string_view host{};    ///< a name or address, IPv6 without brackets
  std::string_view target{};  ///< path and query; "/" when the URL has none
  Port port{80};
  bool is_ipv6 = false;  ///< the host stood in brackets
};

/// Reads "http://host[:port][/path][?query]"; a fragment is dropped. Empty when it is something
/// else.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text) noexcept;

/// What to ask for.
struct ClientRequest {
  Url url{};
  bool is_head = false;
  std::string_view range{};  ///< as after "bytes="; empty: everything
};

/// Writes the request, which asks the server to close behind its answer.
void write_request(TextWriter& out, const ClientRequest& request) noexcept;

/// Reads one response.
class ResponseReader {
 public:
  static constexpr std::size_t kMaxHead = 32768;

  enum class Status : std::uint8_t {
    More,    ///< feed it the rest, or what comes next
    Done,    ///< the response is complete
    Failed,  ///< not a response, or a broken one
  };
  struct Step {
    Status status = Status::More;
    std::size_t consumed = 0;
    ByteView content{};  ///< a run of content; borrowed from the input
  };

  /// `to_head`: the response is to HEAD, and has no content.
  explicit ResponseReader(bool to_head) noexcept : to_head_(to_head) {}

  /// Reads up to one run of content.
  Step feed(ByteView bytes) noexcept;
  /// The server closed: whether the response is complete with that.
  [[nodiscard]] bool is_complete_at_close() const noexcept {
    return stage_ == Stage::Done || stage_ == Stage::UntilClose;
  }

  /// The status code; 0 until the head is complete. Interim responses (1xx) are skipped.
  [[nodiscard]] int status() const noexcept { return has_head() ? status_ : 0; }
  [[nodiscard]] bool has_head() const noexcept {
    return stage_ != Stage::Head && stage_ != Stage::Failed;
  }
  /// The response is complete with its head.
  [[nodiscard]] bool ends_with_head() const noexcept {
    return has_head() && (to_head_ || status_ == 204 || status_ == 304);
  }
  /// Status line and fields, up to and with the empty line; empty until it is complete.
  [[nodiscard]] std::string_view head() const noexcept {
    return has_head() ? std::string_view(head_.data(), head_size_) : std::string_view{};
  }
  /// The value of the first field of that name; empty optional when absent.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const noexcept;

 private:
  enum class Stage : std::uint8_t { Head, Body, UntilClose, Done, Failed };

  std::size_t take_head(ByteView bytes) noexcept;
  Stage on_head() noexcept;
  [[nodiscard]] bool read_status_line() noexcept;

  std::array<char, kMaxHead> head_;
  std::size_t head_size_ = 0;
  BodyDecoder body_{};
  int status_ = 0;
  Stage stage_ = Stage::Head;
  bool to_head_;
};

}  // namespace glasstcp::http
