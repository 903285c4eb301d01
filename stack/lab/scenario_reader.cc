// Line by line; what the seed chooses is put in place of its name before a line is understood. See
// scenario_reader.h.
#include "stack/lab/scenario_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "stack/base/random.h"
#include "stack/lab/bystanders.h"
#include "stack/lab/catalogue.h"
#include "stack/lab/expression.h"
#include "stack/lab/statement_reader.h"
#include "stack/lab/words.h"
#include "stack/socket/settings.h"
#include "stack/trace/reason.h"

namespace glasstcp::lab {
namespace {

constexpr std::size_t kMostText = 1U << 20;  // of a scenario, bytes

constexpr std::array<std::string_view, 9> kKinds = {"packet", "syn",   "data",   "ack",   "fin",
                                                    "rst",    "probe", "update", "repeat"};
constexpr std::array<std::string_view, 17> kVariables = {
    "cwnd", "ssthresh", "flight", "pipe",    "snd_wnd",    "rcv_wnd", "unsent",  "unread", "sacked",
    "lost", "rto",      "srtt",   "snd_una", "duplicates", "rcv_nxt", "snd_nxt", "mss"};

template <typename Names>
std::string listed(const Names& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ");
    text += name;
  }
  return text;
}

bool is_name(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !text.empty() && text.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

class Reader {
 public:
  explicit Reader(const ReadOptions& options) : options_(options) {
    out_.name = options.name;
    out_.seed = options.seed;
    out_.is_quiz = options.quiz.has_value();
    out_.chance = options.quiz.value_or(Seed::from_number(options.seed));
    for (const Override& one : options.overrides) out_.overrides.emplace_back(one.key, one.value);
    for (const Side side : {Side::Client, Side::Server}) {
      StackConfig& config = out_.configs[index_of(side)];
      config.tcp.max_connections = 4096;
      config.addresses = {*Cidr::parse(side == Side::Client ? "192.0.2.1/24" : "192.0.2.2/24")};
      config.seed = options.quiz ? derive_seed(*options.quiz, name_of(side))
                                 : Seed::from_number(options.seed * 2 + index_of(side));
    }
  }

  std::expected<Scenario, ReadError> read(std::string_view text) {
    if (text.size() > kMostText) return std::unexpected(ReadError{1, "more than 1 MiB of text"});
    const CatalogueEntry* const entry = scenario_named(options_.name);
    if (entry == nullptr || entry->text != text) out_.own_text = text;
    while (!text.empty() && error_.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      take_line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (error_.empty()) take_overrides();
    if (error_.empty()) take_edits();
    if (error_.empty()) finish_links();
    if (error_.empty()) check_configs();
    if (!error_.empty()) return std::unexpected(ReadError{line_, error_, option_});
    if (options_.quiz) add_pings();
    return std::move(out_);
  }

 private:
  void fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }

  void take_line(std::string_view line) {
    const bool goes_on = line.starts_with("  ");
    line = trimmed(line);
    if (line.empty()) return;
    if (line == "[en]" || line == "[zh]") {
      story_ = &out_.stories[line == "[zh]" ? 1 : 0];
      field_ = nullptr;
      return;
    }
    const std::string text = substituted(line);
    if (story_ != nullptr) return take_story(text, goes_on);
    if (!line.starts_with('#')) take_statement(text);
  }

  // -- The story

  void take_story(std::string_view text, bool goes_on) {
    if (goes_on && field_ != nullptr) return append(text);
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::array<std::pair<std::string_view, std::string*>, 6> fields = {
        {{"title", &story_->title},
         {"question", &story_->question},
         {"predict", &story_->predict},
         {"happened", &story_->happened},
         {"see", &story_->see},
         {"change", &story_->change}}};
    const std::string_view key = text.substr(0, colon);
    const auto found = std::ranges::find(fields, key, [](const auto& f) { return f.first; });
    if (found == fields.end() || colon == text.size()) {
      return fail("a story has title:, question:, predict:, happened:, see: and change:");
    }
    field_ = found->second;
    append(trimmed(text.substr(colon + 1)));
  }

  // Between two Chinese characters a line's end is no space.
  void append(std::string_view text) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    const bool meets_ascii =
        !field_->empty() && !text.empty() && (is_ascii(field_->back()) || is_ascii(text.front()));
    if (meets_ascii) *field_ += ' ';
    *field_ += text;
  }

  // -- What the seed chooses

  // "131ms" as people write it: "131 ms".
  static std::string as_told(std::string_view value) {
    const std::size_t unit = std::min(value.find_first_not_of("0123456789."), value.size());
    const std::string_view rest = value.substr(unit);
    const bool is_time = unit > 0 && (rest == "us" || rest == "ms" || rest == "s");
    return std::string(value.substr(0, unit)) + (is_time ? " " : "") + std::string(rest);
  }

  std::string substituted(std::string_view line) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] != '$') {
        text += line[i];
        continue;
      }
      std::size_t end = i + 1;
      while (end < line.size() && is_name(line.substr(end, 1))) ++end;
      const auto found = variables_.find(std::string(line.substr(i + 1, end - i - 1)));
      if (found == variables_.end()) {
        fail("nothing is called " + std::string(line.substr(i, end - i)) + " before this line");
        return text;
      }
      const bool is_told = story_ != nullptr;
      text += !is_told ? found->second : options_.quiz ? "?" : as_told(found->second);
      i = end - 1;
    }
    return text;
  }

  void define(const std::string& name, std::string value) {
    const auto wanted = std::ranges::find(options_.overrides, name, &Override::key);
    if (wanted != options_.overrides.end()) {
      value = wanted->value;
      used_.push_back(name);
    }
    variables_[name] = value;
    out_.chosen.emplace_back(name, value);
  }

  void take_choice(Words& words) {
    const std::string name(words.take());
    if (!is_name(name)) return fail("choose NAME LOW..HIGH, or choose NAME A | B | C");
    if (variables_.contains(name)) return fail("'" + name + "' is chosen already");
    SeededRandom random(out_.chance, "lab " + name);
    const std::string first(words.take());
    const std::size_t dots = first.find("..");
    if (dots != std::string::npos) {
      return choose_between(name, first.substr(0, dots), first.substr(dots + 2), random);
    }
    std::vector<std::string> values = {first};
    while (words.take_if("|")) values.emplace_back(words.take());
    if (!words.at_end() || values.back().empty()) {
      return fail("choose NAME A | B | C: one word each, with | between");
    }
    define(name, values[static_cast<std::size_t>(random.below(values.size()))]);
  }

  void choose_between(const std::string& name, const std::string& low, const std::string& high,
                      SeededRandom& random) {
    const auto least = evaluate_number(low), most = evaluate_number(high);
    if (least && most && *least <= *most) {
      return define(name, std::to_string(random.between(*least, *most)));
    }
    const auto from = evaluate_time(low), to = evaluate_time(high);
    if (!from || !to || *from > *to) {
      return fail("'" + low + ".." + high + "': two numbers, or two times, the lower one first");
    }
    const bool is_whole = to_us(*from) % 1000 == 0 && to_us(*to) % 1000 == 0;
    const Duration step = is_whole && !options_.quiz ? Duration(1ms) : Duration(1us);
    const auto steps = static_cast<std::uint64_t>((*to - *from) / step);
    define(name, time_text(*from + static_cast<std::int64_t>(random.between(0, steps)) * step));
  }

  void take_let(Words& words) {
    const std::string name(words.take());
    const std::string expression = words.take_expression();
    if (!is_name(name) || variables_.contains(name)) return fail("let NAME EXPRESSION, a new name");
    if (const auto number = evaluate_number(expression)) {
      variables_[name] = std::to_string(*number);
    } else if (const auto time = evaluate_time(expression)) {
      variables_[name] = time_text(*time);
    } else {
      fail("'" + expression + "' is no number and no time");
    }
  }

  // -- Statements

  void take_statement(std::string_view text) {
    Words words(text);
    if (words.is_open_quote()) return fail("a quotation mark is missing at the end of the text");
    const std::string key(words.take());
    if (key.empty()) return;
    static constexpr std::array<std::pair<std::string_view, void (Reader::*)(Words&)>, 14> kTakers =
        {{{"choose", &Reader::take_choice},
          {"let", &Reader::take_let},
          {"link", &Reader::take_link},
          {"set", &Reader::take_set},
          {"lose", &Reader::take_edit<EditKind::Lose>},
          {"delay", &Reader::take_edit<EditKind::Delay>},
          {"duplicate", &Reader::take_edit<EditKind::Duplicate>},
          {"mark", &Reader::take_edit<EditKind::Mark>},
          {"view", &Reader::take_view},
          {"watch", &Reader::take_watch},
          {"expect", &Reader::take_expectation<false>},
          {"never", &Reader::take_expectation<true>},
          {"chapter", &Reader::take_chapter},
          {"until", &Reader::take_until}}};
    if (key == "filter" || key == "try") {
      std::string& into = key == "filter" ? out_.filter : out_.command;
      into = trimmed(text.substr(key.size()));
      return;
    }
    if (key == "at" || key == "on") return take_act(key == "at", words);
    const auto found = std::ranges::find(kTakers, key, [](const auto& t) { return t.first; });
    if (found == kTakers.end()) {
      return fail("'" + key +
                  "' begins no line: choose, let, link, set, lose, delay, duplicate, mark, at, on, "
                  "view, watch, until, expect, never, filter, try, chapter, [en], [zh]");
    }
    (this->*found->second)(words);
    if (error_.empty() && !words.at_end()) fail("'" + std::string(words.peek()) + "' is too much");
  }

  void take_act(bool at_time, Words& words) {
    auto statement = read_act(at_time, words);
    if (!statement) return fail(statement.error());
    out_.statements.push_back(std::move(*statement));
  }

  // "client", "server" or "both"; empty: none of them, which has been told.
  std::vector<Side> take_sides(Words& words, bool may_be_both) {
    const std::string_view word = words.take();
    if (word == "client") return {Side::Client};
    if (word == "server") return {Side::Server};
    if (word == "both" && may_be_both) return {Side::Client, Side::Server};
    fail("'" + std::string(word) + "' is not " +
         (may_be_both ? "client, server or both" : "client or server"));
    return {};
  }

  void take_link(Words& words) {
    const std::vector<Side> sides = take_sides(words, true);
    while (!words.at_end() && error_.empty()) {
      const std::string word(words.take());
      for (const Side side : sides) set_link(side, word);
    }
  }

  void set_link(Side side, const std::string& word) {
    Path& path = out_.paths[index_of(side)];
    if (word == "silent") {
      path.silent = true;
    } else if (word.starts_with("mtu=")) {
      const auto mtu = evaluate_number(std::string_view(word).substr(4));
      if (!mtu || *mtu < 576 || *mtu > 65535) return fail("mtu= takes bytes from 576 to 65535");
      path.mtu = static_cast<std::uint32_t>(*mtu);
    } else {
      links_[index_of(side)][word.substr(0, word.find('='))] = {word, line_};
    }
  }

  void finish_links() {
    for (const Side side : {Side::Client, Side::Server}) {
      for (const auto& [key, said] : links_[index_of(side)]) {
        const auto plan = parse_impairment(said.first);
        if (!plan) {
          line_ = said.second;
          return fail(plan.error());
        }
      }
      std::string spec;
      for (const auto& [key, said] : links_[index_of(side)]) {
        spec += (spec.empty() ? "" : ",") + said.first;
      }
      if (!spec.empty()) out_.paths[index_of(side)].impairment = parse_impairment(spec)->out;
    }
  }

  void take_set(Words& words) {
    const std::vector<Side> sides = take_sides(words, true);
    while (!words.at_end() && error_.empty()) {
      const std::string word(words.take());
      const std::size_t equals = std::min(word.find('='), word.size());
      for (const Side side : sides) {
        set_setting(side, word.substr(0, equals), word.substr(std::min(equals + 1, word.size())));
      }
    }
  }

  void set_setting(Side side, const std::string& name, const std::string& value) {
    const Setting* setting = setting_named(name);
    if (setting == nullptr) {
      return fail("'" + name + "' is no setting; stack/README.md lists them");
    }
    const auto number = value_of(*setting, value);
    if (!number) return fail("'" + value + "' is not " + number.error() + " (" + name + ")");
    setting->write(out_.configs[index_of(side)], *number);
  }

  void check_configs() {
    for (StackConfig& config : out_.configs) {
      config.tcp.initial_receive_buffer =
          std::min(config.tcp.initial_receive_buffer, config.tcp.receive_buffer);
      if (const auto wrong = contradiction(config)) {
        line_ = 0;
        return fail(std::string(wrong->first->name) + " is above " +
                    std::string(wrong->second->name));
      }
    }
  }

  template <EditKind kKind>
  void take_edit(Words& words) {
    const std::vector<Side> sides = take_sides(words, false);
    if (sides.empty()) return;
    Edit edit{sides.front(), kKind, std::string(words.take()), 1, 1, {}};
    if (std::ranges::find(kKinds, edit.what) == kKinds.end() &&
        std::ranges::find(all_reasons(), edit.what, &ReasonInfo::name) == all_reasons().end()) {
      return fail("'" + edit.what + "' is no kind of packet (" + listed(kKinds) +
                  ") and no reason to send one");
    }
    const std::string range(words.take());
    const std::size_t dots = range.find("..");
    const auto first = evaluate_number(range.substr(0, dots));
    const auto last = dots == std::string::npos ? first : evaluate_number(range.substr(dots + 2));
    if (!first || !last || *first == 0 || *last < *first) {
      return fail("which one? A number from 1, or the first and the last like 2..4");
    }
    edit.first = *first;
    edit.last = *last;
    const std::string_view preposition = kKind == EditKind::Delay ? "by" : "after";
    if constexpr (kKind == EditKind::Delay || kKind == EditKind::Duplicate) {
      const bool is_said = words.take_if(preposition);
      const auto time = evaluate_time(words.take());
      if (!is_said || !time) return fail("how long? '" + std::string(preposition) + " 20ms'");
      edit.by = *time;
    }
    out_.edits.push_back(std::move(edit));
  }

  void take_view(Words& words) {
    if (const auto sides = take_sides(words, false); !sides.empty()) out_.view = sides.front();
  }
  void take_watch(Words& words) {
    const auto sides = take_sides(words, false);
    if (sides.empty()) return;
    out_.watched = sides.front();
    while (!words.at_end()) {
      out_.watch.emplace_back(words.take());
      if (std::ranges::find(kVariables, out_.watch.back()) == kVariables.end()) {
        return fail("'" + out_.watch.back() + "' cannot be watched: " + listed(kVariables));
      }
    }
  }
  void take_chapter(Words& words) { out_.chapter = words.take(); }
  void take_until(Words& words) {
    const auto time = evaluate_time(words.take());
    if (!time) return fail("until a time like 30s");
    out_.until = *time;
  }

  template <bool kNever>
  void take_expectation(Words& words) {
    const std::vector<Side> sides = take_sides(words, false);
    if (sides.empty()) return;
    Expectation expectation{sides.front(), kNever, {}, line_};
    while (!words.at_end()) expectation.terms.emplace_back(words.take());
    const bool are_terms = std::ranges::all_of(expectation.terms, [](const std::string& term) {
      return term.find_first_of("=<>") != std::string::npos;
    });
    if (expectation.terms.empty() || !are_terms) {
      return fail("what? Keys of a capture's lines, like reason=FastRetransmit seq=1 or flight>0");
    }
    out_.expectations.push_back(std::move(expectation));
  }

  // -- Overrides: what was not a variable is a setting or a word of the link

  void take_overrides() {
    line_ = 0;
    for (const Override& one : options_.overrides) {
      if (std::ranges::find(used_, one.key) != used_.end()) continue;
      std::string_view key = one.key;
      std::vector<Side> sides = {Side::Client, Side::Server};
      if (key.starts_with("client.")) sides = {Side::Client};
      if (key.starts_with("server.")) sides = {Side::Server};
      if (sides.size() == 1) key.remove_prefix(std::string_view("client.").size());
      for (const Side side : sides) take_override(side, std::string(key), one.value);
    }
  }

  void take_override(Side side, const std::string& key, const std::string& value) {
    constexpr std::string_view kLink = "link.";
    if (key.starts_with(kLink)) {
      if (value.find(',') != std::string::npos) return fail("'" + value + "': one value");
      return set_link(side, key.substr(kLink.size()) + '=' + value);
    }
    if (setting_named(key) == nullptr) {
      std::string names;
      for (const auto& [name, text] : out_.chosen) names += name + ", ";
      return fail("'" + key + "' is nothing that can be set here: " + names +
                  "a word of the link like link.delay, or a setting like client.sack");
    }
    set_setting(side, key, value);
  }

  void add_pings() {
    SeededRandom random(out_.chance, "lab pings");
    std::ranges::move(pings(random, out_.view, out_.until), std::back_inserter(out_.statements));
  }

  // -- Edits from outside of the text

  void take_edits() {
    constexpr std::array<std::string_view, 4> kKeys = {"lose", "delay", "duplicate", "mark"};
    line_ = 0;
    option_ = "--edit";
    for (const std::string& line : options_.edits) {
      const std::string text(trimmed(line));
      if (std::ranges::find(kKeys, Words(text).take()) == kKeys.end()) {
        return fail("'" + line +
                    "' is no line like 'lose client packet 3', 'delay server data 2 by 20ms', "
                    "'duplicate client packet 1 after 5ms' or 'mark server data 4'");
      }
      take_statement(text);
      if (!error_.empty()) return;
      out_.edit_lines.push_back(text);
    }
    option_ = "--set";
  }

  const ReadOptions& options_;
  Scenario out_;
  std::uint32_t line_ = 0;
  std::string error_;
  std::string_view option_ = "--set";  // that a fault without a line is of
  Story* story_ = nullptr;
  std::string* field_ = nullptr;
  std::map<std::string, std::string> variables_;
  std::vector<std::string> used_;  // overrides that were variables
  std::array<std::map<std::string, std::pair<std::string, std::uint32_t>>, 2> links_;
};

}  // namespace

std::expected<Scenario, ReadError> read_scenario(std::string_view text,
                                                 const ReadOptions& options) {
  return Reader(options).read(text);
}

}  // namespace glasstcp::lab
