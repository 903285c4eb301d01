// How often a limit of the HTTP server ended or refused something, for those who run it.
//
// Next: server.h.
#pragma once

#include <cstdint>

namespace glasstcp::http {

/// Counts since the start.
struct LimitCounters {
  std::uint64_t slow_readers = 0;   ///< reset: took less than the least rate while memory was short
  std::uint64_t slow_senders = 0;   ///< the same, of a request's body
  std::uint64_t partial_heads = 0;  ///< requests that were not whole, ended for newer ones
  std::uint64_t no_room = 0;        ///< requests answered with 503, since memory was lacking
  std::uint64_t idle_closed = 0;    ///< idle connections closed since there were too many
  std::uint64_t refused = 0;        ///< connections reset since there were too many
};

}  // namespace glasstcp::http
