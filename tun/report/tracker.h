// Segments into connections: whose is it, which side sent it, and what it is.
//
// Invariants:
//   1. A connection's stream number is Wireshark's tcp.stream: a SYN with another number on ports
//      that were in use, or behind FIN or RST, begins a new one.
//
// Next: end_states.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "tun/report/frame_parser.h"
#include "tun/report/model.h"
#include "tun/report/sequence_analysis.h"

namespace glasstcp::report {

/// A segment with what the file says of its frame.
struct CapturedSegment {
  const Segment& segment;
  FrameNumber number = 0;
  std::int64_t time_ns = 0;
  std::uint32_t wire_length = 0;
  std::uint16_t interface = 0;
  Direction direction = Direction::Unknown;
  std::uint32_t comment = 0;
  std::uint32_t events = 0;  ///< those that the reading half knows
};

class Tracker {
 public:
  explicit Tracker(Capture& capture) : capture_(capture) {}
  /// Takes the next segment; false: beyond the limits.
  [[nodiscard]] bool add(const CapturedSegment& captured);

 private:
  using Key = std::array<std::uint8_t, 38>;

  [[nodiscard]] static Key key_of(const Segment& segment);
  [[nodiscard]] std::uint32_t connection_of(const Segment& segment, bool& is_reused);
  [[nodiscard]] std::uint32_t open(const Segment& segment);
  void note_syn(Connection& connection, Flows& flows, const Frame& frame);
  void finish(Connection& connection, Flows& flows, Frame& frame);

  Capture& capture_;
  std::vector<Flows> flows_;
  std::map<Key, std::uint32_t> newest_;
};

}  // namespace glasstcp::report
