// Files that take lines and are never waited for: a full disk, a file that is opened again, a
// reader that stops.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "tun/files/error_lines.h"
#include "tun/files/output_file.h"

namespace glasstcp {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A line of so many letters, and its line feed.
std::string line_of(std::size_t letters) {
  std::string line(letters, 'x');
  line.push_back('\n');
  return line;
}

ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reading = Descriptor(ends[0]);
    writing = Descriptor(ends[1]);
    ::fcntl(writing.get(), F_SETPIPE_SZ, 4096);
  }
  // False: nothing comes any more.
  bool read_more() {
    constexpr int kPatienceMs = 10'000;
    pollfd ready{reading.get(), POLLIN, 0};
    std::array<char, 65536> piece;
    if (::poll(&ready, 1, kPatienceMs) <= 0) return false;
    const ssize_t n = ::read(reading.get(), piece.data(), piece.size());
    if (n > 0) text.append(piece.data(), static_cast<std::size_t>(n));
    return n > 0;
  }
  // All until this comes.
  std::string read_until(std::string_view wanted) {
    while (text.find(wanted) == std::string::npos && read_more()) continue;
    return text;
  }
  Descriptor reading, writing;
  std::string text;
};

// Lines that are there whole, and those of which a line says that they are missing.
std::uint64_t told_in(const std::string& text) {
  std::istringstream lines(text);
  std::uint64_t count = 0;
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    std::uint64_t missing = 0;
    const bool is_note =
        std::sscanf(line.c_str(), "glasstcp: %lu lines are missing", &missing) == 1;
    count += is_note ? missing : 1;
  }
  return count;
}

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "glasstcp-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    top_ = folder;
  }
  ~OutputFileTest() override { std::filesystem::remove_all(top_); }
  std::unique_ptr<OutputFile> open(const std::string& path) {
    auto file = OutputFile::open({{path, "the log", OutputMode::Append}, 100});
    EXPECT_TRUE(file);
    (*file)->set_listener(lines_);
    return std::move(*file);
  }
  std::filesystem::path top_;
  Instant now_{1s};
  Descriptor nowhere_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  ErrorLines lines_{Language::English, nowhere_.get()};
};

TEST_F(OutputFileTest, AFullDiskIsAskedAgainAfterAWhile) {
  const auto file = open("/dev/full");
  file->write(bytes_of("one\n"));
  EXPECT_EQ(file->next_try(), kNever) << "flush() comes behind each turn";
  file->flush(now_);
  EXPECT_TRUE(file->has_pending());
  EXPECT_EQ(file->next_try(), now_ + 500ms);
  file->write(bytes_of(line_of(96)));
  EXPECT_EQ(file->lost(), 1U) << "no room: 100 bytes may wait";
  file->finish();
  EXPECT_EQ(file->lost(), 2U);
}

TEST_F(OutputFileTest, WhatWaitedGoesIntoTheFileThatIsOpenedAgain) {
  const auto file = open("/dev/full");
  file->write(bytes_of("one\n"));
  file->flush(now_);
  file->write(bytes_of("two\n"));
  const auto path = top_ / "log";
  file->go_on_in(Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), now_);
  EXPECT_FALSE(file->has_pending());
  EXPECT_EQ(file->next_try(), kNever);
  EXPECT_EQ(text_of(path), "one\ntwo\n");
  EXPECT_EQ(file->lost(), 0U);
}

TEST_F(OutputFileTest, APipeThatIsSharedIsNotMadeNonBlocking) {
  Pipe pipe;
  const auto file = open("/dev/fd/" + std::to_string(pipe.writing.get()));
  for (int i = 0; i < 200; ++i) {
    file->write(bytes_of(line_of(80)));
    file->flush(now_);
  }
  EXPECT_EQ(::fcntl(pipe.writing.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(ErrorLines, AreWrittenAtOnceBeforeTheThread) {
  Pipe pipe;
  ErrorLines lines(Language::English, pipe.writing.get());
  lines.say("one");
  EXPECT_EQ(pipe.read_until("\n"), "glasstcp: one\n");
}

TEST(ErrorLines, AreNotWaitedForAndTheirLossIsTold) {
  Pipe pipe;
  ErrorLines lines(Language::English, pipe.writing.get());
  ASSERT_TRUE(lines.start());
  // The pipe and both halves of the queue cannot hold so much.
  const std::string line = line_of(999);
  constexpr std::uint64_t kLines = 3 * ErrorLines::kRoom / 1000;
  for (std::uint64_t i = 0; i < kLines; ++i) lines.write(line);
  EXPECT_GT(lines.lost(), 0U);
  // Each line is there, or counted where it is missing.
  while (told_in(pipe.text) < kLines && pipe.read_more()) continue;
  EXPECT_EQ(told_in(pipe.text), kLines);
  lines.say("later");
  EXPECT_TRUE(pipe.read_until("later\n").ends_with("glasstcp: later\n"));
}

TEST(ErrorLines, WhatAFullDiskRefusedIsCounted) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ErrorLines lines(Language::English, full.get());
  ASSERT_TRUE(lines.start());
  lines.write("one\ntwo\n");
  lines.finish();
  EXPECT_EQ(lines.lost(), 2U);
}

}  // namespace
}  // namespace glasstcp
