// See lab_options.h.
#include "tun/cli/lab_options.h"

#include <algorithm>
#include <array>

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

void add_quiz_options(CLI::App& lab, LabCommandOptions& o) {
  add_parsed(
      lab,
      {"--secret", "FILE", "a file",
       "of 'quiz', 'key' and 'grade': the teacher's secret, which every student's quiz comes "
       "from; 'lab secret FILE' makes one"},
      o.secret, parse_text);
  add_parsed(lab,
             {"--students", "LIST", "a file",
              "of 'quiz', 'key' and 'grade': student numbers, one in a line, or a CSV table with a "
              "column 'student'"},
             o.students, parse_text);
  add_parsed(
      lab,
      {"--student", "NUMBER", "a student number",
       "of 'key': one student instead of --students; with --capture also the capture, with the "
       "reasons"},
      o.student, parse_text);
  add_parsed(
      lab,
      {"--answers", "DIR", "a folder",
       "of 'grade': folder with the answers.txt that were handed in, in folders or with other "
       "names"},
      o.answers, parse_text);
}

// What a teacher's command needs and what it does not take.
struct QuizNeeds {
  std::string_view what;
  bool students, student, answers, output, capture;
};
constexpr std::array<QuizNeeds, 3> kQuizNeeds = {{
    {"quiz", true, false, false, true, false},
    {"key", true, true, false, true, true},
    {"grade", true, false, true, true, false},
}};

// What is missing; empty: nothing.
std::string missing_for(const QuizNeeds& needs, const LabCommandOptions& o) {
  const std::string command = "'lab " + std::string(needs.what) + "'";
  if (o.folder.empty()) return command + " needs the name of a scenario";
  if (o.secret.empty())
    return command + " needs --secret FILE; 'glasstcp lab secret FILE' makes one";
  if (o.students.empty() && (!needs.student || o.student.empty())) {
    return command + " needs --students LIST" + (needs.student ? " or --student NUMBER" : "");
  }
  if (needs.answers && o.answers.empty()) return command + " needs --answers DIR";
  if (needs.what == "quiz" && o.output.empty())
    return "'lab quiz' needs -o DIR, the folder for all students";
  return {};
}

std::string inconsistency_of_quiz(const QuizNeeds& needs, const LabCommandOptions& o) {
  std::string missing = missing_for(needs, o);
  if (!missing.empty()) return missing;
  if (!o.student.empty() && !o.students.empty())
    return "--student and --students exclude each other";
  const bool has_more = (!o.student.empty() && !needs.student) ||
                        (!o.answers.empty() && !needs.answers) ||
                        (!o.capture.empty() && !needs.capture) || !o.end.empty() ||
                        !o.set.empty() || !o.edits.empty() || o.seed != 0;
  if (has_more) {
    return "the secret decides about a quiz: --seed, --set, --edit, --end, and what belongs to "
           "another "
           "command, are not taken by 'lab " +
           std::string(needs.what) + "'";
  }
  if (!o.capture.empty() && o.student.empty())
    return "--capture of 'lab key' needs --student NUMBER";
  return {};
}

std::string inconsistency_of_secret(const LabCommandOptions& o) {
  if (o.folder.empty()) return "'lab secret' needs FILE, which must not exist yet";
  const bool has_more = !o.secret.empty() || !o.students.empty() || !o.output.empty() ||
                        !o.capture.empty() || !o.set.empty() || !o.edits.empty();
  return has_more ? "'lab secret' takes a file, and no other option" : "";
}

bool has_quiz_options(const LabCommandOptions& o) {
  return !o.secret.empty() || !o.students.empty() || !o.student.empty() || !o.answers.empty();
}

}  // namespace

