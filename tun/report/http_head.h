// The head of a message, as text: start line and fields, and what they say of the body.
//
// Next: http_messages.h.
#pragma once

#include <optional>
#include <string_view>

#include "tun/report/model.h"

namespace glasstcp::report {

/// Where the head that begins `text` ends, its blank line included; npos: not in `text`.
[[nodiscard]] std::size_t head_length(std::string_view text);

/// Reads a head that head_length has found. `request`: the one that a response answers, or null.
/// Empty: no HTTP.
[[nodiscard]] std::optional<Message> read_head(std::string_view head, bool is_request,
                                               const Message* request);

}  // namespace glasstcp::report
