// Addresses and ports as values: IPv4 and IPv6 in one type, and the four-tuple that names a
// connection.
//
// RFC 9293 §3.3.1 (a connection is named by its two sockets), RFC 4291 (IPv6 addresses), RFC 1122
// §3.2.1.3.
// An IPv4 address is held in the last four of 16 bytes with a version beside it; it is never an
// IPv4-mapped IPv6 address.
//
// Invariants:
//   1. Equal addresses have equal bytes: unused bytes are zero.
//
// Next: keyed_hash.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "stack/base/bytes.h"

namespace glasstcp {

/// The version of the Internet Protocol that carries a packet.
enum class IpVersion : std::uint8_t { V4 = 4, V6 = 6 };

/// The text of an address without a heap: for lines that are written per packet.
class AddressText {
 public:
  [[nodiscard]] std::string_view view() const { return {chars_.data(), size_}; }
  void append(std::string_view text) {
    for (const char c : text) {
      if (size_ < chars_.size()) chars_[size_++] = c;
    }
  }

 private:
  std::array<char, 47>
      chars_;  // 39 is the longest IPv6 address, 45 the longest that other tools write
  std::uint8_t size_ = 0;
};

/// An IPv4 or IPv6 address.
class IpAddress {
 public:
  constexpr IpAddress() = default;

  /// From 4 bytes in network order.
  static IpAddress v4(const std::uint8_t* bytes) {
    IpAddress a;
    std::memcpy(a.bytes_.data() + 12, bytes, 4);
    return a;
  }
  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress x;
    x.bytes_[12] = a, x.bytes_[13] = b, x.bytes_[14] = c, x.bytes_[15] = d;
    return x;
  }
  /// From 16 bytes in network order.
  static IpAddress v6(const std::uint8_t* bytes) {
    IpAddress a;
    std::memcpy(a.bytes_.data(), bytes, 16);
    a.version_ = IpVersion::V6;
    return a;
  }
  /// From text ("192.0.2.2", "2001:db8::2"); empty when it is neither.
  static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr IpVersion version() const { return version_; }
  [[nodiscard]] constexpr bool is_v4() const { return version_ == IpVersion::V4; }
  /// The 4 or 16 bytes in network order; borrowed from this object.
  [[nodiscard]] ByteView bytes() const {
    return is_v4() ? ByteView(bytes_.data() + 12, 4) : ByteView(bytes_.data(), 16);
  }
  /// All 16 bytes, zero where an IPv4 address has none.
  [[nodiscard]] const std::array<std::uint8_t, 16>& storage() const { return bytes_; }
  /// An IPv4 address as a number in host order. Only for version V4.
  [[nodiscard]] std::uint32_t v4_number() const { return load_be32(bytes_.data() + 12); }

  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_unspecified() const;
  /// 127.0.0.0/8 or ::1
  [[nodiscard]] bool is_loopback() const;
  /// 224.0.0.0/4 or ff00::/8
  [[nodiscard]] bool is_multicast() const;
  /// 255.255.255.255 (IPv6 has no broadcast)
  [[nodiscard]] bool is_limited_broadcast() const;
  /// fe80::/10 or 169.254.0.0/16
  [[nodiscard]] bool is_link_local() const;
  /// As text: dotted decimal, or RFC 5952's form.
  [[nodiscard]] std::string to_string() const;
  /// The same without allocation.
  [[nodiscard]] AddressText text() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  IpVersion version_ = IpVersion::V4;
};

/// A TCP or UDP port, so that it is not mixed up with a length.
enum class Port : std::uint16_t {};
constexpr std::uint16_t number(Port port) {
  return static_cast<std::uint16_t>(port);
}

/// An address with the length of its network prefix, as in "192.0.2.2/24".
struct Cidr {
  IpAddress address;
  std::uint8_t prefix_length = 0;

  /// From text; empty when it is not ADDRESS/LENGTH or the length does not fit the version.
  static std::optional<Cidr> parse(std::string_view text);
  /// Whether `other` lies in the same network.
  [[nodiscard]] bool contains(const IpAddress& other) const;
  /// The directed broadcast address of an IPv4 network shorter than /31; empty otherwise (RFC 1122
  /// §3.2.1.3).
  [[nodiscard]] std::optional<IpAddress> broadcast() const;
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Cidr&, const Cidr&) = default;
};

/// One end of a connection: RFC 9293 calls it a socket.
struct Endpoint {
  IpAddress address;
  Port port{};
  [[nodiscard]] std::string to_string() const;  ///< "192.0.2.2:80" or "[2001:db8::2]:80"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// What names a connection (RFC 9293 §3.3.1): our end and theirs. Both addresses have the same
/// version.
struct FourTuple {
  IpAddress local_address;
  IpAddress remote_address;
  Port local_port{};
  Port remote_port{};

  [[nodiscard]] Endpoint local() const { return {local_address, local_port}; }
  [[nodiscard]] Endpoint remote() const { return {remote_address, remote_port}; }
  [[nodiscard]] std::string to_string() const;  ///< "local - remote"
  friend bool operator==(const FourTuple&, const FourTuple&) = default;
};

}  // namespace glasstcp
