// See figures.h.
#include "tun/report/figures.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace glasstcp::report {
namespace {

// Thins a series to `most` points: of each group the least and the greatest stay, in their order.
void thin(std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most < 4) return;
  const std::size_t groups = most / 2;
  std::vector<Point> kept;
  kept.reserve(most + 1);
  for (std::size_t g = 0; g < groups; ++g) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(g * points.size() / groups);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>((g + 1) * points.size() / groups);
    auto [low, high] = std::minmax_element(
        begin, end, [](const Point& a, const Point& b) { return a.value < b.value; });
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  if (kept.back().at_ns != points.back().at_ns) kept.push_back(points.back());
  points = std::move(kept);
}

// Segments that follow each other become one mark; what stands out stays alone.
void thin(std::vector<SequenceMark>& marks, std::size_t most) {
  if (marks.size() <= most || most == 0) return;
  const std::size_t run = (marks.size() + most - 1) / most;
  std::vector<SequenceMark> kept;
  std::size_t joined = 0;
  for (const SequenceMark& mark : marks) {
    const bool is_plain = !mark.is_retransmission && !mark.never_arrived;
    const bool joins = is_plain && !kept.empty() && joined < run && kept.back().end == mark.begin &&
                       !kept.back().is_retransmission && !kept.back().never_arrived;
    if (joins) {
      kept.back().end = mark.end;
      ++joined;
      continue;
    }
    kept.push_back(mark);
    joined = 1;
  }
  // Where the capture is nothing but repetitions, every n-th must do.
  if (kept.size() > 2 * most) {
    const std::size_t step = kept.size() / most;
    for (std::size_t i = 0; i * step < kept.size(); ++i) kept[i] = kept[i * step];
    kept.resize((kept.size() + step - 1) / step);
  }
  marks = std::move(kept);
}

std::optional<std::int64_t> machine_number(const FrameComment& comment, std::string_view key) {
  if (comment.machine.empty()) return std::nullopt;
  const auto text = machine_value(comment.machine, key);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

// Adds a point where the value is another one.
void note(std::vector<Point>& points, Point point) {
  if (points.empty() || points.back().value != point.value) points.push_back(point);
}

class Maker {
 public:
  Maker(const Capture& capture, const Connection& connection, Side sender)
      : capture_(capture), c_(connection) {
    figures_.sender = sender;
    knows_window_ = connection.end(other(sender)).scale.has_value();
  }

  Figures make(std::size_t most) {
    for (const Frame& f : c_.frames) {
      const std::int64_t at = std::max<std::int64_t>(f.time_ns - c_.first_ns, last_ns_);
      last_ns_ = at;
      if (f.from == figures_.sender) {
        take_segment(f, at);
      } else {
        take_ack(f, at);
      }
      take_machine_line(f, at);
      if (sent_ > 0) {
        note(figures_.flight, {at, std::max<std::int64_t>(sent_ - acked_, 0), f.number});
      }
    }
    make_throughput();
    thin(figures_.segments, most);
    for (auto* line :
         {&figures_.acknowledged, &figures_.window_edge, &figures_.window, &figures_.flight,
          &figures_.cwnd, &figures_.ssthresh, &figures_.rtt, &figures_.smoothed_rtt}) {
      thin(*line, most);
    }
    return std::move(figures_);
  }

 private:
  void take_segment(const Frame& f, std::int64_t at) {
    if (f.span() == 0) return;
    figures_.segments.push_back({at, f.seq, f.next_seq(), f.number, f.is(Event::Retransmission),
                                 f.is(Event::NeverArrived)});
    if (!f.has(kRst)) sent_ = std::max(sent_, f.next_seq());
    if (f.length > 0 && !f.is(Event::Retransmission)) arrived_.push_back({at, f.length, f.number});
  }

  void take_ack(const Frame& f, std::int64_t at) {
    if (!f.has(kAck) || f.has(kRst)) return;
    acked_ = std::max(acked_, f.ack);
    note(figures_.acknowledged, {at, acked_, f.number});
    if (knows_window_ || f.has(kSyn)) {
      note(figures_.window, {at, f.window, f.number});
      note(figures_.window_edge, {at, f.ack + f.window, f.number});
    }
    if (f.rtt_ns >= 0) figures_.rtt.push_back({at, f.rtt_ns, f.number});
  }

  // The line tells of our own end: it is the sender's where the frame left, or came, accordingly.
  void take_machine_line(const Frame& f, std::int64_t at) {
    const FrameComment& comment = capture_.comment_of(f);
    if (comment.machine.empty() || f.direction == Direction::Unknown) return;
    const Side ours = f.direction == Direction::Out ? f.from : other(f.from);
    if (ours != figures_.sender) return;
    if (const auto x = machine_number(comment, "cwnd")) note(figures_.cwnd, {at, *x, f.number});
    if (const auto x = machine_number(comment, "ssthresh")) {
      note(figures_.ssthresh, {at, *x, f.number});
    }
    if (const auto x = machine_number(comment, "srtt_us")) {
      note(figures_.smoothed_rtt, {at, *x * 1000, f.number});
    }
  }

  // A hundred steps over the time of the connection's data, of 1 ms at least.
  void make_throughput() {
    if (arrived_.empty()) return;
    const std::int64_t begin = arrived_.front().at_ns;
    const std::int64_t length = arrived_.back().at_ns - begin;
    const std::int64_t step = std::max<std::int64_t>(length / 100, 1'000'000);
    figures_.throughput_step_ns = step;
    std::vector<std::int64_t> bytes(static_cast<std::size_t>(length / step) + 1, 0);
    for (const Point& one : arrived_) {
      bytes[static_cast<std::size_t>((one.at_ns - begin) / step)] += one.value;
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const double bits = static_cast<double>(bytes[i]) * 8e9 / static_cast<double>(step);
      figures_.throughput.push_back(
          {begin + static_cast<std::int64_t>(i) * step, static_cast<std::int64_t>(bits), 0});
    }
  }

  const Capture& capture_;
  const Connection& c_;
  Figures figures_;
  bool knows_window_ = false;
  std::int64_t sent_ = 0, acked_ = 0, last_ns_ = 0;
  std::vector<Point> arrived_;
};

}  // namespace

Figures figures_of(const Capture& capture, const Connection& connection, Side sender,
                   std::size_t most) {
  return Maker(capture, connection, sender).make(most);
}

Side main_sender(const Connection& connection) {
  return connection.end(Side::Client).bytes_sent > connection.end(Side::Server).bytes_sent
             ? Side::Client
             : Side::Server;
}

}  // namespace glasstcp::report
