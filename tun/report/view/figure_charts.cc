// From series of points to charts in words.
#include "tun/report/view/figure_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tun/report/view/markup.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kTableRows = 16;

// Time is told in ms while the connection is short.
struct TimeUnit {
  double ns;
  std::string_view name;
};
TimeUnit time_unit(const Connection& connection) {
  const bool is_short = connection.last_ns - connection.first_ns < 3'000'000'000;
  return is_short ? TimeUnit{1e6, "ms"} : TimeUnit{1e9, "s"};
}

class ChartMaker {
 public:
  ChartMaker(const ChartView& view, ChartKind kind)
      : view_(view), figures_(view.figures), kind_(kind), unit_(time_unit(view.connection)) {}

  Chart chart() {
    chart_.x.title = said(view_.language, "Time since the first frame ({})",
                          "自第一帧起的时间（{}）", unit_.name);
    switch (kind_) {
      case ChartKind::Sequence:
        sequence();
        break;
      case ChartKind::Window:
        window();
        break;
      case ChartKind::Rtt:
        rtt();
        break;
      case ChartKind::Throughput:
        throughput();
        break;
    }
    chart_.description = chart_.title;
    return std::move(chart_);
  }

 private:
  [[nodiscard]] std::string_view in(std::string_view en, std::string_view zh) const {
    return either(view_.language, en, zh);
  }
  [[nodiscard]] double x_of(std::int64_t at_ns) const {
    return static_cast<double>(at_ns) / unit_.ns;
  }
  void name(std::string_view id, std::string_view en, std::string_view zh) {
    chart_.id = fmt::format("{}-{}", id, view_.connection.number);
    chart_.title =
        said(view_.language, "{}, data of the {}, connection {}", "{}：{}发送的数据，连接 {}",
             in(en, zh), name_of(figures_.sender, view_.language), view_.connection.number);
  }
  Series& add(std::string_view name, ReasonClass colour, Shape shape) {
    chart_.series.push_back({std::string(name), colour, shape, {}});
    return chart_.series.back();
  }
  void add_points(std::string_view name, const std::vector<Point>& points, double scale,
                  Series looks) {
    if (points.empty()) return;
    Series& series = add(name, looks.colour, looks.shape);
    for (const Point& point : points) {
      series.points.push_back({x_of(point.at_ns), static_cast<double>(point.value) / scale});
    }
  }
  [[nodiscard]] static Series looks(ReasonClass colour, Shape shape) {
    return {{}, colour, shape, {}};
  }

  void sequence() {
    name("sequence", "Time-sequence graph", "时间-序号图");
    chart_.y = {std::string(in("Relative sequence number (bytes)", "相对序号（字节）")), true};
    add_points(in("receive window's right edge (ACK + window)", "接收窗口右沿（确认号 + 窗口）"),
               figures_.window_edge, 1, looks(ReasonClass::FlowControl, Shape::Steps));
    add_points(in("acknowledged (ACK)", "已确认（ACK）"), figures_.acknowledged, 1,
               looks(ReasonClass::Acknowledgment, Shape::Steps));
    Series sent{
        std::string(in("segments sent", "发送的报文段")), ReasonClass::Data, Shape::Spans, {}};
    Series again{
        std::string(in("retransmissions", "重传")), ReasonClass::LossRecovery, Shape::Crosses, {}};
    Series lost{std::string(in("lost on the link", "在链路上丢失")),
                ReasonClass::Reset,
                Shape::Crosses,
                {}};
    for (const SequenceMark& mark : figures_.segments) {
      const ChartPoint point{x_of(mark.at_ns), static_cast<double>(mark.end),
                             static_cast<double>(mark.begin)};
      sent.points.push_back(point);
      if (mark.never_arrived) {
        lost.points.push_back(point);
      } else if (mark.is_retransmission) {
        again.points.push_back(point);
      }
    }
    for (Series* series : {&sent, &again, &lost}) {
      if (!series->points.empty()) chart_.series.push_back(std::move(*series));
    }
  }

  void window() {
    name("window", "Window, bytes in flight and cwnd", "窗口、在途数据量与 cwnd");
    chart_.y = {std::string(in("Bytes", "字节")), true};
    const bool is_scaled = view_.connection.end(other(figures_.sender)).scale.has_value();
    add_points(is_scaled ? in("window that the receiver offers (rwnd)", "接收方通告的窗口（rwnd）")
                         : in("window field; window scale unknown", "窗口字段（窗口扩大因子未知）"),
               figures_.window, 1, looks(ReasonClass::FlowControl, Shape::Steps));
    add_points("cwnd", figures_.cwnd, 1, looks(ReasonClass::Opening, Shape::Steps));
    add_points("ssthresh", figures_.ssthresh, 1, looks(ReasonClass::LossRecovery, Shape::Steps));
    add_points(in("bytes in flight", "在途数据量"), figures_.flight, 1,
               looks(ReasonClass::Data, Shape::Steps));
  }

