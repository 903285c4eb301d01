// The sentences of events, messages, changes of state and closes, in English and Chinese.
//
// The only place where they are put into words; numbers are filled in, terms are the field's.
//
// Next: explain.h.
#pragma once

#include "stack/trace/annotated_packet.h"
#include "stack/trace/language.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// Appends one clause that says what happened, without a full stop.
void add_event_words(TextBuffer& out, const PacketEventValue& event, Language language);
/// Appends which part of a message a packet carries, e.g. `request 2 "GET /a HTTP/1.1", whole, 78
/// bytes`.
void add_message_words(TextBuffer& out, const MessagePart& part, Language language);
/// Appends a change of state with its cause: "ESTABLISHED -> CLOSE-WAIT: their FIN came".
void add_step_words(TextBuffer& out, const StateStep& step, Language language);
/// Appends why the application closed; nothing for an unknown cause.
void add_close_words(TextBuffer& out, const CloseNote& note, Language language);
/// Appends a timer that expired: "retransmission timer expired (Retransmit)".
void add_timer_words(TextBuffer& out, TimerName timer, Language language);
/// Appends text of the peer: control characters and bytes beyond ASCII as \xNN, quotation marks and
/// backslashes escaped.
void add_escaped(TextBuffer& out, std::string_view text);

}  // namespace glasstcp
