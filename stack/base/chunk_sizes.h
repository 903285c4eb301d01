// How much memory the pools take at a time, and how large the tables begin.
//
// A program that serves takes much at once and asks rarely. A fuzzer makes a whole stack for each
// input: with GLASSTCP_SMALL_CHUNKS (the preset fuzz) that takes microseconds, and tables grow and
// chunks end where a server would get only after thousands of connections.
//
// Next: slab.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace glasstcp {

#ifdef GLASSTCP_SMALL_CHUNKS
inline constexpr std::size_t kSlabChunkBytes = 1024;   ///< of a slab (slab.h)
inline constexpr std::size_t kSlabLeastPerChunk = 2;   ///< objects, however large
inline constexpr std::uint32_t kBlocksPerChunk = 2;    ///< of a pool of blocks (block_pool.h)
inline constexpr std::size_t kFirstFlowCapacity = 16;  ///< slots of a table (flow_table.h)
inline constexpr unsigned kWheelDigitBits = 3;         ///< of a level's slots (timing_wheel.h)
/// ICMP messages to send; twice that for fragments that come
inline constexpr std::uint32_t kIpBufferBytes = 8 * 1024;
/// ICMP messages, and segments without a connection
inline constexpr std::uint32_t kQueuedReplies = 16;
inline constexpr std::uint16_t kReassemblies = 4;  ///< datagrams at a time
inline constexpr std::uint32_t kPathMtuEntries = 16;
#else
inline constexpr std::size_t kSlabChunkBytes = 64 * 1024;  ///< of a slab (slab.h)
inline constexpr std::size_t kSlabLeastPerChunk = 16;      ///< objects, however large
/// of a pool of blocks (block_pool.h): 256 KB, from the kernel, untouched until used
inline constexpr std::uint32_t kBlocksPerChunk = 64;
inline constexpr std::size_t kFirstFlowCapacity = 1024;  ///< slots of a table (flow_table.h)
inline constexpr unsigned kWheelDigitBits = 6;           ///< of a level's slots (timing_wheel.h)
/// ICMP messages to send; twice that for fragments that come
inline constexpr std::uint32_t kIpBufferBytes = 512 * 1024;
/// ICMP messages, and segments without a connection
inline constexpr std::uint32_t kQueuedReplies = 256;
inline constexpr std::uint16_t kReassemblies = 64;  ///< datagrams at a time
inline constexpr std::uint32_t kPathMtuEntries = 1024;
#endif

}  // namespace glasstcp
