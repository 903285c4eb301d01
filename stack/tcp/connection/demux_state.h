// What the demultiplexer keeps on each connection. It alone reads and writes this (../demux): to
// the connection it means nothing.
//
// Next: connection.h.
#pragma once

namespace glasstcp {

/// The place of one connection in its stack. 1 byte.
struct DemuxState {
  bool in_table : 1 = false;         ///< segments with its tuple find it
  bool counted_orphan : 1 = false;   ///< among the orphans, whose number has a limit
  bool fast_open_place : 1 = false;  ///< takes one of its listener's pending places (RFC 7413 §4.2)
};

}  // namespace glasstcp
