// What a connection has only when somebody asks for it: settings of its own, statistics, the search
// for a larger packet, and what Fast Open remembers.
//
// RFC 7413 (Fast Open), RFC 8899 (path search), RFC 4898 (what is counted).
//
// Invariants:
//   1. It is in a side block: an idle connection pays four bytes for having none.
//
// Next: stack_context.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stack/base/time.h"
#include "stack/tcp/connection/connection_statistics.h"
#include "stack/tcp/personality/linux_send_buffer.h"
#include "stack/tcp/send/path_search.h"
#include "stack/tcp/user_types.h"

namespace glasstcp {

/// What a passive open by Fast Open has to remember.
struct FastOpenPassive {
  std::uint32_t listener = 0xffffffff, generation = 0;  ///< whose pending place it takes
  std::array<std::uint8_t, 8> new_cookie{};             ///< for a client whose cookie grows old
  bool gives_cookie = false;
  bool experimental = false;  ///< in the older form
};

/// What an opening by Fast Open has to remember.
struct FastOpenState {
  FastOpenUse use = FastOpenUse::No;  ///< of an active open
  bool option_sent = false;           ///< our SYN carried it
  bool experimental = false;          ///< in the older form
  bool data_taken = false;            ///< all that a SYN carried was taken, by either side
  std::uint16_t syn_data = 0;         ///< bytes in our SYN
  FastOpenPassive passive;
};

/// What a connection has only when somebody asks for it.
struct ConnectionExtras {
  ConnectionSettings settings;
  ConnectionStatistics statistics;
  std::optional<PathSearch> search;  ///< for a larger packet, once it began
  FastOpenState fast_open;
  bool user_timeout_is_chosen = false;  ///< by the application: the peer's wish does not change it
  LinuxSendSpace send_space;

  /// Null: it has not begun.
  [[nodiscard]] PathSearch* path_search() { return search ? &*search : nullptr; }
  [[nodiscard]] const PathSearch* path_search() const { return search ? &*search : nullptr; }
};

}  // namespace glasstcp
