// What the live view remembers of connections: who they are between, how they stand, and the last
// packets of each, so that somebody who comes later still sees how a page reached him.
//
// Invariants:
//   1. Memory is bounded: so many connections, so many rows, taken piece by piece as they are
//      needed; where there is none, nothing is remembered.
//   2. The first kFirstRows rows of a connection stay as long as it does; of the others the oldest
//      makes room. Connections that have ended make room before others, and one that is watched
//      never does.
//   3. An id is never used again. Rows of a connection are numbered from 0, without a hole where
//      all that was observed is kept.
//
// Next: view_rows.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "stack/trace/annotated_packet.h"

namespace glasstcp {

/// A packet, or a change of state without one, as it is kept.
struct ViewRow {
  static constexpr std::uint32_t kNone = 0xffffffffU;
  static constexpr std::size_t kBytes = 120;  ///< of the packet
  static constexpr std::size_t kLabel = 96;   ///< bytes of the name of its first message

  std::uint32_t next = kNone;  ///< of the same connection
  std::uint64_t number = 0;
  /// With empty views, but for those that annotated() fills in.
  AnnotatedPacket packet;
  std::array<std::uint8_t, kBytes> bytes{};
  std::array<char, kLabel> label{};
  std::uint8_t byte_count = 0;
  std::uint8_t label_size = 0;

  void keep(const AnnotatedPacket& from);
  /// The packet with its views; `piece` is what they point to.
  [[nodiscard]] AnnotatedPacket annotated(ByteView& piece) const;
};

/// A connection.
struct ViewConnection {
  static constexpr std::size_t kRequest = 96;
  static constexpr std::uint32_t kNoStream = 0xffffffffU;

  std::uint64_t id = 0;  ///< 0: this place is free
  FourTuple tuple;
  ConnectionId connection;           ///< none: not known, or gone
  std::uint32_t stream = kNoStream;  ///< of the annotator
  Instant opened = Instant::min();   ///< min: before anybody looked
  Instant ended = kNever;            ///< never: it has not
  StateStep last_step;               ///< to CLOSED; from CLOSED: nobody saw it end
  CloseNote close;                   ///< why our application closed it, if it did
  Instant active = Instant::min();   ///< when something last changed
  bool is_own = false;               ///< it asked for something below /_glass/
  bool brought_page = false;         ///< it was asked for a page
  std::uint16_t watchers = 0;        ///< views that show it
  std::uint32_t version = 0;         ///< changes with what is shown of it
  std::uint32_t poll = 0;            ///< the last one that found it
  State state = State::Closed;
  std::uint64_t sent = 0, received = 0;  ///< bytes
  std::uint32_t cwnd = 0, flight = 0, unsent = 0, unread = 0;
  std::uint32_t retransmissions = 0;  ///< packets that were observed, since it was opened
  Duration srtt{}, rto{};
  std::array<char, kRequest> request_text{};
  std::uint8_t request_size = 0;

  std::uint32_t first = ViewRow::kNone, pivot = ViewRow::kNone, last = ViewRow::kNone;
  std::uint32_t rows = 0;
  std::uint64_t next_number = 0;

  [[nodiscard]] bool has_ended() const { return ended != kNever; }
  [[nodiscard]] std::string_view request() const { return {request_text.data(), request_size}; }
  /// Learns how it stands. True: something that is shown has changed.
  bool learn(const TcbSnapshot& tcb);

 private:
  SeqNum snd_nxt_, rcv_nxt_;
  bool has_numbers_ = false;
};

/// Remembers connections and their rows.
class ViewMemory {
 public:
  static constexpr std::size_t kPlaces = 2048;  ///< connections
  static constexpr std::uint32_t kMostRowsOfOne = 512;
  static constexpr std::uint32_t kFirstRows = 32;
  static constexpr std::uint32_t kRowsOfChunk = 64;

  explicit ViewMemory(std::uint32_t most_rows) : most_rows_(most_rows) {}

  /// A packet of a connection, or something that happened to it.
  void take(const AnnotatedPacket& packet) noexcept;
  /// The latest connection with this tuple; null: none is remembered.
  [[nodiscard]] ViewConnection* find(const FourTuple& tuple) noexcept;
  [[nodiscard]] ViewConnection* by_id(std::uint64_t id) noexcept;
  /// Whose place a newcomer may take.
  enum class Room : std::uint8_t {
    OfEnded,   ///< that of one that has ended
    OfSilent,  ///< that of the one that was silent longest, too
  };
  /// A place for a connection that begins, or that was found; null: there is none.
  ViewConnection* add(const FourTuple& tuple, Instant now, Room room = Room::OfSilent) noexcept;
  /// Nothing of it is in flight or waits any more; what was counted stays.
  void end(ViewConnection& connection, Instant at) noexcept;
  void mark_own(const FourTuple& tuple, Instant now) noexcept;
  /// Rows up to so many come without another allocation than their own.
  void reserve(std::uint32_t most) { chunks_.reserve(most / kRowsOfChunk); }
  /// So many rows at most from now on. What is too much goes, and so does the memory of those that
  /// are free; O(rows).
  void set_most_rows(std::uint32_t most) noexcept;
  /// Whether rows of such connections are kept.
  void keep_own(bool are_kept) noexcept { keeps_own_ = are_kept; }

  template <typename Use>
  void for_each(Use use) {
    if (places_ == nullptr) return;
    for (std::size_t i = 0; i < kPlaces; ++i) {
      if (places_[i].id != 0) use(places_[i]);
    }
  }
  /// Which place a connection has, below kPlaces.
  [[nodiscard]] static std::size_t place_of(std::uint64_t id) {
    return static_cast<std::size_t>((id - 1) % kPlaces);
  }
  /// A row by its number in `first` or `next`; null: behind the last.
  [[nodiscard]] const ViewRow* row(std::uint32_t index) const {
    return index == ViewRow::kNone ? nullptr : &at(index);
  }
  /// Packets of connections that found no place.
  [[nodiscard]] std::uint64_t untold() const { return untold_; }
  [[nodiscard]] std::uint32_t rows() const { return used_rows_; }
  /// Rows that there is memory for.
  [[nodiscard]] std::uint32_t room() const {
    return static_cast<std::uint32_t>(chunks_.size()) * kRowsOfChunk;
  }

 private:
  static constexpr std::size_t kWays = 8;

  [[nodiscard]] ViewConnection* group_of(const FourTuple& tuple) noexcept;
  [[nodiscard]] ViewConnection* connection_of(const AnnotatedPacket& packet) noexcept;
  void keep_row(ViewConnection& connection, const AnnotatedPacket& packet) noexcept;
  [[nodiscard]] std::uint32_t take_row() noexcept;
  bool grow() noexcept;
  void make_room() noexcept;
  void reduce_to(std::uint32_t most) noexcept;
  void move_rows_below(std::uint32_t end) noexcept;
  void drop_oldest(ViewConnection& connection) noexcept;
  void drop_rows(ViewConnection& connection) noexcept;
  void give_back(std::uint32_t index) noexcept;
  [[nodiscard]] ViewRow& at(std::uint32_t index) const {
    return chunks_[index / kRowsOfChunk][index % kRowsOfChunk];
  }

  std::unique_ptr<ViewConnection[]> places_;
  std::vector<std::unique_ptr<ViewRow[]>> chunks_;
  bool keeps_own_ = false;
  std::uint32_t free_ = ViewRow::kNone;
  std::uint32_t most_rows_;
  std::uint32_t used_rows_ = 0;
  std::uint64_t serial_ = 0;
  std::uint64_t untold_ = 0;
};

}  // namespace glasstcp
