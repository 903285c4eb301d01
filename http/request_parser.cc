// The head of a request, line by line. See request_parser.h.
#include "http/request_parser.h"

#include <cstring>

#include "stack/base/addresses.h"

namespace glasstcp::http {
namespace {

constexpr std::uint8_t kMaxEmptyLines = 8;

struct MethodName {
  std::string_view name;
  Method method;
};
constexpr MethodName kMethods[] = {
    {"GET", Method::Get},         {"HEAD", Method::Head},   {"OPTIONS", Method::Options},
    {"PUT", Method::Put},         {"POST", Method::Post},   {"DELETE", Method::Delete},
    {"CONNECT", Method::Connect}, {"TRACE", Method::Trace}, {"PATCH", Method::Patch},
};

Method method_named(std::string_view name) {
  // RFC 9110 §9.1: method names are case-sensitive.
  for (const MethodName& m : kMethods) {
    if (m.name == name) return m.method;
  }
  return Method::Unknown;
}

enum class Special : std::uint8_t { None, Connection, TransferEncoding, Expect };

struct FieldName {
  std::string_view name;  // in lower case
  Field field;
  Special special;
};
constexpr FieldName kFields[] = {
    {"host", Field::Host, Special::None},
    {"range", Field::Range, Special::None},
    {"expect", Field::Other, Special::Expect},
    {"referer", Field::Referer, Special::None},
    {"if-range", Field::IfRange, Special::None},
    {"if-match", Field::IfMatch, Special::None},
    {"connection", Field::Other, Special::Connection},
    {"user-agent", Field::UserAgent, Special::None},
    {"if-none-match", Field::IfNoneMatch, Special::None},
    {"accept-encoding", Field::AcceptEncoding, Special::None},
    {"content-length", Field::ContentLength, Special::None},
    {"transfer-encoding", Field::Other, Special::TransferEncoding},
    {"if-modified-since", Field::IfModifiedSince, Special::None},
    {"if-unmodified-since", Field::IfUnmodifiedSince, Special::None},
};

/// For each length of a name a bit per first letter: most names of a browser are dismissed by this
/// alone.
consteval std::array<std::uint32_t, 32> make_first_letters() {
  std::array<std::uint32_t, 32> letters{};
  for (const FieldName& f : kFields) letters[f.name.size()] |= 1u << (f.name[0] & 31);
  return letters;
}
constexpr std::array<std::uint32_t, 32> kFirstLetters = make_first_letters();

/// The entry of a name, or nullptr.
const FieldName* find_field(std::string_view name) {
  if (name.size() >= kFirstLetters.size()) return nullptr;
  if ((kFirstLetters[name.size()] >> (name[0] & 31) & 1u) == 0) return nullptr;
  for (const FieldName& f : kFields) {
    if (f.name.size() == name.size() && equals_ignoring_case(f.name, name)) return &f;
  }
  return nullptr;
}

Slice slice_of(std::string_view bytes, std::string_view part) {
  return {.offset = static_cast<std::uint16_t>(part.data() - bytes.data()),
          .length = static_cast<std::uint16_t>(part.size())};
}

/// Visible ASCII; bytes above 127 too, which old clients send unencoded and which the path decoder
/// takes as they are.
bool has_only_target_characters(std::string_view target) {
  for (const char c : target) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

HeadParser::Status HeadParser::parse(std::string_view bytes, const HeadLimits& limits) noexcept {
  if (!bytes.empty() && !has_begun_ && bytes.front() == 0x16) {
    // 0x16 is the type of a TLS handshake record and never the first byte of a method.
    has_begun_ = true;
    return fail(HeadError::TlsClientHello);
  }
  while (true) {
    const void* found = searched_to_ < bytes.size() ? std::memchr(bytes.data() + searched_to_, '\n',
                                                                  bytes.size() - searched_to_)
                                                    : nullptr;
    const std::size_t end =
        found == nullptr ? bytes.size()
                         : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (const HeadError e = check_limits(bytes, end, limits); e != HeadError::None) return fail(e);
    if (found == nullptr) {
      searched_to_ = static_cast<std::uint32_t>(bytes.size());
      const std::string_view rest = bytes.substr(line_start_);
      has_begun_ = has_begun_ || (!rest.empty() && rest != "\r");
      return Status::Incomplete;
    }
    std::string_view line = bytes.substr(line_start_, end - line_start_);
    // RFC 9112 §2.2 MAY R9112-02: a bare LF ends a line too, so that a person with a terminal can
    // speak HTTP.
    if (line.ends_with('\r')) line.remove_suffix(1);
    line_start_ = searched_to_ = static_cast<std::uint32_t>(end + 1);
    if (stage_ == Stage::Fields && line.empty()) {
      // RFC 9110 §5.3 MUST R9110-32: only here, with the whole section read, does the request
      // become one.
      if (const HeadError e = finish(bytes); e != HeadError::None) return fail(e);
      return Status::Complete;
    }
    if (const HeadError e = take_line(bytes, line, limits); e != HeadError::None) return fail(e);
  }
}

// RFC 9112 §3 MUST R9112-08, SHOULD R9112-09: lines of 8000 bytes and more are read; beyond the
// limit the answer is 414.
HeadError HeadParser::check_limits(std::string_view bytes, std::size_t line_end,
                                   const HeadLimits& limits) const noexcept {
  if (stage_ == Stage::Fields) {
    return line_end - head_.fields_offset > limits.field_section ? HeadError::FieldsTooLarge
                                                                 : HeadError::None;
  }
  // One byte more than the limit may be the CR of the line end.
  const std::size_t length = line_end - line_start_;
  if (length <= limits.request_line) return HeadError::None;
  if (length == limits.request_line + 1u && bytes[line_end - 1] == '\r') return HeadError::None;
  // RFC 9112 §3 SHOULD R9112-07: a method longer than any that we know is unknown.
  const bool has_target = bytes.substr(line_start_, 32).find(' ') != std::string_view::npos;
  return has_target ? HeadError::TargetTooLong : HeadError::UnknownMethod;
}

HeadError HeadParser::take_line(std::string_view bytes, std::string_view line,
                                const HeadLimits& limits) noexcept {
  if (stage_ == Stage::Fields) {
    if (++head_.field_count > limits.field_count) return HeadError::FieldsTooLarge;
    return parse_field(bytes, line);
  }
  if (line.empty()) {
    // RFC 9112 §2.2 SHOULD R9112-04: empty lines before the request line are skipped (bounded, they
    // cost us time).
    return ++empty_lines_ > kMaxEmptyLines ? HeadError::BadRequestLine : HeadError::None;
  }
  has_begun_ = true;
  stage_ = Stage::Fields;
  head_.fields_offset = static_cast<std::uint16_t>(line_start_);
  return parse_request_line(bytes, line);
}

HeadError HeadParser::parse_request_line(std::string_view bytes, std::string_view line) noexcept {
  head_.line = slice_of(bytes, line);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return HeadError::BadRequestLine;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  // RFC 9112 §2.2 MUST R9112-03: a bare CR is not a target character, so it is refused here.
  if (!is_token(method) || target.empty() || !has_only_target_characters(target)) {
    return HeadError::BadRequestLine;
  }
  if (const HeadError e = parse_version(line.substr(last + 1)); e != HeadError::None) return e;
  head_.method = method_named(method);
  head_.target = slice_of(bytes, target);
  return HeadError::None;
}

HeadError HeadParser::parse_version(std::string_view version) noexcept {
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return HeadError::BadRequestLine;
  }
  // RFC 9110 §15.6.6: "PRI * HTTP/2.0" lands here too.
  if (version[5] != '1') return HeadError::UnsupportedVersion;
  head_.minor_version = version[7] == '0' ? 0 : 1;
  return HeadError::None;
}

HeadError HeadParser::parse_field(std::string_view bytes, std::string_view line) noexcept {
  std::size_t colon = 0;
  while (colon < line.size() && is_token_char(line[colon])) ++colon;
  // RFC 9112 §5.1 MUST R9112-14: whitespace before the colon makes the name no token.
  // RFC 9112 §5.2 MUST R9112-15: a folded line begins with whitespace, and so does no field name.
  // RFC 9112 §2.2 MUST R9112-05: the same check refuses whitespace between the request line and the
  // first field.
  if (colon == 0 || colon == line.size() || line[colon] != ':') return HeadError::BadField;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  // RFC 9110 §5.5 MUST R9110-31: CR, LF, NUL and other controls in a value are refused.
  if (!has_only_field_characters(value)) return HeadError::BadField;
  const FieldName* known = find_field(name);
  if (known == nullptr) return HeadError::None;
  switch (known->special) {
    case Special::Connection:
      note_connection(value);
      return HeadError::None;
    case Special::Expect:
      note_expect(value);
      return HeadError::None;
    case Special::TransferEncoding:
      return note_transfer_encoding(value);
    case Special::None:
      break;
  }
  return note_value(bytes, known->field, value);
}

HeadError HeadParser::note_value(std::string_view bytes, Field field,
                                 std::string_view value) noexcept {
  const auto bit = static_cast<std::uint16_t>(1u << static_cast<unsigned>(field));
  if (head_.has(field)) {
    head_.repeated |= bit;
    if (field == Field::Host) return HeadError::BadHost;
    if (field == Field::ContentLength) return HeadError::AmbiguousFraming;
    return HeadError::None;
  }
  head_.present |= bit;
  head_.values[static_cast<std::size_t>(field)] = slice_of(bytes, value);
  if (field == Field::ContentLength) return note_content_length(value);
  // RFC 9112 §3.2 MUST R9112-10, a deviation: h2load, mpg123 and nmap write an IPv6 address without
  // its brackets. Where all of the value is one nothing is unclear, since no port is ever split off
  // and one site answers for every name; whatever else is no host stays 400.
  if (field == Field::Host && !is_valid_host(value) && !is_bare_ipv6(value)) {
    return HeadError::BadHost;
  }
  return HeadError::None;
}

HeadError HeadParser::note_content_length(std::string_view value) noexcept {
  // RFC 9112 §6.3 MUST R9112-23: anything but one number is refused; so are lists of equal ones,
  // which we need not repair.
  const std::optional<std::uint64_t> length = parse_decimal(value);
  if (!length.has_value()) return HeadError::AmbiguousFraming;
  head_.content_length = *length;
  return HeadError::None;
}

HeadError HeadParser::note_transfer_encoding(std::string_view value) noexcept {
  has_transfer_encoding_ = true;
  while (!value.empty()) {
    const std::string_view coding = take_list_element(value);
    if (coding.empty()) continue;
    // RFC 9112 §6.3 MUST R9112-22: chunked, once, and last.
    if (ends_with_chunked_) return HeadError::AmbiguousFraming;
    if (equals_ignoring_case(coding, "chunked")) {
      ends_with_chunked_ = true;
    } else if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip") ||
               equals_ignoring_case(coding, "deflate") ||
               equals_ignoring_case(coding, "compress") ||
               equals_ignoring_case(coding, "x-compress")) {
      // Registered, but we decode none: the same answer as for codings that nobody knows.
      return HeadError::UnknownCoding;
    } else if (is_token(coding.substr(0, coding.find(';')))) {
      // RFC 9112 §6.1 SHOULD R9112-17.
      return HeadError::UnknownCoding;
    } else {
      return HeadError::AmbiguousFraming;
    }
  }
  return HeadError::None;
}

void HeadParser::note_connection(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::string_view option = take_list_element(value);
    if (equals_ignoring_case(option, "close")) head_.wants_close = true;
    if (equals_ignoring_case(option, "keep-alive")) head_.wants_keep_alive = true;
  }
}

