// Who holds how much of the reassembler, and so which datagram has to go when another needs room.
//
// CWE-400, CWE-407: a flood of first fragments from forged sources asks this for each of them, so
// an answer costs two passes over numbers that lie side by side, and sorts nothing.
//
// A holder is an IPv4 address, or an IPv6 /64 and in it an address. A datagram weighs one, and one
// more for each chunk that it has. Addresses that stand for many hosts are nobody's: each of their
// datagrams counts by itself.
//
// Invariants:
//   1. A holder's weight is the sum of those of its datagrams; without any it is free.
//   2. All memory is taken at construction.
//
// Next: reassembly.h.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "stack/base/addresses.h"

namespace glasstcp {

/// The holders of datagrams 0 .. count - 1.
class FragmentShares {
 public:
  static constexpr std::uint16_t kNobody = 0xffff;

  FragmentShares(std::uint16_t count, std::vector<IpAddress> shared_sources)
      : places_(count), networks_(count), sources_(count), shared_(std::move(shared_sources)) {}

  /// Datagram `at` begins; it has no chunk. It is younger than all others.
  void begin(std::uint16_t at, const IpAddress& source) {
    Place& place = places_[at];
    const bool stands_for_many = std::ranges::find(shared_, source) != shared_.end();
    place.number = ++begun_;
    place.weight = 0;
    const Name name = name_of(source);
    const Name network = source.is_v4() ? name : Name{name.high, 0, false};
    place.network = holder_of(networks_, network, stands_for_many);
    place.source = holder_of(sources_, name, stands_for_many);
    add(at, 1);
  }
  /// It has so many chunks more, or less.
  void add(std::uint16_t at, std::int32_t chunks) {
    const auto by = static_cast<std::uint32_t>(chunks);  // modulo 2^32
    places_[at].weight += by;
    networks_[places_[at].network].weight += by;
    sources_[places_[at].source].weight += by;
  }
  /// It is there no more.
  void end(std::uint16_t at) {
    add(at, -static_cast<std::int32_t>(places_[at].weight));
    places_[at].number = 0;
  }

  /// Of the source that holds most in the network that holds most the oldest datagram, but not
  /// `spared`, which does not count either; of equals who has the oldest one. kNobody: there is
  /// none.
  [[nodiscard]] std::uint16_t victim(std::uint16_t spared) const {
    const std::uint16_t first = oldest_of_greatest(networks_, &Place::network, spared, kNobody);
    if (first == kNobody) return kNobody;
    return oldest_of_greatest(sources_, &Place::source, spared, places_[first].network);
  }

 private:
  // An address, or the first half of one, as numbers that are compared at once.
  struct Name {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool is_v4 = true;
    bool operator==(const Name&) const = default;
  };
  struct Holder {
    Name name;
    bool stands_for_many = false;
    std::uint32_t weight = 0;
  };
  struct Place {
    std::uint64_t number = 0;  // grows from datagram to datagram; 0: there is none
    std::uint32_t weight = 0;
    std::uint16_t network = 0;
    std::uint16_t source = 0;
  };

  static Name name_of(const IpAddress& address) {
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(address.storage());
    return {halves[0], halves[1], address.is_v4()};
  }
  // There are as many holders as datagrams, so that one is free.
  static std::uint16_t holder_of(std::vector<Holder>& holders, const Name& name,
                                 bool stands_for_many) {
    std::size_t free = holders.size();
    for (std::size_t i = 0; i < holders.size(); ++i) {
      const Holder& one = holders[i];
      if (one.weight == 0) {
        free = std::min(free, i);
      } else if (one.name == name && !stands_for_many && !one.stands_for_many) {
        return static_cast<std::uint16_t>(i);
      }
    }
    holders[free] = {name, stands_for_many, 0};
    return static_cast<std::uint16_t>(free);
  }
  // Among those of `network`; kNobody: among all.
  [[nodiscard]] std::uint16_t oldest_of_greatest(const std::vector<Holder>& holders,
                                                 std::uint16_t Place::*holder, std::uint16_t spared,
                                                 std::uint16_t network) const {
    std::uint16_t best = kNobody;
    std::uint32_t most = 0;
    for (std::uint16_t i = 0; i < places_.size(); ++i) {
      const Place& place = places_[i];
      if (place.number == 0 || i == spared) continue;
      if (network != kNobody && place.network != network) continue;
      std::uint32_t weight = holders[place.*holder].weight;
      const bool is_with_spared = spared != kNobody && places_[spared].*holder == place.*holder;
      if (is_with_spared) weight -= places_[spared].weight;
      const bool is_older = best != kNobody && place.number < places_[best].number;
      if (weight < most || (weight == most && !is_older)) continue;
      best = i;
      most = weight;
    }
    return best;
  }

  std::vector<Place> places_;
  std::vector<Holder> networks_;
  std::vector<Holder> sources_;
  std::vector<IpAddress> shared_;
  std::uint64_t begun_ = 0;
};

}  // namespace glasstcp
