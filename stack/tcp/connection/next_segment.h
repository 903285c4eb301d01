// What is the next segment of a connection, and why? Asked each time before something may leave.
//
// RFC 9293 §3.7 (segmentation, Nagle), §3.8.6 (windows), RFC 5681 (congestion window). It looks at
// the transmission control block, changes nothing, and answers with a value; Connection::commit()
// does it.
//
// Invariants:
//   1. The order in which decide() asks is the order of urgency: a reset or SYN, what is lost, a
//   tail loss probe, new data, probes of a silent peer, an ACK that nothing else has carried.
//   2. What it proposes fits into the peer's window, the congestion window and one packet of the
//   device; exceptions name their RFC.
//
// Next: next_segment.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/time.h"
#include "stack/tcp/connection/tcb.h"
#include "stack/tcp/send/send_decision.h"

namespace glasstcp {

/// The question, at one moment. Holds a reference.
class NextSegment {
 public:
  explicit NextSegment(const Tcb& tcb) : tcb_(tcb) {}

  /// The most urgent segment; empty: nothing may leave.
  [[nodiscard]] std::optional<SendDecision> decide(Instant now) const;

 private:
  using Decision = std::optional<SendDecision>;

  [[nodiscard]] SendDecision reset() const;
  [[nodiscard]] Decision syn() const;
  [[nodiscard]] Decision retransmission(std::uint32_t allowed) const;
  [[nodiscard]] Decision tail_probe() const;
  [[nodiscard]] Decision mtu_probe(Instant now) const;
  [[nodiscard]] Decision new_data(std::uint32_t allowed) const;
  [[nodiscard]] Decision unreported() const;
  [[nodiscard]] Decision probe() const;
  [[nodiscard]] Decision pure_ack() const;

  [[nodiscard]] bool is_beyond_window() const;
  [[nodiscard]] bool waits_for_new_data(std::uint32_t allowed) const;
  [[nodiscard]] std::uint32_t packet_bound() const;
  [[nodiscard]] std::uint32_t cut_to_segments(std::uint32_t sendable, std::uint32_t unsent) const;
  [[nodiscard]] SendDecision data_segment(SeqNum seq, std::uint32_t length) const;
  [[nodiscard]] SendDecision first_segment_of(std::uint32_t entry) const;
  [[nodiscard]] SendDecision last_segment() const;

  const Tcb& tcb_;
};

}  // namespace glasstcp
