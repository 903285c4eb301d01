// See error_lines.h.
#include "tun/files/error_lines.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "tun/cli/chinese.h"
#include "tun/host/quiet_thread.h"

namespace glasstcp {
namespace {

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

// As much as the file takes; waits. Gives the bytes that went.
std::size_t write_out(int file, std::string_view text) noexcept {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    // Somebody who shares it has made it non-blocking.
    if (n < 0 && errno == EAGAIN) {
      pollfd ready{file, POLLOUT, 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    break;
  }
  return done;
}

}  // namespace

// What the thread and the others share. `filling` waits for it, `leaving` is being written.
struct ErrorLines::Queue {
  Queue(Language language, int f) : file(f), filling(new char[kRoom]), leaving(new char[kRoom]) {
    const std::string note = spoken("0 lines are missing here: nobody read them in time", language);
    const std::size_t zero = note.find('0');
    note_begin = "glasstcp: " + note.substr(0, zero);
    note_end = note.substr(zero + 1) + "\n";
  }

  // All with the guard held.
  void push(std::string_view text) noexcept {
    if (!push_note() || text.size() > kRoom - filled) {
      lost += lines_in(text);
      return;
    }
    append(text);
  }
  // Tells what is missing up to here. False: there is no room for that either.
  bool push_note() noexcept {
    if (lost == told) return true;
    const fmt::format_int number(lost - told);
    const std::size_t size = note_begin.size() + number.size() + note_end.size();
    if (size > kRoom - filled) return false;
    append(note_begin);
    append({number.data(), number.size()});
    append(note_end);
    told = lost;
    return true;
  }
  void append(std::string_view text) noexcept {
    std::memcpy(filling.get() + filled, text.data(), text.size());
    filled += text.size();
  }
  // Lines of ours that say what is missing are none that can be missing.
  [[nodiscard]] std::uint64_t losses_in(std::string_view text) const noexcept {
    std::uint64_t count = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      if (!text.substr(0, end).starts_with(note_begin)) ++count;
      text.remove_prefix(end);
    }
    return count;
  }

  const int file;
  std::mutex guard;
  std::condition_variable has_lines, has_ended;
  std::unique_ptr<char[]> filling, leaving;
  std::size_t filled = 0;
  bool is_ending = false, is_over = false, has_failed = false;
  std::uint64_t lost = 0;
  std::uint64_t told = 0;  // of them: in lines that were written, or wait
  std::uint64_t read = 0;  // of them: in lines that were written
  std::string note_begin, note_end;
};

ErrorLines::ErrorLines(Language language, int file) : language_(language), file_(file) {}

ErrorLines::~ErrorLines() {
  finish();
}

std::expected<void, Failure> ErrorLines::start() {
  queue_ = std::make_shared<Queue>(language_, file_);
  auto thread = start_quiet_thread([queue = queue_] { run(*queue); });
  if (!thread) {
    queue_.reset();
    return std::unexpected(
        Failure{"cannot start a thread that writes messages: " + thread.error(), {}});
  }
  thread_ = std::move(*thread);
  return {};
}

void ErrorLines::run(Queue& queue) noexcept {
  std::unique_lock lock(queue.guard);
  while (true) {
    queue.has_lines.wait(lock, [&queue] {
      // A file that has failed is not asked again only to be told of that.
      return queue.filled > 0 || queue.is_ending || (queue.lost != queue.told && !queue.has_failed);
    });
    if (queue.filled == 0) static_cast<void>(queue.push_note());
    if (queue.filled == 0) break;
    std::swap(queue.filling, queue.leaving);
    const std::string_view text(queue.leaving.get(), std::exchange(queue.filled, 0));
    const std::uint64_t told = queue.told;
    lock.unlock();
    const std::size_t went = write_out(queue.file, text);
    lock.lock();
    queue.has_failed = went < text.size();
    if (!queue.has_failed) {
      queue.read = told;
      continue;
    }
    queue.lost += queue.losses_in(text.substr(went));
    // What this text told of earlier losses did not arrive either.
    if (text.find(queue.note_begin) != std::string_view::npos) queue.told = queue.read;
    if (queue.is_ending) break;
  }
  queue.is_over = true;
  queue.has_ended.notify_all();
}

void ErrorLines::write(std::string_view lines) noexcept {
  if (queue_ == nullptr) {
    write_out(file_, lines);
    return;
  }
  const std::lock_guard lock(queue_->guard);
  queue_->push(lines);
  queue_->has_lines.notify_one();
}

void ErrorLines::say(const std::string& message) noexcept {
  write("glasstcp: " + spoken(message, language_) + "\n");
}

void ErrorLines::finish() noexcept {
  if (!thread_.joinable()) return;
  std::unique_lock lock(queue_->guard);
  queue_->is_ending = true;
  queue_->has_lines.notify_one();
  const bool is_over =
      queue_->has_ended.wait_for(lock, kLastWait, [this] { return queue_->is_over; });
  lock.unlock();
  // One that waits for its reader goes with the process.
  if (is_over) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::uint64_t ErrorLines::lost() const noexcept {
  if (queue_ == nullptr) return 0;
  const std::lock_guard lock(queue_->guard);
  return queue_->lost;
}

}  // namespace glasstcp
