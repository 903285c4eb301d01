// POST /_glass/control: the switches, for a page that this server gave.
//
// A page of anybody's, open in a browser of somebody who may look, must not turn them. So the body
// is JSON, which no form can send without asking first (CORS preflight, which nobody here answers),
// and Origin names this server: browsers let no page choose it. Where a foreign name was made to
// mean our address (DNS rebinding), Host has that name, and access.h has refused it already.
//
//     {"link":"out:loss=1%"}    {"setting":["sack","off"]}    -> the switches as they are then
//
// What is refused is said as {"error":"why"}, in the language of ?lang=.
//
// RFC 6454 §7 (Origin), RFC 8259.
//
// Next: ../serve/glass.h.
#pragma once

#include "http/service.h"
#include "tun/view/view_switches.h"

namespace glasstcp {

inline constexpr std::uint32_t kMostControlBytes = 4096;

/// Answers a POST. The switches must outlive the answer.
[[nodiscard]] http::ServiceAnswer answer_with_control(ViewSwitches& switches,
                                                      const http::ServiceCall& call);

/// Whether `origin` is that of a page that was asked for by `host`.
[[nodiscard]] bool is_same_origin(std::string_view origin, std::string_view host);

}  // namespace glasstcp
