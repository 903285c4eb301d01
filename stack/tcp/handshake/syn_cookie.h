// SYN cookies: a SYN answered without remembering it. What the third segment must bring back is
// coded into our initial sequence number, and the options into the timestamp that it will echo.
//
// RFC 4987 §3.6, appendix A.
//
// Invariants:
//   1. The number is a class of the peer's MSS (3 bits) and a keyed hash of the four-tuple, the
//   peer's initial number, a coarse time and that class (29 bits).
//   2. It is good for one to two minutes, so that a cookie that somebody saw cannot be used for
//      ever.
//   3. A timestamp that carries options is never ahead of the clock.
//
// Leaves out: when to use them (passive_open.cc).
//
// Next: fast_open_cookies.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/seq_num.h"
#include "stack/base/time.h"

namespace glasstcp {

/// What a cookie's timestamp remembers of the SYN's options.
struct SynCookieOptions {
  std::optional<std::uint8_t> window_scale;
  bool sack = false;
  friend bool operator==(const SynCookieOptions&, const SynCookieOptions&) = default;
};

/// Makes and checks cookies. One per stack.
class SynCookies {
 public:
  explicit SynCookies(const Seed& seed) : hash_(derive_key(seed, "syn cookie")) {}

  /// The initial sequence number that remembers `peer_mss` as well as it can.
  [[nodiscard]] SeqNum make(const FourTuple& tuple, SeqNum irs, std::uint16_t peer_mss,
                            Instant now) const;
  /// The MSS that `iss` remembers; empty: it is no cookie of ours, or too old.
  [[nodiscard]] std::optional<std::uint16_t> check(const FourTuple& tuple, SeqNum irs, SeqNum iss,
                                                   Instant now) const;

  /// `clock` with the options in its low bits, moved back where they would put it ahead.
  [[nodiscard]] static std::uint32_t stamp(std::uint32_t clock, const SynCookieOptions& options);
  [[nodiscard]] static SynCookieOptions options_in(std::uint32_t echoed);

 private:
  [[nodiscard]] SeqNum cookie(const FourTuple& tuple, SeqNum irs, std::uint32_t mss_class,
                              std::uint64_t time) const;

  KeyedHash hash_;
};

}  // namespace glasstcp
