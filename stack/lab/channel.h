// One direction of a scenario's link: the same BadLink that tests and `serve --impair` have, the
// single packets that the scenario loses, delays, duplicates or marks, and a router in front of a
// narrower link.
//
// RFC 1191 §4 and RFC 792 (the router's message), RFC 3168 §5 (the mark).
//
// Invariants:
//   1. Same scenario, same packets at the same times: the same comes out.
//
// Next: forge.h.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stack/lab/scenario.h"
#include "stack/link/bad_link.h"
#include "stack/trace/annotated_packet.h"

namespace glasstcp::lab {

/// What became of a packet that entered.
struct Crossing {
  LossWords lost{};                   ///< empty: it is on its way
  std::vector<std::uint8_t> message;  ///< a router's answer to the sender; empty: none
  bool is_marked = false;             ///< a router says by it that there is congestion (CE)
};

class Channel {
 public:
  /// `edits` are those of this direction.
  Channel(const Path& path, std::vector<Edit> edits, SeededRandom random)
      : path_(path),
        edits_(std::move(edits)),
        seen_(edits_.size()),
        link_(path.impairment, random) {}

  /// From now on this, too, is done to packets; those that entered before count.
  void add(const Edit& edit) {
    edits_.push_back(edit);
    seen_.push_back(passed_);
  }
  Crossing enter(std::span<const ByteView> pieces, SendReason reason, Instant now);
  /// A router's message enters behind all else.
  void enter_message(ByteView message, Instant now);
  [[nodiscard]] Instant next_arrival() const { return link_.next_arrival(); }
  /// Only if next_arrival() is not kNever.
  [[nodiscard]] const Parcel& front() const { return link_.front(); }
  void pop() { link_.pop(); }
  /// How many have entered; the last one is this one.
  [[nodiscard]] std::uint64_t entered() const { return link_.counters().entered; }

 private:
  struct Done {
    Interference interference;
    bool marks = false;
  };
  Done edited(const PacketSummary& packet, SendReason reason);

  Path path_;
  std::vector<Edit> edits_;
  std::uint64_t passed_ = 0;         // packets of an end that have entered
  std::vector<std::uint64_t> seen_;  // packets of each edit's kind so far
  BadLink link_;
};

/// Whether a packet is of a kind that an edit may name.
[[nodiscard]] bool is_of_kind(std::string_view kind, const PacketSummary& packet,
                              SendReason reason);

}  // namespace glasstcp::lab
