// One capture for a file and for those who come later: what each gets, what a slow one misses and
// is told, and who is hidden.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stack/trace/pcapng_reader.h"
#include "tests/support/raw_packet.h"
#include "tun/capture/block_ring.h"
#include "tun/capture/capture_hub.h"
#include "tun/capture/capture_tap.h"

namespace glasstcp {
namespace {

using test::raw_packet;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// -- The ring

std::vector<std::uint8_t> block_of(std::uint8_t value, std::size_t size) {
  return std::vector<std::uint8_t>(size, value);
}

TEST(BlockRing, GivesWhatWasPushedInOrder) {
  BlockRing ring(4096);
  BlockRing::Cursor cursor = ring.oldest();
  EXPECT_FALSE(ring.next(cursor));
  for (std::uint8_t i = 1; i <= 3; ++i) ring.push(block_of(i, 10U * i), i);
  for (std::uint8_t i = 1; i <= 3; ++i) {
    const auto entry = ring.next(cursor);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->stream, i);
    EXPECT_EQ(entry->missed, 0U);
    EXPECT_EQ(std::vector(entry->block.begin(), entry->block.end()), block_of(i, 10U * i));
  }
  EXPECT_FALSE(ring.next(cursor));
}

// Blocks of many sizes, so that the end of the memory is met in every way.
TEST(BlockRing, KeepsTheNewestWhateverTheSizes) {
  BlockRing ring(1024);
  BlockRing::Cursor slow = ring.oldest();
  BlockRing::Cursor quick = ring.oldest();
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::size_t size = 1 + i * 37 % 240;
    ring.push(block_of(static_cast<std::uint8_t>(i), size), i);
    const auto entry = ring.next(quick);
    ASSERT_TRUE(entry);
    ASSERT_EQ(entry->stream, i);
    ASSERT_EQ(entry->missed, 0U);
    ASSERT_EQ(std::vector(entry->block.begin(), entry->block.end()),
              block_of(static_cast<std::uint8_t>(i), size));
    ASSERT_FALSE(ring.next(quick));
  }
  std::uint64_t seen = 0, missed = 0;
  std::uint32_t last = 0;
  while (const auto entry = ring.next(slow)) {
    ++seen;
    missed += entry->missed;
    last = entry->stream;
    ASSERT_EQ(entry->block[0], static_cast<std::uint8_t>(entry->stream));
  }
  EXPECT_EQ(last, 4999U);
  EXPECT_GT(seen, 3U);
  EXPECT_EQ(seen + missed, 5000U);
}

TEST(BlockRing, MissesABlockThatIsTooLargeAndSaysSo) {
  BlockRing ring(1024);
  BlockRing::Cursor cursor = ring.oldest();
  ring.push(block_of(1, 16), 1);
  ring.push(block_of(2, 400), 2);
  EXPECT_FALSE(ring.next(cursor)) << "the gap is told with the block behind it";
  ring.push(block_of(3, 16), 3);
  const auto entry = ring.next(cursor);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->stream, 3U);
  EXPECT_EQ(entry->missed, 2U);
}

// -- The hub

const FourTuple kFirst{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                       Port{40000}};
const FourTuple kSecond{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                        Port{40001}};

class Tap final : public CaptureTap {
 public:
  Tap(CaptureHub& hub, Begin begin, std::optional<IpAddress> client = {})
      : CaptureTap(hub, begin, client) {}
  // All that is there, in pieces of this size.
  std::vector<std::uint8_t> read_all(std::size_t piece = 1000) {
    std::vector<std::uint8_t> all;
    std::vector<std::uint8_t> out(piece);
    while (const std::size_t n = read_blocks(out))
      all.insert(all.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
    return all;
  }
  int news = 0;

 private:
  void on_news() noexcept override { ++news; }
};

class File final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  std::vector<std::uint8_t> bytes;
};

// The sequence numbers of the packets in a capture, and their comments.
struct Content {
  std::vector<std::uint32_t> numbers;
  std::vector<std::string> comments;
  bool is_whole = false;
  std::size_t interfaces = 0;
};

Content content_of(const std::vector<std::uint8_t>& bytes) {
  Content content;
  CaptureReader reader(bytes);
  while (const auto packet = reader.next()) {
    content.numbers.push_back(load_be32(packet->data.data() + 24));
    std::string all;
    for (const std::string_view comment : packet->comments()) all += std::string(comment) + "\n";
    content.comments.push_back(all);
  }
  content.is_whole = !reader.error();
  content.interfaces = reader.interfaces().size();
  return content;
}

class CaptureHubTest : public testing::Test {
 protected:
  static constexpr std::size_t kRecent = 1U << 20;

