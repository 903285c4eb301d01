// See ladder.h.
#include "stack/lab/ladder.h"

#include <algorithm>
#include <span>

#include "stack/base/markup.h"
#include "stack/lab/display_text.h"

namespace glasstcp::lab {
namespace {

// Columns: time, state, arrow, state, time, with a space between.
constexpr std::size_t kTime = 7, kState = 12, kArrow = 37, kWidth = 79;
constexpr std::size_t kIndent = kTime + 1;
// So many rows are folded at least, and so many of them are shown before and behind; where they
// only say again what was said, none before and one behind.
constexpr std::size_t kLeastFold = 8, kHead = 3, kTail = 2;
constexpr std::size_t kLeastAgain = 3;
constexpr std::size_t kLeastAlike = 4;  // rows that say the same as the one before them

// "12.345": seconds since the start.
std::string seconds(Duration time) {
  const std::int64_t ms = (to_us(time) + 500) / 1000;
  const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  return std::to_string(ms / 1000) + '.' + fraction;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// "1 ACK", "2 ACKs".
std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

class Ladder {
 public:
  Ladder(const Scenario& scenario, const Journal& journal, const LadderOptions& options)
      : scenario_(scenario), journal_(journal), options_(options) {}

  std::string draw() {
    add_heads();
    sort_rows();
    const std::vector<Row>& rows = rows_;
    for (std::size_t i = 0; i < rows.size();) {
      if (const std::size_t end = end_of_alike(i); end - i >= kLeastAlike) {
        add_alike(i, end);
        i = end;
        continue;
      }
      const std::size_t end = end_of_run(i);
      const bool begins_again = i < end && rows[i].says_again;
      if (end - i < (begins_again ? kLeastAgain : kLeastFold)) {
        add_row(rows[i++]);
        continue;
      }
      for (const std::size_t shown = begins_again ? i : i + kHead; i < shown;) add_row(rows[i++]);
      const std::size_t tail = end - (rows[end - 1].says_again ? 1 : kTail);
      add_fold(i, tail);
      for (i = tail; i < end;) add_row(rows[i++]);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view in(std::string_view english, std::string_view chinese) const {
    return either(options_.language, english, chinese);
  }
  [[nodiscard]] std::string_view glyph(std::string_view fine, std::string_view plain) const {
    return options_.ascii ? plain : fine;
  }

  // What is written through here is escaped where the output is HTML.
  [[nodiscard]] std::string plain(std::string_view text) const {
    std::string all(text);
    if (options_.ascii && options_.language == Language::English) {
      for (std::size_t at = 0; (at = all.find("§", at)) != std::string::npos;) {
        all.replace(at, std::string_view("§").size(), "section ");
      }
    }
    return options_.paint == Paint::Html ? html_escaped(all) : all;
  }
  [[nodiscard]] std::string painted(std::string_view text, ReasonClass reason_class) const {
    const ReasonClassInfo& row = info(reason_class);
    switch (options_.paint) {
      case Paint::None:
        break;
      case Paint::Terminal:
        return "\x1b[38;5;" + std::to_string(row.terminal) + "m" + std::string(text) + "\x1b[0m";
      case Paint::Html:
        return "<span class=\"c-" + std::string(row.key) + "\">" + html_escaped(text) + "</span>";
    }
    return std::string(text);
  }
  [[nodiscard]] std::string strong(std::string_view text, bool is_strong) const {
    if (!is_strong || options_.paint == Paint::None) return plain(text);
    if (options_.paint == Paint::Terminal) return "\x1b[1m" + std::string(text) + "\x1b[0m";
    return "<b>" + html_escaped(text) + "</b>";
  }

  void add_line(std::string line) {
    while (line.ends_with(' ')) line.pop_back();
    out_ += line + '\n';
  }

  void add_heads() {
    const std::string_view client = name_of(Side::Client, options_.language);
    const std::string_view server = name_of(Side::Server, options_.language);
    const std::string time(in("time", "时间"));
    add_line(plain(padded_left(time, kTime) + ' ' + padded(client, kState) + ' ' +
                   padded("", kArrow) + ' ' + padded(server, kState) + ' ' +
                   padded_left(time, kTime)));
    add_line(plain(padded_left("s", kTime) + ' ' + padded("192.0.2.1", kState) + ' ' +
                   padded("", kArrow) + ' ' + padded("192.0.2.2", kState) + ' ' +
                   padded_left("s", kTime)));
  }

  // When the end whose view it is sent or got it; what never came stands where it left.
  [[nodiscard]] std::uint64_t place_of(const Row& row) const {
    const bool comes = row.kind == Row::Kind::Packet &&
                       (row.is_copy || row.is_forged || row.side != scenario_.view);
    return comes && row.came_place != 0 ? row.came_place : row.left_place;
  }
  void sort_rows() {
    rows_ = journal_.rows();
    std::ranges::sort(rows_, {}, [this](const Row& row) { return place_of(row); });
  }

  [[nodiscard]] std::string time_of(Instant at) const {
    return at == kNever ? "" : seconds(at - journal_.start());
  }

  void add_row(const Row& row) {
    if (row.kind != Row::Kind::Packet) return add_happening(row);
    const bool from_client = row.side == Side::Client;
    const Instant left = row.is_copy ? kNever : row.at;
    const Instant at_client = from_client ? left : row.arrived;
    const Instant at_server = from_client ? row.arrived : left;
    add_line(plain(padded_left(time_of(at_client), kTime)) + ' ' + state(row, Side::Client) + ' ' +
             painted(arrow(row), row.reason_class) + ' ' + state(row, Side::Server) + ' ' +
             plain(padded_left(time_of(at_server), kTime)));
    add_words(row);
  }

  [[nodiscard]] std::string state(const Row& row, Side side) const {
    const std::size_t i = index_of(side);
    return strong(padded(row.states[i], kState), row.changed[i]);
  }

  [[nodiscard]] std::string label(const Row& row) const {
    std::string text;
    if (scenario_.has_several_connections() && row.connection > 0) {
      text = '[' + std::to_string(row.connection) + "] ";
    }
    text += row.label;
    constexpr std::size_t kMost = kArrow - 3;
    const std::size_t ack = text.find(" ack=");
    if (text.size() > kMost && ack != std::string::npos) {
      const std::size_t end = std::min(text.find(' ', ack + 1), text.size());
      text.erase(ack, end - ack);
    }
    return text.size() > kMost ? text.substr(0, kMost) : text;
  }

  // Always kArrow columns.
  [[nodiscard]] std::string arrow(const Row& row) const {
    const std::string_view dash = glyph("─", "-");
    const bool to_server = row.side == Side::Client;
    const bool is_lost = !row.lost.empty();
    const std::string text = label(row);
    const std::size_t most = kArrow - 1 - text.size();
    const std::size_t room = is_lost ? std::max<std::size_t>(most * 3 / 5, 2) : most;
    // A copy comes out of the link, not from the end.
    const std::string shaft = row.is_copy ? repeated(glyph("·", "."), room / 2)
                                          : repeated(dash, std::min<std::size_t>(room, 2));
    const std::string rest = repeated(dash, room - columns_of(shaft));
    const std::string gap(most - room, ' ');
    if (to_server) {
      return shaft + text + rest + std::string(is_lost ? glyph("✗", "X") : glyph("▶", ">")) + gap;
    }
    return gap + std::string(is_lost ? glyph("✗", "X") : glyph("◀", "<")) + rest + text + shaft;
  }

  void add_paragraph(std::string_view text, bool is_first) {
    const std::string indent(kIndent + (is_first ? 0 : 2), ' ');
    for (const std::string& line : wrapped(text, kWidth - indent.size())) {
      add_line(indent + plain(line));
    }
  }

  [[nodiscard]] std::string named(Side side, std::string_view text) const {
    return std::string(name_of(side, options_.language)) + std::string(in(": ", "：")) +
           std::string(text);
  }

  void add_words(const Row& row) {
    if (row.is_copy)
      add_paragraph(in("the link delivers a second copy", "链路又送到一份副本"), true);
    const std::string watched = row.watched.empty() ? "" : " [" + row.watched + ']';
    const bool is_watched_sender = row.side == scenario_.watched;
    if (!row.why.empty()) {
      const std::string why = row.why + (is_watched_sender ? watched : "");
      add_paragraph(row.is_forged ? why : named(row.side, why), true);
    }
    add_crossing(row);
    if (!row.lost.empty()) {
      add_paragraph(std::string(in("lost: ", "丢失：")) + row.lost, true);
    }
    if (row.is_marked && !row.is_copy) {
      add_paragraph(
          in("a router marks it: congestion experienced (CE)", "路由器对它作标记：经历拥塞（CE）"),
          true);
    }
    std::string effect = row.effect + (is_watched_sender ? "" : watched);
    if (effect.starts_with(' ')) effect.erase(0, 1);
    if (!effect.empty()) add_paragraph(named(other(row.side), effect), true);
  }

  // -- Packets that cross

  // Data and ACKs cross all the time; it is told where it explains what one sees.
  [[nodiscard]] static bool is_notable(const Row& row) {
    return row.summary.has(PacketSummary::kSyn) || row.summary.has(PacketSummary::kFin) ||
           row.summary.has(PacketSummary::kRst) || row.is_retransmission;
  }
  // Of a packet that came to the end whose order this is: whether one that stands above it, and
  // that this end sent, had not yet come when it left.
  [[nodiscard]] static bool cross(const Row& comes, const Row& above) {
    return above.kind == Row::Kind::Packet && above.side != comes.side &&
           above.connection == comes.connection && !above.is_forged && !above.is_copy &&
           above.came_place > comes.left_place;
  }

  void add_crossing(const Row& row) {
    if (row.side == scenario_.view || row.is_forged || row.is_copy) return;
    const auto at = static_cast<std::size_t>(&row - rows_.data());
    const std::span above = std::span(rows_).first(at);
    if (is_notable(row)) {
      const auto crossed =
          std::ranges::count_if(above, [&row](const Row& one) { return cross(row, one); });
      if (crossed == 0) return;
      return add_paragraph(std::string(in("it left before ", "发出时，上面有 ")) +
                               std::to_string(crossed) +
                               std::string(in(" of the packets above had come: they cross",
                                              " 个分组尚在途中：双方的分组交错而过")),
                           true);
    }
    const auto notable = std::ranges::find_if(above.rbegin(), above.rend(), [&row](const Row& one) {
      return is_notable(one) && cross(row, one);
    });
    if (notable == above.rend() || &*notable == told_crossing_) return;
    told_crossing_ = &*notable;
    add_paragraph(
        std::string(in("it left before ", "发出时，上面的 ")) + notable->label +
            std::string(in(" above had come: they cross", " 尚在途中：双方的分组交错而过")),
        true);
  }

  void add_happening(const Row& row) {
    std::string number;
    if (scenario_.has_several_connections()) number = '[' + std::to_string(row.connection) + "] ";
    const std::string text = number + named(row.side, row.text);
    bool is_first = true;
    for (const std::string& line : wrapped(text, kWidth - kIndent - 2)) {
      const std::string time = is_first ? time_of(row.at) : "";
      const std::string mark(is_first ? glyph("●", "*") : " ");
      add_line(plain(padded_left(time, kTime) + ' ' + mark + ' ' + line));
      is_first = false;
    }
  }

  // -- Runs

  [[nodiscard]] bool may_fold(const Row& row) const {
    return options_.folds && row.kind == Row::Kind::Packet && row.is_plain && !row.explains;
  }
  [[nodiscard]] std::size_t end_of_run(std::size_t begin) const {
    const std::vector<Row>& rows = rows_;
    std::size_t end = begin;
    // Lost ones are no part of a run of others.
    const bool is_lost = rows[begin].arrived == kNever;
    while (end < rows.size() && may_fold(rows[end]) && (rows[end].arrived == kNever) == is_lost) {
      ++end;
    }
    return end;
  }

  // Rows that differ from the one before `begin` in nothing but who the other end is: a flood.
  [[nodiscard]] std::size_t end_of_alike(std::size_t begin) const {
    const std::vector<Row>& rows = rows_;
    std::size_t end = begin;
    while (options_.folds && begin > 0 && end < rows.size() &&
           are_alike(rows[begin - 1], rows[end])) {
      ++end;
    }
    return end;
  }
  [[nodiscard]] static bool are_alike(const Row& a, const Row& b) {
    return a.connection == 0 && b.connection == 0 && a.side == b.side && a.label == b.label &&
           a.states == b.states && a.why == b.why && a.effect == b.effect && a.lost == b.lost;
  }
  void add_alike(std::size_t begin, std::size_t end) {
    const std::string text = std::string(glyph("⋮", ":")) + "  " +
                             (options_.language == Language::Chinese
                                  ? "同样的分组还有 " + std::to_string(end - begin) + " 个"
                                  : std::to_string(end - begin) + " more packets like this one");
    add_folded(rows_[begin], text);
  }
  // The times are those of the first row that is folded, each at its end.
  void add_folded(const Row& first, const std::string& text) {
    const bool from_client = first.side == Side::Client;
    const std::string at_client = time_of(from_client ? first.at : first.arrived);
    const std::string at_server = time_of(from_client ? first.arrived : first.at);
    std::string line = padded_left(at_client, kTime) + ' ' + text;
    if (columns_of(line) < kWidth - kTime && !at_server.empty()) {
      line = padded(line, kWidth - kTime) + padded_left(at_server, kTime);
    }
    add_line(plain(line));
  }

  void add_fold(std::size_t begin, std::size_t end) {
    std::array<std::uint64_t, 2> segments{}, bytes{}, acks{};
    for (std::size_t i = begin; i < end; ++i) {
      const Row& row = rows_[i];
      const std::size_t side = index_of(row.side);
      ++(row.summary.text_length > 0 ? segments : acks)[side];
      bytes[side] += row.summary.text_length;
    }
    std::string text(glyph("⋮", ":"));
    for (const Side side : {Side::Client, Side::Server}) {
      const std::size_t i = index_of(side);
      const std::string name(name_of(side, options_.language));
      if (segments[i] > 0) {
        text += options_.language == Language::Chinese
                    ? "  " + name + "：" + std::to_string(segments[i]) + " 个报文段，" +
                          std::to_string(bytes[i]) + " 字节"
                    : "  " + name + ": " + counted(segments[i], "segment") + ", " +
                          counted(bytes[i], "byte");
      }
      if (acks[i] > 0) {
        text += options_.language == Language::Chinese
                    ? "  " + name + "：" + std::to_string(acks[i]) + " 个 ACK"
                    : "  " + name + ": " + counted(acks[i], "ACK");
      }
    }
    const std::vector<Row>& rows = rows_;
    const auto run = std::span(rows).subspan(begin, end - begin);
    if (rows[begin].arrived == kNever) text += in("  (all lost)", "（全部丢失）");
    if (std::ranges::all_of(run, &Row::says_again)) {
      text += in("  (a gap stays open)", "（缺口仍未填补）");
    }
    add_folded(rows[begin], text);
    add_crossing(rows[begin]);
    const auto is_watched = [](const Row& row) { return !row.watched.empty(); };
    const auto first = std::ranges::find_if(run, is_watched);
    if (first == run.end()) return;
    const auto last = std::ranges::find_if(run.rbegin(), run.rend(), is_watched);
    const std::string change = '[' + first->watched + "] ... [" + last->watched + ']';
    add_paragraph(named(scenario_.watched, change), true);
  }

  const Scenario& scenario_;
  const Journal& journal_;
  const LadderOptions& options_;
  std::string out_;
  std::vector<Row> rows_;               // in the order of the end whose view it is
  const Row* told_crossing_ = nullptr;  // the last packet of which it was told what crosses it
};

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const std::string_view entity = entity_of(c);
    if (entity.empty()) {
      out += c;
    } else {
      out += entity;
    }
  }
  return out;
}

std::string ladder(const Scenario& scenario, const Journal& journal, const LadderOptions& options) {
  return Ladder(scenario, journal, options).draw();
}

}  // namespace glasstcp::lab
