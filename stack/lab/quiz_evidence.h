// What a quiz rests on: the packets that one end sent and received, as its capture numbers them,
// and that capture itself, which says nothing of why.
//
// Invariants:
//   1. The capture has one interface and no comment, as if another host's tcpdump had written it:
//      packets that the stack dropped or the link lost stand among the others.
//   2. Frame numbers are those of the capture, from 1.
//
// Next: quiz_questions.h.
#pragma once

#include <optional>
#include <vector>

#include "stack/lab/scenario.h"
#include "stack/trace/annotated_packet.h"
#include "stack/trace/pcapng.h"

namespace glasstcp::lab {

/// A packet as a person sees it in the capture, and beside it what only the stack knows.
struct Frame {
  std::uint32_t number = 0;  ///< from 1
  Instant at{};
  Side from = Side::Client;
  bool outgoing = false;  ///< the end whose capture it is sent it
  bool lost = false;      ///< behind that end
  /// That end sends numbers (of data, SYN or FIN) that it sent before; a zero-window probe and a
  /// keep-alive do not count.
  bool repeats = false;
  PacketSummary summary;
  SendReason reason{};  ///< of one that was sent
  PacketEvents events;

  [[nodiscard]] bool has(std::uint16_t flag) const { return summary.has(flag); }
  [[nodiscard]] bool has_event(PacketEvent event) const { return events.has(event); }
  [[nodiscard]] std::uint32_t length() const { return summary.text_length; }
  [[nodiscard]] SeqNum end() const { return summary.seq + summary.segment_length(); }
  /// Neither SYN, FIN nor RST, and no data.
  [[nodiscard]] bool is_pure_ack() const {
    return summary.segment_length() == 0 && !has(PacketSummary::kRst);
  }
};

/// Takes what an end's annotator says; in the order of the capture.
class Evidence final : public AnnotatedSink {
 public:
  /// Of the end `end`. `capture` (borrowed; null: none) is given the capture's blocks.
  Evidence(Side end, BlockSink* capture);

  void on_annotated(const AnnotatedPacket& packet) noexcept override;

  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }
  [[nodiscard]] Side end() const { return end_; }
  /// Why the other end sent its first RST; empty: it sent none. Known after `set_far_reset`.
  [[nodiscard]] std::optional<SendReason> far_reset() const { return far_reset_; }
  void set_far_reset(std::optional<SendReason> reason) { far_reset_ = reason; }

  // What several questions look for.
  /// The first frame for which it holds, or null.
  template <typename Holds>
  [[nodiscard]] const Frame* first(Holds holds) const {
    for (const Frame& frame : frames_) {
      if (holds(frame)) return &frame;
    }
    return nullptr;
  }
  /// The numbers of all frames for which it holds.
  template <typename Holds>
  [[nodiscard]] std::vector<std::uint32_t> all(Holds holds) const {
    std::vector<std::uint32_t> numbers;
    for (const Frame& frame : frames_) {
      if (holds(frame)) numbers.push_back(frame.number);
    }
    return numbers;
  }
  /// The first SYN without an ACK, and the first with one.
  [[nodiscard]] const Frame* syn() const;
  [[nodiscard]] const Frame* syn_ack() const;
  /// The last frame before `frame` that sent the number with which it begins, or null.
  [[nodiscard]] const Frame* sent_before(const Frame& frame) const;

 private:
  // What this end has sent of a connection: from `first` (its SYN) up to `end`.
  struct Sent {
    Port from, to;
    SeqNum first, end;
  };
  [[nodiscard]] bool note_sent(const Frame& frame);

  Side end_;
  std::optional<PcapngEncoder> encoder_;
  std::vector<Frame> frames_;
  std::vector<Sent> sent_;
  std::optional<SendReason> far_reset_;
};

}  // namespace glasstcp::lab
