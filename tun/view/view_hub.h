// The live view's centre: packets come in from an annotator of its own, streams go out, and the
// stack is looked at four times a second while anybody watches.
//
//     Annotator -> ViewHub -> ViewMemory
//                  every 250 ms: Stack -> ViewMemory -> ViewStream, ViewStream ...
//
// To remember what came before somebody looked costs next to nothing, since it is done while little
// happens: packets are observed up to kMostObserved in a window of 250 ms. A server that has more
// to do than that is not observed again before a window with less, or, while somebody watches,
// before the next one; what passed meanwhile is counted.
//
// Invariants:
//   1. kMostViews streams at once. Who comes then has the place of one that reads nothing, or of a
//   peer that has at least two more (few_places.h); else it is told so.
//   2. Without a stream nothing is polled and nobody is woken. What there is no memory for is not
//   looked at, and a page that cannot be told something ends; the server does not.
//   3. While nobody watches, and for some time has not, an eighth of the memory for rows is used.
//   4. All connections are looked at once in a window for each kConnectionsPerWindow of them, and
//   what is counted once in a window, however many pages come and go.
//   5. Connections below /_glass/ are remembered as such, and shown to those who ask for them.
//
// Next: ../glass/view_page.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/service.h"
#include "stack/socket/stack.h"
#include "stack/trace/annotator.h"
#include "tun/control/status.h"
#include "tun/files/watchers.h"
#include "tun/view/view_stream.h"
#include "tun/view/view_switches.h"

namespace glasstcp {

/// What a page is told of the server once.
struct ViewFacts {
  std::vector<std::string> addresses;
  std::uint16_t port = 80;
  bool has_offload = false;
  Language language = Language::English;
};

/// What the view itself counts.
struct ViewCounters {
  std::uint64_t refused = 0;     ///< views that found no place
  std::uint64_t unobserved = 0;  ///< packets that passed while nobody could look
};

class ViewHub final : public AnnotatedSink, public PacketViewer {
 public:
  static constexpr std::size_t kMostViews = 8;
  static constexpr Duration kWindow = 250ms;
  static constexpr std::uint32_t kMostObserved = 2000;  ///< packets in a window
  /// That a poll looks at, on average.
  static constexpr std::uint32_t kConnectionsPerWindow = 1000;
  /// How long after the last view all rows are kept: a page is loaded anew.
  static constexpr Duration kKeptUnwatched = 60s;

  /// `memory`: bytes of rows, at most.
  ViewHub(ViewFacts facts, std::uint64_t memory);
  ~ViewHub() override;

  /// All borrowed. `look`: everything that is counted, now.
  void join(Stack& stack, ViewSwitches& switches, Instant start, std::function<Status()> look);

  // -- Packets
  /// What the stack's events are to be given to.
  [[nodiscard]] Annotator& annotator() noexcept override { return annotator_; }
  /// Whether they are wanted: to be asked each turn.
  [[nodiscard]] bool wants_packets(Instant now) noexcept override;
  void on_annotated(const AnnotatedPacket& packet) noexcept override;
  /// A connection asks for something below /_glass/.
  void note_own(const FourTuple& tuple) noexcept;

  // -- Pages
  /// Answers a request for /_glass/events.
  [[nodiscard]] http::ServiceAnswer open(const http::ServiceCall& call);
  /// Makes batches when it is time.
  void on_time(Instant now) noexcept;
  /// When on_time() must be called at the latest; kNever: nobody watches.
  [[nodiscard]] Instant next_deadline() const noexcept {
    return streams_.empty() ? kNever : next_tick_;
  }
  [[nodiscard]] std::size_t view_count() const { return streams_.size(); }
  /// Bytes of rows that are held now.
  [[nodiscard]] std::uint64_t memory_bytes() const { return memory_.room() * sizeof(ViewRow); }
  /// Gives back what nobody has watched for kKeptUnwatched; for quiet moments.
  void release_idle_memory(Instant now) noexcept;
  [[nodiscard]] const ViewCounters& counters() const { return counters_; }

 private:
  friend class ViewStream;

  void poll(Instant now);
  [[nodiscard]] const Status& counted(Instant now);
  [[nodiscard]] bool make_room_for(const IpAddress& client) noexcept;
  [[nodiscard]] ViewStream* whose_place(const IpAddress& client) const noexcept;
  [[nodiscard]] bool reads_nothing(const ViewStream& stream) const noexcept;
  void note_who_watches() noexcept;
  ViewConnection* found(const FourTuple& tuple, Instant now) noexcept;
  [[nodiscard]] std::uint64_t last_of(const IpAddress& client) noexcept;
  [[nodiscard]] std::uint64_t passed() const;

  ViewFacts facts_;
  Annotator annotator_;
  const std::uint32_t most_rows_;
  ViewMemory memory_;
  Stack* stack_ = nullptr;
  ViewSwitches* switches_ = nullptr;
  Instant start_{};
  std::int64_t wall_offset_ns_ = 0;
  std::function<Status()> look_;
  Status status_;  // what was counted at status_at_
  Instant status_at_ = Instant::min();
  std::vector<ViewStream*> streams_;
  ViewCounters counters_;

  Instant unwatched_since_{};
  Instant next_tick_ = Instant::min();
  Instant next_poll_ = Instant::min();
  std::uint32_t poll_ = 0;

  bool observes_ = false;
  Instant window_end_ = Instant::min();
  std::uint64_t window_began_ = 0;    // packets that had passed when it began
  std::uint64_t looked_away_at_ = 0;  // packets that had passed then
  std::uint32_t observed_ = 0;        // in this window
  Instant turned_at_{};
};

}  // namespace glasstcp
