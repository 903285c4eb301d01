// What a connection's memory is used for, and whether that goes on: by this the demultiplexer
// chooses whom it takes room from (../demux/eviction.cc).
//
// Next: connection.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace glasstcp {

/// What memory is held for.
enum class MemoryClass : std::uint8_t {
  HalfOpen,  ///< a SYN was answered
  Idle,      ///< nothing is under way in either direction
  Reading,   ///< bytes of the peer wait: for our application, or behind a gap
  Sending    ///< bytes of ours wait for the peer
};
inline constexpr std::size_t kMemoryClassCount = 4;

/// What a connection is doing.
struct Activity {
  MemoryClass memory = MemoryClass::Idle;
  bool makes_progress = false;  ///< the peer does its part, or did until a moment ago
};

}  // namespace glasstcp
