// TCP options: one reader for all of them, and one writer.
//
// RFC 9293 §3.2 (EOL, NOP, MSS), RFC 7323 (window scale, timestamps), RFC 2018 / 2883 (SACK), RFC
// 7413 (fast open),
// RFC 5482 (user timeout), RFC 9768 (accurate ECN). Unknown options are skipped by their length.
//
// Invariants:
//   1. The reader never looks outside the bytes given, whatever lengths they claim.
//   2. The writer pads to a multiple of four and writes at most 40 bytes (RFC 9293 §3.1).
//
// Next: ../tcp/segment.h.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "stack/base/bytes.h"
#include "stack/base/seq_num.h"
#include "stack/trace/verdict.h"

namespace glasstcp {

/// Option kinds (IANA "TCP Option Kind Numbers").
enum class TcpOptionKind : std::uint8_t {
  EndOfList = 0,
  NoOperation = 1,
  MaximumSegmentSize = 2,
  WindowScale = 3,
  SackPermitted = 4,
  Sack = 5,
  Timestamps = 8,
  UserTimeout = 28,
  FastOpenCookie = 34,
  AccurateEcn0 = 172,
  AccurateEcn1 = 174,
  Experiment = 254,
};

/// A timestamp value (RFC 7323 §3): compared modulo 2^32, like a sequence number, but never mixed
/// up with one.
enum class TsVal : std::uint32_t {};
constexpr std::uint32_t raw(TsVal t) {
  return static_cast<std::uint32_t>(t);
}
/// How far `a` is after `b` (RFC 7323 §5.2): negative when it is older.
constexpr std::int32_t difference(TsVal a, TsVal b) {
  return static_cast<std::int32_t>(raw(a) - raw(b));
}

/// One block of a SACK option: [left, right).
struct SackBlock {
  SeqNum left;
  SeqNum right;
  friend constexpr bool operator==(const SackBlock&, const SackBlock&) = default;
};

/// TSval and TSecr of one segment.
struct TimestampsOption {
  TsVal val{};
  TsVal ecr{};
};

/// Byte counters of RFC 9768 §3.2.3, 24 bits each; only the first `fields` (0..3) of them are
/// present.
struct AccurateEcnOption {
  std::uint32_t ect0_bytes = 0;
  std::uint32_t ce_bytes = 0;
  std::uint32_t ect1_bytes = 0;
  std::uint8_t fields = 0;
  bool ect1_first = false;  ///< kind 174: ECT(1), CE, ECT(0); else kind 172: ECT(0), CE, ECT(1)
};

/// The options of one segment, read or to be written. What is absent is empty.
struct TcpOptions {
  static constexpr std::size_t kMaxBytes = 40;
  static constexpr std::size_t kMaxSackBlocks = 4;

  std::optional<std::uint16_t> mss;
  /// as received: may exceed 14 (RFC 7323 §2.3 limits the use of it)
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
  std::uint8_t sack_count = 0;
  std::optional<TimestampsOption> timestamps;
  std::array<SackBlock, kMaxSackBlocks> sack{};
  std::optional<AccurateEcnOption> accurate_ecn;
  /// raw 16 bits: granularity bit and value (RFC 5482 §3)
  std::optional<std::uint16_t> user_timeout;
  bool fast_open = false;  ///< the option was there (its cookie may be empty: a request)
  bool fast_open_experimental = false;  ///< as kind 254 with a magic, as before RFC 7413
  ByteView fast_open_cookie;            ///< borrowed from the packet, 0 or 4-16 bytes
};

/// How the options of a SYN are laid out; what they say is the same.
enum class OptionLayout : std::uint8_t {
  Linux,  ///< MSS, SACK-permitted, timestamps, NOP, window scale
  Bsd,    ///< MSS, NOP, window scale, SACK-permitted, timestamps
};

/// Reads the options of a segment (the bytes between the fixed header and the data). Malformed
/// lengths give BadTcpOption (RFC 9293 §3.1 MUST-7); unknown kinds are skipped (MUST-6).
[[nodiscard]] std::expected<TcpOptions, Verdict> read_tcp_options(ByteView bytes);

/// Writes the options; `out` has room for kMaxBytes. Returns the bytes written, a multiple of 4.
/// SACK blocks that do not fit beside the other options are left out, last first.
[[nodiscard]] std::size_t write_tcp_options(ByteSpan out, const TcpOptions& options,
                                            OptionLayout layout);

}  // namespace glasstcp
