// See course.h.
#include "tun/lab/course.h"

#include <fmt/format.h>

#include <filesystem>

#include "stack/lab/catalogue.h"
#include "stack/lab/check.h"
#include "stack/lab/telling.h"
#include "tun/lab/lab_command.h"
#include "tun/lab/page.h"

namespace glasstcp {
namespace {

using Done = std::expected<void, std::string>;

std::string suffix(Language language) {
  return language == Language::Chinese ? ".zh.html" : ".html";
}

std::string section(std::string_view heading, std::string_view text) {
  return fmt::format("<h2>{}</h2>\n<p>{}</p>\n", lab::html_escaped(heading),
                     lab::html_escaped(text));
}

// What happened is hidden until the reader has predicted it.
std::string body_of(const lab::Scenario& scenario, const lab::Journal& journal, Language language) {
  const lab::Headings& words = lab::headings(language);
  const lab::Story& story = scenario.story(language);
  const auto in = [language](std::string_view en, std::string_view zh) {
    return either(language, en, zh);
  };
  const Language far = language == Language::Chinese ? Language::English : Language::Chinese;
  std::string body = fmt::format(
      "<nav><a href=\"index{}\">{}</a> · <a lang=\"{}\" href=\"{}{}\">{}</a></nav>\n<h1>{}</h1>\n",
      suffix(language), in("all scenarios", "全部场景"), in("zh-CN", "en"), scenario.name,
      suffix(far), in("中文", "English"), lab::html_escaped(story.title));
  body += section(words.question, story.question);
  body += section(words.predict, story.predict);
  body +=
      fmt::format("<details>\n<summary>{}</summary>\n", in("Show what happened", "显示发生了什么"));
  body += fmt::format("<h2>{}</h2>\n<p>{}</p>\n", words.ladder,
                      lab::html_escaped(lab::chosen_text(scenario, language)));
  lab::LadderOptions look;
  look.language = language;
  look.paint = lab::Paint::Html;
  body += fmt::format("<pre tabindex=\"0\">{}</pre>\n", lab::ladder(scenario, journal, look));
  body += section(words.happened, story.happened);
  body += fmt::format(
      "<h2>{}</h2>\n<p>{}: <a href=\"{}.client.pcapng\">{}</a> · <a "
      "href=\"{}.server.pcapng\">{}</a></p>\n<pre>{}</pre>\n<p>{}</p>\n",
      words.see, in("capture of", "抓包"), scenario.name, in("the client", "客户端"), scenario.name,
      in("the server", "服务器"), lab::html_escaped(scenario.filter), lab::html_escaped(story.see));
  body +=
      fmt::format("<h2>{}</h2>\n<pre>glasstcp lab {}</pre>\n<p>{}</p>\n</details>\n", words.change,
                  lab::html_escaped(scenario.command), lab::html_escaped(story.change));
  return body;
}

Done write_scenario(const std::string& folder, const lab::CatalogueEntry& entry,
                    const LabCommandOptions& options, Language language) {
  const auto scenario = lab::read_scenario(entry.text, {.name = entry.name, .seed = options.seed});
  if (!scenario) return std::unexpected(std::string(entry.name) + ": " + scenario.error().message);
  std::array<GatheredBlocks, 2> captures;
  lab::LabOptions how;
  how.language = language;
  const std::string application = lab_application();
  how.application = application;
  how.captures = {&captures[0], &captures[1]};
  lab::Lab run(*scenario, how);
  run.run();
  const std::string stem = folder + "/" + std::string(entry.name);
  const std::string text =
      page(language, scenario->story(language).title, body_of(*scenario, run.journal(), language));
  Done done = write_text(stem + suffix(language), text);
  // The captures speak the language of the command.
  if (language != options.language) return done;
  for (const lab::Side side : {lab::Side::Client, lab::Side::Server}) {
    if (!done) break;
    const std::string path = stem + "." + std::string(lab::name_of(side)) + ".pcapng";
    done = write_whole(path, captures[lab::index_of(side)].bytes());
  }
  return done;
}

std::string index_page(Language language) {
  const auto in = [language](std::string_view en, std::string_view zh) {
    return either(language, en, zh);
  };
  const std::string_view title = in("TCP, scenario by scenario", "TCP 场景课程");
  const Language far = language == Language::Chinese ? Language::English : Language::Chinese;
  std::string body = fmt::format(
      "<nav><a lang=\"{}\" href=\"index{}\">{}</a></nav>\n<h1>{}</h1>\n<p>{}</p>\n",
      in("zh-CN", "en"), suffix(far), in("中文", "English"), title,
      in("Each page asks a question. Predict the answer, then open what happened, and look at the "
         "capture in Wireshark.",
         "每一页提出一个问题。请先预测，再展开查看发生了什么，并在 Wireshark 中打开抓包文件。"));
  for (const lab::Chapter& chapter : lab::chapters()) {
    body += fmt::format("<h2>{}</h2>\n<ol>\n", in(chapter.english, chapter.chinese));
    for (const lab::CatalogueEntry& one : lab::catalogue()) {
      const auto scenario = lab::read_scenario(one.text, {.name = one.name});
      if (!scenario || scenario->chapter != chapter.key) continue;
      body += fmt::format("<li><a href=\"{}{}\">{}</a></li>\n", one.name, suffix(language),
                          lab::html_escaped(scenario->story(language).title));
    }
    body += "</ol>\n";
  }
  return page(language, title, body);
}

}  // namespace

Done write_course(const LabCommandOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  if (error) {
    return std::unexpected("cannot make the folder '" + options.output + "': " + error.message());
  }
  for (const Language language : {Language::English, Language::Chinese}) {
    for (const lab::CatalogueEntry& entry : lab::catalogue()) {
      if (Done done = write_scenario(options.output, entry, options, language); !done) return done;
    }
    Done done = write_text(options.output + "/index" + suffix(language), index_page(language));
    if (!done) return done;
  }
  fmt::print("{}\n", options.output + "/index" + suffix(options.language));
  return {};
}

}  // namespace glasstcp
