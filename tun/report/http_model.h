// HTTP/1.x messages of a capture as plain values, and the resources that HTML names.
//
// Next: findings.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glasstcp::report {

/// Wireshark's number of a frame, from 1; 0: none.
using FrameNumber = std::uint32_t;

/// The two ends of a connection: who opened it, and who was listening.
enum class Side : std::uint8_t { Client, Server };
[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::Client ? Side::Server : Side::Client;
}

/// How the end of a body is found (RFC 9112 §6.3).
enum class BodyFraming : std::uint8_t {
  None,    ///< no body: HEAD, 1xx, 204, 304, a request without length
  Length,  ///< Content-Length
  Chunked,
  UntilClose,  ///< the connection's end is the body's
};

/// Bytes of a message that a frame carried.
struct Piece {
  FrameNumber frame = 0;
  std::uint64_t begin = 0;  ///< offset in the message, its start line included
  std::uint64_t end = 0;    ///< behind the last
};

/// A request or response.
struct Message {
  Side from = Side::Client;
  bool is_request = false;
  std::string start_line;               ///< without its end, at most 8 KB
  std::string method, target, version;  ///< method and target of requests; version of both
  std::uint16_t status = 0;             ///< of responses
  std::string reason;                   ///< of responses
  std::vector<std::pair<std::string, std::string>> headers;  ///< as written, trimmed
  BodyFraming framing = BodyFraming::None;
  std::uint64_t stream_begin = 0;   ///< offset in its end's stream: 0 is the first byte (seq 1)
  std::uint64_t head_bytes = 0;     ///< start line, headers and blank line
  std::uint64_t body_bytes = 0;     ///< as transferred, chunk heads included
  std::uint64_t content_bytes = 0;  ///< of the body without chunk heads
  std::optional<std::uint64_t> announced;  ///< Content-Length
  bool is_complete = false;                ///< its end is in the capture
  bool has_gap = false;                    ///< bytes in the middle are not in the capture
  std::string body_begin;  ///< the first 4 KB of the content, as they are: may be binary
  std::string media_type;  ///< Content-Type without parameters, lower case
  std::string coding;      ///< Content-Encoding; empty: identity
  FrameNumber first_frame = 0, last_frame = 0;
  std::int64_t first_ns = 0, last_ns = 0;
  std::vector<Piece> pieces;             ///< in order; retransmitted bytes once
  std::optional<std::uint32_t> partner;  ///< the request's response, or the reverse: an index
  std::uint32_t pipelined_behind = 0;    ///< requests before it that had no response yet
  /// Of a 206: the bytes of the resource (Content-Range), last included, and its whole size.
  std::optional<std::uint64_t> range_first, range_last, range_total;

  [[nodiscard]] std::uint64_t stream_end() const { return stream_begin + head_bytes + body_bytes; }
  /// The value of a header, by its name in lower case; null: absent.
  [[nodiscard]] const std::string* header(std::string_view lower_name) const;
};

/// What became of a resource that an HTML body names.
enum class ResourceFate : std::uint8_t {
  Requested,    ///< after the HTML, in this capture
  Reused,       ///< not requested again; `allowed_by` is the earlier response
  NotVisible,   ///< not requested, and nothing here tells why
  OtherServer,  ///< another host or scheme: not expected here
};

/// A resource by src or href of an HTML body.
struct NamedResource {
  std::string written;           ///< as in the HTML
  std::string target;            ///< resolved against the page; as a request would write it
  std::uint32_t connection = 0;  ///< index; of the page
  std::uint32_t message = 0;     ///< index; the response with the page
  ResourceFate fate = ResourceFate::NotVisible;
  FrameNumber requested = 0;   ///< frame of its request
  FrameNumber allowed_by = 0;  ///< frame of the response that allowed reuse
  std::string validity;        ///< of that response: its Cache-Control or Expires
};

}  // namespace glasstcp::report
