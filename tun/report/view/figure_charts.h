// The four figures of a connection as charts with their tables: time-sequence, window, RTT,
// throughput.
//
// Invariants:
//   1. A series without points is not drawn, and a chart without series is none.
#pragma once

#include <optional>

#include "tun/report/figures.h"
#include "tun/report/view/document.h"

namespace glasstcp::report {

enum class ChartKind { Sequence, Window, Rtt, Throughput };

/// What a chart is made from.
struct ChartView {
  const Connection& connection;
  const Figures& figures;
  Language language = Language::English;
};
/// The chart of a kind; empty: the capture has no points for it.
[[nodiscard]] std::optional<Chart> chart_of(const ChartView& view, ChartKind kind);
/// The chart drawn twice, with caption and table.
[[nodiscard]] std::optional<Picture> picture_of(const ChartView& view, ChartKind kind);

}  // namespace glasstcp::report
