// TCP Fast Open: the cookies that a server gives, and what a client remembers of the servers that
// gave it one. A cookie proves that its bearer once received a packet of ours at that address, and
// nothing more; so a request that must not be carried out twice has no place in a SYN (§6.1).
//
// RFC 7413 §4.1 (cookies, the client's cache), §4.1.3.1 (negative answers), §5.1 (limits).
//
// Invariants:
//   1. A cookie is a keyed hash of the two addresses: the server keeps nothing for it.
//   2. Cookies of the present key and of the one before it are good, so that a rotation of keys
//      breaks nobody; the age of a good one is less than two periods.
//   3. The client's cache has a limit; what was used longest ago makes room.
//
// Next: syn_cookie.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/time.h"
#include "stack/tcp/user_types.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

/// 4 to 16 bytes (RFC 7413 §4.1.1); ours have 8. Size 0: none.
struct FastOpenCookie {
  static constexpr std::size_t kMaxBytes = 16;
  std::array<std::uint8_t, kMaxBytes> bytes{};
  std::uint8_t size = 0;

  FastOpenCookie() = default;
  explicit FastOpenCookie(ByteView from);
  [[nodiscard]] ByteView view() const { return {bytes.data(), size}; }
  friend bool operator==(const FastOpenCookie&, const FastOpenCookie&) = default;
};

/// Whether a cookie is one of ours.
enum class FastOpenCheck : std::uint8_t {
  Bad,
  Current,
  Previous  ///< good, and the client should be given a new one
};

/// The server's keys. RFC 7413 §4.1.2.
class FastOpenKeys {
 public:
  static constexpr Duration kPeriod = 12h;  ///< of a stack's keys

  /// Keys that follow from the seed and change by themselves every `period` (0: never).
  FastOpenKeys(const Seed& seed, Duration period) : seed_(seed), period_(period) {}

  /// Keys that somebody chose, for servers that share them or change them by hand; they stay until
  /// the next call.
  void choose(const Key128& primary, const std::optional<Key128>& backup);
  /// The cookie of the client at tuple.remote_address.
  [[nodiscard]] FastOpenCookie mint(const FourTuple& tuple, Instant now);
  [[nodiscard]] FastOpenCheck check(ByteView cookie, const FourTuple& tuple, Instant now);

 private:
  void rotate(Instant now);
  [[nodiscard]] static FastOpenCookie make(const Key128& key, const FourTuple& tuple);

  Seed seed_;
  Duration period_;
  std::int64_t epoch_ = -1;  // which of the seed's keys `current_` is; -1: none yet
  bool chosen_ = false;
  Key128 current_{};
  std::optional<Key128> previous_;
};

/// What a client knows of one server address.
struct FastOpenServer {
  IpAddress address;
  FastOpenCookie cookie;
  bool experimental = false;  ///< the form in which the cookie came (and goes back)
  std::uint16_t mss = 0;      ///< of its last SYN-ACK; 0: unknown
  std::uint8_t losses = 0;    ///< SYNs with the option that got lost, in a row
  std::uint8_t asked = 0;     ///< requests without answer: 1 in RFC 7413's form, 2 in both
  Instant last_loss{};
};

/// What the first SYN of an active open carries.
struct FastOpenPlan {
  bool option = false;
  bool experimental = false;  ///< in the older form
  bool data = false;          ///< it may have some
  ByteView cookie;            ///< empty: it asks for one; valid until the cache changes
};

/// How a server answered a SYN.
struct FastOpenAnswer {
  const TcpOptions* options = nullptr;  ///< of its SYN-ACK
  std::uint16_t mss = 0;
  bool option_sent = false;   ///< our SYN had the option,
  bool experimental = false;  ///< in the older form
  bool data_taken = false;
  bool was_repeated = false;  ///< the SYN was sent more than once
};

/// The client's cache (RFC 7413 §4.1.3).
class FastOpenCache {
 public:
  static constexpr std::uint32_t kMostServers = 256;  ///< whose cookies a client remembers

  explicit FastOpenCache(std::uint32_t limit) : limit_(limit) {
    servers_.reserve(limit);  // so that a SYN-ACK needs no memory
  }

  /// Null: nothing known. Valid until the next call of find_or_add() or clear().
  [[nodiscard]] const FastOpenServer* find(const IpAddress& server) const;
  /// The entry of a server, made if it is not there; empty: the cache has no room at all.
  [[nodiscard]] FastOpenServer* find_or_add(const IpAddress& server);
  // RFC 7413 §4.1.3.1: a path that drops such SYNs should not cost a timeout each time.
  /// Whether SYNs with data or option got lost on the way to it, so that plain ones are better.
  [[nodiscard]] bool is_black_hole(const IpAddress& server, Instant now) const;
  [[nodiscard]] FastOpenPlan plan(FastOpenUse use, const IpAddress& server) const;
  /// A SYN with data or option was not answered in time.
  void on_syn_lost(const IpAddress& server, Instant now);
  void on_syn_ack(const IpAddress& server, const FastOpenAnswer& answer);
  /// Forgets everything.
  void clear() { servers_.clear(); }
  [[nodiscard]] std::size_t size() const { return servers_.size(); }

 private:
  std::uint32_t limit_;
  std::vector<FastOpenServer> servers_;  // the one used last first; grows only by our own opens
};

}  // namespace glasstcp
