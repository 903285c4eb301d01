// See course.h.
#include "tun/lab/course.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

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

// A part of a page, in a pane of its own or within one.
std::string section(std::string_view heading, std::string_view html, bool is_pane) {
  return fmt::format("<section{}>\n<h2>{}</h2>\n{}</section>\n", is_pane ? " class=\"pane\"" : "",
                     lab::html_escaped(heading), html);
}

std::string paragraph(std::string_view text) {
  return fmt::format("<p>{}</p>\n", lab::html_escaped(text));
}

// A title whose words with a hyphen ("three-way") stay in one line.
std::string title_html(std::string_view title) {
  std::string html;
  while (!title.empty()) {
    const std::string_view word = title.substr(0, std::min(title.find(' ') + 1, title.size()));
    const std::string_view whole = word.empty() ? title : word;
    const std::string text = lab::html_escaped(whole);
    html += whole.contains('-') ? "<span class=\"whole\">" + text + "</span>" : text;
    title.remove_prefix(whole.size());
  }
  return html;
}

std::string title_of(const lab::CatalogueEntry& entry, Language language) {
  const auto scenario = lab::read_scenario(entry.text, {.name = entry.name});
  return scenario ? scenario->story(language).title : std::string();
}

// The one before it in the course, and the next one.
std::string neighbours_of(const lab::Scenario& scenario, Language language) {
  const auto all = lab::catalogue();
  const auto here = std::ranges::find(all, scenario.name, &lab::CatalogueEntry::name);
  const auto link = [language](const lab::CatalogueEntry& entry, std::string_view form) {
    const std::string words = fmt::format(fmt::runtime(form), title_of(entry, language));
    return fmt::format("<a href=\"{}{}\">{}</a>\n", entry.name, suffix(language),
                       lab::html_escaped(words));
  };
  std::string html;
  if (here != all.begin()) html += link(*std::prev(here), "← {}");
  if (here != all.end() && std::next(here) != all.end()) html += link(*std::next(here), "{} →");
  return "<nav>\n" + html + "</nav>\n";
}

std::string name_of_chapter(std::string_view key, Language language) {
  for (const lab::Chapter& chapter : lab::chapters()) {
    if (chapter.key == key) return std::string(either(language, chapter.english, chapter.chinese));
  }
  return {};
}

// What is hidden until the reader has predicted it.
std::string answer_of(const lab::Scenario& scenario, const lab::Journal& journal,
                      Language language) {
  const lab::Headings& words = lab::headings(language);
  const lab::Story& story = scenario.story(language);
  lab::LadderOptions look;
  look.language = language;
  look.paint = lab::Paint::Html;
  const std::string ladder =
      fmt::format("<p class=\"chosen\">{}</p>\n<p>{}</p>\n<pre tabindex=\"0\">{}</pre>\n",
                  lab::html_escaped(lab::chosen_text(scenario, language)),
                  lab::html_escaped(lab::ladder_note(scenario, language)),
                  lab::ladder(scenario, journal, look));
  const std::string files = fmt::format(
      "<p class=\"files\"><a href=\"{0}.client.pcapng\">{1}</a><a "
      "href=\"{0}.server.pcapng\">{2}</a></p>\n",
      scenario.name, either(language, "Capture of the client", "客户端的抓包"),
      either(language, "Capture of the server", "服务器的抓包"));
  const std::string filter = fmt::format("<pre>{}</pre>\n", lab::html_escaped(scenario.filter));
  const std::string command =
      fmt::format("<pre>glasstcp lab {}</pre>\n", lab::html_escaped(scenario.command));
  return fmt::format("<details>\n<summary>{}</summary>\n",
                     either(language, "Show what happened", "显示发生了什么")) +
         section(words.ladder, ladder, false) +
         section(words.happened, paragraph(story.happened), false) +
         section(words.see, files + filter + paragraph(story.see), false) +
         section(words.change, command + paragraph(story.change), false) + "</details>\n";
}

std::string body_of(const lab::Scenario& scenario, const lab::Journal& journal, Language language) {
  const lab::Story& story = scenario.story(language);
  const auto in = [language](std::string_view en, std::string_view zh) {
    return either(language, en, zh);
  };
  const Language far = language == Language::Chinese ? Language::English : Language::Chinese;
  return fmt::format(
             "<nav><a href=\"index{}\">{}</a><a lang=\"{}\" href=\"{}{}\">{}</a></nav>\n"
             "<p class=\"eyebrow\">{}</p>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n",
             suffix(language), in("All scenarios", "全部场景"), in("zh-CN", "en"), scenario.name,
             suffix(far), in("中文", "English"), name_of_chapter(scenario.chapter, language),
             title_html(story.title), lab::html_escaped(story.question)) +
         section(lab::headings(language).predict, paragraph(story.predict), true) +
         answer_of(scenario, journal, language) + neighbours_of(scenario, language);
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
      "<nav><span>glasstcp</span><a lang=\"{}\" href=\"index{}\">{}</a></nav>\n<h1>{}</h1>\n"
      "<p class=\"lead\">{}</p>\n",
      in("zh-CN", "en"), suffix(far), in("中文", "English"), title,
      in("Each page asks a question. Predict the answer, then open what happened, and look at the "
         "capture in Wireshark.",
         "每一页提出一个问题。请先预测，再展开查看发生了什么，并在 Wireshark 中打开抓包文件。"));
  for (const lab::Chapter& chapter : lab::chapters()) {
    body +=
        fmt::format("<h2>{}</h2>\n<ol class=\"cards\">\n", in(chapter.english, chapter.chinese));
    for (const lab::CatalogueEntry& one : lab::catalogue()) {
      const auto scenario = lab::read_scenario(one.text, {.name = one.name});
      if (!scenario || scenario->chapter != chapter.key) continue;
      const lab::Story& story = scenario->story(language);
      body +=
          fmt::format("<li><a href=\"{}{}\"><b>{}</b><span>{}</span></a></li>\n", one.name,
                      suffix(language), title_html(story.title), lab::html_escaped(story.question));
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
  fmt::print(
      "{}\n",
      fmt::format(fmt::runtime(either(options.language,
                                      "{0}: {1} scenarios in both languages, with what each "
                                      "end captured; begin with {0}/index{2}",
                                      "{0}：{1} 个场景，两种语言，附两端的抓包；从 {0}/index{2} "
                                      "开始")),
                  options.output, lab::catalogue().size(), suffix(options.language)));
  return {};
}

}  // namespace glasstcp
