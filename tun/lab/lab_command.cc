// See lab_command.h.
#include "tun/lab/lab_command.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "generated/version.h"
#include "stack/lab/catalogue.h"
#include "stack/lab/check.h"
#include "stack/lab/display_text.h"
#include "stack/lab/telling.h"
#include "tun/cli/chinese.h"
#include "tun/cli/command_words.h"
#include "tun/cli/options.h"
#include "tun/glass/lab_page.h"
#include "tun/lab/course.h"
#include "tun/lab/quiz_command.h"
#include "tun/site/write_site.h"

namespace glasstcp {
namespace {

constexpr std::size_t kMostText = 1U << 20;

bool is_file(const std::string& what) {
  return what.find('/') != std::string::npos || what.ends_with(".txt");
}

int failed(const std::string& why, Language language) {
  fmt::print(stderr, "glasstcp: lab: {}\n", spoken(why, language));
  return kExitFailure;
}

int list(const LabCommandOptions& options) {
  std::size_t widest = 0;
  for (const lab::CatalogueEntry& one : lab::catalogue()) {
    widest = std::max(widest, one.name.size());
  }
  for (const lab::Chapter& chapter : lab::chapters()) {
    fmt::print("{}\n", either(options.language, chapter.english, chapter.chinese));
    for (const lab::CatalogueEntry& one : lab::catalogue()) {
      const auto scenario = lab::read_scenario(one.text, {.name = one.name});
      if (!scenario || scenario->chapter != chapter.key) continue;
      fmt::print("  {}  {}\n", lab::padded(one.name, widest),
                 scenario->story(options.language).title);
    }
  }
  return 0;
}

int export_page(const LabCommandOptions& options) {
  if (lab_page().empty()) {
    const std::string command(kLabPageCommand);
    return failed(
        "this program was built without the lab page; to build it with the page: " + command,
        options.language);
  }
  const std::array files = {http::BuiltinFile{"index.html", lab_page()}};
  const auto written = write_new_files(options.folder, files);
  if (!written) return failed(written.error().to_string(), options.language);
  fmt::print("{}\n",
             fmt::format(fmt::runtime(either(options.language,
                                             "{}/index.html: the lab page, to be opened in any "
                                             "browser",
                                             "{}/index.html：实验页面，可用任何浏览器打开")),
                         options.folder));
  return 0;
}

int tell_scenario(const LabCommandOptions& options) {
  const auto text = text_of_scenario(options.what);
  if (!text) return failed(text.error(), options.language);
  const auto scenario = lab::read_scenario(
      text->text,
      {.name = text->name, .seed = options.seed, .overrides = options.set, .edits = options.edits});
  if (!scenario) {
    const lab::ReadError& error = scenario.error();
    if (error.line == 0) {
      static_cast<void>(failed(std::string(error.option) + ": " + error.message, options.language));
      return kExitWrongUsage;
    }
    fmt::print(stderr, "glasstcp: lab: {}: line {}: {}\n", options.what, error.line, error.message);
    return kExitFailure;
  }
  GatheredBlocks capture;
  lab::LabOptions how;
  how.language = options.language;
  const std::string application = lab_application();
  how.application = application;
  const lab::Side end = options.end.empty()       ? scenario->view
                        : options.end == "client" ? lab::Side::Client
                                                  : lab::Side::Server;
  if (!options.capture.empty()) how.captures[lab::index_of(end)] = &capture;
  lab::Lab run(*scenario, how);
  run.run();
  const bool to_stdout = options.capture == "-";
  if (!options.capture.empty()) {
    const auto written = write_whole(options.capture, capture.bytes());
    if (!written) return failed(written.error(), options.language);
  }
  if (to_stdout) return 0;
  lab::LadderOptions look;
  look.language = options.language;
  look.ascii = options.ascii;
  if (has_colours(options.colours, 1)) look.paint = lab::Paint::Terminal;
  const auto unmet = lab::unmet_expectations(*scenario, run.journal().lines());
  std::string page = lab::tell(*scenario, run.journal(), look, unmet);
  if (!options.capture.empty()) page += '\n' + capture_note(options.capture, end, options.language);
  const auto written = write_text("-", page);
  return written ? 0 : failed(written.error(), options.language);
}

}  // namespace

std::expected<ScenarioText, std::string> text_of_scenario(const std::string& what) {
  if (const lab::CatalogueEntry* const entry = lab::scenario_named(what)) {
    return ScenarioText{what, std::string(entry->text)};
  }
  if (!is_file(what)) {
    std::vector<std::string> names;
    for (const lab::CatalogueEntry& one : lab::catalogue()) names.emplace_back(one.name);
    const std::string near = nearest(what, names);
    const std::string hint = near.empty() ? "" : "; did you mean '" + near + "'?";
    return std::unexpected("there is no scenario '" + what + "'" +
                           (hint.empty() ? "; 'glasstcp lab list' names them" : hint));
  }
  auto text = read_whole(what, kMostText);
  if (!text) return std::unexpected(text.error());
  const std::size_t slash = what.rfind('/');
  std::string name = what.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.ends_with(".txt")) name.resize(name.size() - 4);
  return ScenarioText{name, std::move(*text)};
}

std::string lab_application() {
  return "glasstcp " + std::string(kVersion);
}

std::string capture_note(const std::string& path, lab::Side end, Language language) {
  return fmt::format(
      fmt::runtime(either(language, "{}: what the {} sent and received, with the reasons\n",
                          "{}：{}发送和接收的分组，附有原因\n")),
      path, lab::name_of(end, language));
}

std::expected<void, std::string> write_whole(const std::string& path, ByteView content) {
  const bool to_stdout = path == "-";
  std::FILE* const file = to_stdout ? stdout : std::fopen(path.c_str(), "wb");
  const auto failure = [&path] {
    return std::unexpected("cannot write '" + path + "': " + std::strerror(errno));
  };
  if (file == nullptr) return failure();
  const bool is_written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool is_closed = (to_stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!is_written || !is_closed) return failure();
  return {};
}

std::expected<void, std::string> write_text(const std::string& path, std::string_view text) {
  return write_whole(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

int lab_command(const LabCommandOptions& options) {
  if (options.what == "export") return export_page(options);
  if (options.what == "list") return list(options);
  if (is_quiz_command(options.what)) {
    const auto done = quiz_command(options);
    return done ? 0 : failed(done.error(), options.language);
  }
  if (options.what == "all") {
    const auto done = write_course(options);
    return done ? 0 : failed(done.error(), options.language);
  }
  return tell_scenario(options);
}

}  // namespace glasstcp
