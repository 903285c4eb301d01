// See report_options.h.
#include "tun/cli/report_options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tun/cli/option_words.h"

namespace glasstcp {
namespace {

constexpr std::array<std::string_view, 6> kFigures = {"ladder", "sequence",   "window",
                                                      "rtt",    "throughput", "close"};

std::optional<std::string> parse_figure(const std::string& text) {
  if (std::ranges::find(kFigures, text) == kFigures.end()) return std::nullopt;
  return text;
}

std::optional<bool> parse_template(const std::string& text) {
  if (text == "homework") return true;
  if (text == "report") return false;
  return std::nullopt;
}

std::optional<std::optional<std::uint32_t>> parse_connection(const std::string& text) {
  const auto number = parse_number<std::uint32_t, 1, UINT32_MAX>(text);
  if (!number) return std::nullopt;
  return number;
}

}  // namespace

ReportForm ReportOptions::form() const {
  if (json) return ReportForm::Json;
  if (!markdown.empty()) return ReportForm::Markdown;
  return figure.empty() ? ReportForm::Html : ReportForm::Figure;
}

CLI::App& add_report_command(CLI::App& app, ReportOptions& o) {
  CLI::App& report =
      *app.add_subcommand("report", "write the laboratory report of a capture, ours or anybody's");
  report.add_option("capture", o.capture, "a pcap or pcapng file; '-' is stdin")
      ->option_text("CAPTURE")
      ->required();
  report.add_flag("--html", o.html,
                  "as one page that needs nothing beside it (this is the default)");
  add_parsed(
      report,
      {"--markdown", "DIR", "a folder", "as Markdown, in this folder: report.md and its figures"},
      o.markdown, parse_text);
  report.add_flag("--json", o.json, "as JSON: every value behind the report");
  add_parsed(report,
             {"--figure", "NAME", "'ladder', 'sequence', 'window', 'rtt', 'throughput' or 'close'",
              "one figure alone, as SVG: ladder, sequence, window, rtt, throughput or close"},
             o.figure, parse_figure);
  add_parsed(report, {"-o,--output", "FILE", "a file", "write to this file (stdout)"}, o.output,
             parse_text);
  add_parsed(report,
             {"--connection", "N", "the number of a connection, from 1",
              "only this connection; Wireshark's tcp.stream + 1 (all)"},
             o.connection, parse_connection);
  add_parsed(report,
             {"--template", "report|homework", "'report' or 'homework'",
              "'homework' leaves the answers to you: chapters, figures, frame numbers, questions "
              "(report)"},
             o.homework, parse_template);
  add_parsed(report,
             {"--lang", "en|zh", "'en' or 'zh'",
              "language of the report (from LC_ALL, LC_MESSAGES or LANG)"},
             o.language, parse_language);
  report.footer(
      "Reads Ethernet, Linux cooked, raw IP and loopback captures of tcpdump, Wireshark and "
      "'serve --capture'. Needs no rights.\n"
      "Example: glasstcp report visit.pcapng -o report.html");
  return report;
}

std::string inconsistency(const ReportOptions& o) {
  const int forms = (o.html ? 1 : 0) + (o.json ? 1 : 0) + (o.markdown.empty() ? 0 : 1) +
                    (o.figure.empty() ? 0 : 1);
  if (forms > 1) return "--html, --markdown, --json and --figure exclude each other";
  if (!o.markdown.empty() && !o.output.empty()) {
    return "--output has no meaning with --markdown, which names its folder";
  }
  if (o.homework && (o.json || !o.figure.empty())) {
    return "--template needs --html or --markdown";
  }
  return {};
}

}  // namespace glasstcp
