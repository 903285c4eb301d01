// How a capture is written: through a queue that nobody waits for, to one file or several, with
// gaps that are told.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "stack/trace/pcapng_reader.h"
#include "tests/support/raw_packet.h"
#include "tun/capture/block_queue.h"
#include "tun/capture/capture_hub.h"
#include "tun/capture/capture_writer.h"

namespace glasstcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Bytes = std::vector<std::uint8_t>;

// A block of this length whose content is its number.
Bytes block_of(std::uint32_t number, std::size_t size) {
  Bytes block(size, static_cast<std::uint8_t>(number));
  for (std::size_t i = 0; i < 4; ++i) {
    block[i] = static_cast<std::uint8_t>((number + 1) >> 8 * i);
    block[4 + i] = static_cast<std::uint8_t>(size >> 8 * i);
  }
  return block;
}

TEST(BlockQueue, GivesWholeBlocksInOrderWhateverTheirSizes) {
  BlockQueue queue(1024);
  std::uint32_t pushed = 0, taken = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t size = 12 + i * 52 % 400 / 4 * 4;
    if (queue.push(block_of(pushed, size))) ++pushed;
    if (i % 3 == 0) continue;
    ByteView run = queue.front();
    while (!run.empty()) {
      const std::size_t length = block_length(run);
      ASSERT_LE(length, run.size());
      ASSERT_EQ(Bytes(run.begin(), run.begin() + static_cast<std::ptrdiff_t>(length)),
                block_of(taken, length));
      ++taken;
      queue.pop(length);
      run = queue.front();
    }
    ASSERT_EQ(taken, pushed);
  }
  EXPECT_GT(taken, 10000U);
  EXPECT_FALSE(queue.push(block_of(0, 1000))) << "too large for it";
}

