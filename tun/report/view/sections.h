// The parts of a report, each made from the model; report.cc and homework.cc put them together.
//
// Invariants:
//   1. Every value of the capture goes through visible() or code() (markup.h) before it is in a
//   text.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "tun/report/view/document.h"
#include "tun/report/view/ladder.h"
#include "tun/report/view/report.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {

/// What all parts see: the capture, the language, and the connections that are shown in detail.
struct View {
  const Capture& capture;
  Language language = Language::English;
  std::vector<const Connection*> shown;
  std::size_t left_out = 0;  ///< connections that are in the table only

  [[nodiscard]] std::string_view in(std::string_view en, std::string_view zh) const {
    return either(language, en, zh);
  }
  /// The sentence of the language, with its values; both are checked when this is compiled.
  template <typename... Args>
  [[nodiscard]] std::string say(fmt::format_string<Args...> en, fmt::format_string<Args...> zh,
                                Args&&... args) const {
    return said(language, en, zh, std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string_view name(Side side) const;
  [[nodiscard]] std::string frame(FrameNumber number) const;
};

using Blocks = std::vector<Block>;

/// Facts of the capture, and what must be said about it (cut frames, unread ends).
[[nodiscard]] Blocks summary_blocks(const View& view);
[[nodiscard]] Blocks connection_table(const View& view);

/// What the ends agreed on.
[[nodiscard]] Blocks agreement_blocks(const View& view, const Connection& connection);
/// The ladder, of all bands or of one.
[[nodiscard]] Blocks ladder_blocks(const View& view, const Connection& connection,
                                   std::optional<Band> band = std::nullopt);
/// The frames of handshake or close with their arithmetic.
[[nodiscard]] Blocks handshake_blocks(const View& view, const Connection& connection);
[[nodiscard]] Blocks close_blocks(const View& view, const Connection& connection);
/// The four charts.
[[nodiscard]] Blocks chart_blocks(const View& view, const Connection& connection);

/// The table of exchanges, and the messages themselves.
[[nodiscard]] Blocks exchange_table(const View& view);
[[nodiscard]] Blocks message_blocks(const View& view, std::size_t most);
[[nodiscard]] Blocks resource_blocks(const View& view);

/// The findings in words, and as questions with an empty space.
[[nodiscard]] Blocks answer_blocks(const View& view);
[[nodiscard]] Answer answer_of(const View& view, const Finding& finding);
[[nodiscard]] Answer answer_of_group(const View& view, const std::vector<const Finding*>& group);
[[nodiscard]] Question question_of(const View& view, const std::vector<const Finding*>& group);
/// The findings that are worth a question, those of one kind together.
[[nodiscard]] std::vector<std::vector<const Finding*>> grouped_findings(const View& view);

/// Whether a browser asked for something in it: its User-Agent begins as those of browsers do,
/// which tools such as curl do not.
[[nodiscard]] bool is_of_a_browser(const Connection& connection);
/// The chapters of a homework; its figures are of the browser's connection with most frames, or,
/// where no browser is seen, of the one with most.
[[nodiscard]] std::vector<Section> homework_sections(const View& view);

}  // namespace glasstcp::report
