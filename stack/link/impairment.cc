// The grammar of --impair: effects separated by commas, each KEY=VALUE with a direction in front or
// none.
#include "stack/link/impairment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "stack/base/quantity.h"

namespace glasstcp {
namespace {

constexpr Duration kLongestDelay = 10min;
constexpr std::uint64_t kLargestRate = 1'000'000'000'000;  // a Tbit/s
constexpr std::uint64_t kLargestQueue = 1'000'000;

template <typename T>
std::optional<T> whole(std::string_view text) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

// "0.25": up to fifteen digits, which a double holds exactly, over a power of ten that it holds
// exactly, too, so that the quotient is the double nearest to what was written.
std::optional<double> decimal(std::string_view text) {
  constexpr std::uint64_t kMostDigits = 1'000'000'000'000'000;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) digits += text.substr(point + 1);
  const auto number = whole<std::uint64_t>(digits);
  const std::size_t places = digits.size() - point;
  if (!number || *number >= kMostDigits || places > 15) return std::nullopt;
  std::uint64_t scale = 1;
  for (std::size_t i = 0; i < places; ++i) scale *= 10;
  return static_cast<double>(*number) / static_cast<double>(scale);
}

// "2%"
std::optional<double> share(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  const auto percent = decimal(text.substr(0, text.size() - 1));
  if (!percent || *percent > 100) return std::nullopt;
  return *percent / 100;
}

// "30ms": the unit is not left out, since programs disagree about what it would be.
std::optional<Duration> length_of_time(std::string_view text) {
  if (text.empty() || (text.back() >= '0' && text.back() <= '9')) return std::nullopt;
  const auto time = parse_duration(text, 1ms);
  return time && *time <= kLongestDelay ? time : std::nullopt;
}

// "10mbit", "1.5gbit"
std::optional<std::uint64_t> bits_per_second(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits{
      {{"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {"bit", 1}}};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const auto number = decimal(text.substr(0, text.size() - unit.size()));
    if (!number || *number * factor < 1 || *number * factor > static_cast<double>(kLargestRate)) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(*number * factor);
  }
  return std::nullopt;
}

template <typename T>
bool put(const std::optional<T>& value, T& into) {
  if (value) into = *value;
  return value.has_value();
}

bool set_loss(std::string_view text, Impairment& how) {
  return put(share(text), how.loss);
}
// "0.5%x8": packets on average; "0.3%x20ms": a time.
bool set_burst(std::string_view text, Impairment& how) {
  const std::size_t x = text.find('x');
  if (x == std::string_view::npos) return false;
  const std::string_view how_long = text.substr(x + 1);
  if (const auto time = length_of_time(how_long)) {
    if (*time == Duration::zero()) return false;
    how.burst_time = *time;
  } else {
    const auto length = decimal(how_long);
    if (!length || *length < 1 || *length > 1e6) return false;
    how.burst_length = *length;
  }
  return put(share(text.substr(0, x)), how.burst);
}
bool set_delay(std::string_view text, Impairment& how) {
  return put(length_of_time(text), how.delay);
}
bool set_jitter(std::string_view text, Impairment& how) {
  return put(length_of_time(text), how.jitter);
}
bool set_reorder(std::string_view text, Impairment& how) {
  return put(share(text), how.reorder);
}
bool set_duplicate(std::string_view text, Impairment& how) {
  return put(share(text), how.duplicate);
}
bool set_corrupt(std::string_view text, Impairment& how) {
  return put(share(text), how.corrupt);
}
bool set_rate(std::string_view text, Impairment& how) {
  return put(bits_per_second(text), how.rate);
}
bool set_queue(std::string_view text, Impairment& how) {
  const auto packets = whole<std::uint32_t>(text);
  return packets && *packets > 0 && *packets <= kLargestQueue && put(packets, how.queue);
}
bool set_drop(std::string_view text, Impairment& how) {
  const auto number = whole<std::uint64_t>(text);
  if (!number || *number == 0) return false;
  how.drop.insert(std::ranges::upper_bound(how.drop, *number), *number);
  return true;
}

struct Word {
  std::string_view key;
  std::string_view expected;
  bool (*set)(std::string_view text, Impairment& how);
};

constexpr std::array<Word, 10> kWords{{
    {"loss", "a share like 2%", set_loss},
    {"burst", "a share and a number of packets like 0.5%x8, or a time up to 10min like 0.3%x20ms",
     set_burst},
    {"delay", "a time up to 10min like 30ms", set_delay},
    {"jitter", "a time up to 10min like 5ms", set_jitter},
    {"reorder", "a share like 1%", set_reorder},
    {"duplicate", "a share like 1%", set_duplicate},
    {"corrupt", "a share like 0.1%", set_corrupt},
    {"rate", "bits per second like 10mbit", set_rate},
    {"queue", "a number of packets from 1 to 1000000", set_queue},
    {"drop", "the number of a packet and its direction like out:7", set_drop},
}};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Which directions a word is for: said before the key, or (drop=out:7) before the value.
struct Directions {
  bool in = true, out = true;
  void take_from(std::string_view& text) {
    if (take_prefix(text, "in:")) out = false;
    if (take_prefix(text, "out:")) in = false;
  }
};

class Parser {
 public:
  std::expected<ImpairmentPlan, std::string> parse(std::string_view spec) {
    while (true) {
      const std::size_t comma = std::min(spec.find(','), spec.size());
      if (std::string error = take(spec.substr(0, comma)); !error.empty()) {
        return std::unexpected(error);
      }
      if (comma == spec.size()) return plan_;
      spec.remove_prefix(comma + 1);
    }
  }

 private:
  // Empty: it was right.
  std::string take(std::string_view text) {
    const std::string said(text);
    Directions where;
    where.take_from(text);
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view key = text.substr(0, equals);
    const auto word = std::ranges::find(kWords, key, &Word::key);
    if (word == kWords.end()) {
      return "'" + said + "' is not one of " + std::string(kImpairmentWords) +
             " (with the prefix in: or out: in one direction only)";
    }
    std::string_view value = text.substr(std::min(equals + 1, text.size()));
    if (key == "drop") where.take_from(value);
    const std::string wrong =
        "'" + said + "': " + std::string(key) + "= takes " + std::string(word->expected);
    if (!where.in && !where.out) return wrong;
    for (const bool in : {true, false}) {
      if (!(in ? where.in : where.out)) continue;
      if (key != "drop" && !seen_.emplace(key, in).second) {
        return "'" + said + "': " + std::string(key) + "= was given before for this direction";
      }
      if (!word->set(value, in ? plan_.in : plan_.out)) return wrong;
    }
    return {};
  }

  ImpairmentPlan plan_;
  std::set<std::pair<std::string_view, bool>> seen_;
};

}  // namespace

std::expected<ImpairmentPlan, std::string> parse_impairment(std::string_view spec) {
  return Parser().parse(spec);
}

namespace {

// A millionth is the smallest step that is told.
std::string decimal_text(double value) {
  const auto millionths = static_cast<std::uint64_t>(value * 1e6 + 0.5);
  std::string text = std::to_string(millionths / 1'000'000);
  std::string rest = std::to_string(1'000'000 + millionths % 1'000'000).substr(1);
  rest.erase(rest.find_last_not_of('0') + 1);
  return rest.empty() ? text : text + '.' + rest;
}

std::string share_text(double chance) {
  return decimal_text(chance * 100) + '%';
}

std::string duration_text(Duration time) {
  const std::int64_t us = time.count() / 1000;
  if (us % 1'000'000 == 0) return std::to_string(us / 1'000'000) + "s";
  if (us % 1000 == 0) return std::to_string(us / 1000) + "ms";
  return std::to_string(us) + "us";
}

std::string rate_text(std::uint64_t rate) {
  if (rate % 1'000'000 == 0) return std::to_string(rate / 1'000'000) + "mbit";
  if (rate % 1000 == 0) return std::to_string(rate / 1000) + "kbit";
  return std::to_string(rate) + "bit";
}

}  // namespace

std::string spec_of(const Impairment& how) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!text.empty()) text += ',';
    text += name;
    text += '=';
    text += value;
  };
  const auto add_share = [&](std::string_view name, double chance) {
    if (chance > 0) add(name, share_text(chance));
  };
  add_share("loss", how.loss);
  if (how.burst > 0) {
    add("burst", share_text(how.burst) + 'x' +
                     (how.burst_time > Duration::zero() ? duration_text(how.burst_time)
                                                        : decimal_text(how.burst_length)));
  }
  if (how.delay > Duration::zero()) add("delay", duration_text(how.delay));
  if (how.jitter > Duration::zero()) add("jitter", duration_text(how.jitter));
  add_share("reorder", how.reorder);
  add_share("duplicate", how.duplicate);
  add_share("corrupt", how.corrupt);
  if (how.rate > 0) add("rate", rate_text(how.rate));
  if (how.queue != Impairment().queue) add("queue", std::to_string(how.queue));
  return text;
}

}  // namespace glasstcp
