// One packet in words: what it is, why it was sent or what became of it, and the quantities that
// decided.
//
// Used by the captures (capture_sink.h) and the narration (narrate.h), so that both say the same.
// The sentence comes from the tables of reason.cc and verdict.cc; this file adds the numbers of the
// moment.
//
// Invariants:
//   1. A quantity is shown where the reason is about it: loss shows cwnd, ssthresh, flight and rto;
//   windows show wnd.
//   2. Sequence numbers in text are relative to the connection's first when that is known.
//
// Next: narrate.h.
#pragma once

#include "stack/trace/event.h"
#include "stack/trace/language.h"
#include "stack/trace/packet_summary.h"
#include "stack/trace/relative_numbers.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// Appends "SYN-ACK seq 0 ack 1 win 65535 len 0 <mss 1460,sackOK,ts,ws 7>" (or what it is if not
/// TCP).
void add_packet(TextBuffer& out, const PacketSummary& packet, bool outgoing,
                const InitialNumbers& first);

/// Appends "FastRetransmit (RFC 5681 §3.2): third duplicate ACK for 14481; cwnd 28960 -> 18824,
/// ...".
void add_reason(TextBuffer& out, const PacketSentEvent& event, Language language);

/// Appends "Accepted (RFC 9293 §3.10.7.4): ...; snd.una 1 -> 1449, cwnd 14480 -> 15928".
void add_verdict(TextBuffer& out, const PacketReceivedEvent& event, Language language);

/// Appends "ESTABLISHED -> CLOSE-WAIT: receive FIN, send ACK".
void add_state_change(TextBuffer& out, State from, State to);

/// Appends "timer ended: DelayedAck (RFC 9293 §3.8.6.3): ..." and the rto if it is one of loss.
void add_timer(TextBuffer& out, const TimerFiredEvent& event, Language language);

}  // namespace glasstcp
