// What a segment is beside those before it: retransmission, duplicate ACK, window update and so on.
//
// The judgments are Wireshark's (tcp.analysis.*), made anew from what its documentation says, so
// that a reader finds the same words in both. They see one place of the network only: what they
// call a retransmission is one by its numbers.
//
// Invariants:
//   1. Frames are given in the order of the file, whatever their times.
//   2. Memory: what is not acknowledged yet, at most kMostUnacked segments a direction.
//
// Next: tracker.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tun/report/model.h"

namespace glasstcp::report {

/// What is remembered of the segments of one end.
struct Flow {
  static constexpr std::size_t kMostUnacked = 65536;
  struct Unacked {
    std::int64_t next_seq;
    std::int64_t time_ns;
    FrameNumber frame;
    bool is_repeated;
  };

  std::optional<std::uint32_t> base;     // its ISN, raw
  std::optional<std::int64_t> next_seq;  // behind the highest that it sent
  std::int64_t next_time_ns = 0;         // when it sent that
  std::optional<std::int64_t> in_order;  // behind what the capture holds without a gap
  std::optional<std::int64_t> last_ack;  // that it sent
  std::int64_t last_time_ns = 0;         // of its last segment
  std::optional<std::uint16_t> window;   // of its last segment, as in the header
  std::optional<std::uint8_t> scale;     // of its windows; empty: unknown
  bool window_is_plain = true;           // that window stood beside a SYN, which is never scaled
  std::uint32_t duplicate_acks = 0;      // since its last ACK that was news
  bool tail_is_told = false;             // that more was acknowledged than was seen of it
  bool sent_keep_alive = false;          // its last segment was one
  bool sent_zero_window_probe = false;
  std::int64_t acknowledged = 0;  // by the other end; relative
  std::int64_t reference = 0;     // a relative number near which the next ones are
  std::uint64_t newest_syn_ns = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> sacked;  // by its last ACK
  std::vector<Unacked> unacked;
  std::size_t unacked_from = 0;  // entries before are done
};

/// Both flows of a connection; [0]: of the client.
struct Flows {
  std::array<Flow, 2> of;
  std::optional<std::int64_t> first_round_trip_ns;  // SYN to the handshake's ACK
};

/// The relative number of a raw one that `flow` sent, near the last ones; sets the flow's base if
/// it had none.
[[nodiscard]] std::int64_t relative_seq(Flow& flow, std::uint32_t raw, bool is_syn);
/// The same of an ACK number, which is one of the other end's flow.
[[nodiscard]] std::int64_t relative_ack(Flow& acknowledged, std::uint32_t raw);

/// Sets the events of the second group, duplicate_ack, newly_acked, acks_frame, flight and rtt_ns.
/// `sack`: the blocks of its SACK option, relative.
void judge(Frame& frame, Flows& flows, std::vector<std::pair<std::int64_t, std::int64_t>> sack);

}  // namespace glasstcp::report
