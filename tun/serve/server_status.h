// What `glasstcp status` and SIGUSR1 show of a server: who it is, its connections, what became of
// packets, what ran into a limit, and memory.
//
// Next: ../control/status.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/server.h"
#include "stack/socket/stack.h"
#include "tun/cli/options.h"
#include "tun/control/control_server.h"
#include "tun/control/status.h"
#include "tun/loop/pump.h"
#include "tun/view/view_hub.h"

namespace glasstcp {

/// What is counted beside the stack.
struct BesideCounters {
  PumpCounters pump{};
  std::uint64_t lost_log_lines = 0;
  std::uint64_t lost_capture_packets = 0;
  std::uint64_t lost_error_lines = 0;
  std::uint64_t cached_file_bytes = 0;
  std::uint64_t most_cached_file_bytes = 0;
  std::uint64_t most_http_bytes = 0;
  std::uint64_t refused_for_descriptors = 0;
  std::uint64_t views = 0;
  ViewCounters view{};
};

/// What stays as it is while the server runs.
struct ServerIdentity {
  ServeOptions options;
  std::string urls;  ///< " http://192.0.2.2/ ..."
  StackConfig config;
  Instant start;
};

/// Looks at everything now; costs time in proportion to the connections.
[[nodiscard]] Status status_of(const ServerIdentity& server, const Stack& stack,
                               const http::HttpServer& http, const BesideCounters& beside,
                               Instant now);

/// The answer to the command "status": words are "json", or "text" and a language.
[[nodiscard]] ControlAnswer control_with_status(const Status& status, std::string_view words);

}  // namespace glasstcp
