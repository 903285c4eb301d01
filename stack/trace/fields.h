// The line of a packet that programs read: the same in every language.
//
//   glasstcp/1: event=DuplicateAck3 reason=... rfc=5681#2 state=ESTABLISHED peer=ESTABLISHED ...
//
// Keys are separated by one space; a value is ASCII, and every byte of it that is not a letter, a
// digit or one of "-._~:/@|,>" is percent-encoded (RFC 3986 §2.1). What is not known is left out.
// stack/README.md lists the keys with their units.
//
// Next: narrate.h.
#pragma once

#include <string_view>

#include "stack/trace/annotated_packet.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// How the line begins; the number changes when a key changes its meaning.
inline constexpr std::string_view kFieldsMark = "glasstcp/1:";

/// Appends the line, with its mark and without a line feed.
void add_fields(TextBuffer& out, const AnnotatedPacket& packet);

}  // namespace glasstcp