  void passes(CaptureHub& hub, const FourTuple& tuple, std::uint32_t stream, std::uint32_t seq,
              std::size_t length = 0) {
    const auto bytes = raw_packet({.tuple = tuple, .seq = seq, .flags = 16, .text = length});
    const ByteView whole = bytes;
    AnnotatedPacket packet;
    packet.kind = AnnotatedPacket::Kind::Sent;
    packet.tuple = tuple;
    packet.stream = stream;
    packet.summary = summarize(whole);
    packet.pieces = std::span(&whole, 1);
    hub.on_annotated(packet);
  }
  static CaptureStyle style() {
    CaptureStyle s;
    s.interface = "tun7";
    s.comments = Comments::Fields;
    return s;
  }
};

TEST_F(CaptureHubTest, IsWantedOnlyWhileSomebodyReads) {
  CaptureHub hub(style(), 0);
  EXPECT_FALSE(hub.is_wanted());
  {
    const Tap tap(hub, CaptureTap::Begin::Now);
    EXPECT_TRUE(tap.is_ready());
    EXPECT_TRUE(hub.is_wanted());
  }
  EXPECT_FALSE(hub.is_wanted());
  EXPECT_TRUE(CaptureHub(style(), kRecent).is_wanted());
}

TEST_F(CaptureHubTest, GivesTheFileEverythingAndATapWhatComes) {
  CaptureHub hub(style(), 0);
  File file;
  file.write(hub.preamble());
  hub.set_file(file);
  passes(hub, kFirst, 0, 1);
  Tap tap(hub, CaptureTap::Begin::Now);
  tap.news = 0;
  passes(hub, kFirst, 0, 2);
  EXPECT_EQ(tap.news, 1);
  passes(hub, kFirst, 0, 3);
  EXPECT_THAT(content_of(file.bytes).numbers, ElementsAre(1, 2, 3));
  // In every size of pieces it is the same whole file.
  const Content seen = content_of(tap.read_all(7));
  EXPECT_THAT(seen.numbers, ElementsAre(2, 3));
  EXPECT_TRUE(seen.is_whole);
  EXPECT_EQ(seen.interfaces, 2U);
  EXPECT_FALSE(tap.is_at_end());
  passes(hub, kFirst, 0, 4);
  tap.end_now();
  passes(hub, kFirst, 0, 5);
  std::vector<std::uint8_t> rest(hub.preamble().begin(), hub.preamble().end());
  const auto more = tap.read_all();
  rest.insert(rest.end(), more.begin(), more.end());
  EXPECT_THAT(content_of(rest).numbers, ElementsAre(4)) << "what came before the end, no more";
  EXPECT_TRUE(tap.is_at_end());
}

TEST_F(CaptureHubTest, KeepsRecentPacketsForWhoeverComesLater) {
  CaptureHub hub(style(), kRecent);
  passes(hub, kFirst, 0, 1);
  passes(hub, kFirst, 0, 2);
  Tap tap(hub, CaptureTap::Begin::Oldest);
  passes(hub, kFirst, 0, 3);
  const Content seen = content_of(tap.read_all());
  EXPECT_THAT(seen.numbers, ElementsAre(1, 2)) << "up to the request";
  EXPECT_TRUE(tap.is_at_end());
}

TEST_F(CaptureHubTest, ATapThatIsTooSlowMissesPacketsAndSaysHowManyWhere) {
  CaptureHub hub(style(), kRecent);
  Tap slow(hub, CaptureTap::Begin::Now);
  const std::uint32_t count = 2000;
  for (std::uint32_t i = 0; i < count; ++i) passes(hub, kFirst, 0, i, 1400);
  slow.end_now();
  const auto bytes = slow.read_all();
  const Content seen = content_of(bytes);
  ASSERT_FALSE(seen.numbers.empty());
  EXPECT_EQ(seen.numbers.back(), count - 1);
  EXPECT_LT(seen.numbers.size(), count);
  EXPECT_EQ(seen.numbers.size() + slow.missed(), count);
  EXPECT_EQ(seen.numbers.front(), slow.missed()) << "the oldest went";
  EXPECT_THAT(seen.comments.front(),
              HasSubstr(std::to_string(slow.missed()) + " packets are missing before this one"));
  for (std::size_t i = 1; i < seen.comments.size(); ++i) {
    ASSERT_THAT(seen.comments[i], Not(HasSubstr("missing")));
  }
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_THAT(text,
              HasSubstr(std::to_string(slow.missed()) + " packets are missing in this capture"));
}

// Overwritten as a whole between the request and the first read.
TEST_F(CaptureHubTest, RecentPacketsThatAreGoneAreCounted) {
  CaptureHub hub(style(), kRecent);
  for (std::uint32_t i = 0; i < 10; ++i) passes(hub, kFirst, 0, i);
  Tap tap(hub, CaptureTap::Begin::Oldest);
  for (std::uint32_t i = 0; i < 2000; ++i) passes(hub, kFirst, 0, 100 + i, 1400);
  EXPECT_THAT(content_of(tap.read_all()).numbers, IsEmpty());
  EXPECT_EQ(tap.missed(), 10U);
  EXPECT_TRUE(tap.is_at_end());
}

