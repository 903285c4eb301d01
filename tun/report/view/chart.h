// A chart: axes with units and ticks, series, legend and title, as SVG.
//
// Invariants:
//   1. Every series has a shape, mark or dash of its own beside its colour.
//   2. At most some thousand points are drawn; who makes a series thins it.
#pragma once

#include <string>
#include <vector>

#include "tun/report/view/svg.h"

namespace glasstcp::report {

/// How a series is drawn.
enum class Shape {
  Line,     ///< from point to point
  Steps,    ///< a value holds until the next
  Dots,     ///< circles
  Crosses,  ///< upright crosses, for what stands out
  Spans,    ///< vertical bars from `low` to `high`
  Columns,  ///< filled columns from 0
};

struct ChartPoint {
  double x = 0;
  double high = 0;
  double low = 0;  ///< of Spans only
};

struct Series {
  std::string name;
  ReasonClass colour = ReasonClass::Data;
  Shape shape = Shape::Line;
  std::vector<ChartPoint> points;
};

/// An axis; the range is that of the points, unless it begins at 0 anyway.
struct Axis {
  std::string title;  ///< with its unit
  bool from_zero = true;
};

struct Chart {
  std::string id;
  std::string title;
  std::string description;
  Axis x, y;
  std::vector<Series> series;  ///< empty ones are left out
};

/// A drawing with its size.
struct Drawn {
  Svg svg;
  SvgHead head;
};
[[nodiscard]] Drawn draw(const Chart& chart, Width width);

/// "1500", "64k", "1.25M": for ticks.
[[nodiscard]] std::string tick_text(double value);

}  // namespace glasstcp::report
