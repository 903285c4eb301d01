// See command_words.h.
#include "tun/cli/command_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <sstream>

namespace glasstcp {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* one : commands_of(app)) names.push_back(one->get_name());
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* one : command.get_options()) {
    for (const std::string& name : one->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string lower(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), [](unsigned char c) { return std::tolower(c); });
  return all;
}

// How many slips lie between two words: a letter too many, too few, another one, or two swapped.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// "serve, doctor, site or get"
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

std::string without_value(const std::string& word) {
  return word.substr(0, word.find('='));
}

bool has_option(const CLI::App& command, const std::string& name) {
  return is_option(name) && command.get_option_no_throw(name) != nullptr;
}

std::vector<std::string> commands_with(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* one : commands_of(app)) {
    if (has_option(*one, name)) names.push_back(one->get_name());
  }
  return names;
}

std::string did_you_mean(const std::string& found) {
  return found.empty() ? "" : "; did you mean '" + found + "'?";
}

std::string unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known = names_of_commands(app);
  known.emplace_back("help");
  for (const std::string& option : names_of_options(app)) known.push_back(option.substr(2));
  std::string found = nearest(word, known);
  if (has_option(app, "--" + found)) found = "--" + found;
  const std::string hint = did_you_mean(found);
  return "unknown command '" + word + "'" +
         (hint.empty() ? "; choose " + listed(names_of_commands(app)) : hint);
}

std::string misplaced_option(const std::string& name, const std::vector<std::string>& owners) {
  std::string text = fmt::format(
      "'{0}' is an option of {1} and follows the command, as in "
      "'glasstcp {2} {0}'",
      name, listed(owners), owners.front());
  if (name == "-v") text += "; --version prints the version";
  return text;
}

// The name that CLI11 puts in front of what it says of an option.
std::string named_in(const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t colon = text.find(": ");
  return colon == std::string::npos ? "" : text.substr(0, colon);
}

const CLI::Option* option_named(const CLI::App& command, const std::string& name) {
  const CLI::Option* found = command.get_option_no_throw(name);
  if (found != nullptr) return found;
  for (const CLI::Option* one : command.get_options()) {
    if (one->get_name() == name) return one;
  }
  return nullptr;
}

std::string about_count(const CLI::App& app, const CLI::App* command,
                        const CLI::ParseError& error) {
  const std::string name = named_in(error);
  const CLI::Option* const option = option_named(command != nullptr ? *command : app, name);
  if (option == nullptr) return error.what();
  if (std::string_view(error.what()).find("At Most") != std::string_view::npos) {
    return name + " is given more than once";
  }
  return name + " needs a value: " + name + " " + option->get_option_text();
}

// "Could not convert: --publish = maybe"
std::string about_switch(const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t begin = text.find("--");
  const std::size_t end = text.find(" = ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return text;
  return fmt::format("{} takes no value, but was given '{}'", text.substr(begin, end - begin),
                     text.substr(end + 3));
}

std::string about_missing(const CLI::App& command) {
  if (command.get_name() == "get") {
    return "a URL is missing, as in 'glasstcp get http://192.0.2.2/'";
  }
  if (command.get_name() == "report") {
    return "a capture is missing, as in 'glasstcp report visit.pcapng -o report.html'";
  }
  if (command.get_name() == "lab") {
    return "the name of a scenario is missing, as in 'glasstcp lab list'";
  }
  if (command.get_name() == "replay") {
    return "a capture is missing, as in 'glasstcp replay lost-syn.pcapng'";
  }
  if (command.get_name() == "wireshark-files") {
    return "a folder to write to is missing, as in 'glasstcp wireshark-files -o wireshark'";
  }
  return "a folder to write to is missing, as in 'glasstcp site page'";
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string typed = lower(word);
  std::string best;
  std::size_t least = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& one : candidates) {
    const std::string candidate = lower(one);
    // Somebody who stopped early has slipped once.
    const bool is_beginning = typed.size() >= 3 && candidate.starts_with(typed);
    const std::size_t slips = is_beginning ? 1 : distance(typed, candidate);
    if (slips >= least) continue;
    least = slips;
    best = one;
  }
  return best;
}

const CLI::App* named_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  for (const CLI::App* one : commands_of(app)) {
    if (one->get_name() == arguments.front()) return one;
  }
  return nullptr;
}

std::string about_first_word(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return "a command is missing: " + listed(names_of_commands(app));
  const std::string& word = arguments.front();
  if (named_command(app, arguments) != nullptr) return {};
  if (!is_option(word)) return unknown_command(app, word);
  const std::string name = without_value(word);
  if (has_option(app, name)) return {};
  const std::vector<std::string> owners = commands_with(app, name);
  if (!owners.empty()) return misplaced_option(name, owners);
  return "unknown option '" + name + "'" + did_you_mean(nearest(name, names_of_options(app)));
}