TEST_F(CaptureHubTest, ACallerIsHiddenBeforeAndAfterButNotTheNextOneAtItsPort) {
  CaptureHub hub(style(), kRecent);
  File file;
  hub.set_file(file);
  Tap live(hub, CaptureTap::Begin::Now);
  passes(hub, kFirst, 0, 1);
  passes(hub, kSecond, 1, 2);  // its handshake, say
  hub.hide(kSecond);
  Tap early(hub, CaptureTap::Begin::Oldest);
  EXPECT_THAT(content_of(early.read_all()).numbers, IsEmpty()) << "who is hidden is not known yet";
  EXPECT_FALSE(early.is_at_end());
  passes(hub, kSecond, 1, 3);
  EXPECT_TRUE(early.news > 0);
  std::vector<std::uint8_t> rest(hub.preamble().begin(), hub.preamble().end());
  for (const std::uint8_t byte : early.read_all()) rest.push_back(byte);
  EXPECT_THAT(content_of(rest).numbers, ElementsAre(1));
  passes(hub, kFirst, 0, 4);
  // The annotator's memory of it was needed for another: it gets a new number.
  passes(hub, kSecond, 2, 5);
  Tap recent(hub, CaptureTap::Begin::Oldest);
  EXPECT_THAT(content_of(recent.read_all()).numbers, ElementsAre(1, 4));
  live.end_now();
  EXPECT_THAT(content_of(live.read_all()).numbers, ElementsAre(1, 4))
      << "what was not read yet is hidden, too";

  // A new connection between the same ends is another's.
  const auto syn = raw_packet({.tuple = test::reversed(kSecond), .seq = 6, .flags = 2});
  const ByteView whole = syn;
  AnnotatedPacket packet;
  packet.kind = AnnotatedPacket::Kind::Received;
  packet.tuple = kSecond;
  packet.stream = 3;
  packet.summary = summarize(whole);
  packet.pieces = std::span(&whole, 1);
  hub.on_annotated(packet);
  passes(hub, kSecond, 3, 7);
  Tap again(hub, CaptureTap::Begin::Oldest);
  EXPECT_THAT(content_of(again.read_all()).numbers, ElementsAre(1, 4, 6, 7));
}

TEST_F(CaptureHubTest, HasRoomForSoManyTapsAndNoMore) {
  CaptureHub hub(style(), 0);
  std::vector<std::unique_ptr<Tap>> taps;
  for (std::size_t i = 0; i < CaptureHub::kMostTaps; ++i) {
    taps.push_back(std::make_unique<Tap>(hub, CaptureTap::Begin::Now));
    EXPECT_TRUE(taps.back()->is_ready());
  }
  EXPECT_FALSE(Tap(hub, CaptureTap::Begin::Now).is_ready());
  EXPECT_FALSE(Tap(hub, CaptureTap::Begin::Now, IpAddress::v4(192, 0, 2, 7)).is_ready())
      << "those of this machine stay";
  taps.pop_back();
  EXPECT_TRUE(Tap(hub, CaptureTap::Begin::Now).is_ready());
}

TEST_F(CaptureHubTest, OneClientCannotKeepAllPlacesFromOthers) {
  CaptureHub hub(style(), 0);
  const IpAddress greedy = IpAddress::v4(192, 0, 2, 7);
  std::vector<std::unique_ptr<Tap>> taps;
  for (std::size_t i = 0; i < CaptureHub::kMostTaps; ++i)
    taps.push_back(std::make_unique<Tap>(hub, CaptureTap::Begin::Now, greedy));
  EXPECT_FALSE(Tap(hub, CaptureTap::Begin::Now, greedy).is_ready()) << "not from itself";
  (void)taps[0]->read_all();
  const Tap other(hub, CaptureTap::Begin::Now, IpAddress::v4(192, 0, 2, 8));
  const Tap local(hub, CaptureTap::Begin::Now);
  EXPECT_TRUE(other.is_ready());
  EXPECT_TRUE(local.is_ready());
  EXPECT_TRUE(taps[0]->is_at_end()) << "its oldest";
  EXPECT_FALSE(taps[2]->is_at_end());
  taps.clear();
  EXPECT_TRUE(hub.has_taps());
}

TEST_F(CaptureHubTest, NorCanOneWithAllAddressesOfANetwork) {
  CaptureHub hub(style(), 0);
  const auto address = [](const std::string& text) { return *IpAddress::parse(text); };
  std::vector<std::unique_ptr<Tap>> taps;
  for (std::size_t i = 0; i < CaptureHub::kMostTaps; ++i) {
    taps.push_back(std::make_unique<Tap>(hub, CaptureTap::Begin::Now,
                                         address("2001:db8::" + std::to_string(i + 1))));
  }
  EXPECT_FALSE(Tap(hub, CaptureTap::Begin::Now, address("2001:db8::99")).is_ready());
  (void)taps[0]->read_all();
  EXPECT_TRUE(Tap(hub, CaptureTap::Begin::Now, address("2001:db8:0:1::1")).is_ready());
  EXPECT_TRUE(taps[0]->is_at_end());
}

}  // namespace
}  // namespace glasstcp
