// See capture_writer.h.
#include "tun/capture/capture_writer.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tun/capture/gap_notes.h"
#include "tun/host/quiet_thread.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

constexpr std::size_t kMostAtOnce = 256 * 1024;  // bytes: what is not known to be written
constexpr int kMostRunsBefore = 16;
constexpr std::size_t kNotedRoom = PcapngEncoder::kDefaultSnapLength + 32 * 1024;

std::int64_t now_ns() {
  return SystemClock::now().time_since_epoch().count();
}

}  // namespace

std::expected<std::unique_ptr<CaptureWriter>, Failure> CaptureWriter::open(
    const CaptureFileRequest& request, ByteView preamble) {
  auto files = CaptureFiles::open(request.path, request.owner, request.rotation, preamble);
  if (!files) return std::unexpected(std::move(files.error()));
  std::unique_ptr<CaptureWriter> writer(new CaptureWriter(std::move(*files), request));
  if (!request.can_reopen) return writer;
  std::vector<OutputRequest> again;
  for (const std::string& name : CaptureFiles::names(request.path, request.rotation)) {
    again.push_back({name, "the capture", OutputMode::Keep, request.owner});
  }
  writer->again_ = Reopening::start(std::move(again), request.has_sandbox);
  return writer;
}

CaptureWriter::CaptureWriter(CaptureFiles files, const CaptureFileRequest& request)
    : files_(std::move(files)),
      language_(request.language),
      lines_(request.lines),
      queue_(request.room),
      noted_(new (std::nothrow) std::uint8_t[kNotedRoom]),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CaptureWriter::~CaptureWriter() {
  if (!thread_.joinable()) return;
  deadline_ns_ = 0;
  finish(0);
}

std::expected<void, Failure> CaptureWriter::start() {
  auto thread = start_quiet_thread([this] { run(); });
  if (!thread) {
    return std::unexpected(
        Failure{"cannot start a thread that writes the capture: " + thread.error(), {}});
  }
  thread_ = std::move(*thread);
  return {};
}

// -- The loop's side

void CaptureWriter::write(ByteView block) noexcept {
  has_news_ = true;
  const bool is_packet = interface_of(block).has_value();
  const bool is_in = gap_ > 0 && is_packet ? push_with_note(block) : queue_.push(block);
  if (is_in || !is_packet) return;
  ++gap_;
  lost_.fetch_add(1, std::memory_order_relaxed);
}

bool CaptureWriter::push_with_note(ByteView block) noexcept {
  std::size_t size = 0;
  if (noted_ != nullptr)
    size = copy_with_comment(block, gap_before(gap_, language_).view(), {noted_.get(), kNotedRoom});
  const bool is_in = queue_.push(size > 0 ? ByteView(noted_.get(), size) : block);
  if (is_in) gap_ = 0;
  return is_in;
}

void CaptureWriter::flush(Instant now) noexcept {
  again_.take(now, [this](KeeperAnswer answer) { hand_over(std::move(answer)); });
  wake();
}

void CaptureWriter::hand_over(KeeperAnswer answer) noexcept {
  const std::lock_guard guard(lock_);
  new_files_.push_back(std::move(answer));
  has_new_files_ = has_news_ = true;
}

void CaptureWriter::wake() noexcept {
  if (!has_news_) return;
  has_news_ = false;
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_one();
}

void CaptureWriter::finish(std::int64_t time_ns) noexcept {
  if (!thread_.joinable()) return;
  if (time_ns > 0) static_cast<void>(queue_.push(closing_block(time_ns, lost_.load(), language_)));
  if (deadline_ns_ == INT64_MAX) deadline_ns_ = now_ns() + kLastWait.count();
  is_ending_ = true;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  has_news_ = true;
  wake();
  thread_.join();
}

// -- The thread's side

void CaptureWriter::run() noexcept {
  while (true) {
    // In this order: what was pushed before the end is seen behind it.
    const bool is_last = is_ending_;
    const int seen = signal_.load(std::memory_order_acquire);
    const bool has_new_files = has_new_files_;
    const ByteView blocks = queue_.front();
    // What was pushed before they came belongs into the old ones, unless that takes too long.
    if (has_new_files && (blocks.empty() || ++runs_before_new_files_ > kMostRunsBefore)) {
      runs_before_new_files_ = 0;
      take_new_files();
    }
    if (!blocks.empty()) {
      write_run(blocks);
      queue_.pop(blocks.size());
    } else if (is_last) {
      return;
    } else {
      signal_.wait(seen);
    }
  }
}

void CaptureWriter::take_new_files() noexcept {
  std::vector<KeeperAnswer> files;
  {
    const std::lock_guard guard(lock_);
    files.swap(new_files_);
    has_new_files_ = false;
  }
  for (KeeperAnswer& one : files) {
    if (one.file.is_open()) {
      files_.replace(one.what, std::move(one.file));
    } else if (lines_ != nullptr) {
      lines_->say(fmt::format("the capture cannot be opened again: {}; it goes on in the old file",
                              std::strerror(one.error)));
    }
  }
}

// As many blocks as go into one file at once, then the next ones.
void CaptureWriter::write_run(ByteView run) noexcept {
  while (!run.empty()) {
    std::size_t size = block_length(run);
    if (files_.is_full_for(size)) files_.rotate();
    const std::uint64_t room = std::min<std::uint64_t>(files_.room(), kMostAtOnce);
    while (size < run.size() && size + block_length(run.subspan(size)) <= room) {
      size += block_length(run.subspan(size));
    }
    write_part(run.first(size));
    run = run.subspan(size);
  }
}

void CaptureWriter::write_part(ByteView blocks) noexcept {
  while (true) {
    switch (files_.write(blocks, stop_.get(), deadline_ns_)) {
      case CaptureFiles::Result::Written:
        if (is_failing_) tell(false);
        return;
      case CaptureFiles::Result::Failed:
        if (!is_failing_) tell(true);
        if (pause()) {
          if (has_new_files_) take_new_files();  // on another disk, perhaps
          break;
        }
        [[fallthrough]];
      case CaptureFiles::Result::Gone:
        count_lost(blocks);
        return;
    }
  }
}

void CaptureWriter::count_lost(ByteView blocks) noexcept {
  std::uint64_t packets = 0;
  while (!blocks.empty()) {
    const std::size_t size = block_length(blocks);
    packets += interface_of(blocks.first(size)).has_value() ? 1 : 0;
    blocks = blocks.subspan(size);
  }
  lost_.fetch_add(packets, std::memory_order_relaxed);
}

void CaptureWriter::tell(bool fails) noexcept {
  is_failing_ = fails;
  if (lines_ == nullptr) return;
  const std::string line = fails ? fmt::format("the capture cannot be written: {}; trying again",
                                               std::strerror(files_.error()))
                                 : "the capture is written again";
  lines_->say(line);
}

// Until it is worth another try. False: the end has come, and its time is over.
bool CaptureWriter::pause() noexcept {
  const std::int64_t left = deadline_ns_.load() - now_ns();
  if (left <= 0) return false;
  const std::int64_t wait = std::min(left, kRetry.count()) / 1'000'000 + 1;
  pollfd stop{is_ending_ ? -1 : stop_.get(), POLLIN, 0};
  ::poll(&stop, 1, static_cast<int>(wait));
  return true;
}

}  // namespace glasstcp