std::string about_unexpected(const CLI::App& app, const CLI::App& command,
                             const std::vector<std::string>& arguments, const std::string& word) {
  const std::string& own = command.get_name();
  if (is_option(word)) {
    const std::string name = without_value(word);
    const std::vector<std::string> owners = commands_with(app, name);
    if (!owners.empty()) {
      return "'" + name + "' is an option of " + listed(owners) + ", not of " + own;
    }
    return "unknown option '" + name + "' of " + own +
           did_you_mean(nearest(name, names_of_options(command)));
  }
  const auto at = std::ranges::find(arguments, word);
  if (at != arguments.end() && at != arguments.begin() && is_option(*(at - 1))) {
    const CLI::Option* const before = command.get_option_no_throw(*(at - 1));
    if (before != nullptr && before->get_expected_max() == 0) {
      return "'" + word + "' is not expected: " + *(at - 1) + " takes no value";
    }
  }
  if (own == "get") return "'" + word + "' is not expected: get takes one URL";
  if (own == "report") return "'" + word + "' is not expected: report takes one capture";
  if (own == "replay") return "'" + word + "' is not expected: replay takes one capture";
  if (own == "lab") return "'" + word + "' is not expected: lab takes one name";
  if (own == "site") return "'" + word + "' is not expected: site takes one folder";
  return "'" + word + "' is not expected: " + own + " takes options alone, which begin with '--'";
}

std::string in_our_words(const CLI::App& app, const CLI::App* command,
                         const std::vector<std::string>& arguments, const CLI::ParseError& error) {
  // By their codes, since the name of an error may be that of a command.
  const auto is = [&error](CLI::ExitCodes code) {
    return error.get_exit_code() == static_cast<int>(code);
  };
  if (is(CLI::ExitCodes::ExtrasError)) {
    // Asked for again: the words of the error itself are in the reverse order.
    const std::vector<std::string> left = app.remaining(true);
    if (command != nullptr && !left.empty()) {
      return about_unexpected(app, *command, arguments, left.front());
    }
  }
  if (is(CLI::ExitCodes::ArgumentMismatch)) {
    return about_count(app, command, error);
  }
  if (is(CLI::ExitCodes::ConversionError)) return about_switch(error);
  if (is(CLI::ExitCodes::RequiredError)) {
    return command != nullptr ? about_missing(*command)
                              : "a command is missing: " + listed(names_of_commands(app));
  }
  return error.what();
}

namespace {

// Columns that a line takes on a terminal: a Chinese character takes two (UTF-8, three bytes).
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    width += (byte & 0xc0U) == 0x80 ? 0 : byte >= 0xe0 ? 2 : 1;
  }
  return width;
}

// A mark that does not begin a line.
bool ends_a_clause(std::string_view rest) {
  constexpr std::array<std::string_view, 7> kMarks = {"，", "。", "；", "：", "、", "）", "”"};
  return std::ranges::any_of(kMarks, [&](auto mark) { return rest.starts_with(mark); });
}

// The last place within `columns` where a line may be broken: at a space, or beside a Chinese
// character. 0: nowhere.
std::size_t break_of(std::string_view line, std::size_t columns) {
  std::size_t width = 0, best = 0;
  bool was_wide = false, was_opening = false;
  for (std::size_t at = 0; at < line.size() && width <= columns;) {
    const auto byte = static_cast<unsigned char>(line[at]);
    const std::size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const bool is_wide = size >= 3;
    const std::string_view rest = line.substr(at);
    if (line[at] == ' ' || ((is_wide || was_wide) && !was_opening && !ends_a_clause(rest)))
      best = at;
    width += is_wide ? 2 : 1;
    at += size;
    was_wide = is_wide;
    was_opening = rest.starts_with("（") || rest.starts_with("“");
  }
  return best;
}

}  // namespace

std::string wrapped(const std::string& page) {
  constexpr std::size_t kColumns = 100;
  constexpr std::size_t kDescriptionsAt = 30;
  std::string all;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const std::string indent(line.starts_with("  ") ? kDescriptionsAt : 0, ' ');
    while (width_of(line) > kColumns) {
      const std::size_t at = break_of(line, kColumns);
      if (at <= indent.size()) break;
      all += line.substr(0, at) + "\n";
      line = indent + line.substr(line[at] == ' ' ? at + 1 : at);
    }
    all += line + "\n";
  }
  return all;
}

}  // namespace glasstcp
