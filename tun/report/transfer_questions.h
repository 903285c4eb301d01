// Questions about what travels: the two SYNs, segments, the pace, and what HTTP makes of them.
//
// Next: questions.h, which asks the others.
#pragma once

#include "tun/report/model.h"

namespace glasstcp::report {

/// May a SYN carry data; why this MSS.
void ask_about_syns(Capture& capture);
/// Why a response takes several segments.
void ask_about_segments(Capture& capture);
/// How much leaves before the first ACK; why ACKs are fewer than segments; Nagle's algorithm.
void ask_about_pace(Capture& capture);
/// What Content-Type is for; why several requests share a connection.
void ask_about_messages(Capture& capture);

}  // namespace glasstcp::report
