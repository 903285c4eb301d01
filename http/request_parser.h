// The head of a request (request line and fields), read strictly, line by line, from bytes that may
// arrive one at a time.
//
// RFC 9112 §2-§6, RFC 9110 §5. The parser holds offsets, not pointers: the caller may parse in
// place in the received bytes, and go on in a copy of them when the end of the head has not arrived
// yet.
//
// Invariants:
//   1. The same bytes give the same result however they are cut: an error is reported with the byte
//      that ends its line, or that exceeds a limit.
//   2. Each byte is looked at once, whatever the number of calls.
//   3. Ambiguous framing is an error, never a guess (RFC 9112 §11.2).
//
// Leaves out the body (body_decoder.h) and the meaning of conditions and ranges (conditional.h,
// ranges.h).
// Next: body_decoder.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/text.h"

namespace glasstcp::http {

/// The methods that RFC 9110 §9.3 and RFC 5789 name. Unknown is answered with 501.
enum class Method : std::uint8_t {
  Get,
  Head,
  Options,
  Put,
  Post,
  Delete,
  Connect,
  Trace,
  Patch,
  Unknown
};

/// The fields whose values somebody asks for.
enum class Field : std::uint8_t {
  Host,
  ContentLength,
  Range,
  IfRange,
  IfMatch,
  IfNoneMatch,
  IfModifiedSince,
  IfUnmodifiedSince,
  AcceptEncoding,
  Referer,    // these two
  UserAgent,  // for the access log
  Other,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::Other);

/// A piece of the head by position, so that it survives a move of the bytes. Heads are shorter than
/// 64 KB.
struct Slice {
  std::uint16_t offset = 0;
  std::uint16_t length = 0;
};

/// How the body is delimited (RFC 9112 §6.3).
enum class Framing : std::uint8_t { None, Length, Chunked };

/// What a complete head says. Slices refer to the bytes that were given to HeadParser::parse().
struct RequestHead {
  Method method = Method::Unknown;
  std::uint8_t minor_version = 1;  ///< of HTTP/1.x: 0, or 1 for anything later
  Framing framing = Framing::None;
  bool wants_close = false;       ///< Connection: close
  bool wants_keep_alive = false;  ///< Connection: keep-alive
  bool expects_continue = false;  ///< Expect: 100-continue
  bool expects_unknown = false;   ///< any other expectation
  std::uint16_t present = 0;      ///< a bit per Field
  std::uint16_t repeated = 0;     ///< a bit per Field that stands on several lines
  std::uint16_t field_count = 0;
  Slice line{};                     ///< the request line without its end
  Slice target{};                   ///< as received
  std::uint16_t fields_offset = 0;  ///< where the first field line begins
  std::uint32_t size = 0;  ///< bytes of the whole head, with empty lines before and after it
  std::uint64_t content_length = 0;
  std::array<Slice, kFieldCount> values{};  ///< the first value of each Field, trimmed

  [[nodiscard]] bool has(Field field) const {
    return (present >> static_cast<unsigned>(field) & 1u) != 0;
  }
  [[nodiscard]] bool is_repeated(Field field) const {
    return (repeated >> static_cast<unsigned>(field) & 1u) != 0;
  }
  /// Whether the answer may keep the connection open.
  [[nodiscard]] bool may_persist() const {
    // RFC 9112 §9.3 SHOULD R9112-28: persistent by default in HTTP/1.1, only on request in
    // HTTP/1.0.
    return !wants_close && (minor_version >= 1 || wants_keep_alive);
  }
};

/// A head together with the bytes its slices refer to; borrowed.
struct Request {
  const RequestHead& head;
  std::string_view bytes;

