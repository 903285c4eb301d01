// Who holds how much: what lives here, by the peer that it belongs to, so that room can be taken
// from the peer that holds most.
//
// RFC 4987 §3 and CWE-770: a fixed limit for each address would punish many people behind one of
// them, and none would let one host take everything. So nothing is limited while there is room,
// and when there is none the greatest holder pays. A peer is an IPv4 address, or an IPv6 /64, since
// whoever has one has 2^64 addresses; inside a /64 it is again the address that holds most.
//
// Invariants:
//   1. Each item is in the list of exactly one peer, the oldest first, or in that of the newcomers,
//   whose peers are not looked for before somebody asks who holds most, or kMostNewcomers wait: a
//   connection that comes and goes meanwhile costs four links.
//   2. The tree has the peers by the number of their items; of equals the one whose oldest item is
//   older stands behind the other. The last one is whose turn it is to pay.
//   3. A /64 of which only one address was seen is one peer. With the second one it becomes a
//   group: a node of the tree whose own tree has its addresses.
//   4. add and remove cost a look-up and O(log n) steps for n peers at most, greatest() that for
//   each newcomer, and no item is a newcomer twice. No peer is kept that holds nothing.
//
// Leaves out: what may be taken, and when (tcp_layer.cc).
// Next: half_open.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "stack/base/addresses.h"
#include "stack/base/avl_tree.h"
#include "stack/base/flow_table.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/slab.h"

namespace glasstcp {

/// An item's place among those of its peer. 16 bytes, beside the item's slot.
struct PeerPlace {
  std::uint32_t peer = kNone;  ///< kNone: it is in no ledger
  std::uint32_t next = kNone;  ///< in a ring, the younger one
  std::uint32_t previous = kNone;
  std::uint32_t stamp = 0;  ///< grows from item to item
};

/// What a peer's place in the tree depends on.
struct PeerRank {
  std::uint32_t count = 0;
  std::uint32_t stamp = 0;  ///< of its oldest item
  friend bool operator<(PeerRank a, PeerRank b) {
    return a.count != b.count ? a.count < b.count : a.stamp > b.stamp;
  }
};

/// One peer, or a group of them. 28 bytes.
struct Peer {
  PeerRank begin;
  std::uint32_t left = kNone;
  std::uint32_t right = kNone;
  std::uint32_t oldest = kNone;  // its item; of a group: the root of its members' tree
  std::uint32_t hash = 0;
  std::uint8_t height = 0;
  enum class Kind : std::uint8_t {
    Alone,     // an address, or a /64 of which only one was seen
    Group,     // a /64
    Member,    // an address in a group
    Nameless,  // one item of an address that stands for many hosts
    Newcomers  // the items whose peers have not been looked for; it stands in no tree
  } kind = Kind::Alone;
};
static_assert(sizeof(Peer) <= 28, "each address that talks to us makes one");

/// The peers of all items of one slab, which keeps a PeerPlace beside each. `remote_address_of(T)`
/// says whose an item is.
template <typename T>
class PeerLedger {
 public:
  using Items = Slab<T, PeerPlace>;

  PeerLedger(Items& items, const Key128& key)
      : items_(items),
        hash_(key),
        peers_(most_peers(items.capacity_limit())),
        table_(most_peers(items.capacity_limit())) {}
  PeerLedger(const PeerLedger&) = delete;
  PeerLedger& operator=(const PeerLedger&) = delete;

