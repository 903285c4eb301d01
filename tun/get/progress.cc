// See progress.h.
#include "tun/get/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace glasstcp {
namespace {

// Decimal units, three digits: "999 B", "1.50 MB".
std::string size_text(double bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  const int digits = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", bytes, digits, kUnits[unit]);
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::min(std::ceil(seconds), 359'999.0));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string bar_text(double share, std::size_t width) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
  std::string bar(std::min(full, width), '=');
  if (bar.size() < width) bar += '>';
  bar.resize(width, ' ');
  return "[" + bar + "]";
}

std::size_t columns_of_terminal() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string progress_line(const ProgressNumbers& n) {
  const double seconds = std::chrono::duration<double>(n.elapsed).count();
  const auto received = static_cast<double>(n.received);
  const double rate = seconds > 0 ? received / seconds : 0;
  const std::string speed = rate > 0 ? "  " + size_text(rate) + "/s" : "";
  std::string line;
  if (!n.total || *n.total == 0) {
    line = size_text(received) + speed + "  " + time_text(seconds);
  } else {
    const auto total = static_cast<double>(*n.total);
    const double share = std::min(received / total, 1.0);
    std::string behind = " " + size_text(received) + " of " + size_text(total) + speed;
    if (n.received < *n.total && rate > 0) {
      behind += "  " + time_text((total - received) / rate) + " left";
    }
    line = fmt::format("{:3}%", static_cast<int>(share * 100));
    const std::size_t taken = line.size() + behind.size() + 3;
    if (n.columns > taken + 4)
      line += " " + bar_text(share, std::min<std::size_t>(n.columns - taken - 1, 40));
    line += behind;
  }
  if (line.size() > n.columns) line.resize(n.columns);
  return line;
}

void ProgressBar::draw(std::uint64_t received, Instant now, const char* behind) {
  const std::string line =
      "\r" + progress_line({received, total_, now - start_, columns_of_terminal() - 1}) + "\x1b[K" +
      behind;
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) next_ = kNever;
}

void ProgressBar::update(std::uint64_t received, Instant now) {
  if (now < next_) return;
  next_ = now + kPeriod;
  draw(received, now, "");
}

void ProgressBar::end(std::uint64_t received, Instant now) {
  if (next_ == kNever) return;
  next_ = kNever;
  draw(received, now, "\n");
}

}  // namespace glasstcp