void HeadParser::note_expect(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::string_view expectation = take_list_element(value);
    if (equals_ignoring_case(expectation, "100-continue")) {
      head_.expects_continue = true;
    } else if (!expectation.empty()) {
      head_.expects_unknown = true;
    }
  }
}

// Everything that needs the whole section: Host and framing.
HeadError HeadParser::finish(std::string_view bytes) noexcept {
  head_.size = line_start_;
  // RFC 9112 §3.2 MUST R9112-10: HTTP/1.1 needs exactly one valid Host (repeated and invalid ones
  // were refused on sight).
  if (head_.minor_version >= 1 && !head_.has(Field::Host)) return HeadError::BadHost;
  const std::string_view target = bytes.substr(head_.target.offset, head_.target.length);
  const bool is_connect = head_.method == Method::Connect;
  if (!is_connect && !split_target(target).has_value()) return HeadError::BadRequestLine;
  if (target == "*" && head_.method != Method::Options) return HeadError::BadRequestLine;
  if (has_transfer_encoding_) {
    // RFC 9112 §6.1 MUST R9112-19: both framings in one request are how requests are smuggled.
    // RFC 9112 §6.1 MUST R9112-20: HTTP/1.0 knows no transfer codings; its framing is faulty then.
    // RFC 9112 §11.2 SHOULD R9112-34: refuse rather than guess.
    if (head_.has(Field::ContentLength) || head_.minor_version == 0 || !ends_with_chunked_) {
      return HeadError::AmbiguousFraming;
    }
    head_.framing = Framing::Chunked;
  } else if (head_.content_length > 0) {
    head_.framing = Framing::Length;
  }
  // RFC 9110 §9.1 SHOULD R9110-02: last, since a broken message is a 400 whatever its method.
  return head_.method == Method::Unknown ? HeadError::UnknownMethod : HeadError::None;
}