  /// The item at `index` lives from now on. `stands_for_many`: its address is that of a masquerade,
  /// so that what it holds is not counted together. False: no memory for it.
  [[nodiscard]] bool add(std::uint32_t index, bool stands_for_many) {
    place(index).stamp = ++stamp_;
    if (stands_for_many) {
      const std::uint32_t peer = make(Peer::Kind::Nameless, 0);
      if (peer == kNone) return false;
      give_to(peer, index);
      ++size_;
      return true;
    }
    if (newcomers_ == kNone) newcomers_ = make(Peer::Kind::Newcomers, 0);
    if (newcomers_ == kNone) return false;
    place(index).peer = newcomers_;
    append(index);
    ++size_;
    if (++newcomer_count() <= kMostNewcomers || find_peer_of_oldest_newcomer()) return true;
    remove(index);
    return false;
  }
  /// The item at `index`, which is in the ledger, goes.
  void remove(std::uint32_t index) {
    const std::uint32_t peer = place(index).peer;
    // Whose an item is can only be told while the peer has one.
    const std::uint32_t group = group_of(peer);
    take_from_ring(index);
    place(index).peer = kNone;
    --size_;
    if (peer == newcomers_) {
      --newcomer_count();
    } else {
      recount(peer, group, -1);
    }
  }
  [[nodiscard]] bool has(std::uint32_t index) const { return place(index).peer != kNone; }
  /// Items in the ledger.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  /// Bytes held from the heap, beside those of the items' slab.
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return peers_.memory_bytes() + table_.memory_bytes();
  }

  /// As of a slab.
  std::uint64_t release_idle_memory() {
    return peers_.release_idle_memory() + table_.release_idle_memory();
  }
  [[nodiscard]] bool reserve() { return peers_.reserve(); }

  /// The address that holds most, inside the /64 that does; kNone if nobody holds anything. Without
  /// memory to tell them apart, all newcomers are one.
  [[nodiscard]] std::uint32_t greatest() {
    while (newcomers_ != kNone && newcomer_count() > 0 && find_peer_of_oldest_newcomer()) {
    }
    const std::uint32_t last = tree_.last(peers_);
    if (last != kNone) return greatest_in(last);
    return newcomers_ != kNone && newcomer_count() > 0 ? newcomers_ : kNone;
  }
  /// The one after `peer`, an answer of this or greatest(): of the same group, or the greatest of
  /// the next; kNone if it was the last.
  [[nodiscard]] std::uint32_t next_greatest(std::uint32_t peer) const {
    if (peer == newcomers_) return kNone;
    const std::uint32_t group = group_of(peer);
    if (group == kNone) return greatest_in(tree_.before(peers_, peer));
    const std::uint32_t sibling = members_of(group).before(peers_, peer);
    return sibling != kNone ? sibling : greatest_in(tree_.before(peers_, group));
  }
  /// How many items a peer has.
  [[nodiscard]] std::uint32_t count_of(std::uint32_t peer) const {
    return peers_[peer].begin.count;
  }
  /// How many it has together with the others of its /64.
  [[nodiscard]] std::uint32_t count_with_neighbours(std::uint32_t peer) const {
    const std::uint32_t group = group_of(peer);
    return count_of(group == kNone ? peer : group);
  }
  /// A peer's oldest item.
  [[nodiscard]] std::uint32_t oldest_of(std::uint32_t peer) const { return peers_[peer].oldest; }
  /// The item at `index` is the youngest of its peer from now on.
  void renew(std::uint32_t index) {
    const std::uint32_t peer = place(index).peer;
    const std::uint32_t group = group_of(peer);
    take_from_ring(index);
    place(index).stamp = ++stamp_;
    append(index);
    if (peer != newcomers_) recount(peer, group, 0);
  }

  /// Asserts the invariants.
  void check() const {
    std::uint32_t items = 0;
    peers_.for_each([&](const Peer& peer) {
      if (peer.kind != Peer::Kind::Group) items += check_ring(peer);
    });
    STACK_ASSERT(items == size_);
    tree_.check(peers_);
  }

 private:
  using Tree = AvlTree<Peer>;

  static constexpr std::uint32_t kMostNewcomers = 1024;

