// One packet in words: what it is, why it was sent or what became of it, and the quantities that
// decided.
//
// Used by the captures (capture_sink.h) and the narration (narrate.h), so that both say the same.
// The sentences come from the tables of reason.cc and verdict.cc and from packet_event_words.cc;
// this file puts them in order and adds the numbers of the moment.
//
// Invariants:
//   1. A quantity is shown where the reason is about it: loss shows cwnd, ssthresh, flight and rto;
//   windows show wnd.
//   2. Sequence numbers in text are relative to the connection's first when that is known.
//
// Next: narrate.h.
#pragma once

#include "stack/trace/annotated_packet.h"
#include "stack/trace/language.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// Appends "SYN-ACK seq 0 ack 1 win 65535 len 0 <mss 1460,sackOK,ts,ws 7>" (or what it is if not
/// TCP). Windows are scaled where the shift is known, as Wireshark shows them.
void add_packet(TextBuffer& out, const AnnotatedPacket& packet);

/// Appends why it was sent or what became of it, what it did, which messages it carries, and the
/// quantities that decided:
/// "FastRetransmit (RFC 5681 §3.2): third duplicate ACK for 14481; cwnd 28960 -> 18824, ...",
/// "AckOfData (RFC 9293 §3.10.7.4): acknowledges 1448 bytes of ours (1-1448); snd.una 1 -> 1449".
void add_sentence(TextBuffer& out, const AnnotatedPacket& packet, Language language);

/// Appends what happened without a packet: "CLOSE called, the FIN waits behind 2896 bytes".
void add_happening(TextBuffer& out, const AnnotatedPacket& packet, Language language);

/// Appends a timer that expired, and the quantities of loss if it is one of loss.
void add_timer(TextBuffer& out, TimerName timer, const std::optional<TcbSnapshot>& tcb,
               Language language);

/// Appends " (peer inferred: CLOSE-WAIT|ESTABLISHED)"; nothing if nothing is known.
void add_peer(TextBuffer& out, PeerStates peer, Language language);

}  // namespace glasstcp
