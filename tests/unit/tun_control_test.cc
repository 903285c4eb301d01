// The control socket, and what `glasstcp capture` is made of: finding the server, cutting its
// answer into blocks, and filters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "stack/trace/pcapng.h"
#include "tests/support/dot_stream.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/raw_packet.h"
#include "tun/capture_command/block_reader.h"
#include "tun/capture_command/packet_filter.h"
#include "tun/control/control_client.h"
#include "tun/control/control_name.h"
#include "tun/control/control_server.h"

namespace glasstcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// -- The server

class ControlTest : public testing::Test {
 protected:
  // No other process has its name, which is the kernel's to keep unique.
  ControlTest() : name_("t" + std::to_string(::getpid())) {
    auto server = ControlServer::open(name_, {::getuid()});
    EXPECT_TRUE(server);
    server_ = std::move(*server);
    server_->add("say", [](std::string_view words) {
      return ControlAnswer{.error = {}, .text = "<" + std::string(words) + ">", .stream = {}};
    });
    server_->add("fail", [](std::string_view) {
      return ControlAnswer{.error = "not today", .text = {}, .stream = {}};
    });
    server_->add("live", [this](std::string_view) {
      stream_ = Ref<test::DotStream>(new test::DotStream);
      ControlAnswer answer;
      answer.stream = Ref<http::BodyStream>(stream_.get());
      return answer;
    });
  }
  Descriptor call() {
    auto socket = call_server(name_);
    EXPECT_TRUE(socket) << socket.error().to_string();
    return std::move(*socket);
  }
  void say(const Descriptor& client, std::string_view text) {
    EXPECT_EQ(::send(client.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    server_->on_ready();  // the new client
    server_->on_ready();  // its line
  }
  // What has come; "|" at its end: the other side closed.
  static std::string heard(const Descriptor& client) {
    std::string all;
    char bytes[65536];
    while (true) {
      const ssize_t n = ::recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (n < 0) return all;
      if (n == 0) return all + "|";
      all.append(bytes, static_cast<std::size_t>(n));
    }
  }
  std::string name_;
  std::unique_ptr<ControlServer> server_;
  Ref<test::DotStream> stream_;
};

TEST_F(ControlTest, WhoComesWhereNoDescriptorIsLeftIsToldSo) {
  const Descriptor first = call();
  const Descriptor second = call();
  {
    const test::FewDescriptors none(0);
    server_->on_ready();
  }
  for (const Descriptor* client : {&first, &second}) {
    EXPECT_EQ(heard(*client), "error the server has no file descriptor left: raise 'ulimit -n'\n|");
  }
  const Descriptor later = call();
  say(later, "say words\n");
  EXPECT_EQ(heard(later), "ok\n<words>|");
}

TEST_F(ControlTest, AnswersALineAndCloses) {
  const Descriptor client = call();
  say(client, "say some words\n");
  EXPECT_EQ(heard(client), "ok\n<some words>|");
  const Descriptor other = call();
  say(other, "sa");
  EXPECT_EQ(heard(other), "");
  say(other, "y\n");
  EXPECT_EQ(heard(other), "ok\n<>|");
  EXPECT_EQ(server_->client_count(), 0U);
}

TEST_F(ControlTest, SaysWhatItDoesNotDo) {
  const Descriptor client = call();
  say(client, "fail\n");
  EXPECT_EQ(heard(client), "error not today\n|");
  const Descriptor other = call();
  say(other, "reboot\n");
  EXPECT_THAT(heard(other), StartsWith("error "));
  const Descriptor endless = call();
  say(endless, std::string(3000, 'x'));
  EXPECT_THAT(heard(endless), StartsWith("error "));
}

TEST_F(ControlTest, AStreamGoesOnUntilItsReaderHasEnough) {
  const Descriptor client = call();
  say(client, "live\n");
  EXPECT_EQ(heard(client), "ok\n");
  stream_->give(3);
  server_->flush();
  EXPECT_EQ(heard(client), "...");
  stream_->give(2);
  ::shutdown(client.get(), SHUT_WR);
  server_->on_ready();
  EXPECT_TRUE(stream_->over);
  EXPECT_EQ(heard(client), "..|");
  EXPECT_EQ(server_->client_count(), 0U);
}

TEST_F(ControlTest, WaitsForNobody) {
  const Descriptor slow = call();
  say(slow, "live\n");
  const Ref<test::DotStream> first = stream_;
  first->give(20U << 20);
  server_->flush();
  EXPECT_GT(first->waiting, 0U);
  const Descriptor quick = call();
  say(quick, "say hello\n");
  EXPECT_EQ(heard(quick), "ok\n<hello>|");
  std::size_t total = 0;
  for (int i = 0; i < 10000 && total < (20U << 20) + 3; ++i) {
    total += heard(slow).size();
    server_->on_ready();
  }
  EXPECT_EQ(total, (20U << 20) + 3);
  // One who is gone is noticed, and nobody asks for him again and again.
  EXPECT_EQ(server_->client_count(), 1U);
}

TEST_F(ControlTest, WhoIsGoneIsForgotten) {
  {
    const Descriptor client = call();
    say(client, "live\n");
  }
  server_->on_ready();
  EXPECT_EQ(server_->client_count(), 0U);
}

TEST_F(ControlTest, EndsStreamsInOrder) {
  const Descriptor client = call();
  say(client, "live\n");
  stream_->give(5);
  server_->finish();
  EXPECT_EQ(heard(client), "ok\n.....|");
}

TEST_F(ControlTest, HasRoomForSoMany) {
  std::vector<Descriptor> clients;
  for (std::size_t i = 0; i <= ControlServer::kMostClients; ++i) {
    clients.push_back(call());
    server_->on_ready();
  }
  EXPECT_EQ(server_->client_count(), ControlServer::kMostClients);
  EXPECT_THAT(heard(clients.back()), StartsWith("error too many"));
}

TEST_F(ControlTest, IsForItsUsersAndRoot) {
  const std::string name = name_ + "b";
  auto server = ControlServer::open(name, {});
  ASSERT_TRUE(server);
  const auto client = call_server(name);
  ASSERT_TRUE(client);
  (*server)->on_ready();
  const std::string answer = heard(*client);
  if (::getuid() == 0) {
    EXPECT_EQ(answer, "");
  } else {
    EXPECT_THAT(answer, HasSubstr("sudo"));
  }
  EXPECT_FALSE(ControlServer::open(name, {})) << "the name is taken";
}

// -- The client

TEST(FindServer, ReadsTheTableOfTheKernel) {
  const std::string table =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 1234 @glasstcp/tun0\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 1235 @glasstcp/tun7\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 1236 /run/dbus/socket\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 1237\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 1238 @glasstcp/lab\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 1239 @glasstcp/tun0\n";
  EXPECT_THAT(listening_servers(table), ElementsAre("lab", "tun0"));
  EXPECT_THAT(listening_servers(""), IsEmpty());
}

TEST(FindServer, ChoosesOneOrSaysWhich) {
  EXPECT_EQ(choose_server({"tun0"}, ""), "tun0");
  EXPECT_EQ(choose_server({"lab", "tun0"}, "lab"), "lab");
  EXPECT_THAT(choose_server({}, "").error().to_string(), HasSubstr("docker exec"));
  EXPECT_THAT(choose_server({"lab", "tun0"}, "").error().to_string(), HasSubstr("--tun lab"));
  EXPECT_THAT(choose_server({"lab"}, "tun0").error().to_string(), HasSubstr("lab"));
}

class Blocks final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    all.insert(all.end(), block.begin(), block.end());
    sizes.push_back(block.size());
  }
  std::vector<std::uint8_t> all;
  std::vector<std::size_t> sizes;
};