std::optional<TargetParts> split_target(std::string_view target) noexcept {
  if (target == "*") return TargetParts{.path = target, .query = {}};
  if (!target.starts_with('/')) {
    // RFC 9112 §3.2.2 MUST R9112-11: absolute-form counts, and its authority replaces Host. One
    // site answers for every name here, so that replacing needs only a valid authority.
    constexpr std::string_view kScheme = "http://";
    if (!equals_ignoring_case(target.substr(0, kScheme.size()), kScheme)) return std::nullopt;
    target.remove_prefix(kScheme.size());
    const std::size_t authority = target.find_first_of("/?#");
    const std::string_view host = target.substr(0, authority);
    if (host.empty() || host.front() == ':' || !is_valid_host(host)) return std::nullopt;
    target = authority == std::string_view::npos ? std::string_view{} : target.substr(authority);
    if (!target.starts_with('/')) {
      const bool has_query = target.starts_with('?');
      return TargetParts{.path = "/", .query = has_query ? target.substr(1) : std::string_view{}};
    }
  }
  target =
      target.substr(0, target.find('#'));  // no client sends a fragment; a broken one's is ignored
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return TargetParts{.path = target, .query = {}};
  return TargetParts{.path = target.substr(0, mark), .query = target.substr(mark + 1)};
}

bool is_bare_ipv6(std::string_view value) noexcept {
  const std::optional<IpAddress> address = IpAddress::parse(value);
  return address.has_value() && !address->is_v4();
}

bool is_valid_host(std::string_view value) noexcept {
  if (value.starts_with('[')) {
    const std::size_t close = value.find(']');
    if (close == std::string_view::npos || !is_bare_ipv6(value.substr(1, close - 1))) return false;
    value.remove_prefix(close + 1);
    if (!value.empty() && value.front() != ':') return false;
  } else {
    const std::size_t colon = value.find(':');
    for (const char c : value.substr(0, colon)) {
      const bool is_name_char =
          is_alpha(c) || is_digit(c) ||
          std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
      if (!is_name_char) return false;
    }
    value.remove_prefix(colon == std::string_view::npos ? value.size() : colon);
  }
  if (value.empty()) return true;
  value.remove_prefix(1);  // the colon; an empty port is allowed
  for (const char c : value) {
    if (!is_digit(c)) return false;
  }
  return value.size() <= 5;
}

}  // namespace glasstcp::http
