// The series behind the figures of a connection: time-sequence, window, RTT, throughput.
//
// Made when a figure is drawn, since a large connection has many points.
//
// Invariants:
//   1. Times are ns since the connection's first frame, ascending.
//   2. At most `most` points a series: runs are thinned so that minima and maxima stay.
#pragma once

#include <cstdint>
#include <vector>

#include "tun/report/model.h"

namespace glasstcp::report {

/// One point of a line.
struct Point {
  std::int64_t at_ns = 0;
  std::int64_t value = 0;
  FrameNumber frame = 0;  ///< 0: none
};

/// One segment in the time-sequence figure: from `begin` to `end`, relative numbers.
struct SequenceMark {
  std::int64_t at_ns = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  FrameNumber frame = 0;
  bool is_retransmission = false;
  bool never_arrived = false;  ///< see Event::NeverArrived
};

/// What the figures of one direction show: the data of `sender`.
struct Figures {
  Side sender = Side::Server;
  std::vector<SequenceMark> segments;
  std::vector<Point> acknowledged;  ///< highest ACK of the other end
  std::vector<Point> window_edge;   ///< ACK + window of the other end; empty: scale unknown
  std::vector<Point> window;        ///< window that the other end offers, bytes
  std::vector<Point> flight;        ///< outstanding, bytes
  std::vector<Point> cwnd;          ///< of our machine lines; empty in foreign captures
  std::vector<Point> ssthresh;      ///< likewise
  std::vector<Point> rtt;           ///< ns; of segments that went once
  std::vector<Point> smoothed_rtt;  ///< ns; of our machine lines (srtt_us)
  std::vector<Point> throughput;    ///< bits per second, in steps of `throughput_step_ns`
  std::int64_t throughput_step_ns = 0;
};

/// The series for the data that `sender` sends.
[[nodiscard]] Figures figures_of(const Capture& capture, const Connection& connection, Side sender,
                                 std::size_t most = 4000);
/// The end that sends more payload.
[[nodiscard]] Side main_sender(const Connection& connection);

}  // namespace glasstcp::report
