// SVG, written piece by piece: the shapes that the figures need, coloured by class of reason.
//
// A figure inside of the page takes its colours from the page's style; one that stands alone in a
// file carries the same rules itself, as plain values, so that programs for slides understand them.
//
// Invariants:
//   1. The output is well-formed XML: every text is escaped, every number finite.
#pragma once

#include <string>
#include <string_view>

#include "stack/trace/reason_class.h"

namespace glasstcp::report {

/// Where a text stands at its point.
enum class Anchor { Start, Middle, End };
/// For a wide page, or for a phone. Units of the viewBox: 1 = one CSS pixel.
enum class Width { Wide, Narrow };
[[nodiscard]] constexpr double units(Width width) {
  return width == Width::Wide ? 760 : 344;
}

struct Place {
  double x = 0, y = 0;
};

/// The style rules of figures: colours of the classes, texts, axes. For the page's <style> too.
[[nodiscard]] std::string figure_style();
/// Stroke of a class: "s-data"; fill: "f-data".
[[nodiscard]] std::string stroke_of(ReasonClass reason_class);
[[nodiscard]] std::string fill_of(ReasonClass reason_class);
/// About how wide a text is, in units, at a font size.
[[nodiscard]] double text_width(std::string_view text, double size);
/// The same of a text in a font whose characters are all as wide.
[[nodiscard]] double mono_width(std::string_view text, double size);
/// The text, cut to about a width, with "…".
[[nodiscard]] std::string fitted(std::string_view text, double width, double size);

/// A drawing.
class Svg {
 public:
  void line(Place from, Place to, std::string_view style);
  void arrow(Place from, Place to, std::string_view style, std::string_view fill);
  void text(Place at, std::string_view text, std::string_view style, Anchor anchor = Anchor::Start);
  void rect(Place corner, Place size, std::string_view style, double radius = 0);
  void circle(Place centre, double radius, std::string_view style);
  /// `data` as SVG's path data.
  void path(std::string_view data, std::string_view style);
  void append(const Svg& other) { out_ += other.out_; }

  /// What is inside of the element.
  [[nodiscard]] const std::string& content() const { return out_; }

 private:
  std::string out_;
};

/// What an <svg> element says of itself.
struct SvgHead {
  std::string title;
  std::string description;
  std::string id;  ///< unique in the page
  double width = 0;
  double height = 0;
};

/// The drawing as an element of the page, with a class of its width.
[[nodiscard]] std::string svg_inline(const Svg& drawing, const SvgHead& head, Width width);
/// The drawing as a file.
[[nodiscard]] std::string svg_file(const Svg& drawing, const SvgHead& head);

}  // namespace glasstcp::report
