// Ranges, ticks, legend, series.
#include "tun/report/view/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace glasstcp::report {
namespace {

struct Range {
  double low = 0, high = 1, step = 0.2;
};

// The plot's place in the drawing, and where values stand in it.
struct Plot {
  double left = 0, right = 0, top = 0, bottom = 0;
  Range x, y;

  [[nodiscard]] double at_x(double value) const {
    return left + (value - x.low) / (x.high - x.low) * (right - left);
  }
  [[nodiscard]] double at_y(double value) const {
    return bottom - (value - y.low) / (y.high - y.low) * (bottom - top);
  }
};

// 1, 2 or 5 times a power of ten: the least that gives at most `most` steps.
double nice_step(double span, int most) {
  const double rough = span / most;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

Range range_of(double low, double high, bool from_zero, int most) {
  if (from_zero) low = std::min(low, 0.0);
  if (!(high > low)) high = low + std::max(1.0, std::fabs(low) * 0.1);
  const double step = nice_step(high - low, most);
  return {from_zero && low >= 0 ? 0 : std::floor(low / step) * step,
          std::ceil(high / step - 1e-9) * step, step};
}

template <typename Get>
Range range_over(const Chart& chart, bool from_zero, int most, Get get) {
  double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      const auto [a, b] = get(series, point);
      low = std::min(low, a), high = std::max(high, b);
    }
  }
  if (low > high) low = 0, high = 1;
  return range_of(low, high, from_zero, most);
}

// Where the last point stands; columns begin there and go on.
double last_x(const Chart& chart) {
  double last = std::numeric_limits<double>::lowest();
  for (const Series& series : chart.series) {
    if (series.points.empty()) continue;
    const auto& points = series.points;
    const double step = points.size() > 1 ? points.back().x - points[points.size() - 2].x : 0;
    last = std::max(last, points.back().x + (series.shape == Shape::Columns ? step : 0));
  }
  return last;
}

void add_sample(Svg& svg, Place at, const Series& series) {
  const std::string stroke = stroke_of(series.colour), fill = fill_of(series.colour);
  switch (series.shape) {
    case Shape::Dots:
      return svg.circle({at.x + 10, at.y}, 2.6, fill);
    case Shape::Crosses:
      return svg.path(fmt::format("M{} {}l7 7m0 -7l-7 7", at.x + 6.5, at.y - 3.5),
                      stroke + " solid");
    case Shape::Spans:
      return svg.path(fmt::format("M{} {}v9m5 -9v9m5 -9v9", at.x + 5, at.y - 4.5), stroke + " bar");
    case Shape::Columns:
      return svg.rect({at.x + 4, at.y - 4.5}, {12, 9}, fill);
    default:
      return svg.line(at, {at.x + 20, at.y}, stroke);
  }
}

// Draws the legend from `top` on and returns where it ends.
double add_legend(Svg& svg, const Chart& chart, double width, double top) {
  double x = 8, y = top;
  for (const Series& series : chart.series) {
    if (series.points.empty()) continue;
    const double wide = 26 + text_width(series.name, 10.5) + 16;
    if (x > 8 && x + wide > width) x = 8, y += 16;
    add_sample(svg, {x, y}, series);
    svg.text({x + 26, y + 3.6}, series.name, "soft");
    x += wide;
  }
  return y + 12;
}

void add_axes(Svg& svg, const Chart& chart, const Plot& plot) {
  for (double v = plot.y.low; v <= plot.y.high + plot.y.step / 2; v += plot.y.step) {
    const double y = plot.at_y(v);
    svg.line({plot.left, y}, {plot.right, y}, "grid");
    svg.text({plot.left - 6, y + 3.5}, tick_text(v), "axis", Anchor::End);
  }
  for (double v = plot.x.low; v <= plot.x.high + plot.x.step * 1e-6; v += plot.x.step) {
    const double x = plot.at_x(v);
    svg.line({x, plot.bottom}, {x, plot.bottom + 4}, "frame");
    svg.text({x, plot.bottom + 16}, tick_text(v), "axis", Anchor::Middle);
  }
  svg.path(fmt::format("M{} {}V{}H{}", plot.left, plot.top, plot.bottom, plot.right), "frame");
  svg.text({(plot.left + plot.right) / 2, plot.bottom + 33}, chart.x.title, "axis bold",
           Anchor::Middle);
  svg.text({8, plot.top - 12}, chart.y.title, "axis bold");
}

