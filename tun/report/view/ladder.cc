// The drawing of a ladder, for a wide page and for a phone.
#include "tun/report/view/ladder.h"

#include <fmt/format.h>

#include <algorithm>

#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

// Where the columns stand.
struct Layout {
  double width, left, right;  // of the drawing; of the two lifelines
  double row, fold_row, band_row;
  double state_size;
  bool is_wide;
};
constexpr Layout kWide = {units(Width::Wide), 216, 626, 43, 30, 26, 9.5, true};
constexpr Layout kNarrow = {units(Width::Narrow), 86, 258, 56, 34, 24, 8.6, false};

class Ladder {
 public:
  Ladder(const LadderView& view, Width width)
      : view_(view), at_(width == Width::Wide ? kWide : kNarrow) {}

  Drawn draw(std::span<const LadderRow> rows) {
    add_heads();
    const double top = y_;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i == 0 || rows[i].band != rows[i - 1].band) add_band(rows[i].band);
      add_row(rows[i]);
    }
    y_ += 8;
    Drawn drawn;
    add_bands(drawn.svg);
    drawn.svg.line({at_.left, top}, {at_.left, y_}, "life");
    drawn.svg.line({at_.right, top}, {at_.right, y_}, "life");
    drawn.svg.append(svg_);
    const std::string description =
        fmt::format("{} – {}", endpoint(Side::Client), endpoint(Side::Server));
    drawn.head = {view_.title, description, view_.id, at_.width, add_legend(drawn.svg, rows)};
    return drawn;
  }

 private:
  struct BandMark {
    Band band;
    double top;
  };

  [[nodiscard]] std::string endpoint(Side side) const {
    return endpoint_text(view_.connection.end(side).endpoint);
  }
  [[nodiscard]] double x_of(Side side) const { return side == Side::Client ? at_.left : at_.right; }
  [[nodiscard]] std::string_view in(std::string_view en, std::string_view zh) const {
    return either(view_.language, en, zh);
  }

  void add_heads() {
    svg_.text({8, 18}, fitted(view_.title, at_.width - 16, 13.5), "title");
    y_ = 40;
    for (const Side side : {Side::Client, Side::Server}) {
      const bool is_left = side == Side::Client;
      const double x = at_.is_wide ? x_of(side) : is_left ? 8 : at_.width - 8;
      const Anchor anchor = at_.is_wide ? Anchor::Middle : is_left ? Anchor::Start : Anchor::End;
      svg_.text({x, y_}, name_of(side, view_.language), "bold", anchor);
      const double room = at_.is_wide ? 250 : at_.width / 2 - 12;
      svg_.text({x, y_ + 14}, fitted(endpoint(side), room, at_.is_wide ? 10.5 : 9.5),
                at_.is_wide ? "mono" : "mono state", anchor);
    }
    if (at_.is_wide)
      svg_.text({8, y_ + 14}, in("frame · time (s)", "帧 · 时间（s）"), "soft small");
    y_ += 24;
  }

  void add_band(Band band) {
    bands_.push_back({band, y_});
    svg_.text({8, y_ + 16}, name_of(band, view_.language), "bold small");
    y_ += at_.band_row;
  }

  // The backgrounds, every second band.
  void add_bands(Svg& svg) const {
    for (std::size_t i = 0; i < bands_.size(); ++i) {
      const double end = i + 1 < bands_.size() ? bands_[i + 1].top : y_;
      if (bands_[i].band != Band::Data) {
        svg.rect({0, bands_[i].top}, {at_.width, end - bands_[i].top}, "band", 6);
      }
    }
  }

  void add_row(const LadderRow& row) {
    if (row.count > 1) return add_fold(row);
    const Frame& f = view_.connection.frames[row.first];
    const ReasonClass what = class_of(f);
    const double x1 = x_of(f.from), x2 = x_of(other(f.from)), towards = x2 > x1 ? 1 : -1;
    const double start = y_ + (at_.is_wide ? 22 : 34), slope = 9;
    add_time(f, start);
    add_labels(f, what, start);
    const std::string stroke = stroke_of(what);
    if (f.is(Event::NeverArrived)) {
      const Place end{x1 + (x2 - x1) * 0.72, start + slope * 0.72};
      svg_.line({x1 + towards * 3, start}, end, stroke);
      svg_.path(fmt::format("M{:.1f} {:.1f}l10 10m0 -10l-10 10", end.x - 5, end.y - 5),
                stroke_of(ReasonClass::Reset) + " solid");
    } else {
      svg_.arrow({x1 + towards * 3, start}, {x2 - towards * 2, start + slope}, stroke,
                 fill_of(what));
    }
    svg_.circle({x1, start}, 2.6, fill_of(what));
    add_state(Side::Client, f, start);
    add_state(Side::Server, f, start);
    y_ += at_.row;
  }

  void add_time(const Frame& f, double y) {
    const std::string time = seconds(f.time_ns - view_.capture.first_ns);
    if (at_.is_wide) {
      svg_.text({8, y - 3}, fmt::format("{}", f.number), "mono bold");
      svg_.text({8, y + 10}, time, "mono state faint");
    } else {
      svg_.text({8, y - 24}, fmt::format("{} · {}", f.number, time), "mono state faint");
    }
  }

  void add_labels(const Frame& f, ReasonClass what, double y) {
    const double middle = (at_.left + at_.right) / 2;
    const double room = at_.is_wide ? at_.right - at_.left - 24 : at_.width - 20;
    const std::string label =
        fmt::format("{} {}", info(what).mark, frame_label(view_.connection, f, view_.language));
    std::string numbers = fmt::format("seq={}", f.seq);
    if (f.has(kAck)) numbers += fmt::format(" ack={}", f.ack);
    numbers += fmt::format(" len={}", f.length);
    if (at_.is_wide) {
      numbers += fmt::format(" win={}", f.window);
      const std::string options = f.has(kSyn) ? options_brief(view_.capture, f) : std::string();
      const double taken = text_width(label, 11.5) * 1.06 + 16;
      svg_.text({at_.left + 14, y - 7}, fitted(label, room, 11.5), "bold");
      const bool fits = taken + mono_width(numbers, 10.5) < room;
      if (fits) svg_.text({at_.right - 14, y - 7}, numbers, "mono soft", Anchor::End);
      const std::string below = fits ? options : numbers;
      if (!below.empty()) {
        svg_.text({middle, y + 19}, below, "mono state faint", Anchor::Middle);
      }
    } else {
      svg_.text({middle, y - 12}, fitted(label, 172, 10.5), "bold small", Anchor::Middle);
      svg_.text({middle, y - 1.5}, numbers, "mono state faint", Anchor::Middle);
    }
  }

  // A state is strong where this frame changed it, or where the drawing begins.
  void add_state(Side side, const Frame& f, double y) {
    const EndState& after = f.after_of(side);
    EndState& last = shown_[static_cast<std::size_t>(side)];
    const bool is_new = !has_shown_[static_cast<std::size_t>(side)] || !(after == last) ||
                        !(f.before_of(side) == after);
    has_shown_[static_cast<std::size_t>(side)] = true;
    last = after;
    const bool is_left = side == Side::Client;
    const double at_end = f.from == side ? y : y + 9;
    if (is_new) svg_.circle({x_of(side), at_end}, 4.2, "chip");
    if (is_new) svg_.circle({x_of(side), at_end}, 2.2, fill_of(class_of(f)));
    const double gap = at_.is_wide ? 9 : 7;
    const Place at{x_of(side) + (is_left ? -gap : gap), at_end + 3.4};
    const double room =
        is_left ? at_.left - (at_.is_wide ? 80 : 2) - gap : at_.width - at_.right - gap - 2;
    const std::string style =
        fmt::format("mono {} {}", at_.is_wide ? "state" : "tiny", is_new ? "bold" : "faint");
    add_state_text(state_text(after), at, room, {style, is_left ? Anchor::End : Anchor::Start});
  }

  struct Look {
    std::string style;
    Anchor anchor;
  };
  // Two possible states stand below each other where they do not fit side by side.
  void add_state_text(const std::string& text, Place at, double room, const Look& look) {
    const std::size_t slash = text.find(" / ");
    if (slash == std::string::npos || mono_width(text, at_.state_size) <= room) {
      return svg_.text(at, text, look.style, look.anchor);
    }
    svg_.text({at.x, at.y - 5}, text.substr(0, slash + 2), look.style, look.anchor);
    svg_.text({at.x, at.y + 5}, text.substr(slash + 3), look.style, look.anchor);
  }

  void add_fold(const LadderRow& row) {
    const Frame& first = view_.connection.frames[row.first];
    const Frame& last = view_.connection.frames[row.first + row.count - 1];
    const double middle = (at_.left + at_.right) / 2;
    const std::string text = fmt::format("⋮  {}", fold_text(view_.connection, row, view_.language));
    const double room = at_.is_wide ? at_.right - at_.left + 140 : at_.width - 16;
    const double wide = std::min(room, text_width(text, 10.5) + 26);
    svg_.rect({middle - wide / 2, y_ + 4}, {wide, 20}, "chip", 10);
    svg_.text({middle, y_ + 17.8}, fitted(text, wide - 14, at_.is_wide ? 10.5 : 9.5),
              at_.is_wide ? "soft" : "soft tiny", Anchor::Middle);
    if (at_.is_wide) {
      svg_.text({8, y_ + 18}, fmt::format("{}–{}", first.number, last.number), "mono bold");
    }
    y_ += at_.fold_row;
  }

  // The classes that occur; returns where the drawing ends.
  double add_legend(Svg& svg, std::span<const LadderRow> rows) const {
    double x = 8, y = y_ + 16;
    for (const ReasonClassInfo& row : all_reason_classes()) {
      const bool occurs = std::ranges::any_of(rows, [&](const LadderRow& r) {
        const Frame& f = view_.connection.frames[r.first];
        return r.count == 1 && class_of(f) == row.reason_class;
      });
      if (!occurs) continue;
      const std::string text =
          fmt::format("{} {}", row.mark, glasstcp::name_of(row.reason_class, view_.language));
      const double wide = 26 + text_width(text, 10.5) + 14;
      if (x + wide > at_.width) x = 8, y += 16;
      svg.line({x, y - 3.5}, {x + 20, y - 3.5}, stroke_of(row.reason_class));
      svg.text({x + 26, y}, text, "soft");
      x += wide;
    }
    return y + 10;
  }

  const LadderView& view_;
  const Layout& at_;
  Svg svg_;
  double y_ = 0;
  std::vector<BandMark> bands_;
  std::array<EndState, 2> shown_{};
  std::array<bool, 2> has_shown_{};
};

}  // namespace

Drawn draw_ladder(const LadderView& view, std::span<const LadderRow> rows, Width width) {
  return Ladder(view, width).draw(rows);
}

}  // namespace glasstcp::report
