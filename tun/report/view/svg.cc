// Shapes as text, and the style that they share.
#include "tun/report/view/svg.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "tun/report/view/markup.h"

namespace glasstcp::report {
namespace {

// A coordinate with one digit, never "nan".
std::string number(double x) {
  if (!std::isfinite(x)) x = 0;
  const double rounded = std::round(x * 10) / 10;
  return fmt::format("{:g}", rounded == 0 ? 0.0 : rounded);
}

constexpr std::string_view kTexts = R"(
svg.figure { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC",
  "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif; }
svg.figure text { font-size: 11.5px; fill: #1b2433; stroke: none; }
svg.figure .soft { fill: #5a6678; font-size: 10.5px; }
svg.figure .small { font-size: 10px; }
svg.figure .axis { fill: #5a6678; font-size: 10.5px; font-variant-numeric: tabular-nums; }
svg.figure .bold { font-weight: 650; }
svg.figure .title { font-weight: 650; font-size: 13px; }
svg.figure .mono { font-family: ui-monospace, SFMono-Regular, "Cascadia Mono", Consolas, "DejaVu Sans Mono",
  "Noto Sans Mono CJK SC", monospace; font-size: 10.5px; }
svg.figure .state { font-size: 9.5px; letter-spacing: .01em; }
svg.figure .tiny { font-size: 8.6px; }
svg.figure .faint { fill: #8c97a7; }
svg.figure .grid { stroke: #e3e8ef; stroke-width: 1; fill: none; }
svg.figure .frame { stroke: #b9c3d0; stroke-width: 1; fill: none; }
svg.figure .life { stroke: #b9c3d0; stroke-width: 1.5; fill: none; }
svg.figure .band { fill: #f4f6f9; stroke: none; }
svg.figure .chip { fill: #ffffff; stroke: #b9c3d0; stroke-width: 1; }
svg.figure .paper { fill: #ffffff; stroke: none; }
)";
constexpr std::string_view kDarkTexts = R"(
  svg.figure text { fill: #e8edf5; }
  svg.figure .soft, svg.figure .axis { fill: #a7b3c5; }
  svg.figure .tiny { font-size: 8.6px; }
svg.figure .faint { fill: #7d899b; }
  svg.figure .grid { stroke: #252d3a; }
  svg.figure .frame, svg.figure .life { stroke: #465163; }
  svg.figure .band { fill: #1a212c; }
  svg.figure .chip { fill: #12161d; stroke: #465163; }
  svg.figure .paper { fill: #12161d; }
)";

constexpr std::string_view kAnchors[] = {"start", "middle", "end"};

// The code points of a text, as their leads and widths: a CJK one is as wide as its size.
double width_of_lead(unsigned char lead) {
  if (lead >= 0xe2) return lead == 0xe2 ? 0.75 : 1.0;
  if (lead >= 0xc0) return 0.6;
  if (lead >= 'A' && lead <= 'Z') return 0.72;
  if (lead == ' ' || lead == '.' || lead == ',' || lead == 'i' || lead == 'l') return 0.34;
  return 0.62;
}
bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

std::string element(const Svg& drawing, const SvgHead& head, std::string_view attributes) {
  const std::string id = escaped(head.id);
  return fmt::format(
             "<svg {} viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}-t {}-d\">"
             "<title id=\"{}-t\">{}</title><desc id=\"{}-d\">{}</desc>\n",
             attributes, number(head.width), number(head.height), id, id, id, escaped(head.title),
             id, escaped(head.description)) +
         drawing.content() + "</svg>\n";
}

}  // namespace

std::string figure_style() {
  std::string out(kTexts), dark(kDarkTexts);
  for (const ReasonClassInfo& row : all_reason_classes()) {
    const std::string dash =
        row.dash.empty() ? "" : fmt::format(" stroke-dasharray: {};", row.dash);
    fmt::format_to(std::back_inserter(out),
                   "svg.figure .s-{0} {{ stroke: {1}; fill: none; stroke-width: 1.6;{2} }}\n"
                   "svg.figure .f-{0} {{ fill: {1}; stroke: none; }}\n",
                   row.key, row.light, dash);
    fmt::format_to(std::back_inserter(dark),
                   "  svg.figure .s-{0} {{ stroke: {1}; }}\n  svg.figure .f-{0} {{ fill: {1}; }}\n",
                   row.key, row.dark);
  }
  out +=
      "svg.figure .solid { stroke-dasharray: none; }\nsvg.figure .bar { stroke-width: 2.4; "
      "stroke-dasharray: none; }\n";
  return out + "@media screen and (prefers-color-scheme: dark) {" + dark + "}\n";
}

std::string stroke_of(ReasonClass reason_class) {
  return fmt::format("s-{}", info(reason_class).key);
}
std::string fill_of(ReasonClass reason_class) {
  return fmt::format("f-{}", info(reason_class).key);
}

double text_width(std::string_view text, double size) {
  double width = 0;
  for (const char c : text) {
    if (!is_continuation(c)) width += width_of_lead(static_cast<unsigned char>(c));
  }
  return width * size;
}

double mono_width(std::string_view text, double size) {
  double cells = 0;
  for (const char c : text) {
    if (!is_continuation(c)) cells += static_cast<unsigned char>(c) >= 0xe3 ? 2 : 1;
  }
  return cells * size * 0.605;
}

std::string fitted(std::string_view text, double width, double size) {
  if (text_width(text, size) <= width) return std::string(text);
  double used = size;
  std::size_t at = 0;
  while (at < text.size()) {
    used += width_of_lead(static_cast<unsigned char>(text[at])) * size;
    if (used > width) break;
    do ++at;
    while (at < text.size() && is_continuation(text[at]));
  }
  return std::string(text.substr(0, at)) + "…";
}

void Svg::line(Place from, Place to, std::string_view style) {
  fmt::format_to(std::back_inserter(out_), "<path class=\"{}\" d=\"M{} {}L{} {}\"/>\n", style,
                 number(from.x), number(from.y), number(to.x), number(to.y));
}

void Svg::arrow(Place from, Place to, std::string_view style, std::string_view fill) {
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length == 0) return;
  const double ux = (to.x - from.x) / length, uy = (to.y - from.y) / length;
  line(from, {to.x - ux * 7, to.y - uy * 7}, style);
  const Place base{to.x - ux * 9, to.y - uy * 9};
  path(fmt::format("M{} {}L{} {}L{} {}Z", number(to.x), number(to.y), number(base.x - uy * 3.8),
                   number(base.y + ux * 3.8), number(base.x + uy * 3.8), number(base.y - ux * 3.8)),
       fill);
}

void Svg::text(Place at, std::string_view text, std::string_view style, Anchor anchor) {
  fmt::format_to(std::back_inserter(out_), "<text class=\"{}\" x=\"{}\" y=\"{}\"{}>{}</text>\n",
                 style, number(at.x), number(at.y),
                 anchor == Anchor::Start
                     ? ""
                     : fmt::format(" text-anchor=\"{}\"", kAnchors[static_cast<int>(anchor)]),
                 escaped(to_plain(text)));
}

void Svg::rect(Place corner, Place size, std::string_view style, double radius) {
  fmt::format_to(std::back_inserter(out_),
                 "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}/>\n", style,
                 number(corner.x), number(corner.y), number(std::fmax(size.x, 0)),
                 number(std::fmax(size.y, 0)),
                 radius > 0 ? fmt::format(" rx=\"{}\"", number(radius)) : "");
}

void Svg::circle(Place centre, double radius, std::string_view style) {
  fmt::format_to(std::back_inserter(out_), "<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>\n",
                 style, number(centre.x), number(centre.y), number(radius));
}

void Svg::path(std::string_view data, std::string_view style) {
  if (data.empty()) return;
  fmt::format_to(std::back_inserter(out_), "<path class=\"{}\" d=\"{}\"/>\n", style, data);
}

std::string svg_inline(const Svg& drawing, const SvgHead& head, Width width) {
  const bool is_wide = width == Width::Wide;
  SvgHead own = head;
  own.id += is_wide ? "w" : "n";
  return element(drawing, own, is_wide ? "class=\"figure wide\"" : "class=\"figure narrow\"");
}

std::string svg_file(const Svg& drawing, const SvgHead& head) {
  const std::string attributes = fmt::format(
      "xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" width=\"{}\" height=\"{}\"",
      number(head.width), number(head.height));
  Svg with_paper;
  with_paper.rect({0, 0}, {head.width, head.height}, "paper");
  std::string body = element(drawing, head, attributes);
  const std::size_t at = body.find("</desc>\n") + 8;
  body.insert(at, "<style>" + figure_style() + "</style>\n" + with_paper.content());
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + body;
}

}  // namespace glasstcp::report
