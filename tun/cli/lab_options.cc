// See lab_options.h.
#include "tun/cli/lab_options.h"

#include "tun/cli/watching_options.h"

namespace glasstcp {
namespace {

std::optional<std::string> parse_end(const std::string& text) {
  if (text != "client" && text != "server") return std::nullopt;
  return text;
}

std::optional<lab::Override> parse_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  return lab::Override{text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

CLI::App& add_lab_command(CLI::App& app, LabCommandOptions& o) {
  CLI::App& lab = *app.add_subcommand(
      "lab", "show how TCP behaves, scenario by scenario, without a network or rights");
  add_parsed(
      lab,
      {"NAME", " ", "the name of a scenario",
       "'list' prints the scenarios, 'all' writes the course, 'export DIR' writes the lab page, "
       "where all of this runs in a browser; else the name of a scenario, or a file with one"},
      o.what, parse_text)
      ->required();
  add_parsed(lab, {"DIR", " ", "a folder", "of 'export': folder to write the page to"}, o.folder,
             parse_text);
  add_parsed(lab,
             {"--seed", "N", "a number",
              "chooses what the scenario leaves open: sizes, delays, which segment is lost (0)"},
             o.seed, parse_number<std::uint64_t, 0, UINT64_MAX>);
  const auto read_set = [&o](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const auto one = parse_override(text);
      if (!one) throw CLI::ValidationError("--set", "'" + text + "' is not KNOB=VALUE");
      o.set.push_back(*one);
    }
  };
  lab.add_option_function<std::vector<std::string>>(
         "--set", read_set,
         "change one thing: a setting of both ends or of one (sack=off, client.nagle=off), the "
         "link "
         "(link.delay=50ms, server.link.loss=2%), or what the seed would choose; may be given "
         "several times (none)")
      ->option_text("KNOB=V")
      ->allow_extra_args(false);
  add_parsed(lab,
             {"--capture", "FILE", "a file, or '-' for stdout",
              "write what one end sent and received, with the reasons, to a pcapng file; '-' is "
              "stdout (none)"},
             o.capture, parse_text);
  add_parsed(lab,
             {"--end", "client|server", "'client' or 'server'",
              "whose packets --capture takes (the end that shows it best)"},
             o.end, parse_end);
  add_parsed(lab,
             {"-o,--output", "DIR", "a folder",
              "of 'all': folder to write the course to, with its captures"},
             o.output, parse_text);
  lab.add_flag("--ascii", o.ascii, "draw ladders with ASCII characters alone");
  add_parsed(lab,
             {"--color", "auto|always|never", "'auto', 'always' or 'never'",
              "colours by what a packet is about; auto: on a terminal, unless NO_COLOR is set "
              "(auto)"},
             o.colours, parse_colour_choice);
  add_language_option(lab, o.language);
  lab.footer(
      "Two hosts with this program's own TCP, a link between them, and a clock that need not wait: "
      "the same every time.\n"
      "Example: glasstcp lab lost-syn --capture lost-syn.pcapng");
  return lab;
}

std::string inconsistency(const LabCommandOptions& o) {
  if (o.what == "export") {
    if (o.folder.empty()) return "'lab export' needs DIR, the folder to write the page to";
    const bool has_more =
        !o.capture.empty() || !o.end.empty() || !o.output.empty() || !o.set.empty();
    return has_more ? "'lab export' takes a folder, and no other option" : "";
  }
  if (!o.folder.empty()) return "'" + o.folder + "' is not expected: lab takes one name";
  if (o.what == "all") {
    if (o.output.empty()) return "'lab all' needs -o DIR, the folder to write the course to";
    if (!o.capture.empty() || !o.end.empty()) {
      return "'lab all' writes the captures of both ends: leave out --capture and --end";
    }
    return o.set.empty() ? "" : "--set changes one scenario; 'lab all' writes them as they are";
  }
  if (!o.output.empty()) return "--output belongs to 'lab all'";
  if (o.what == "list" && (!o.capture.empty() || !o.set.empty())) {
    return "'lab list' only prints names: --capture and --set need the name of a scenario";
  }
  if (!o.end.empty() && o.capture.empty()) return "--end needs --capture FILE";
  return {};
}

}  // namespace glasstcp
