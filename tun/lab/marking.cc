// See marking.h.
#include "tun/lab/marking.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "tun/lab/utf8.h"

namespace glasstcp {
namespace {

using lab::AnswerForm;
using lab::AnswerUnit;

constexpr std::uint32_t kMostFrames = 1'000'000;
constexpr std::size_t kMostNamed = 10'000;  // frames in an answer

// Full-width digits, letters and marks as ASCII; lower case.
std::string plain(std::string_view text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = next_character(text, at).value_or(U' ');
    if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    if (c == 0x3001 || c == 0x3000) c = c == 0x3001 ? ',' : ' ';  // ideographic comma and space
    if (c == 0x2013 || c == 0x2014 || c == 0x2212) c = '-';       // dashes and minus
    if (c == 0x3bc) c = 0xb5;                                     // Greek mu as the sign of micro
    append_utf8(all, c);
  }
  return std::string(trimmed(all));
}

struct UnitName {
  std::string_view name;
  AnswerUnit unit;
  double factor;  // to the unit of the key
};
constexpr std::array<UnitName, 24> kUnits = {{
    {"s", AnswerUnit::Time, 1e6},      {"sec", AnswerUnit::Time, 1e6},
    {"second", AnswerUnit::Time, 1e6}, {"seconds", AnswerUnit::Time, 1e6},
    {"秒", AnswerUnit::Time, 1e6},     {"ms", AnswerUnit::Time, 1e3},
    {"msec", AnswerUnit::Time, 1e3},   {"milliseconds", AnswerUnit::Time, 1e3},
    {"毫秒", AnswerUnit::Time, 1e3},   {"us", AnswerUnit::Time, 1},
    {"µs", AnswerUnit::Time, 1},       {"microseconds", AnswerUnit::Time, 1},
    {"微秒", AnswerUnit::Time, 1},     {"b", AnswerUnit::Bytes, 1},
    {"byte", AnswerUnit::Bytes, 1},    {"bytes", AnswerUnit::Bytes, 1},
    {"octets", AnswerUnit::Bytes, 1},  {"字节", AnswerUnit::Bytes, 1},
    {"八位组", AnswerUnit::Bytes, 1},  {"frames", AnswerUnit::Count, 1},
    {"frame", AnswerUnit::Count, 1},   {"packets", AnswerUnit::Count, 1},
    {"帧", AnswerUnit::Count, 1},      {"个", AnswerUnit::Count, 1},
}};

// "1,460" and "1 460" without what separates thousands; others as they are.
std::string without_separators(std::string_view digits) {
  std::string all;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool separates = digits[i] == ',' || digits[i] == ' ' || digits[i] == '_';
    if (!separates) {
      all += digits[i];
      continue;
    }
    const std::size_t next = digits.find_first_not_of("0123456789", i + 1);
    const std::size_t group = std::min(next, digits.size()) - i - 1;
    if (group != 3) return std::string(digits);
  }
  return all;
}

std::string number_text(const lab::QuizItem& item, std::uint64_t value, Language language) {
  const auto in = [language](std::string_view en, std::string_view zh) {
    return either(language, en, zh);
  };
  switch (item.question->unit) {
    case AnswerUnit::None:
      return std::to_string(value);
    case AnswerUnit::Bytes:
      return fmt::format("{} {}", value, in("bytes", "字节"));
    case AnswerUnit::Count:
      return fmt::format("{} {}", value, in("frames", "帧"));
    case AnswerUnit::Time:
      break;
  }
  return fmt::format("{}.{:03} ms", value / 1000, value % 1000);
}

std::string frames_text(const std::vector<std::uint32_t>& frames, Language language) {
  std::string text;
  for (const std::uint32_t frame : frames) {
    if (!text.empty()) text += ", ";
    text += std::to_string(frame);
  }
  return text.empty() ? std::string(either(language, "none", "无")) : text;
}

std::string expected_text(const lab::QuizItem& item, Language language) {
  std::string text(either(language, "right is ", "正确答案是 "));
  text += key_text(item, language);
  return text;
}

Mark right(Language language) {
  return {Mark::kFull, std::string(either(language, "right", "正确"))};
}
Mark wrong(const lab::QuizItem& item, Language language, std::string_view why = {}) {
  std::string reason = expected_text(item, language);
  if (!why.empty()) reason += fmt::format("{}{}", either(language, "; ", "；"), why);
  return {0, std::move(reason)};
}

Mark mark_number(const lab::QuizItem& item, std::string_view answer, Language language) {
  const auto value = parse_amount(answer, item.question->unit);
  if (!value) {
    return wrong(item, language, language == Language::Chinese ? "答案无法读取" : value.error());
  }
  const double key = static_cast<double>(item.answer.number);
  if (std::abs(*value - key) <= static_cast<double>(item.question->tolerance)) {
    return right(language);
  }
  constexpr double kRelative = 1e6;  // a relative number of these captures is below it
  const bool looks_relative = item.question->is_raw && *value < kRelative && key > kRelative;
  if (!looks_relative) return wrong(item, language);
  return wrong(item, language,
               either(language, "this is Wireshark's relative number, the raw one was asked for",
                      "这是 Wireshark 的相对序号，题目要求原始值（raw）"));
}