  // Each item its own member, each member its own group, and the newcomers.
  static std::uint32_t most_peers(std::uint32_t items) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(2 * std::uint64_t{items} + 1, 1U << 30));
  }
  [[nodiscard]] PeerPlace& place(std::uint32_t index) { return items_.beside(index); }
  [[nodiscard]] const PeerPlace& place(std::uint32_t index) const { return items_.beside(index); }
  [[nodiscard]] Tree members_of(std::uint32_t group) const { return Tree(peers_[group].oldest); }

  // -- Names

  [[nodiscard]] static bool has_name(Peer::Kind kind) {
    return kind != Peer::Kind::Nameless && kind != Peer::Kind::Newcomers;
  }
  [[nodiscard]] std::uint32_t hash_of(const IpAddress& address, Peer::Kind kind) const {
    const bool is_whole = address.is_v4() || kind == Peer::Kind::Member;
    const ByteView bytes = address.bytes();
    return static_cast<std::uint32_t>(hash_(is_whole ? bytes : bytes.first(8)));
  }
  // An item of the peer: its address has the peer's name in it.
  [[nodiscard]] const IpAddress& address_of(std::uint32_t peer) const {
    while (peers_[peer].kind == Peer::Kind::Group) peer = peers_[peer].oldest;
    return remote_address_of(items_[peers_[peer].oldest]);
  }
  [[nodiscard]] std::uint32_t find_member(const IpAddress& address, std::uint32_t hash) const {
    return table_.find(hash, [&](std::uint32_t peer) {
      return peers_[peer].kind == Peer::Kind::Member && address_of(peer) == address;
    });
  }
  // An IPv4 address, or whatever stands for the /64 of an IPv6 one.
  [[nodiscard]] std::uint32_t find_outer(const IpAddress& address, std::uint32_t hash) const {
    return table_.find(hash, [&](std::uint32_t peer) {
      if (peers_[peer].kind == Peer::Kind::Member) return false;
      const IpAddress& other = address_of(peer);
      if (address.is_v4() || other.is_v4()) return other == address;
      return std::memcmp(other.bytes().data(), address.bytes().data(), 8) == 0;
    });
  }

  // The peer that an item with this address belongs to, made if there is none; kNone: no memory.
  std::uint32_t peer_of(const IpAddress& address) {
    const std::uint32_t hash = hash_of(address, Peer::Kind::Alone);
    const std::uint32_t found = find_outer(address, hash);
    if (found == kNone) return make(Peer::Kind::Alone, hash);
    if (peers_[found].kind == Peer::Kind::Alone) {
      if (address_of(found) == address) return found;
      if (!make_group(found)) return kNone;
    }
    const std::uint32_t member_hash = hash_of(address, Peer::Kind::Member);
    const std::uint32_t member = find_member(address, member_hash);
    return member != kNone ? member : make(Peer::Kind::Member, member_hash);
  }
  [[nodiscard]] std::uint32_t& newcomer_count() { return peers_[newcomers_].begin.count; }
  // False: no memory for its peer.
  bool find_peer_of_oldest_newcomer() {
    const std::uint32_t index = peers_[newcomers_].oldest;
    const std::uint32_t peer = peer_of(remote_address_of(items_[index]));
    if (peer == kNone) return false;
    take_from_ring(index);
    --newcomer_count();
    give_to(peer, index);
    return true;
  }
  void give_to(std::uint32_t peer, std::uint32_t index) {
    place(index).peer = peer;
    append(index);
    recount(peer, +1);
  }
  // A peer that holds nothing yet and stands in no tree; its first item gives it its name.
  std::uint32_t make(Peer::Kind kind, std::uint32_t hash) {
    const std::uint32_t peer = peers_.acquire();
    if (peer == kNone) return kNone;
    peers_[peer].kind = kind;
    peers_[peer].hash = hash;
    if (has_name(kind) && !table_.insert(hash, peer)) {
      peers_.release(peer);
      return kNone;
    }
    return peer;
  }
  // The second address of a /64: the first becomes a member of a new group.
  bool make_group(std::uint32_t first) {
    const std::uint32_t hash = peers_[first].hash;
    const std::uint32_t group = peers_.acquire();
    if (group == kNone) return false;
    const std::uint32_t own = hash_of(address_of(first), Peer::Kind::Member);
    if (!table_.insert(own, first)) {
      peers_.release(group);
      return false;
    }
    table_.erase(hash, first);
    static_cast<void>(table_.insert(hash, group));  // into the place that has become free
    tree_.erase(peers_, first);
    Tree members;
    members.insert(peers_, first);
    peers_[first].kind = Peer::Kind::Member;
    peers_[first].hash = own;
    Peer& made = peers_[group];
    made.kind = Peer::Kind::Group;
    made.hash = hash;
    made.oldest = members.root();
    made.begin = peers_[first].begin;
    tree_.insert(peers_, group);
    return true;
  }
  [[nodiscard]] std::uint32_t group_of(std::uint32_t peer) const {
    if (peers_[peer].kind != Peer::Kind::Member) return kNone;
    const IpAddress& address = address_of(peer);
    return find_outer(address, hash_of(address, Peer::Kind::Alone));
  }
  [[nodiscard]] std::uint32_t greatest_in(std::uint32_t peer) const {
    if (peer == kNone || peers_[peer].kind != Peer::Kind::Group) return peer;
    return members_of(peer).last(peers_);
  }

  // -- Rings of items

  void append(std::uint32_t index) {
    PeerPlace& own = place(index);
    std::uint32_t& oldest = peers_[own.peer].oldest;
    if (oldest == kNone) {
      oldest = own.next = own.previous = index;
      return;
    }
    const std::uint32_t youngest = place(oldest).previous;
    own.next = oldest;
    own.previous = youngest;
    place(oldest).previous = place(youngest).next = index;
  }
  void take_from_ring(std::uint32_t index) {
    const PeerPlace& own = place(index);
    std::uint32_t& oldest = peers_[own.peer].oldest;
    if (oldest == index) oldest = own.next == index ? kNone : own.next;
    place(own.previous).next = own.next;
    place(own.next).previous = own.previous;
  }
  std::uint32_t check_ring(const Peer& peer) const {
    std::uint32_t count = 0;
    for (std::uint32_t at = peer.oldest; at != kNone;) {
      STACK_ASSERT(place(place(at).next).previous == at);
      ++count;
      at = place(at).next;
      if (at == peer.oldest) break;
    }
    STACK_ASSERT(count == peer.begin.count);
    return count;
  }

  // -- Ranks

  void recount(std::uint32_t peer, int by) { recount(peer, group_of(peer), by); }
  // A peer's number of items changes by `by`, or only its oldest one. One that holds nothing goes.
  void recount(std::uint32_t peer, std::uint32_t group, int by) {
    if (group == kNone) {
      rank(tree_, peer, by);
      return;
    }
    Tree members = members_of(group);
    rank(members, peer, by);
    tree_.erase(peers_, group);
    Peer& all = peers_[group];
    all.oldest = members.root();
    if (members.empty()) {
      table_.erase(all.hash, group);
      peers_.release(group);
      return;
    }
    all.begin.count = static_cast<std::uint32_t>(static_cast<int>(all.begin.count) + by);
    all.begin.stamp = peers_[members.last(peers_)].begin.stamp;
    tree_.insert(peers_, group);
  }
  void rank(Tree& tree, std::uint32_t index, int by) {
    Peer& peer = peers_[index];
    const bool is_only = tree.root() == index && peer.height == 1;
    if (peer.height != 0 && !is_only) tree.erase(peers_, index);
    peer.begin.count = static_cast<std::uint32_t>(static_cast<int>(peer.begin.count) + by);
    if (peer.begin.count == 0) {
      if (is_only) tree.clear();
      if (has_name(peer.kind)) table_.erase(peer.hash, index);
      peers_.release(index);
      return;
    }
    peer.begin.stamp = place(peer.oldest).stamp;
    if (!is_only) tree.insert(peers_, index);
  }

  Items& items_;
  KeyedHash hash_;
  Slab<Peer> peers_;
  FlowTable table_;
  Tree tree_;
  std::uint32_t size_ = 0;
  std::uint32_t newcomers_ = kNone;  // the peer that stands for them; made for the first one
  std::uint32_t stamp_ = 0;
};

}  // namespace glasstcp
