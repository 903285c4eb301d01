// See ending.h.
#include "tun/get/ending.h"

#include <fmt/format.h>

#include <cmath>

namespace glasstcp {

std::string bytes_text(std::uint64_t count) {
  return fmt::format("{} byte{}", count, count == 1 ? "" : "s");
}

std::string seconds_text(Duration time) {
  const double tenths = std::round(std::chrono::duration<double>(time).count() * 10);
  return fmt::format("{:g} s", tenths / 10);
}

Ending connect_ending(TransportError error, const Attempt& attempt) {
  const std::string remote = attempt.remote.to_string();
  switch (error) {
    case TransportError::Refused:
      return {get_exit::kCannotConnect,
              remote + " refused the connection: it answered our SYN with RST"};
    case TransportError::TimedOut: {
      const std::string syns = attempt.syns == 0 ? std::string()
                                                 : fmt::format(" and {} SYN{}", attempt.syns,
                                                               attempt.syns == 1 ? "" : "s");
      return {get_exit::kTimedOut, fmt::format("{} did not answer: timed out after {}{}", remote,
                                               seconds_text(attempt.waited), syns)};
    }
    case TransportError::Unreachable:
      return {get_exit::kCannotConnect,
              "no route to " + remote + ": it was reported to be unreachable"};
    case TransportError::NoRoute:
      return {get_exit::kCannotConnect, "no route to " + remote + ": no connection can lead there"};
    case TransportError::Reset:
      return {get_exit::kCannotConnect, remote + " reset the connection while it was opened"};
    case TransportError::NoResources:
      return {get_exit::kCannotConnect, "no memory or no port for a connection to " + remote};
    case TransportError::LinkGone:
      return {get_exit::kCannotConnect, "there is no link any more"};
  }
  return {};
}

Ending transfer_ending(TransportError error, std::uint64_t received, Duration waited) {
  const std::string so_far = bytes_text(received);
  switch (error) {
    case TransportError::TimedOut:
      return {get_exit::kTimedOut, fmt::format("timed out: nothing came for {}, after {}",
                                               seconds_text(waited), so_far)};
    case TransportError::LinkGone:
      return {get_exit::kReceiveFailed, "there is no link any more, after " + so_far};
    case TransportError::NoResources:
      return {get_exit::kReceiveFailed, "no memory, after " + so_far};
    case TransportError::Unreachable:
    case TransportError::NoRoute:
      return {get_exit::kReceiveFailed, "the way to the server is gone, after " + so_far};
    case TransportError::Refused:
    case TransportError::Reset:
      break;
  }
  return {get_exit::kReceiveFailed, "the server reset the connection, after " + so_far};
}

Ending early_close_ending(std::uint64_t received, std::optional<std::uint64_t> promised) {
  const std::string of = promised ? fmt::format(" of {}", *promised) : std::string();
  return {get_exit::kPartial,
          fmt::format("the server closed before the end, after {}{} bytes", received, of)};
}

}  // namespace glasstcp