  [[nodiscard]] std::string_view text(Slice s) const { return bytes.substr(s.offset, s.length); }
  [[nodiscard]] std::string_view target() const { return text(head.target); }
  /// The value of a field; empty optional when absent. Of a repeated field the first.
  [[nodiscard]] std::optional<std::string_view> value(Field field) const {
    if (!head.has(field)) return std::nullopt;
    return text(head.values[static_cast<std::size_t>(field)]);
  }
  /// The value of a field that must not be a list: empty also when it is repeated.
  [[nodiscard]] std::optional<std::string_view> single_value(Field field) const {
    return head.is_repeated(field) ? std::nullopt : value(field);
  }
};

/// How large a head may be.
struct HeadLimits {
  std::uint32_t request_line = 8192;    ///< bytes without the line end; more is 414
  std::uint32_t field_section = 32768;  ///< bytes of all field lines with their ends; more is 431
  std::uint16_t field_count = 100;      ///< more is 431
};

/// Why a head was refused. Each stands for a status.
enum class HeadError : std::uint8_t {
  None,
  BadRequestLine,      ///< 400
  BadField,            ///< 400
  BadHost,             ///< 400
  AmbiguousFraming,    ///< 400
  TlsClientHello,      ///< 400, in plain text: the client speaks https
  TargetTooLong,       ///< 414
  FieldsTooLarge,      ///< 431
  UnknownMethod,       ///< 501
  UnknownCoding,       ///< 501
  UnsupportedVersion,  ///< 505
};

/// Reads one head. Copyable, without pointers.
class HeadParser {
 public:
  enum class Status : std::uint8_t { Incomplete, Complete, Failed };

  /// Goes on reading. `bytes`: everything received since the head began, the bytes of earlier calls
  /// first (they may have moved). After Complete or Failed the parser is spent.
  Status parse(std::string_view bytes, const HeadLimits& limits) noexcept;

  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
  [[nodiscard]] HeadError error() const noexcept { return error_; }
  /// Whether anything but empty lines has arrived.
  [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }

 private:
  enum class Stage : std::uint8_t { RequestLine, Fields };

  Status fail(HeadError error) noexcept {
    error_ = error;
    return Status::Failed;
  }
  HeadError check_limits(std::string_view bytes, std::size_t line_end,
                         const HeadLimits& limits) const noexcept;
  HeadError take_line(std::string_view bytes, std::string_view line,
                      const HeadLimits& limits) noexcept;
  HeadError parse_request_line(std::string_view bytes, std::string_view line) noexcept;
  HeadError parse_version(std::string_view version) noexcept;
  HeadError parse_field(std::string_view bytes, std::string_view line) noexcept;
  HeadError note_value(std::string_view bytes, Field field, std::string_view value) noexcept;
  HeadError note_content_length(std::string_view value) noexcept;
  HeadError note_transfer_encoding(std::string_view value) noexcept;
  void note_connection(std::string_view value) noexcept;
  void note_expect(std::string_view value) noexcept;
  HeadError finish(std::string_view bytes) noexcept;

  RequestHead head_{};
  std::uint32_t line_start_ = 0;   // first byte of the line that is not complete yet
  std::uint32_t searched_to_ = 0;  // no line end before this
  Stage stage_ = Stage::RequestLine;
  HeadError error_ = HeadError::None;
  std::uint8_t empty_lines_ = 0;
  bool has_begun_ = false;
  bool has_transfer_encoding_ = false;
  bool ends_with_chunked_ = false;
};

/// The parts of a target that a server needs.
struct TargetParts {
  std::string_view path;   ///< begins with a slash, still encoded; or "*"
  std::string_view query;  ///< after the question mark, without it
};

/// Takes origin-form, absolute-form or asterisk-form apart; empty when it is none of them, or not
/// an http URL.
[[nodiscard]] std::optional<TargetParts> split_target(std::string_view target) noexcept;

/// Whether `value` is a host with an optional port (RFC 9110 §7.2, RFC 3986 §3.2.2-3.2.3). An empty
/// value is valid.
[[nodiscard]] bool is_valid_host(std::string_view value) noexcept;

/// Whether `value` is an IPv6 address without brackets, and nothing else.
[[nodiscard]] bool is_bare_ipv6(std::string_view value) noexcept;

/// Calls `use(value)` for each line of `name` among the fields; for the rare list that stands on
/// several lines.
template <typename Use>
void for_each_field_line(const Request& request, std::string_view name, Use use) {
  std::string_view rest = request.bytes.substr(0, request.head.size);
  rest.remove_prefix(request.head.fields_offset);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      std::string_view value = line.substr(colon + 1);
      if (value.ends_with('\r')) value.remove_suffix(1);
      use(trim(value));
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

}  // namespace glasstcp::http