Mark mark_frames(const lab::QuizItem& item, std::string_view answer, Language language) {
  const auto named = parse_frames(answer);
  if (!named) {
    return wrong(item, language,
                 either(language, "write frame numbers like 3, 5-7", "请写帧号，例如 3, 5-7"));
  }
  const auto& key = item.answer.frames;
  if (*named == key) return right(language);
  std::vector<std::uint32_t> both, any;
  std::ranges::set_intersection(*named, key, std::back_inserter(both));
  std::ranges::set_union(*named, key, std::back_inserter(any));
  if (both.size() * 2 < any.size() || both.empty()) return wrong(item, language);
  Mark half = wrong(item, language, either(language, "in part right", "部分正确"));
  half.points = Mark::kFull / 2;
  return half;
}

Mark mark_choice(const lab::QuizItem& item, std::string_view answer, Language language) {
  std::string letter = plain(answer);
  while (letter.starts_with('(')) letter.erase(0, 1);
  while (letter.ends_with(')') || letter.ends_with('.')) letter.pop_back();
  if (letter.size() != 1 || letter[0] < 'a' ||
      letter[0] >= static_cast<char>('a' + item.order.size())) {
    return wrong(item, language, either(language, "write one letter", "请写一个字母"));
  }
  return letter[0] == item.letter() ? right(language) : wrong(item, language);
}

}  // namespace

std::optional<std::vector<std::uint32_t>> parse_frames(std::string_view text) {
  const std::string all = plain(text);
  std::vector<std::uint32_t> frames;
  if (all == "none" || all == "无" || all == "没有" || all == "-") return frames;
  const char* at = all.data();
  const char* const end = at + all.size();
  const auto skip = [&](std::string_view what) {
    while (at != end && what.find(*at) != std::string_view::npos) ++at;
  };
  const auto take = [&](std::uint32_t& number) {
    const auto [rest, error] = std::from_chars(at, end, number);
    at = rest;
    return error == std::errc{} && number > 0 && number <= kMostFrames;
  };
  for (skip(" \t\n,;"); at != end; skip(" \t\n,;")) {
    std::uint32_t first = 0, last = 0;
    if (!take(first)) return std::nullopt;
    last = first;
    skip(" ");
    if (at != end && *at == '-') {
      ++at;
      skip(" ");
      if (!take(last) || last < first) return std::nullopt;
    }
    if (frames.size() + (last - first) >= kMostNamed) return std::nullopt;
    for (std::uint32_t frame = first; frame <= last; ++frame) frames.push_back(frame);
  }
  if (frames.empty()) return std::nullopt;
  std::ranges::sort(frames);
  const auto twice = std::ranges::unique(frames);
  frames.erase(twice.begin(), twice.end());
  return frames;
}

std::expected<double, std::string> parse_amount(std::string_view text, AnswerUnit unit) {
  const std::string all = plain(text);
  const std::size_t digits = std::min(all.find_first_not_of("0123456789.,_ "), all.size());
  double value = 0;
  std::string_view rest;
  if (all.starts_with("0x")) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(all.data() + 2, all.data() + all.size(), number, 16);
    if (error != std::errc{}) return std::unexpected("it is no number");
    value = static_cast<double>(number);
    rest = std::string_view(end, static_cast<std::size_t>(all.data() + all.size() - end));
  } else {
    const std::string number = without_separators(trimmed(std::string_view(all).substr(0, digits)));
    const char* const end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, value, std::chars_format::fixed);
    if (error != std::errc{} || stop != end) return std::unexpected("it is no number");
    rest = std::string_view(all).substr(digits);
  }
  rest = trimmed(rest);
  if (rest.empty()) {
    constexpr double kMicroseconds = 1000;  // times are asked for in milliseconds
    return unit == AnswerUnit::Time ? value * kMicroseconds : value;
  }
  const auto named = std::ranges::find(kUnits, rest, &UnitName::name);
  if (named == kUnits.end() || named->unit != unit) {
    return std::unexpected("'" + std::string(rest) + "' is not its unit");
  }
  return value * named->factor;
}

std::string key_text(const lab::QuizItem& item, Language language) {
  switch (item.question->form) {
    case AnswerForm::Number: {
      std::string text = number_text(item, item.answer.number, language);
      if (item.question->tolerance != 0) {
        text += " ± " + number_text(item, item.question->tolerance, language);
      }
      return text;
    }
    case AnswerForm::Frames:
      return frames_text(item.answer.frames, language);
    case AnswerForm::Choice:
      return fmt::format("{}) {}", item.letter(),
                         item.question->options[item.answer.choice].in(language));
    case AnswerForm::Text:
      break;
  }
  return {};
}

std::string answer_text(const lab::QuizItem& item) {
  switch (item.question->form) {
    case AnswerForm::Number:
      return item.question->unit == AnswerUnit::Time
                 ? number_text(item, item.answer.number, Language::English)
                 : std::to_string(item.answer.number);
    case AnswerForm::Frames:
      return frames_text(item.answer.frames, Language::English);
    case AnswerForm::Choice:
      return std::string(1, item.letter());
    case AnswerForm::Text:
      break;
  }
  return {};
}

Mark mark(const lab::QuizItem& item, std::string_view answer, Language language) {
  if (trimmed(answer).empty()) {
    return {0, fmt::format("{}{}", either(language, "no answer; ", "没有作答；"),
                           expected_text(item, language))};
  }
  switch (item.question->form) {
    case AnswerForm::Number:
      return mark_number(item, answer, language);
    case AnswerForm::Frames:
      return mark_frames(item, answer, language);
    case AnswerForm::Choice:
      return mark_choice(item, answer, language);
    case AnswerForm::Text:
      break;
  }
  return {};
}

}  // namespace glasstcp
