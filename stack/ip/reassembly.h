// Reassembly: fragments of both versions back into datagrams, within fixed memory.
//
// RFC 791 §3.2, RFC 1122 §3.3.2, RFC 8200 §4.5. Against abuse: RFC 1858 and RFC 3128 (tiny and
// overlapping fragments), RFC 5722 (overlaps in IPv6). RFC 3168 §5.3 (congestion marks survive). A
// datagram's bytes lie in chunks of 2 KB at the place of their offset; each fragment is remembered
// as an interval, so that an overlap is seen at once. A whole datagram is gathered into one buffer,
// as if it had come in one packet.
//
// When a datagram or a chunk is wanted and none is free, the source that holds most loses its
// oldest datagram (CWE-400): an IPv4 address, or an IPv6 /64 and in it an address. So who leaves
// datagrams unfinished hurts itself, and no source has a fixed limit (fragment_shares.h).
//
// Invariants:
//   1. The intervals of a datagram are sorted and do not overlap; received is the sum of their
//   lengths.
//   2. Every chunk is either free or belongs to exactly one datagram.
//   3. All memory is taken at construction.
//
// Next: outbox.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/time.h"
#include "stack/ip/fragment_shares.h"
#include "stack/trace/verdict.h"

namespace glasstcp {

/// Bounds of the reassembler.
struct ReassemblyLimits {
  std::uint32_t bytes = 1024 * 1024;
  std::uint16_t datagrams = 64;
  Duration timeout = 60s;
  /// addresses that stand for many hosts: what comes from one is not counted together
  std::vector<IpAddress> shared_sources{};
};

/// What makes fragments belong together. RFC 791 §3.2: identification, addresses and protocol; RFC
/// 8200 §4.5: the same without protocol, which is 0 here for IPv6.
struct FragmentKey {
  IpAddress source;
  IpAddress destination;
  std::uint32_t identification = 0;
  std::uint8_t protocol = 0;
  friend bool operator==(const FragmentKey&, const FragmentKey&) = default;
};

/// One fragment, its lengths checked against its packet.
struct Fragment {
  FragmentKey key;
  ByteView
      header;  ///< IPv4: the IP header. IPv6: all up to and with the fragment header. Borrowed.
  /// IPv6: where in `header` the field stands that says "fragment header"
  std::uint16_t next_header_at = 0;
  std::uint8_t next_header = 0;  ///< IPv6: what follows the fragment header in the original
  std::uint8_t ecn = 0;          ///< the two ECN bits
  std::uint32_t offset = 0;      ///< bytes
  bool more_fragments = false;
  ByteView data;  ///< not empty. Borrowed.
};

/// Collects fragments.
class Reassembler {
 public:
  /// Longest header kept: what stands before the data of a first fragment.
  static constexpr std::size_t kMaxHeader = 136;
  static constexpr std::size_t kMaxFragments = 128;  ///< of one datagram

  explicit Reassembler(const ReassemblyLimits& limits);

  struct Result {
    Verdict verdict = Verdict::FragmentKept;  ///< Accepted: `packet` is whole
    ByteView packet;  ///< with an ordinary header before it; lives until the next call
  };
  /// Takes a fragment. Verdicts: FragmentKept, Accepted, BadFragment, FragmentOverlap,
  /// FragmentTableFull: of its datagram there is too much.
  [[nodiscard]] Result add(const Fragment& fragment, Instant now);

  /// What is left of a datagram that took too long.
  struct Expired {
    ByteView first_fragment;  ///< the packet that began it, cut to about 1300 bytes; empty if it
                              ///< never came
  };
  /// Removes one datagram whose time is over; empty when there is none. Views live until the next
  /// call.
  [[nodiscard]] std::optional<Expired> expire(Instant now);
  /// When the oldest datagram's time is over; kNever if there is none.
  [[nodiscard]] Instant next_deadline() const;

  /// Datagrams that had to go so that others have room.
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  [[nodiscard]] std::size_t free_chunks() const { return free_chunks_.size(); }

 private:
  static constexpr std::size_t kChunkSize = 2048;
  static constexpr std::size_t kChunksPerDatagram = 65536 / kChunkSize;
  static constexpr std::uint16_t kNoChunk = 0xffff;

  struct Interval {
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
  };
  struct Datagram {
    FragmentKey key;
    bool is_poisoned = false;   // fragments overlapped: what is still to come is dropped too
    std::uint8_t ecn_seen = 0;  // bit n: a fragment with codepoint n came
    std::uint8_t next_header = 0;
    std::uint16_t next_header_at = 0;
    std::uint16_t header_length = 0;  // 0: the first fragment has not come
    std::uint16_t interval_count = 0;
    std::uint16_t chunk_count = 0;
    std::uint32_t received = 0;
    std::uint32_t end = 0;  // 0: the last fragment has not come
    std::array<std::uint8_t, kMaxHeader> header{};
    std::array<Interval, kMaxFragments> intervals{};
    std::array<std::uint16_t, kChunksPerDatagram> chunks{};
  };

  [[nodiscard]] static std::uint32_t tag_of(const FragmentKey& key);
  [[nodiscard]] std::uint16_t number_of(const Datagram& datagram) const {
    return static_cast<std::uint16_t>(&datagram - datagrams_.data());
  }
  [[nodiscard]] Datagram* find(const FragmentKey& key);
  bool evict(const Datagram* spared);
  [[nodiscard]] bool take_chunk(Datagram& datagram, std::uint16_t& chunk);
  [[nodiscard]] Datagram* start(const FragmentKey& key, Instant now);
  [[nodiscard]] Verdict insert(Datagram& datagram, const Fragment& fragment);
  [[nodiscard]] bool is_exact_duplicate(const Datagram& datagram, const Fragment& fragment) const;
  [[nodiscard]] bool copy_in(Datagram& datagram, const Fragment& fragment);
  void copy_out(const Datagram& datagram, std::size_t length, std::uint8_t* to) const;
  [[nodiscard]] Result finish(Datagram& datagram);
  void free_chunks_of(Datagram& datagram);
  void release(Datagram& datagram);
  void poison(Datagram& datagram);

  Duration timeout_;
  std::vector<Datagram> datagrams_;
  // Beside each of them, close together, since a flood looks through them all.
  std::vector<std::uint32_t> tags_;  // a hash of its key; 0: it is not in use
  std::vector<Instant> deadlines_;   // kNever: it is not in use
  FragmentShares shares_;
  std::size_t in_use_ = 0;
  std::uint64_t evicted_ = 0;
  std::size_t chunk_count_;
  std::unique_ptr<std::uint8_t[]> chunk_memory_;
  std::vector<std::uint16_t> free_chunks_;
  std::unique_ptr<std::uint8_t[]> gathered_;
};

}  // namespace glasstcp
