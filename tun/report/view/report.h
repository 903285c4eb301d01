// The views of a capture: page, Markdown, JSON, a single figure, the template of a homework.
//
// The shapes are those of `glasstcp report`: `--format html|markdown|json`, `--figure NAME`,
// `--connection N`, `--template homework`, `--lang`.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "stack/trace/language.h"
#include "tun/report/model.h"
#include "tun/report/view/document.h"

namespace glasstcp::report {

/// What the report is for.
enum class Template : std::uint8_t {
  Report,    ///< everything, with answers
  Homework,  ///< chapters, figures and frame numbers; every "why" is a question with empty space
};

struct ViewOptions {
  Language language = Language::English;
  Template shape = Template::Report;
  std::optional<std::uint32_t> connection;  ///< its number, from 1; empty: all
};

/// The report as sections and blocks, for html_of and markdown_of.
[[nodiscard]] Document document_of(const Capture& capture, const ViewOptions& options);
/// The model as JSON, by the schema that json.cc tells.
[[nodiscard]] std::string json_of(const Capture& capture, const ViewOptions& options);

/// A figure that can be had alone.
enum class FigureKind : std::uint8_t { Ladder, Sequence, Window, Rtt, Throughput, Close };
/// By its name on the command line ("ladder"); empty: none is called so.
[[nodiscard]] std::optional<FigureKind> figure_named(std::string_view name);
/// "ladder, sequence, window, rtt, throughput, close".
[[nodiscard]] std::string figure_names();
/// The figure as an SVG file, of the connection that is asked for, else of the one with most bytes.
/// The error is one line for the user.
[[nodiscard]] std::expected<std::string, std::string> figure_file(const Capture& capture,
                                                                  const ViewOptions& options,
                                                                  FigureKind kind);

/// The footer of every form: glasstcp, its version, the capture's SHA-256.
[[nodiscard]] std::string footer_text(const Capture& capture, Language language);

}  // namespace glasstcp::report
