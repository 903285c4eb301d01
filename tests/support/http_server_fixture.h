// A server and any number of clients on one wire, in virtual time.
//
// Invariants:
//   1. Packets take no time; a wire that loses some is seeded, so that a run repeats.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "http/memory_store.h"
#include "http/server.h"
#include "tests/support/http_harness.h"
#include "tests/support/packet_bytes.h"

namespace glasstcp::test {

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

inline StackConfig http_stack_config(std::uint8_t last) {
  StackConfig config;
  config.addresses.push_back({.address = IpAddress::v4(192, 0, 2, last), .prefix_length = 24});
  config.seed = Seed::from_number(last);
  return config;
}

/// A client connection: text goes out, what comes back is collected.
struct HttpClientEnd {
  ConnectionId id;
  std::string received;
  std::string to_send;
  bool connected = false;
  bool peer_closed = false;
  bool failed = false;
  bool is_reading = true;
};

/// The fixture.
class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() { restart({}); }

  /// `memory`: bytes of the server's stack.
  void restart(const http::ServerConfig& config, std::uint64_t memory = 1ULL << 30) {
    server_.reset();
    StackConfig own = http_stack_config(2);
    own.memory = memory;
    server_stack_ = std::make_unique<Stack>(own, now_);
    client_stack_ = std::make_unique<Stack>(http_stack_config(1), now_);
    server_ = std::make_unique<http::HttpServer>(*server_stack_, store_, types_, config, now_);
    const Endpoint local{.address = IpAddress::v4(0, 0, 0, 0), .port = Port{80}};
    ASSERT_TRUE(server_->listen(local).has_value());
  }
  void put(std::string_view path, std::string_view text) {
    store_.put(path, http::as_bytes(text), kSomeSecond - 1000);
  }

  std::size_t connect(std::string_view text) {
    ConnectOptions options;
    options.remote = {.address = IpAddress::v4(192, 0, 2, 2), .port = Port{80}};
    const auto id = client_stack_->connect(options, now_);
    EXPECT_TRUE(id.has_value());
    clients_.push_back({.id = *id, .received = {}, .to_send = std::string(text)});
    client_stack_->set_user(*id, clients_.size() - 1);
    return clients_.size() - 1;
  }
  void send(std::size_t client, std::string_view text) {
    clients_[client].to_send += text;
    flush(clients_[client]);
  }
  /// Lets everything happen that happens within `duration`, a step of time after the other.
  void run(Duration duration, Duration by = 1ms) {
    for (const Instant end = now_ + duration; now_ <= end; now_ += by) step();
  }
  http::Moment moment() const {
    return {now_,
            kSomeSecond +
                std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count()};
  }

  void step() {
    server_stack_->advance(now_);
    client_stack_->advance(now_);
    for (bool moved = true; moved;) {
      server_->turn(moment());
      turn_clients();
      const bool to_client = carry(*server_stack_, *client_stack_);
      const bool to_server = carry(*client_stack_, *server_stack_);
      moved = to_client || to_server;
    }
  }
  bool carry(Stack& from, Stack& to) {
    bool moved = false;
    OutPacket out;
    while (from.transmit(now_, out)) {
      resets_ +=
          out.reason == SendReason::RstAborted || out.reason == SendReason::RstUnreadData ? 1 : 0;
      moved = true;
      if (passing_.has_value() && *passing_ == 0) continue;
      if (passing_.has_value()) --*passing_;
      if (loss_ > 0 && std::uniform_real_distribution<>()(dice_) < loss_) continue;
      to.receive(flatten(out), {}, now_);
    }
    return moved;
  }
  void flush(HttpClientEnd& c) {
    while (c.connected && !c.to_send.empty()) {
      const auto sent = client_stack_->send(c.id, http::as_bytes(c.to_send), {}, now_);
      if (!sent.has_value()) return;
      c.to_send.erase(0, *sent);
    }
  }
  void turn_clients() {
    while (const auto event = client_stack_->next_event()) {
      HttpClientEnd& c = clients_[event->user];
      if ((event->mask & EventMask::kConnected) != 0) c.connected = true;
      if ((event->mask & EventMask::kError) != 0) c.failed = true;
    }
    while (client_stack_->next_released()) {
    }
    for (HttpClientEnd& c : clients_) {
      flush(c);
      read(c);
    }
  }
  void read(HttpClientEnd& c) {
    while (c.is_reading && !c.failed && c.connected && !c.peer_closed) {
      const auto bytes = client_stack_->peek(c.id);
      if (!bytes.has_value()) return;
      c.peer_closed = bytes->empty();
      c.received += http::as_text(*bytes);
      client_stack_->consume(c.id, bytes->size(), now_);
    }
  }

  Instant now_{};
  http::MemoryStore store_;
  http::MediaTypes types_;
  std::unique_ptr<Stack> server_stack_;
  std::unique_ptr<Stack> client_stack_;
  std::unique_ptr<http::HttpServer> server_;
  std::deque<HttpClientEnd> clients_;
  int resets_ = 0;
  double loss_ = 0;                       // of packets, both ways
  std::optional<std::uint32_t> passing_;  // packets; all behind them are lost
  std::mt19937 dice_{4711};
};

}  // namespace glasstcp::test
