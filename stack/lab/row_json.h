// Rows, moments and TCBs as JSON: what the lab page and the live view are told, written by the same
// code.
//
// A TCB is an array in the order of kTcbKeys; its numbers are as on the wire, times in
// microseconds, the deadline in ns since the start (-1: none).
//
// Next: ../../http/web/engine/record.h.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/json.h"
#include "stack/lab/row.h"
#include "stack/socket/stack.h"

namespace glasstcp::lab {

inline constexpr std::array<std::string_view, 31> kTcbKeys = {
    "state",   "snd_una",    "snd_nxt", "snd_wnd",  "snd_up",    "snd_wl1",   "snd_wl2", "iss",
    "rcv_nxt", "rcv_wnd",    "rcv_up",  "irs",      "cwnd",      "ssthresh",  "flight",  "pipe",
    "sacked",  "lost",       "unsent",  "unread",   "mss",       "srtt",      "rttvar",  "rto",
    "reo_wnd", "duplicates", "retries", "recovery", "snd_shift", "rcv_shift", "deadline"};

/// What of a packet stands beside its row: found when it left or came.
struct RowExtra {
  std::string_view reason, verdict;  ///< names of their tables, where the RFC's section stands
  std::string bytes;                 ///< the first of them, hexadecimal
  std::uint32_t size = 0;            ///< of the IP packet
  std::string messages;              ///< what it carries of them; empty: nothing

  /// Takes what an annotator says of it.
  void learn(const AnnotatedPacket& packet);
};

/// "sent", "came" or "state": what happened.
[[nodiscard]] std::string_view moment_of(const AnnotatedPacket& packet);
/// One object. Times are since `start`. Texts and lists that are empty are left out.
void write_row(Json& json, const Row& row, const RowExtra& extra, std::size_t number,
               Instant start);
/// One array: names, and when each ends.
[[nodiscard]] std::string timers_text(const std::vector<RunningTimer>& timers, Instant start);
/// One array: where each part of what is outstanding begins and ends of which something is known,
/// and 0 (sent again), 1 (reported by SACK) or 2 (lost); at most 64 parts.
[[nodiscard]] std::string marks_text(const std::vector<OutstandingRange>& ranges);
/// One array.
[[nodiscard]] std::string tcb_text(const TcbSnapshot& tcb, Instant deadline, Instant start);

}  // namespace glasstcp::lab