CLI::App& add_lab_command(CLI::App& app, LabCommandOptions& o) {
  CLI::App& lab = *app.add_subcommand(
      "lab", "show how TCP behaves, scenario by scenario, without a network or rights");
  add_parsed(
      lab,
      {"NAME", " ", "the name of a scenario",
       "'list' prints the scenarios, 'all' writes the course, 'export DIR' writes the lab page, "
       "where all of this runs in a browser; for teachers: 'secret FILE', 'quiz NAME', 'key NAME', "
       "'grade NAME'; else the name of a scenario, or a file with one"},
      o.what, parse_text)
      ->required();
  add_parsed(
      lab,
      {"WHAT", " ", "a name or a path",
       "of 'export': folder to write the page to; of 'quiz', 'key' and 'grade': the scenario; "
       "of 'secret': the file to write"},
      o.folder, parse_text);
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
         "link (link.delay=50ms, server.link.loss=2%), or what the seed would choose; may be given "
         "several times (none)")
      ->option_text("KNOB=V")
      ->allow_extra_args(false);
  lab.add_option("--edit", o.edits,
                 "do something to one packet: 'lose client packet 3', 'delay server data 2 by "
                 "20ms', 'duplicate client packet 1 after 5ms', 'mark server data 4'; may be given "
                 "several times (none)")
      ->option_text("LINE")
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
  add_parsed(
      lab,
      {"-o,--output", "DIR", "a folder",
       "of 'all': folder to write the course to, with its captures; of 'quiz': folder for one "
       "folder per student; of 'key' and 'grade': the table to write (stdout)"},
      o.output, parse_text);
  add_quiz_options(lab, o);
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

CLI::App& add_replay_command(CLI::App& app, ReplayOptions& o) {
  CLI::App& replay =
      *app.add_subcommand("replay", "run a capture of the lab again, and compare it byte for byte");
  add_parsed(
      replay,
      {"FILE", " ", "a file", "a capture that 'glasstcp lab' or the lab page wrote; '-' is stdin"},
      o.capture, parse_text)
      ->required();
  add_parsed(
      replay,
      {"--scenario", "FILE", "a file",
       "the text of the scenario, in place of the built-in one or the one in the capture (none)"},
      o.scenario, parse_text);
  add_language_option(replay, o.language);
  replay.footer(
      "The capture says which scenario, seed, settings and edits made it; nothing is sent "
      "anywhere. A "
      "difference is told by its frame.\n"
      "Exit status: 0 if all frames are the same, else 1.\n"
      "Example: glasstcp lab lost-syn --capture lost-syn.pcapng && glasstcp replay "
      "lost-syn.pcapng");
  return replay;
}

std::string inconsistency(const LabCommandOptions& o) {
  const auto needs = std::ranges::find(kQuizNeeds, o.what, &QuizNeeds::what);
  if (needs != kQuizNeeds.end()) return inconsistency_of_quiz(*needs, o);
  if (o.what == "secret") return inconsistency_of_secret(o);
  if (has_quiz_options(o)) {
    return "--secret, --students, --student and --answers belong to 'lab quiz', 'key' and 'grade'";
  }
  if (o.what == "export") {
    if (o.folder.empty()) return "'lab export' needs DIR, the folder to write the page to";
    const bool has_more = !o.capture.empty() || !o.end.empty() || !o.output.empty() ||
                          !o.set.empty() || !o.edits.empty();
    return has_more ? "'lab export' takes a folder, and no other option" : "";
  }
  if (!o.folder.empty()) return "'" + o.folder + "' is not expected: lab takes one name";
  if (o.what == "all") {
    if (o.output.empty()) return "'lab all' needs -o DIR, the folder to write the course to";
    if (!o.capture.empty() || !o.end.empty()) {
      return "'lab all' writes the captures of both ends: leave out --capture and --end";
    }
    if (o.set.empty() && o.edits.empty()) return {};
    return "--set and --edit change one scenario; 'lab all' writes them as they are";
  }
  if (!o.output.empty()) return "--output belongs to 'lab all', 'quiz', 'key' and 'grade'";
  if (o.what == "list" && (!o.capture.empty() || !o.set.empty() || !o.edits.empty())) {
    return "'lab list' only prints names: --capture, --set and --edit need the name of a scenario";
  }
  if (!o.end.empty() && o.capture.empty()) return "--end needs --capture FILE";
  return {};
}

}  // namespace glasstcp
