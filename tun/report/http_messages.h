// HTTP/1.x messages on the two streams of a connection.
//
// RFC 9112 §6.3 says where a body ends. Read leniently: a capture is to be shown, not to be judged.
//
// Invariants:
//   1. A gap ends what cannot be counted over it; reading goes on where a frame begins a message.
//
// Next: html_links.h.
#pragma once

#include <string>
#include <vector>

#include "tun/report/model.h"

namespace glasstcp::report {

/// The HTML of a message, kept for html_links.h: identity-coded, at most kMostHtml bytes.
struct Page {
  static constexpr std::size_t kMostHtml = 1U << 20;
  std::uint32_t message = 0;  ///< index
  std::string html;
};

/// Whether bytes begin as a request ("GET /x HTTP/1.1", as far as they go) or as a response.
[[nodiscard]] bool begins_request(ByteView bytes);
[[nodiscard]] bool begins_response(ByteView bytes);

/// Fills Connection::messages, is_http, is_idle, and Event::MessageEnd of frames; the pages found.
[[nodiscard]] std::vector<Page> read_messages(Connection& connection);

}  // namespace glasstcp::report
