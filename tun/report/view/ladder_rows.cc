// Which frames share a row: the three bands, and the folding of long runs.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tun/report/view/ladder.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

// What must be seen for itself: it is told apart from the run around it.
bool stands_out(const Frame& f) {
  static constexpr std::array kEvents = {
      Event::Retransmission, Event::OutOfOrder,   Event::ZeroWindow,      Event::WindowUpdate,
      Event::LostBefore,     Event::KeepAlive,    Event::ZeroWindowProbe, Event::PortsReused,
      Event::NeverArrived,   Event::HandshakeAck, Event::DuplicateAck,
  };
  if (f.has(kSyn) || f.has(kFin) || f.has(kRst)) return true;
  return std::ranges::any_of(kEvents, [&](Event event) { return f.is(event); });
}

// Where the bands of a connection end, as indices of frames.
struct Bounds {
  std::size_t establish_end = 0;
  std::size_t release_begin = 0;
};

Bounds bounds_of(const Connection& c) {
  Bounds bounds{0, c.frames.size()};
  for (std::size_t i = 0; i < c.frames.size(); ++i) {
    const Frame& f = c.frames[i];
    const bool opens = f.has(kSyn) || f.is(Event::HandshakeAck);
    if (opens && i < bounds.release_begin) bounds.establish_end = i + 1;
    if ((f.has(kFin) || f.has(kRst)) && bounds.release_begin == c.frames.size()) {
      bounds.release_begin = i;
    }
  }
  // A refused connection: the RST is the answer to the SYN, and releases nothing.
  bounds.release_begin = std::max(bounds.release_begin, bounds.establish_end);
  return bounds;
}

Band band_of(const Bounds& bounds, std::size_t i) {
  if (i < bounds.establish_end) return Band::Establish;
  return i < bounds.release_begin ? Band::Data : Band::Release;
}

bool begins_message(const Connection& c, FrameNumber number) {
  return std::ranges::any_of(c.messages, [=](const Message& m) { return m.first_frame == number; });
}

// Whether a frame may vanish in a run: what stands out, and where messages begin or end, does not.
bool may_fold(const Connection& c, const Frame& f) {
  return !stands_out(f) && !f.is(Event::MessageEnd) && !begins_message(c, f.number);
}

std::vector<LadderRow> folded(const Connection& c, const Bounds& bounds) {
  constexpr std::size_t kLeast = 5;  // a shorter run is shown whole
  std::vector<LadderRow> rows;
  for (std::size_t i = 0; i < c.frames.size();) {
    const Band band = band_of(bounds, i);
    std::size_t end = i;
    while (end < c.frames.size() && band_of(bounds, end) == band && may_fold(c, c.frames[end])) {
      ++end;
    }
    if (end - i >= kLeast) {
      rows.push_back({band, i, 1});
      rows.push_back({band, i + 1, end - i - 2});
      rows.push_back({band, end - 1, 1});
    } else {
      end = std::max(end, i + 1);
      for (; i < end; ++i) rows.push_back({band_of(bounds, i), i, 1});
    }
    i = end;
  }
  return rows;
}

// Keeps the beginning and the end of too many rows, and makes one of what is between.
void cut_middle(std::vector<LadderRow>& rows, std::size_t most) {
  if (rows.size() <= most) return;
  const std::size_t head = most * 2 / 3, tail = most - head - 1;
  LadderRow middle = rows[head];
  const LadderRow& behind = rows[rows.size() - tail];
  middle.count = behind.first - middle.first;
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(head),
             rows.end() - static_cast<std::ptrdiff_t>(tail));
  rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(head), middle);
}

}  // namespace

std::string_view name_of(Band band, Language language) {
  switch (band) {
    case Band::Establish:
      return either(language, "Establish", "建立连接");
    case Band::Data:
      return either(language, "Transfer", "数据传输");
    case Band::Release:
      return either(language, "Release", "释放连接");
  }
  return {};
}

std::vector<LadderRow> ladder_rows(const Connection& connection, std::size_t most) {
  std::vector<LadderRow> rows = folded(connection, bounds_of(connection));
  cut_middle(rows, most);
  return rows;
}

std::vector<std::span<const LadderRow>> parts_of(const std::vector<LadderRow>& rows) {
  std::vector<std::span<const LadderRow>> parts;
  const std::size_t count = (rows.size() + kMostRows - 1) / kMostRows;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t end = (i + 1) * rows.size() / count;
    parts.emplace_back(rows.data() + at, end - at);
    at = end;
  }
  return parts;
}

std::string fold_text(const Connection& connection, const LadderRow& row, Language language) {
  std::array<std::uint64_t, 2> bytes{};
  std::array<std::size_t, 2> segments{}, acks{};
  std::size_t repeated = 0;
  for (std::size_t i = row.first; i < row.first + row.count; ++i) {
    const Frame& f = connection.frames[i];
    const auto side = static_cast<std::size_t>(f.from);
    bytes[side] += f.length;
    ++(f.length > 0 ? segments : acks)[side];
    repeated += f.is(Event::Retransmission) ? 1 : 0;
  }
  std::string out;
  const auto add = [&](const std::string& text) {
    if (!out.empty()) out += either(language, "; ", "；");
    out += text;
  };
  for (const std::size_t side : {1U, 0U}) {
    const std::string_view name = name_of(static_cast<Side>(side), language);
    if (segments[side] > 0) {
      add(said(language, "{2}: {0} segments, {1}", "{2}：{0} 个报文段，{1}",
               grouped(static_cast<std::int64_t>(segments[side])),
               bytes_text(bytes[side], language), name));
    }
    if (acks[side] > 0) {
      add(said(language, "{1}: {0} ACKs", "{1}：{0} 个 ACK",
               grouped(static_cast<std::int64_t>(acks[side])), name));
    }
  }
  if (repeated > 0) {
    add(said(language, "{} retransmissions", "重传 {} 个", repeated));
  }
  return out;
}

}  // namespace glasstcp::report
