// The ladder of a connection: every segment an arrow between the two ends, their states beside it,
// in three bands; long runs of alike segments are one line.
//
// Invariants:
//   1. Every frame of the connection is in exactly one row.
//   2. A drawing has at most kMostRows rows, so that one fits on a printed page.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stack/trace/language.h"
#include "tun/report/model.h"
#include "tun/report/view/chart.h"

namespace glasstcp::report {

/// The three parts of a connection's life.
enum class Band : std::uint8_t { Establish, Data, Release };
[[nodiscard]] std::string_view name_of(Band band, Language language);

/// One arrow, or a run of frames in one row.
struct LadderRow {
  Band band = Band::Data;
  std::size_t first = 0;  ///< index into Connection::frames
  std::size_t count = 1;  ///< more than 1: folded
};

/// Rows in one drawing.
inline constexpr std::size_t kMostRows = 12;

/// The rows of a connection, folded so that there are at most about `most`.
[[nodiscard]] std::vector<LadderRow> ladder_rows(const Connection& connection,
                                                 std::size_t most = 48);
/// The rows cut into parts of at most kMostRows.
[[nodiscard]] std::vector<std::span<const LadderRow>> parts_of(const std::vector<LadderRow>& rows);
/// What a folded row says: "312 segments, 451,776 bytes from the server; 160 ACKs".
[[nodiscard]] std::string fold_text(const Connection& connection, const LadderRow& row,
                                    Language language);

/// What a ladder is drawn from.
struct LadderView {
  const Capture& capture;
  const Connection& connection;
  Language language = Language::English;
  std::string title;
  std::string id;
};
/// The drawing of some rows.
[[nodiscard]] Drawn draw_ladder(const LadderView& view, std::span<const LadderRow> rows,
                                Width width);

}  // namespace glasstcp::report