  void rtt() {
    name("rtt", "Round-trip time", "往返时间");
    chart_.y = {std::string(in("Round-trip time (ms)", "往返时间（ms）")), true};
    add_points(in("RTT of a segment", "报文段的往返时间（RTT）"), figures_.rtt, 1e6,
               looks(ReasonClass::Data, Shape::Dots));
    add_points(in("SRTT (as the sender computed it)", "SRTT（发送方算出的平滑往返时间）"),
               figures_.smoothed_rtt, 1e6, looks(ReasonClass::Opening, Shape::Steps));
  }

  void throughput() {
    name("throughput", "Throughput", "吞吐量");
    std::int64_t most = 0;
    for (const Point& point : figures_.throughput) most = std::max(most, point.value);
    const bool is_fast = most >= 2'000'000;
    chart_.y = {std::string(is_fast ? in("Mbit/s", "Mbit/s") : in("kbit/s", "kbit/s")), true};
    add_points(said(view_.language, "payload in steps of {}", "每 {} 的有效载荷",
                    milliseconds(figures_.throughput_step_ns)),
               figures_.throughput, is_fast ? 1e6 : 1e3, looks(ReasonClass::Data, Shape::Columns));
  }

  const ChartView& view_;
  const Figures& figures_;
  ChartKind kind_;
  TimeUnit unit_;
  Chart chart_;
};

std::string caption_of(ChartKind kind, Language language) {
  const auto in = [=](std::string_view en, std::string_view zh) {
    return std::string(either(language, en, zh));
  };
  switch (kind) {
    case ChartKind::Sequence:
      return in(
          "Each bar is a segment, from its first byte to its last. Where bars touch the window "
          "line, the receiver limits the sender; the space between bars and the ACK line is "
          "what is in flight.",
          "每一竖条是一个报文段，从第一个字节到最后一个字节。竖条碰到窗口线处，发送受接收方限制；竖"
          "条与"
          "确认线之间就是在途数据。");
    case ChartKind::Window:
      return in(
          "The sender may have min(cwnd, rwnd) bytes in flight. cwnd is the sender's own "
          "variable and not in any header: it is shown only if the sender's comments tell it.",
          "发送方的在途数据量不超过 min(cwnd, rwnd)。cwnd 是发送方内部的变量，不在任何首部里，"
          "只有发送方在注释中写明时才能画出。");
    case ChartKind::Rtt:
      return in(
          "From a segment to the first acknowledgment of it, seen where the capture was made. "
          "Segments that were retransmitted are left out (Karn's algorithm).",
          "从报文段到对它的第一个确认，以抓包处所见为准。重传过的报文段不计（Karn 算法）。");
    case ChartKind::Throughput:
      return in("Payload bytes in equal steps of time, retransmissions included.",
                "把时间等分，统计每段时间里的数据字节，重传也计入。");
  }
  return {};
}

std::string value_text(double value) {
  if (std::fabs(value) >= 1000 || value == std::floor(value)) {
    return grouped(static_cast<std::int64_t>(std::llround(value)));
  }
  return fmt::format("{:.3f}", value);
}

// The series that has most to tell, evenly thinned.
Table table_of(const Chart& chart, Language language) {
  Table table;
  for (const Series& series : chart.series) {
    const std::size_t count = series.points.size();
    const std::size_t rows = std::min<std::size_t>(count, kTableRows / chart.series.size() + 2);
    for (std::size_t i = 0; i < rows; ++i) {
      const ChartPoint& p = series.points[rows < 2 ? 0 : i * (count - 1) / (rows - 1)];
      std::string value = value_text(p.high);
      if (series.shape == Shape::Spans) value = value_text(p.low) + " – " + value;
      table.rows.push_back({series.name, fmt::format("{:.3f}", p.x), value});
    }
  }
  table.columns = {{std::string(either(language, "Series", "曲线"))},
                   {chart.x.title, true},
                   {chart.y.title, true}};
  table.note =
      either(language,
             "Points evenly chosen, with the first and the last; the JSON report has every "
             "frame.",
             "均匀选取的点，含首末两点；JSON 报告中有每一帧。");
  return table;
}

}  // namespace

std::optional<Chart> chart_of(const ChartView& view, ChartKind kind) {
  Chart chart = ChartMaker(view, kind).chart();
  const bool has_points =
      std::ranges::any_of(chart.series, [](const Series& s) { return !s.points.empty(); });
  if (!has_points) return std::nullopt;
  return chart;
}

std::optional<Picture> picture_of(const ChartView& view, ChartKind kind) {
  const std::optional<Chart> chart = chart_of(view, kind);
  if (!chart) return std::nullopt;
  Picture picture;
  picture.id = chart->id;
  picture.caption = caption_of(kind, view.language);
  picture.wide = draw(*chart, Width::Wide);
  picture.narrow = draw(*chart, Width::Narrow);
  picture.table = table_of(*chart, view.language);
  return picture;
}

}  // namespace glasstcp::report