TEST(BlockQueue, IsForTwoThreads) {
  BlockQueue queue(4096);
  constexpr std::uint32_t kCount = 20'000;
  std::thread writer([&queue] {
    for (std::uint32_t i = 0; i < kCount;) {
      if (queue.push(block_of(i, 12 + i % 50 * 4))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint32_t taken = 0;
  while (taken < kCount) {
    const ByteView run = queue.front();
    if (run.empty()) std::this_thread::yield();
    std::size_t at = 0;
    while (at < run.size()) {
      const std::size_t length = block_length(run.subspan(at));
      const Bytes wanted = block_of(taken, length);
      if (!std::equal(wanted.begin(), wanted.end(), run.begin() + static_cast<std::ptrdiff_t>(at)))
        break;
      ++taken;
      at += length;
    }
    EXPECT_EQ(at, run.size());
    if (at != run.size()) break;
    queue.pop(run.size());
  }
  writer.join();
  EXPECT_EQ(taken, kCount);
}

TEST(CaptureFiles, AreNamedSoThatTheySort) {
  EXPECT_EQ(name_of_file("visit.pcapng", 3, 10), "visit_03.pcapng");
  EXPECT_EQ(name_of_file("/a.b/visit", 3, 9), "/a.b/visit_3");
  EXPECT_EQ(name_of_file("/a/.hidden", 1, 2), "/a/.hidden_1");
  EXPECT_EQ(name_of_file("a.tar.gz", 100, 100), "a.tar_100.gz");
}

// -- The writer

class CaptureWriterTest : public testing::Test {
 protected:
  CaptureWriterTest() : hub_({}, 0) {
    std::string folder = (std::filesystem::temp_directory_path() / "glasstcp-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    top_ = folder;
  }
  ~CaptureWriterTest() override { std::filesystem::remove_all(top_); }

  std::unique_ptr<CaptureWriter> open(const CaptureFileRequest& request) {
    auto writer = CaptureWriter::open(request, hub_.preamble());
    EXPECT_TRUE(writer) << writer.error().to_string();
    return std::move(*writer);
  }
  // A packet whose sequence number is this.
  static Bytes packet(std::uint32_t seq, std::size_t length) {
    const auto bytes = test::raw_packet({.tuple = {}, .seq = seq, .text = length});
    const ByteView whole = bytes;
    struct Sink final : BlockSink {
      void write(ByteView block) noexcept override { all.assign(block.begin(), block.end()); }
      Bytes all;
    } sink;
    PcapngEncoder(sink).add_packet({.interface = 0,
                                    .time_ns = seq,
                                    .direction = Direction::Out,
                                    .pieces = std::span(&whole, 1),
                                    .comments = {}});
    return sink.all;
  }
  static Bytes content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  struct Read {
    std::vector<std::uint32_t> numbers;
    std::vector<std::string> comments;
    bool is_whole = false;
  };
  static Read read(const Bytes& bytes) {
    Read all;
    CaptureReader reader(bytes);
    while (const auto packet = reader.next()) {
      all.numbers.push_back(load_be32(packet->data.data() + 24));
      all.comments.emplace_back(packet->comment_count > 0 ? packet->comments()[0] : "");
    }
    all.is_whole = reader.is_pcapng() && !reader.error();
    return all;
  }
  CaptureHub hub_;
  std::string top_;
};

// SIGHUP behind logrotate(8).
TEST_F(CaptureWriterTest, AnotherFileAtItsPathBeginsAnewAndTheSameOneGoesOn) {
  const auto opened = [](const std::string& path) {
    return std::move(*open_output({path, "the capture", OutputMode::Keep}));
  };
  const std::atomic<std::int64_t> at_once{0};
  const std::string path = top_ + "/a.pcapng";
  auto files = CaptureFiles::open(path, {}, {.size = 4096, .files = 2}, hub_.preamble());
  ASSERT_TRUE(files.has_value());
  const std::string first = top_ + "/a_1.pcapng", second = top_ + "/a_2.pcapng";
  ASSERT_EQ(files->write(packet(1, 100), -1, at_once), CaptureFiles::Result::Written);
  EXPECT_FALSE(files->replace(0, opened(first))) << "it is the same";
  ASSERT_EQ(files->write(packet(2, 100), -1, at_once), CaptureFiles::Result::Written);
  EXPECT_THAT(read(content(first)).numbers, ElementsAre(1, 2));

  const std::string old = top_ + "/old";
  std::filesystem::rename(first, old);
  std::ofstream(first) << "somebody made it before us" << std::string(4000, 'x');
  EXPECT_TRUE(files->replace(0, opened(first)));
  ASSERT_EQ(files->write(packet(3, 100), -1, at_once), CaptureFiles::Result::Written);
  EXPECT_THAT(read(content(old)).numbers, ElementsAre(1, 2));
  EXPECT_THAT(read(content(first)).numbers, ElementsAre(3));

  std::filesystem::remove(second);  // that is not the present one
  EXPECT_TRUE(files->replace(1, opened(second)));
  EXPECT_TRUE(read(content(second)).is_whole);
  ASSERT_EQ(files->write(packet(4, 100), -1, at_once), CaptureFiles::Result::Written);
  EXPECT_THAT(read(content(first)).numbers, ElementsAre(3, 4));
  EXPECT_FALSE(files->replace(2, opened(top_ + "/none"))) << "there is no such file";
  ASSERT_EQ(::mkfifo((top_ + "/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(files->replace(0, Descriptor(::open((top_ + "/pipe").c_str(), O_RDWR)))) << "a pipe";
}

TEST_F(CaptureWriterTest, WritesWhatItIsGiven) {
  const std::string path = top_ + "/one.pcapng";
  auto writer = open({.path = path});
  EXPECT_TRUE(read(content(path)).is_whole) << "a good file from the start";
  ASSERT_TRUE(writer->start());
  for (std::uint32_t i = 1; i <= 3; ++i) {
    writer->write(packet(i, 100));
    writer->flush({});
  }
  writer->finish(99);
  const Bytes bytes = content(path);
  EXPECT_THAT(read(bytes).numbers, ElementsAre(1, 2, 3));
  EXPECT_TRUE(read(bytes).is_whole);
  EXPECT_EQ(writer->lost(), 0U);
  // The statistics block: isb_ifdrop, 8 bytes, 0.
  const Bytes end(bytes.end() - 24, bytes.end() - 8);
  EXPECT_THAT(std::vector<int>(end.begin() + 4, end.begin() + 8), ElementsAre(5, 0, 8, 0));
}

TEST_F(CaptureWriterTest, GoesOnInTheNextFileAndBeginsTheOldestAnew) {
  auto writer = open({.path = top_ + "/v.pcapng", .rotation = {.size = 20'000, .files = 3}});
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(read(content(top_ + "/v_" + std::to_string(i) + ".pcapng")).is_whole);
  }
  ASSERT_TRUE(writer->start());
  for (std::uint32_t i = 0; i < 100; ++i) writer->write(packet(i, 1000));
  writer->finish(99);
  std::vector<std::uint32_t> all;
  std::size_t newest = 0;
  for (int i = 1; i <= 3; ++i) {
    const Bytes bytes = content(top_ + "/v_" + std::to_string(i) + ".pcapng");
    const Read one = read(bytes);
    EXPECT_TRUE(one.is_whole);
    EXPECT_LE(bytes.size(), 20'000U);
    ASSERT_FALSE(one.numbers.empty());
    newest = std::max<std::size_t>(newest, one.numbers.back());
    all.insert(all.end(), one.numbers.begin(), one.numbers.end());
  }
  EXPECT_EQ(newest, 99U);
  std::ranges::sort(all);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], 100 - all.size() + i);
  EXPECT_FALSE(std::filesystem::exists(top_ + "/v.pcapng"));
}

// What each file begins with counts as well: the next file was filled to the limit beside it.
TEST_F(CaptureWriterTest, NoFileIsLargerThanItsLimitWhateverTheSizesOfPackets) {
  for (std::size_t length = 900; length < 1100; length += 20) {
    auto writer = open({.path = top_ + "/v.pcapng", .rotation = {.size = 20'000, .files = 3}});
    ASSERT_TRUE(writer->start());
    for (std::uint32_t i = 0; i < 60; ++i) writer->write(packet(i, length));
    writer->finish(99);
    for (int i = 1; i <= 3; ++i) {
      const Bytes bytes = content(top_ + "/v_" + std::to_string(i) + ".pcapng");
      EXPECT_LE(bytes.size(), 20'000U) << "file " << i << ", packets of " << length;
    }
  }
}

// A reader that stands still: the queue fills, and what has no room is told where it is missing.
TEST_F(CaptureWriterTest, SaysWhatIsMissingBehindAReaderThatStopped) {
  const std::string path = top_ + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  auto writer = open({.path = path, .room = 256U << 10});
  ASSERT_TRUE(writer->start());
  std::uint32_t count = 0;
  while (writer->lost() == 0) {
    writer->write(packet(count++, 1400));
    writer->flush({});
    ASSERT_LT(count, 100'000U);
  }
  const std::uint64_t missing = writer->lost();
  Bytes bytes;
  const auto drain = [&bytes, reader] {
    std::array<std::uint8_t, 65536> piece;
    ssize_t n = 0;
    while ((n = ::read(reader, piece.data(), piece.size())) > 0)
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + n);
    return n == 0;
  };
  // What waits goes out as the pipe is emptied; then there is room again.
  std::uint64_t lost = missing;
  while (true) {
    writer->write(packet(count++, 1400));
    writer->flush({});
    if (writer->lost() == lost) break;
    lost = writer->lost();
    static_cast<void>(drain());
  }
  std::thread ending([&writer] {
    writer->finish(99);
    writer.reset();
  });
  while (!drain()) std::this_thread::yield();
  ending.join();
  ::close(reader);
  const Read seen = read(bytes);
  EXPECT_TRUE(seen.is_whole);
  EXPECT_EQ(seen.numbers.size() + lost, count);
  EXPECT_EQ(seen.numbers.back(), count - 1);
  EXPECT_THAT(seen.comments.back(), HasSubstr(std::to_string(lost) + " packet"));
  EXPECT_THAT(std::string(bytes.begin(), bytes.end()), HasSubstr("missing in this capture"));
}

// Nobody reads any more: the end comes all the same.
TEST_F(CaptureWriterTest, EndsThoughNobodyReads) {
  const std::string path = top_ + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  auto writer = open({.path = path, .room = 4U << 20});
  ASSERT_TRUE(writer->start());
  std::uint32_t count = 0;
  for (; count < 2000; ++count) writer->write(packet(count, 1400));
  writer->finish(99);
  EXPECT_GT(writer->lost(), 0U);
  EXPECT_LT(writer->lost(), count) << "the pipe took some";
  ::close(reader);
  auto other = open({.path = top_ + "/file"});
  ASSERT_TRUE(other->start());
  other->write(packet(1, 10));
  other.reset();
  EXPECT_TRUE(read(content(top_ + "/file")).is_whole);
}

}  // namespace
}  // namespace glasstcp
