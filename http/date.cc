// Dates of HTTP. The calendar arithmetic is std::chrono's.
#include "http/date.h"

#include <algorithm>
#include <chrono>

#include "http/text.h"

namespace glasstcp::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::int64_t kFirst = -62167219200;  // 0000-01-01
constexpr std::int64_t kLast = 253402300799;   // 9999-12-31 23:59:59

struct Civil {
  int year, month, day, hour, minute, second, weekday;
};

Civil civil_from(std::int64_t unix_seconds) {
  using std::chrono::days, std::chrono::seconds, std::chrono::sys_days;
  const seconds since{std::clamp(unix_seconds, kFirst, kLast)};
  const auto day = std::chrono::floor<days>(since);
  const std::chrono::year_month_day date{sys_days{day}};
  const auto rest = static_cast<int>((since - day).count());
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day())),
          .hour = rest / 3600,
          .minute = rest / 60 % 60,
          .second = rest % 60,
          .weekday = static_cast<int>(std::chrono::weekday{sys_days{day}}.c_encoding())};
}

/// Empty when the fields are not a moment of the calendar.
std::optional<std::int64_t> unix_from(const Civil& c) {
  const std::chrono::year_month_day date{std::chrono::year{c.year},
                                         std::chrono::month{static_cast<unsigned>(c.month)},
                                         std::chrono::day{static_cast<unsigned>(c.day)}};
  if (!date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((days * 24 + c.hour) * 60 + c.minute) * 60 + std::min(c.second, 59);
}

void put_two(char* at, int value) {
  at[0] = static_cast<char>('0' + value / 10 % 10);
  at[1] = static_cast<char>('0' + value % 10);
}

void put_name(char* at, std::string_view names, int index) {
  names.substr(static_cast<std::size_t>(index) * 3, 3).copy(at, 3);
}

void put_clock(char* at, const Civil& c) {
  put_two(at, c.hour);
  at[2] = ':';
  put_two(at + 3, c.minute);
  at[5] = ':';
  put_two(at + 6, c.second);
}

/// Reads a date along a pattern: d digit, ' ' or a digit under _, W day name, M month name; other
/// characters stand for themselves.
class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : text_(text) {}

  bool literal(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  bool digits(std::size_t count, int& value, bool leading_space_allowed = false) {
    if (text_.size() < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = text_[i];
      if (i == 0 && leading_space_allowed && c == ' ') continue;
      if (!is_digit(c)) return false;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(count);
    return true;
  }
  /// One of the three-letter names; `index` counts from 0.
  bool name(std::string_view names, int& index) {
    if (text_.size() < 3) return false;
    const std::size_t at = names.find(text_.substr(0, 3));
    if (at == std::string_view::npos || at % 3 != 0) return false;
    index = static_cast<int>(at / 3);
    text_.remove_prefix(3);
    return true;
  }
  bool clock(Civil& c) {
    return digits(2, c.hour) && literal(":") && digits(2, c.minute) && literal(":") &&
           digits(2, c.second);
  }
  bool month(Civil& c) {
    if (!name(kMonths, c.month)) return false;
    ++c.month;
    return true;
  }
  /// Skips the rest of a long day name ("day" to "nesday") and the comma.
  bool skip_long_day_name() {
    const std::size_t comma = text_.find(", ");
    if (comma == std::string_view::npos || comma < 3 || comma > 6) return false;
    text_.remove_prefix(comma + 2);
    return true;
  }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// Sun, 06 Nov 1994 08:49:37 GMT
bool read_fixed(std::string_view text, Civil& c) {
  PatternReader r(text);
  return r.name(kDays, c.weekday) && r.literal(", ") && r.digits(2, c.day) && r.literal(" ") &&
         r.month(c) && r.literal(" ") && r.digits(4, c.year) && r.literal(" ") && r.clock(c) &&
         r.literal(" GMT") && r.at_end();
}

/// Sunday, 06-Nov-94 08:49:37 GMT
bool read_rfc850(std::string_view text, Civil& c, int this_year) {
  PatternReader r(text);
  if (!(r.name(kDays, c.weekday) && r.skip_long_day_name() && r.digits(2, c.day) &&
        r.literal("-") && r.month(c) && r.literal("-") && r.digits(2, c.year) && r.literal(" ") &&
        r.clock(c) && r.literal(" GMT") && r.at_end())) {
    return false;
  }
  c.year += this_year - this_year % 100;
  if (c.year > this_year + 50) c.year -= 100;
  return true;
}

/// Sun Nov  6 08:49:37 1994
bool read_asctime(std::string_view text, Civil& c) {
  PatternReader r(text);
  return r.name(kDays, c.weekday) && r.literal(" ") && r.month(c) && r.literal(" ") &&
         r.digits(2, c.day, true) && r.literal(" ") && r.clock(c) && r.literal(" ") &&
         r.digits(4, c.year) && r.at_end();
}

}  // namespace

// RFC 9110 §5.6.7 MUST R9110-10: we write the fixed-length format, whatever was read.
DateText format_date(std::int64_t unix_seconds) noexcept {
  const Civil c = civil_from(unix_seconds);
  DateText out;
  std::string_view("Day, dd Mon yyyy hh:mm:ss GMT").copy(out.data(), out.size());
  put_name(out.data(), kDays, c.weekday);
  put_two(out.data() + 5, c.day);
  put_name(out.data() + 8, kMonths, c.month - 1);
  put_two(out.data() + 12, c.year / 100);
  put_two(out.data() + 14, c.year % 100);
  put_clock(out.data() + 17, c);
  return out;
}

std::array<char, kLogDateLength> format_log_date(std::int64_t unix_seconds) noexcept {
  const Civil c = civil_from(unix_seconds);
  std::array<char, kLogDateLength> out;
  std::string_view("dd/Mon/yyyy:hh:mm:ss +0000").copy(out.data(), out.size());
  put_two(out.data(), c.day);
  put_name(out.data() + 3, kMonths, c.month - 1);
  put_two(out.data() + 7, c.year / 100);
  put_two(out.data() + 9, c.year % 100);
  put_clock(out.data() + 12, c);
  return out;
}

std::array<char, kMinuteLength> format_minute(std::int64_t unix_seconds) noexcept {
  const Civil c = civil_from(unix_seconds);
  char clock[8];
  put_clock(clock, c);
  std::array<char, kMinuteLength> out;
  std::string_view("yyyy-mm-dd ").copy(out.data(), out.size());
  put_two(out.data(), c.year / 100);
  put_two(out.data() + 2, c.year % 100);
  put_two(out.data() + 5, c.month);
  put_two(out.data() + 8, c.day);
  std::string_view(clock, 5).copy(out.data() + 11, 5);
  return out;
}

// RFC 9110 §5.6.7 MUST R9110-10: all three formats are understood in requests.
std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) noexcept {
  Civil c{};
  if (read_fixed(text, c)) return unix_from(c);
  if (read_rfc850(text, c, civil_from(now).year)) return unix_from(c);
  if (read_asctime(text, c)) return unix_from(c);
  return std::nullopt;
}

}  // namespace glasstcp::http
