// See telling.h.
#include "stack/lab/telling.h"

#include "stack/lab/display_text.h"
#include "stack/lab/lab.h"

namespace glasstcp::lab {
namespace {

constexpr std::size_t kColumns = 79;

constexpr Headings kEnglish = {"Question",
                               "Predict first",
                               "What passes between them",
                               "What happened",
                               "See it in Wireshark",
                               "Change it",
                               "What was expected, and was not seen",
                               "What happens without these settings (with them: the ladder above)"};
constexpr Headings kChinese = {"问题",
                               "先预测",
                               "时序图",
                               "发生了什么",
                               "在 Wireshark 中查看",
                               "改变条件",
                               "预期会出现而没有出现的",
                               "不改变这些设置时会发生什么（改变之后：见上面的时序图）"};

class Page {
 public:
  explicit Page(const LadderOptions& options) : options_(options) {}

  void heading(std::string_view text) {
    out_ += '\n';
    if (options_.paint == Paint::Terminal) {
      out_ += "\x1b[1m" + std::string(text) + "\x1b[0m\n";
    } else {
      out_ += std::string(text) + '\n';
    }
  }
  void paragraph(std::string_view text) {
    for (std::string& line : wrapped(ascii(text), kColumns - 2)) out_ += "  " + line + '\n';
  }
  // What is to be copied is never broken.
  void verbatim(std::string_view text) { out_ += "    " + std::string(text) + '\n'; }
  void add(std::string_view text) { out_ += text; }
  std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] std::string ascii(std::string_view text) const {
    std::string all(text);
    if (!options_.ascii || options_.language == Language::Chinese) return all;
    for (std::size_t at = 0; (at = all.find("§", at)) != std::string::npos;) {
      all.replace(at, std::string_view("§").size(), "section ");
    }
    return all;
  }

  const LadderOptions& options_;
  std::string out_;
};

}  // namespace

const Headings& headings(Language language) {
  return language == Language::Chinese ? kChinese : kEnglish;
}

std::string ladder_note(const Scenario& scenario, Language language) {
  const std::string end(name_of(scenario.view, language));
  if (language == Language::Chinese) {
    return "每行一个分组，按" + end +
           "发出和收到的先后排列，与它的抓包相同；左右两侧是分组在各端发出或到达的时间。";
  }
  return "A line for each packet, in the order in which the " + end +
         " sent and got them, as in its capture; the times at both sides are when it left or came "
         "there.";
}

std::string chosen_text(const Scenario& scenario, Language language) {
  std::string text(either(language, "seed ", "种子 "));
  text += std::to_string(scenario.seed);
  bool is_first = true;
  for (const auto& [name, value] : scenario.chosen) {
    text += is_first ? either(language, ": ", "：") : either(language, ", ", "，");
    text += name + " = " + value;
    is_first = false;
  }
  return text;
}

std::string tell(const Scenario& scenario, const Journal& journal, const LadderOptions& options,
                 const std::vector<std::string>& unmet) {
  const Headings& words = headings(options.language);
  const Story& story = scenario.story(options.language);
  Page page(options);
  page.add(story.title + "\n");
  const std::string chosen = scenario.name + std::string(either(options.language, ", ", "，")) +
                             chosen_text(scenario, options.language);
  for (const std::string& line : wrapped(chosen, kColumns)) page.add(line + "\n");
  page.heading(words.question);
  page.paragraph(story.question);
  page.heading(words.predict);
  page.paragraph(story.predict);
  page.heading(words.ladder);
  page.paragraph(ladder_note(scenario, options.language));
  page.add(ladder(scenario, journal, options));
  // Of a scenario as it is written the author wants to know what is not so.
  const bool is_changed = !scenario.overrides.empty() || !scenario.edit_lines.empty();
  if (!unmet.empty() && !is_changed) {
    page.heading(words.not_shown);
    for (const std::string& one : unmet) page.verbatim(one);
  }
  page.heading(unmet.empty() || !is_changed ? words.happened : words.without);
  page.paragraph(story.happened);
  page.heading(words.see);
  page.verbatim(run_of(scenario) + " --capture " + scenario.name + ".pcapng");
  page.verbatim(scenario.filter);
  page.paragraph(story.see);
  page.heading(words.change);
  page.verbatim("glasstcp lab " + scenario.command);
  page.paragraph(story.change);
  return page.take();
}

}  // namespace glasstcp::lab