const FourTuple kTuple{IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1), Port{80},
                       Port{40000}};

TEST(BlockReader, CutsWhateverPiecesCome) {
  Blocks blocks;
  PcapngEncoder encoder(blocks, 60);
  encoder.begin_section("x", {});
  encoder.add_interface("tun0", "");
  const auto bytes = test::raw_packet({.tuple = kTuple, .text = 100});
  const ByteView whole = bytes;
  encoder.add_packet({.interface = 0,
                      .time_ns = 1,
                      .direction = Direction::Out,
                      .pieces = std::span(&whole, 1),
                      .comments = {}});
  for (const std::size_t piece : {1U, 5U, 1000U}) {
    BlockReader reader;
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at < blocks.all.size(); at += piece) {
      reader.append(ByteView(blocks.all).subspan(at, std::min(piece, blocks.all.size() - at)));
      while (const auto block = reader.next()) {
        sizes.push_back(block->size());
        const auto packet = packet_of(*block);
        EXPECT_EQ(packet.has_value(), sizes.size() == 3);
        if (packet) {
          EXPECT_EQ(packet->data.size(), 60U);
          EXPECT_EQ(packet->original, 140U);
          EXPECT_EQ(packet->data[0], 0x45);
        }
      }
    }
    EXPECT_EQ(sizes, blocks.sizes);
    EXPECT_FALSE(reader.is_within_block());
    EXPECT_FALSE(reader.is_broken());
  }
}

TEST(BlockReader, RefusesWhatIsNoBlock) {
  for (const std::uint32_t size : {0U, 11U, 13U, 0xfffffff0U}) {
    std::vector<std::uint8_t> bytes(12);
    for (std::size_t i = 0; i < 4; ++i) bytes[4 + i] = static_cast<std::uint8_t>(size >> 8 * i);
    BlockReader reader;
    reader.append(bytes);
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.is_broken()) << size;
  }
  // A packet block whose packet is longer than itself.
  std::vector<std::uint8_t> block(36);
  block[0] = 6, block[4] = 36, block[20] = 200;
  EXPECT_FALSE(packet_of(block));
}

TEST(PacketFilter, TakesTcpdumpsExpressions) {
  const auto packet = test::raw_packet({.tuple = kTuple, .text = 10});
  const auto matches = [&packet](const char* text) {
    const auto filter = PacketFilter::compile(text);
    EXPECT_TRUE(filter) << text;
    return filter && filter->matches(packet, static_cast<std::uint32_t>(packet.size()));
  };
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("tcp port 80 and host 192.0.2.1"));
  EXPECT_TRUE(matches("src net 192.0.2.0/24"));
  EXPECT_FALSE(matches("tcp port 8080"));
  EXPECT_FALSE(matches("ip6"));
  EXPECT_FALSE(matches("greater 1000"));
  EXPECT_FALSE(PacketFilter::compile("tcp prt 80"));
}

}  // namespace
}  // namespace glasstcp
