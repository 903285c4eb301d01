// How `get` can end: exit codes and the one line that names the cause.
//
// The codes are curl's, so that scripts need not learn others. Everything here is a pure function
// of what happened, so that each case can be tested.
//
// Invariants:
//   1. A message is one line, names who did what, and a cure where there is one.
//
// Next: fetch.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stack/base/addresses.h"
#include "stack/base/time.h"

namespace glasstcp {

/// Exit codes, as curl has them.
namespace get_exit {
inline constexpr int kUnsupportedProtocol = 1;
inline constexpr int kMalformedUrl = 3;
inline constexpr int kNoSuchHost = 6;
inline constexpr int kCannotConnect = 7;
inline constexpr int kWeirdReply = 8;
inline constexpr int kPartial = 18;
inline constexpr int kHttpError = 22;
inline constexpr int kWriteError = 23;
inline constexpr int kTimedOut = 28;
inline constexpr int kEmptyReply = 52;
inline constexpr int kReceiveFailed = 56;
}  // namespace get_exit

/// Why a connection could not be made, or broke.
enum class TransportError : std::uint8_t {
  Refused,      ///< RST in answer to our SYN
  Reset,        ///< RST later
  TimedOut,     ///< no answer, however often we asked
  Unreachable,  ///< ICMP, or the kernel's routes, say that nobody is there
  NoRoute,      ///< we have no address of that IP version, or theirs is nobody's
  NoResources,
  LinkGone,  ///< the interface was deleted, or taken from us
};

/// The end of the program.
struct Ending {
  int code = 0;
  std::string message{};  ///< for stderr; empty: nothing to say
};

/// Facts about an attempt to connect.
struct Attempt {
  Endpoint remote;
  std::uint32_t syns = 0;  ///< sent; 0: unknown
  Duration waited{};
};

/// No connection came about.
[[nodiscard]] Ending connect_ending(TransportError error, const Attempt& attempt);
/// It broke after `received` bytes of content; `nothing_yet`: not even one byte of an answer.
[[nodiscard]] Ending transfer_ending(TransportError error, std::uint64_t received, Duration waited);
/// The server closed after `received` bytes of content; `promised`: its Content-Length.
[[nodiscard]] Ending early_close_ending(std::uint64_t received,
                                        std::optional<std::uint64_t> promised);

/// "1 byte", "12 bytes".
[[nodiscard]] std::string bytes_text(std::uint64_t count);
/// "30 s", "1.5 s".
[[nodiscard]] std::string seconds_text(Duration time);

}  // namespace glasstcp
