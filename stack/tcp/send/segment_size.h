// How much data a segment may carry: what the peer takes, what the path takes, what the peer's
// window bounds it to; and what to do where large packets vanish.
//
// RFC 9293 §3.7.1 (effective send MSS), §3.8.6.2.1 (the largest window), RFC 1191 and RFC 8201
// (messages about packets that were too big), RFC 5927 §7.2 (which of them to act on), RFC 4821
// §7 and RFC 8899 (probes, black holes). A search for a larger packet is a PathSearch, which few
// connections have: it is in a side block, and callers pass it (null: no search).
//
// Invariants:
//   1. full() <= mss() <= the peer's MSS; only a probe has more data than full().
//   2. max_window() never falls.
//   3. Nothing is sent or retransmitted from here: what a change means is returned as a value.
//
// Next: segment_size.cc.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/addresses.h"
#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/segment.h"
#include "stack/tcp/send/path_search.h"

namespace glasstcp {

/// The options that a segment with data has now.
struct DataOptions {
  bool timestamps = false;
  bool sack = false;            ///< blocks, as many as there is space for
  std::uint8_t ecn_fields = 0;  ///< of RFC 9768's option

  /// RFC 7323's in every segment once it was agreed on, with padding.
  static constexpr std::uint16_t kTimestampBytes = 12;
  [[nodiscard]] std::uint32_t bytes() const {
    return (timestamps ? kTimestampBytes : 0U) + varying_bytes();
  }
  /// Of those that only some segments have.
  [[nodiscard]] std::uint32_t varying_bytes() const {
    // 3 or 4 blocks at most; RFC 9768's option takes the place of one.
    if (sack) return timestamps ? 28 : (ecn_fields > 0 ? 40 : 36);
    if (ecn_fields > 0) return ecn_fields == 3 ? 12 : 8;
    return 0;
  }
};

/// What is known of a path when its sizes are asked for.
struct PathFacts {
  IpVersion version = IpVersion::V4;
  bool has_timestamps = false;   ///< in every segment
  bool may_be_cut = false;       ///< a message said that routers may cut packets
  bool lets_cut = false;         ///< the application lets them
  std::uint16_t path_mss = 0;    ///< what device and path MTU cache allow, less fixed headers
  std::uint16_t chosen_mss = 0;  ///< at most this by the application; 0: not chosen