std::string line_path(const Series& series, const Plot& plot) {
  std::string data;
  double last_y = 0;
  for (const ChartPoint& point : series.points) {
    const double x = plot.at_x(point.x), y = plot.at_y(point.high);
    if (data.empty()) {
      fmt::format_to(std::back_inserter(data), "M{:.1f} {:.1f}", x, y);
    } else if (series.shape == Shape::Line) {
      fmt::format_to(std::back_inserter(data), "L{:.1f} {:.1f}", x, y);
    } else if (y == last_y) {
      fmt::format_to(std::back_inserter(data), "H{:.1f}", x);
    } else {
      fmt::format_to(std::back_inserter(data), "H{:.1f}V{:.1f}", x, y);
    }
    last_y = y;
  }
  return data;
}

void add_columns(Svg& svg, const Series& series, const Plot& plot) {
  double step = plot.right - plot.left;
  for (std::size_t i = 1; i < series.points.size(); ++i) {
    step = std::min(step, plot.at_x(series.points[i].x) - plot.at_x(series.points[i - 1].x));
  }
  const double wide = std::clamp(step - 1, 1.0, 26.0);
  std::string data;
  for (const ChartPoint& point : series.points) {
    const double x = plot.at_x(point.x), y = plot.at_y(point.high);
    if (plot.bottom - y < 0.1) continue;
    fmt::format_to(std::back_inserter(data), "M{:.1f} {:.1f}V{:.1f}h{:.1f}V{:.1f}Z", x, plot.bottom,
                   y, wide, plot.bottom);
  }
  svg.path(data, fill_of(series.colour));
}

void add_series(Svg& svg, const Series& series, const Plot& plot) {
  const std::string stroke = stroke_of(series.colour);
  std::string data;
  switch (series.shape) {
    case Shape::Line:
    case Shape::Steps:
      return svg.path(line_path(series, plot), stroke);
    case Shape::Columns:
      return add_columns(svg, series, plot);
    case Shape::Dots:
      for (const ChartPoint& p : series.points) {
        svg.circle({plot.at_x(p.x), plot.at_y(p.high)}, 2.2, fill_of(series.colour));
      }
      return;
    case Shape::Crosses:
      for (const ChartPoint& p : series.points) {
        fmt::format_to(std::back_inserter(data), "M{:.1f} {:.1f}l7 7m0 -7l-7 7",
                       plot.at_x(p.x) - 3.5, plot.at_y(p.high) - 3.5);
      }
      return svg.path(data, stroke + " solid");
    case Shape::Spans:
      for (const ChartPoint& p : series.points) {
        const double low = plot.at_y(p.low);
        fmt::format_to(std::back_inserter(data), "M{:.1f} {:.1f}V{:.1f}", plot.at_x(p.x), low,
                       std::min(plot.at_y(p.high), low - 1.5));
      }
      return svg.path(data, stroke + " bar");
  }
}

}  // namespace

std::string tick_text(double value) {
  const double size = std::fabs(value);
  if (size < 1e-9) return "0";
  if (size >= 1e9) return fmt::format("{:g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", std::round(value * 1e6) / 1e6);
}

Drawn draw(const Chart& chart, Width width) {
  const bool is_wide = width == Width::Wide;
  Drawn drawn;
  drawn.head = {chart.title, chart.description, chart.id, units(width), 0};
  Svg& svg = drawn.svg;
  svg.text({8, 18}, fitted(chart.title, units(width) - 16, 13.5), "title");
  const double top = add_legend(svg, chart, units(width) - 8, 38) + 24;
  Plot plot;
  plot.left = 56, plot.right = units(width) - 18;
  plot.top = top, plot.bottom = top + (is_wide ? 270 : 210);
  plot.x = range_over(chart, chart.x.from_zero, is_wide ? 9 : 5,
                      [](const Series&, const ChartPoint& p) { return std::pair(p.x, p.x); });
  plot.x.high = std::min(plot.x.high, last_x(chart) + plot.x.step / 4);
  plot.y = range_over(chart, chart.y.from_zero, 6, [](const Series& s, const ChartPoint& p) {
    return std::pair(s.shape == Shape::Spans ? p.low : p.high, p.high);
  });
  add_axes(svg, chart, plot);
  for (const Series& series : chart.series) add_series(svg, series, plot);
  drawn.head.height = plot.bottom + 44;
  return drawn;
}

}  // namespace glasstcp::report
