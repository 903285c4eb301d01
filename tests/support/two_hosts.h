// Two stacks behind the C ABI and a perfect link between them, in virtual time.
//
// Packets arrive 1 ms after they left. Addresses are those of two_stacks.h: left is 192.0.2.1 and
// 2001:db8::1, right is 192.0.2.2 and 2001:db8::2.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stack/socket/glasstcp.h"

namespace glasstcp::test {

/// The link and its two ends.
class TwoHosts {
 public:
  static constexpr std::uint64_t kMs = 1'000'000;

  explicit TwoHosts(const std::function<void(glasstcp_config&)>& adjust = [](glasstcp_config&) {}) {
    left = make("192.0.2.1/24", "2001:db8::1/64", 1, adjust);
    right = make("192.0.2.2/24", "2001:db8::2/64", 2, adjust);
  }
  ~TwoHosts() {
    glasstcp_stack_free(left);
    glasstcp_stack_free(right);
  }
  TwoHosts(const TwoHosts&) = delete;
  TwoHosts& operator=(const TwoHosts&) = delete;

  /// Lets `ms` pass; packets and deadlines happen meanwhile.
  void run_for(std::uint64_t ms) {
    const std::uint64_t end = now + ms * kMs;
    while (now < end) {
      const bool from_left = deliver(left, right);
      const bool moved = deliver(right, left) || from_left;
      const std::uint64_t next = moved ? now + kMs
                                       : std::max(now + 1, std::min(glasstcp_next_deadline(left),
                                                                    glasstcp_next_deadline(right)));
      now = std::min(next, end);
      arrive();
      glasstcp_advance(left, now);
      glasstcp_advance(right, now);
    }
  }

  static sockaddr_in v4(const char* address, std::uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    inet_pton(AF_INET, address, &a.sin_addr);
    return a;
  }
  static sockaddr_in6 v6(const char* address, std::uint16_t port) {
    sockaddr_in6 a{};
    a.sin6_family = AF_INET6;
    a.sin6_port = htons(port);
    inet_pton(AF_INET6, address, &a.sin6_addr);
    return a;
  }
  template <typename A>
  static const sockaddr* as_sockaddr(const A& a) {
    return reinterpret_cast<const sockaddr*>(&a);
  }

  static glasstcp_handle stream(glasstcp_stack* s, int type = SOCK_STREAM | SOCK_NONBLOCK) {
    glasstcp_handle h = 0;
    EXPECT_EQ(glasstcp_socket(s, AF_INET, type, 0, &h), 0);
    return h;
  }
  /// A socket of right's that listens on port 80.
  glasstcp_handle listening(int backlog = 16, int type = SOCK_STREAM | SOCK_NONBLOCK) {
    const glasstcp_handle h = stream(right, type);
    const sockaddr_in at = v4("0.0.0.0", 80);
    EXPECT_EQ(glasstcp_bind(right, h, as_sockaddr(at), sizeof at), 0);
    EXPECT_EQ(glasstcp_listen(right, h, backlog), 0);
    return h;
  }
  /// A connection from left to right: both ends' sockets.
  std::pair<glasstcp_handle, glasstcp_handle> connected() {
    listener = listening();
    const glasstcp_handle client = stream(left);
    const sockaddr_in to = v4("192.0.2.2", 80);
    EXPECT_EQ(glasstcp_connect(left, client, as_sockaddr(to), sizeof to), -EINPROGRESS);
    run_for(10);
    glasstcp_handle server = 0;
    EXPECT_EQ(glasstcp_accept(right, listener, nullptr, nullptr, SOCK_NONBLOCK, &server), 0);
    return {client, server};
  }
  /// Everything that waits.
  static std::string read_all(glasstcp_stack* s, glasstcp_handle h) {
    std::string text;
    char bytes[100];
    for (ssize_t n = 0; (n = glasstcp_read(s, h, bytes, sizeof bytes)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(n));
    }
    return text;
  }
  static int option(glasstcp_stack* s, glasstcp_handle h, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    const int result = glasstcp_getsockopt(s, h, level, name, &value, &length);
    return result < 0 ? result : value;
  }
  static int set(glasstcp_stack* s, glasstcp_handle h, int level, int name, int value) {
    return glasstcp_setsockopt(s, h, level, name, &value, sizeof value);
  }

  glasstcp_stack* left = nullptr;
  glasstcp_stack* right = nullptr;
  glasstcp_handle listener = 0;
  std::uint64_t now = 1'000'000'000;
  bool is_cut = false;                      ///< nothing arrives any more
  std::map<std::uint8_t, int> gso_packets;  ///< how many of each type of the C ABI

 private:
  struct Flying {
    glasstcp_stack* to;
    std::vector<std::uint8_t> bytes;
    glasstcp_vnet vnet;
  };

  glasstcp_stack* make(const char* v4_text, const char* v6_text, std::uint8_t seed,
                       const std::function<void(glasstcp_config&)>& adjust) const {
    const char* addresses[] = {v4_text, v6_text};
    glasstcp_config c;
    glasstcp_config_init(&c);
    c.addresses = addresses;
    c.address_count = 2;
    c.seed[0] = seed;
    adjust(c);
    glasstcp_stack* s = nullptr;
    EXPECT_EQ(glasstcp_stack_new(&c, now, &s), 0);
    return s;
  }

  bool deliver(glasstcp_stack* from, glasstcp_stack* to) {
    glasstcp_packet packet{};
    packet.size = sizeof packet;
    bool any = false;
    while (glasstcp_transmit(from, now, &packet) == 1) {
      Flying flying{to, {}, packet.vnet};
      for (int i = 0; i < packet.slice_count; ++i) {
        const auto* bytes = static_cast<const std::uint8_t*>(packet.slices[i].iov_base);
        flying.bytes.insert(flying.bytes.end(), bytes, bytes + packet.slices[i].iov_len);
      }
      in_flight_.push_back(std::move(flying));
      any = true;
    }
    return any;
  }

  void arrive() {
    for (const Flying& f : in_flight_) {
      if (!is_cut) glasstcp_receive(f.to, f.bytes.data(), f.bytes.size(), &f.vnet, now);
      if (f.vnet.gso_type != 0) ++gso_packets[f.vnet.gso_type];
    }
    in_flight_.clear();
  }

  std::vector<Flying> in_flight_;
};

}  // namespace glasstcp::test
