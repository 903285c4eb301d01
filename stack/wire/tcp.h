// The TCP header: a view that is checked once, and a writer.
//
// RFC 9293 §3.1. The view checks that the header lies within the bytes and that the data offset
// makes sense; after that its accessors cannot fail. Checksums are verified by the caller, who
// knows whether the device did it already.
//
// Invariants:
//   1. A TcpView exists only over bytes that hold the whole header that the data offset claims.
//
// Next: tcp_options.h.
#pragma once

#include <cstdint>
#include <expected>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/trace/verdict.h"

namespace glasstcp {

/// The control bits (RFC 9293 §3.1), and the AE bit of RFC 9768 as bit 8.
struct TcpFlags {
  static constexpr std::uint16_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10,
                                 kUrg = 0x20, kEce = 0x40, kCwr = 0x80, kAe = 0x100;
  std::uint16_t bits = 0;

  [[nodiscard]] constexpr bool has(std::uint16_t flag) const { return (bits & flag) != 0; }
  [[nodiscard]] constexpr bool fin() const { return has(kFin); }
  [[nodiscard]] constexpr bool syn() const { return has(kSyn); }
  [[nodiscard]] constexpr bool rst() const { return has(kRst); }
  [[nodiscard]] constexpr bool ack() const { return has(kAck); }
  [[nodiscard]] constexpr bool urg() const { return has(kUrg); }
  [[nodiscard]] constexpr bool ece() const { return has(kEce); }
  [[nodiscard]] constexpr bool cwr() const { return has(kCwr); }
  friend constexpr bool operator==(TcpFlags, TcpFlags) = default;
};

/// The fixed part of a header, as values.
struct TcpHeader {
  static constexpr std::size_t kSize = 20;
  Port source{};
  Port destination{};
  SeqNum seq{};
  SeqNum ack{};
  TcpFlags flags{};
  std::uint16_t window = 0;  ///< as it is in the header: not scaled
  std::uint16_t urgent = 0;
  std::uint8_t header_length = kSize;  ///< bytes, with options: 20..60
};

/// A segment's bytes whose header was checked.
class TcpView {
 public:
  static constexpr std::size_t kChecksumOffset = 16;

  /// Checks lengths only (BadTcpHeader). `segment` is the transport part of a packet, borrowed.
  [[nodiscard]] static std::expected<TcpView, Verdict> parse(ByteView segment);

  [[nodiscard]] TcpHeader header() const;
  [[nodiscard]] ByteView options() const;  ///< 0..40 bytes
  [[nodiscard]] ByteView payload() const;  ///< what follows the header
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  explicit TcpView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

/// Writes the fixed 20 bytes with a zero checksum; header.header_length goes into the data offset.
/// `out` has room.
void write_tcp_header(ByteSpan out, const TcpHeader& header);

}  // namespace glasstcp
