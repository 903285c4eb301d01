// How each question of a quiz is answered from what a capture shows (quiz_questions.cc has the
// words).
//
// Invariants:
//   1. Empty: the run does not show what is asked for.
//
// Next: quiz.h.
#pragma once

#include "stack/lab/quiz_questions.h"

namespace glasstcp::lab::answers {

inline constexpr std::string_view kRoundTrip =
    "How long is one round trip? From the last SYN before the SYN-ACK to the SYN-ACK, or, at the "
    "server, from the SYN-ACK to the ACK that answers it.";
inline constexpr std::string_view kRoundTripChinese =
    "往返时间是多少？在客户端为从 SYN-ACK 之前最后一个 SYN 到 SYN-ACK，在服务器为从 SYN-ACK "
    "到应答它的 ACK。";

using Found = std::optional<Answer>;

Found client_isn(const Evidence& evidence);
Found server_isn(const Evidence& evidence);
Found client_port(const Evidence& evidence);
Found client_mss(const Evidence& evidence);
Found syn_ack_ack(const Evidence& evidence);
Found repeated_seq(const Evidence& evidence);
Found duplicate_ack(const Evidence& evidence);
Found fin_seq(const Evidence& evidence);
Found fin_ack(const Evidence& evidence);
Found reset_seq(const Evidence& evidence);

Found round_trip(const Evidence& evidence);
Found repeated_wait(const Evidence& evidence);
Found zero_time(const Evidence& evidence);
Found ack_wait(const Evidence& evidence);
Found open_time(const Evidence& evidence);

Found client_bytes(const Evidence& evidence);
Found server_bytes(const Evidence& evidence);
Found second_length(const Evidence& evidence);
Found most_in_flight(const Evidence& evidence);
Found data_frames(const Evidence& evidence);

Found lost(const Evidence& evidence);
Found repeated(const Evidence& evidence);
Found duplicate_acks(const Evidence& evidence);
Found zero_windows(const Evidence& evidence);
Found probes(const Evidence& evidence);
Found early(const Evidence& evidence);
Found with_sack(const Evidence& evidence);
Found resets(const Evidence& evidence);
Found syns(const Evidence& evidence);
Found fins(const Evidence& evidence);

Found why_repeated(const Evidence& evidence);
Found why_reset(const Evidence& evidence);
Found close_kind(const Evidence& evidence);
Found time_wait(const Evidence& evidence);

}  // namespace glasstcp::lab::answers
