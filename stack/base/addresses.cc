// Text forms of addresses, written by hand: the machine calls no socket library.
#include "stack/base/addresses.h"

#include <algorithm>
#include <charconv>

namespace glasstcp {
namespace {

constexpr int kGroups = 8;  // an IPv6 address is eight groups of 16 bits

std::optional<std::uint32_t> parse_number(std::string_view text, int base, std::uint32_t limit) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || value > limit) return std::nullopt;
  return value;
}

// Four decimal numbers without leading zeros, which some readers take for octal.
bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos || dot == 0 || dot > 3) return false;
    const std::string_view part = text.substr(0, dot);
    if (part.size() > 1 && part.front() == '0') return false;
    const auto number = parse_number(part, 10, 255);
    if (!number) return false;
    out[i] = static_cast<std::uint8_t>(*number);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return text.empty();
}

// Reads groups of one side of a "::" into `out`; returns how many 16-bit groups there were, or -1.
int parse_groups(std::string_view text, std::uint8_t* out, bool may_end_in_v4) {
  int count = 0;
  while (!text.empty()) {
    if (count == kGroups) return -1;
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      if (!may_end_in_v4 || count > kGroups - 2 || !parse_v4(part, out + 2 * count)) return -1;
      return count + 2;
    }
    if (part.empty() || part.size() > 4) return -1;
    const auto number = parse_number(part, 16, 0xffff);
    if (!number) return -1;
    store_be16(out + 2 * count, static_cast<std::uint16_t>(*number));
    ++count;
    if (colon == std::string_view::npos) return count;
    text.remove_prefix(colon + 1);
    if (text.empty()) return -1;  // a colon at the end
  }
  return count;
}

// RFC 4291 §2.2: eight groups, or fewer around one "::", the last two perhaps in dotted decimal.
bool parse_v6(std::string_view text, std::uint8_t* out) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return parse_groups(text, out, true) == kGroups;
  std::uint8_t tail[16] = {};
  const int before = parse_groups(text.substr(0, gap), out, false);
  const int after = parse_groups(text.substr(gap + 2), tail, true);
  if (before < 0 || after < 0 || before + after >= kGroups) return false;
  std::memcpy(out + 16 - 2 * after, tail, static_cast<std::size_t>(2 * after));
  return true;
}

template <typename Text>
void append_number(Text& text, unsigned value, int base) {
  char digits[10];
  const auto result = std::to_chars(digits, digits + sizeof digits, value, base);
  text.append(std::string_view(digits, result.ptr));
}

void append_v4(AddressText& text, const std::uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) text.append(".");
    append_number(text, bytes[i], 10);
  }
}

struct Run {
  int first = -1;
  int length = 0;
};

// RFC 5952 §4.2: the longest run of at least two zero groups, the first of equals.
Run longest_zero_run(const std::uint8_t* bytes) {
  Run best;
  Run run;
  for (int i = 0; i < kGroups; ++i) {
    if (load_be16(bytes + 2 * i) != 0) {
      run = {};
      continue;
    }
    if (run.length++ == 0) run.first = i;
    if (run.length >= 2 && run.length > best.length) best = run;
  }
  return best;
}

bool is_v4_mapped(const std::uint8_t* bytes) {
  return std::all_of(bytes, bytes + 10, [](std::uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

void append_v6(AddressText& text, const std::uint8_t* bytes) {
  if (is_v4_mapped(bytes)) {  // RFC 5952 §5: the mixed form for a well-known prefix
    text.append("::ffff:");
    append_v4(text, bytes + 12);
    return;
  }
  const Run zeros = longest_zero_run(bytes);
  for (int i = 0; i < kGroups; ++i) {
    if (i == zeros.first) {
      text.append("::");
      i += zeros.length - 1;
      continue;
    }
    if (i > 0 && text.view().back() != ':') text.append(":");
    append_number(text, load_be16(bytes + 2 * i), 16);
  }
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::uint8_t bytes[16] = {};
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, bytes)) return std::nullopt;
    return v4(bytes);
  }
  if (!parse_v6(text, bytes)) return std::nullopt;
  return v6(bytes);
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes_, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_limited_broadcast() const {
  return is_v4() && v4_number() == 0xffffffffU;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[12] == 169 && bytes_[13] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
  return std::string(text().view());
}

AddressText IpAddress::text() const {
  AddressText text;
  if (is_v4()) {
    append_v4(text, bytes_.data() + 12);
  } else {
    append_v6(text, bytes_.data());
  }
  return text;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto length = parse_number(text.substr(slash + 1), 10, address->is_v4() ? 32 : 128);
  if (!length) return std::nullopt;
  return Cidr{*address, static_cast<std::uint8_t>(*length)};
}

bool Cidr::contains(const IpAddress& other) const {
  if (other.version() != address.version()) return false;
  const ByteView ours = address.bytes();
  const ByteView theirs = other.bytes();
  const std::size_t whole = prefix_length / 8U;
  if (whole > ours.size() || std::memcmp(ours.data(), theirs.data(), whole) != 0) return false;
  const unsigned rest = prefix_length % 8U;
  if (rest == 0 || whole == ours.size()) return true;
  return ((ours[whole] ^ theirs[whole]) >> (8U - rest)) == 0;
}

std::optional<IpAddress> Cidr::broadcast() const {
  if (!address.is_v4() || prefix_length >= 31) return std::nullopt;
  std::uint8_t bytes[4];
  store_be32(bytes, address.v4_number() | (0xffffffffU >> prefix_length));
  return IpAddress::v4(bytes);
}

std::string Cidr::to_string() const {
  std::string text = address.to_string() + '/';
  append_number(text, prefix_length, 10);
  return text;
}

std::string Endpoint::to_string() const {
  std::string text = address.is_v4() ? address.to_string() : '[' + address.to_string() + ']';
  text += ':';
  append_number(text, number(port), 10);
  return text;
}

std::string FourTuple::to_string() const {
  return local().to_string() + " - " + remote().to_string();
}

}  // namespace glasstcp
