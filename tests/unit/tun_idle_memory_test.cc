// What an idle connection costs the whole server: TCP, HTTP and the live view, as `serve` joins
// them.
#include <gtest/gtest.h>
#include <malloc.h>

#include "http/memory_store.h"
#include "http/server.h"
#include "tests/support/typed_clients.h"
#include "tun/view/view_hub.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kMany = 100'000;
constexpr std::uint32_t kPeers = 7;
constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Bytes that the heap has given out.
std::uint64_t held() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A server that serves one page, and is watched as `serve` has it watched while nobody looks.
class Served {
 public:
  Served()
      : stack_(test::typed_config(8ULL << 30), now_), hub_({}, 4U << 20), switches_({}, false) {
    store_.put("index.html", http::as_bytes("page"), 0);
    server_.emplace(stack_, store_, types_, http::ServerConfig{}, now_);
    listens_ = server_->listen({*IpAddress::parse("0.0.0.0"), Port(80)}).has_value();
    hub_.join(stack_, switches_, now_, [] { return Status{}; });
  }
  // Handshake, request, answer, and the acknowledgment of that.
  bool visit(const IpAddress& from, std::uint16_t port) {
    test::RawTcp segment;
    segment.tuple = test::TypedClients::tuple(from, port);
    send(segment, test::kSyn, 0, 0);
    send(segment, test::kAck, 1, test::kAckNow);
    answered_ = 0;
    segment.text = kRequest.size();
    send(segment, test::kAck | test::kPsh, 1, test::kAckNow);
    segment.text = 0;
    send(segment, test::kAck, 1 + kRequest.size(),
         test::kAckNow + static_cast<std::uint32_t>(answered_));
    return listens_ && answered_ > 0;
  }
  // Some quiet seconds, after which what nobody needs is given back.
  void rest() {
    now_ += 10s;
    turn();
    static_cast<void>(server_->release_idle_memory() + stack_.release_idle_memory());
    hub_.release_idle_memory(now_);
  }
  [[nodiscard]] const http::HttpServer& server() const { return *server_; }

 private:
  void send(test::RawTcp& segment, int flags, std::size_t seq, std::uint32_t ack) {
    segment.flags = static_cast<std::uint16_t>(flags);
    segment.seq = static_cast<std::uint32_t>(seq);
    segment.ack = ack;
    const ByteSpan text = test::write_raw_packet(segment, packet_);
    if (!text.empty()) std::memcpy(text.data(), kRequest.data(), kRequest.size());
    test::write_header_checksum(packet_);
    PacketMeta verified;
    verified.checksum_valid = true;
    stack_.receive(packet_, verified, now_);
    turn();
  }
  void turn() {
    now_ += 10us;
    hub_.on_time(now_);
    stack_.set_observer(hub_.wants_packets(now_) ? &hub_.annotator() : nullptr);
    stack_.advance(now_);
    server_->turn({now_, 0});
    hub_.annotator().on_application_done();
    OutPacket out;
    while (stack_.transmit(now_, out)) {
      answered_ += out.payload_length;
      hub_.annotator().on_written(now_);
    }
    hub_.annotator().on_turn_done(now_);
  }

  Instant now_{1s};
  Stack stack_;
  http::MemoryStore store_;
  http::MediaTypes types_;
  ViewHub hub_;
  ViewSwitches switches_;
  std::optional<http::HttpServer> server_;
  test::Bytes packet_;
  std::size_t answered_ = 0;  // bytes
  bool listens_ = false;
};

TEST(IdleServer, EachOf100000ConnectionsCostsAtMost512Bytes) {
  if (held() == 0) GTEST_SKIP() << "this heap does not tell what it has given out (a sanitizer's)";
  Served served;
  for (std::uint16_t port = 1024; port < 1044; ++port)  // what the first ones need once
    ASSERT_TRUE(served.visit(test::typed_v4(kMany), port));
  const std::uint64_t before = held();
  for (std::uint32_t n = 0; n < kMany; ++n)
    ASSERT_TRUE(served.visit(test::typed_v4(n % kPeers), test::port_of(n / kPeers)));
  served.rest();
  EXPECT_EQ(served.server().connection_count(), kMany + 20);
  EXPECT_EQ(served.server().resting_count(), kMany + 20);
  const std::uint64_t each = (held() - before) / kMany;
  EXPECT_LE(each, 512U);
  EXPECT_GE(each, 416U) << "a record each";
  RecordProperty("bytes_each", std::to_string(each));
}

}  // namespace
}  // namespace glasstcp