  /// Bytes of a full packet that are not data.
  [[nodiscard]] std::uint16_t overhead() const {
    return static_cast<std::uint16_t>(header_bytes(version) +
                                      (has_timestamps ? DataOptions::kTimestampBytes : 0));
  }
};

/// What a change of the path means for what is under way.
enum class SizeChange : std::uint8_t {
  None,
  TooBig,  ///< it is too big, or may be cut only from now on: it is to be retransmitted
};

/// What to do about a message that a packet was too big.
enum class TooBigResponse : std::uint8_t {
  Ignore,  ///< our packets fit already
  Wait,    ///< packets of that size do arrive: the loss of this one will tell
  Apply,   ///< the path MTU cache is asked again, now
};

/// A message that a packet was too big; the path MTU cache has heard of it already.
struct TooBigFacts {
  PathFacts path;
  SeqNum quoted_seq;            ///< of the packet that was too big
  std::uint32_t named = 0;      ///< the MTU that the message names, bytes
  std::uint16_t estimate = 0;   ///< the cache's, bytes
  std::uint32_t headers = 0;    ///< of one of our packets with its present options, bytes
  bool makes_progress = false;  ///< nothing had to be retransmitted lately
};

/// What timed out.
struct TimedOut {
  std::uint32_t packet = 0;    ///< its size as a whole packet, bytes
  std::uint32_t timeouts = 0;  ///< in a row
};

/// The way out of a black hole.
struct BlackHoleEscape {
  enum class Kind : std::uint8_t {
    None,
    Smaller,   ///< a path search begins, or begins again, from packets of `size`
    LetBeCut,  ///< routers may cut packets; without a search, one begins from `size`
  };
  Kind kind = Kind::None;
  std::uint16_t size = 0;  ///< bytes of a whole packet
};

/// What decides whether a probe may leave. Bytes.
struct ProbeFacts {
  std::uint32_t headers = 0;  ///< with the options of a segment with data
  std::uint32_t full = 0;     ///< data of a full segment beside the same options
  std::uint32_t unsent = 0;
  std::int32_t usable = 0;  ///< of the peer's window
  std::uint32_t cwnd = 0;
  std::uint32_t cwnd_space = 0;  ///< what cwnd still allows
};

/// The sizes of one connection's segments. 12 bytes.
class SegmentSize {
 public:
  /// Bytes of data that path and peer take in a segment with the options of every segment.
  [[nodiscard]] std::uint16_t mss() const { return mss_; }
  /// The same, or what the peer's window bounds it to: data of a full segment.
  [[nodiscard]] std::uint16_t full() const { return full_; }
  /// Data of a full segment that has `bytes` of options beside those of every segment.
  [[nodiscard]] std::uint32_t full_beside(std::uint32_t bytes) const {
    return std::min<std::uint32_t>(mss_ - bytes, full_);
  }
  /// RFC 9293 §3.7.1: what the peer said that it can receive, or the default.
  [[nodiscard]] std::uint16_t peer_mss() const { return peer_mss_; }
  /// Takes effect with the next update().
  void set_peer_mss(std::uint16_t mss) { peer_mss_ = mss; }
  /// RFC 9293 §3.8.6.2.1: the largest window that the peer ever offered.
  [[nodiscard]] std::uint32_t max_window() const { return max_window_; }
  /// The most that a segment may take of the peer's window; 0: no window is known yet.
  [[nodiscard]] std::uint32_t most_of_window() const;
  /// The peer offers `window` bytes.
  void on_window(std::uint32_t window) {
    if (window > max_window_) raise_max_window(window);
  }
  /// RFC 5927 §7.2: `bytes` were acknowledged at once.
  void on_acked(std::uint32_t bytes) {
    largest_acked_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(bytes, full_));
  }

  /// What the sizes depend on may have changed.
  SizeChange update(const PathFacts& facts, const PathSearch* search);
  /// The largest packet that device, path MTU cache, peer and application allow, whatever a search
  /// has found: bytes.
  [[nodiscard]] std::uint16_t largest_packet(const PathFacts& facts) const;

  /// Whether the path MTU cache, when last asked, said that routers may cut packets.
  [[nodiscard]] bool path_cuts() const { return path_cuts_; }
  /// The path MTU cache was asked again.
  void set_path_cuts(bool may_be_cut) { path_cuts_ = may_be_cut; }
  /// A message says that a packet was too big; `search` hears of it.
  [[nodiscard]] TooBigResponse on_packet_too_big(const TooBigFacts& facts,
                                                 PathSearch* search) const;

  // -- The search for a larger packet
  /// Whether, and how, the packets that time out are to become smaller.
  [[nodiscard]] BlackHoleEscape escape_black_hole(const PathFacts& facts, TimedOut timed_out,
                                                  const PathSearch* search) const;
  /// The size below that of the packet that a search begins from; 0: there is none.
  [[nodiscard]] std::uint16_t floor_below(const PathFacts& facts, TimedOut timed_out,
                                          const PathSearch* search) const;
  /// Data of the probe that may leave now; 0: none may.
  [[nodiscard]] std::uint32_t probe_payload(const PathSearch& search, const ProbeFacts& facts,
                                            Instant now) const;
  /// snd.una moved to `una`. True: update() is due, since a probe has arrived or the search has
  /// changed its mind.
  [[nodiscard]] bool on_progress(PathSearch& search, SeqNum una, const PathFacts& facts,
                                 Instant now) const;

 private:
  void raise_max_window(std::uint32_t window);
  void bound();

  // RFC 7323 §2.3: a window is below 2^30.
  std::uint32_t max_window_ : 30 = 0;
  bool path_cuts_ : 1 = false;
  std::uint16_t peer_mss_ = 0;
  std::uint16_t mss_ = 0;
  std::uint16_t full_ = 0;
  std::uint16_t largest_acked_ = 0;  // data of the largest segment known to have arrived
};

}  // namespace glasstcp
