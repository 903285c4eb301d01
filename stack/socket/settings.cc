// Who reads the rows (settings_rows.cc): texts, and the members of glasstcp_config. See settings.h.
#include "stack/socket/settings.h"

#include <algorithm>
#include <limits>

#include "stack/base/quantity.h"
#include "stack/socket/glasstcp.h"

namespace glasstcp {
namespace {

using Kind = SettingKind;
using Form = MemberForm;

constexpr std::int64_t ms(std::int64_t value) {
  return value * 1'000'000;
}

// -- Texts

std::string bytes_text(std::int64_t value) {
  for (const auto& [shift, unit] : {std::pair{30, " GiB"}, {20, " MiB"}, {10, " KiB"}}) {
    const std::int64_t size = std::int64_t{1} << shift;
    if (value >= size && value % size == 0) return std::to_string(value / size) + unit;
  }
  return std::to_string(value);
}

std::string time_text(std::int64_t value) {
  const bool is_whole = value >= ms(1000) && value % ms(1000) == 0;
  return is_whole ? std::to_string(value / ms(1000)) + " s" : std::to_string(value / ms(1)) + " ms";
}

std::string alternatives(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "'" + std::string(words[i]) + "'";
  }
  return text;
}

constexpr std::string_view kSwitch[] = {"on", "off"};

// "a number from 1 to 255"
std::string expected_of(const Setting& s) {
  const bool has_most = s.highest() < std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  const auto bounds = [&](const std::string& least, const std::string& most) {
    if (s.least <= 0 && !has_most) return std::string();
    return has_most ? " from " + least + " to " + most : " of at least " + least;
  };
  switch (s.kind) {
    case Kind::Switch:
      return alternatives(kSwitch);
    case Kind::Word:
      return alternatives(s.words);
    case Kind::Time:
      return "a time like " +
             std::string(s.bare_unit == Duration(ms(1)) ? "40 or 40ms" : "30 or 30s") +
             (s.least > 0 || s.most ? bounds(time_text(s.least), time_text(s.highest())) : "");
    case Kind::Bytes:
      return "a size like 64K" + bounds(bytes_text(s.least), bytes_text(s.highest()));
    case Kind::Count:
      break;
  }
  return "a number" + bounds(std::to_string(s.least), std::to_string(s.highest()));
}

std::optional<std::int64_t> number_in(std::string_view text) {
  if (text == "-1") return -1;
  const auto number = parse_size(text);  // without a unit it is a plain number
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> word_in(std::span<const std::string_view> words,
                                    std::string_view text) {
  const auto found = std::ranges::find(words, text);
  if (found == words.end()) return std::nullopt;
  return found - words.begin();
}

std::optional<std::int64_t> raw_value(const Setting& s, std::string_view text) {
  if (s.kind == Kind::Switch) {
    const auto word = word_in(kSwitch, text);
    return word ? std::optional(1 - *word) : std::nullopt;
  }
  if (s.kind == Kind::Word) return word_in(s.words, text);
  if (s.kind == Kind::Time) {
    const auto time = parse_duration(text, s.bare_unit);
    return time ? std::optional(time->count()) : std::nullopt;
  }
  const bool is_plain = text.find_first_not_of("-0123456789") == std::string_view::npos;
  return s.kind == Kind::Bytes || is_plain ? number_in(text) : std::nullopt;
}

// -- Members of glasstcp_config

constexpr bool stands_alone(Form form) {
  return form != Form::None && form != Form::ByHand;
}

std::int64_t value_of_member(const Setting& s, const glasstcp_config& c) {
  const std::int64_t number = s.read_member(c);
  if (s.form == Form::Negated) return number == 0 ? 1 : 0;
  if (s.kind == Kind::Switch) return number == 0 ? 0 : 1;
  if (s.kind != Kind::Time) return number;
  return s.form == Form::Doubled ? ms(number) / 2 : ms(number);
}

void write_member(const Setting& s, const StackConfig& config, glasstcp_config& c) {
  const std::int64_t value = s.read(config);
  if (s.form == Form::AsPersonality) return s.write_member(c, -1);
  if (s.form == Form::Negated) return s.write_member(c, value == 0 ? 1 : 0);
  if (s.kind != Kind::Time) return s.write_member(c, value);
  s.write_member(c, value * (s.form == Form::Doubled ? 2 : 1) / ms(1));
}

}  // namespace

std::expected<std::int64_t, std::string> value_of(const Setting& setting, std::string_view text) {
  const auto value = raw_value(setting, text);
  if (!value || *value < setting.least || *value > setting.highest()) {
    return std::unexpected(expected_of(setting));
  }
  return *value;
}

std::string text_of(const Setting& setting, std::int64_t value) {
  switch (setting.kind) {
    case Kind::Switch:
      return value == 0 ? "off" : "on";
    case Kind::Word:
      return std::string(setting.words[static_cast<std::size_t>(value)]);
    case Kind::Time:
      return time_text(value);
    case Kind::Bytes:
      return bytes_text(value);
    case Kind::Count:
      break;
  }
  return std::to_string(value);
}

std::optional<std::pair<const Setting*, const Setting*>> contradiction(const StackConfig& config) {
  constexpr std::pair<std::string_view, std::string_view> kOrdered[] = {{"min_rto", "initial_rto"},
                                                                        {"initial_rto", "max_rto"}};
  for (const auto& [low, high] : kOrdered) {
    const Setting *const first = setting_named(low), *const second = setting_named(high);
    if (first->read(config) > second->read(config)) return std::pair(first, second);
  }
  return std::nullopt;
}

bool members_are_sane(const glasstcp_config& c) {
  return std::ranges::all_of(settings(), [&c](const Setting& s) {
    if (!stands_alone(s.form)) return true;
    if (s.form == Form::AsPersonality && s.read_member(c) < 0) return true;
    const std::int64_t value = value_of_member(s, c);
    return value >= s.least &&
           value <= (s.kind == Kind::Word ? std::ssize(s.words) - 1 : s.highest());
  });
}

void read_members(const glasstcp_config& c, StackConfig& into) {
  for (const Setting& s : settings()) {
    if (!stands_alone(s.form)) continue;
    if (s.form == Form::AsPersonality && s.read_member(c) < 0) continue;
    if (s.form == Form::OnlyOff && s.read_member(c) != 0) continue;
    s.write(into, value_of_member(s, c));
  }
}

void write_members(const StackConfig& config, glasstcp_config& c) {
  for (const Setting& s : settings()) {
    if (stands_alone(s.form)) write_member(s, config, c);
  }
}

void write_members_that_differ(const StackConfig& config, const StackConfig& from,
                               glasstcp_config& c) {
  for (const Setting& s : settings()) {
    if (stands_alone(s.form) && s.read(config) != s.read(from)) write_member(s, config, c);
  }
}

}  // namespace glasstcp
