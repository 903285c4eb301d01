// Captures built in a test: packets typed by hand, in a pcap or pcapng file that is only bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "stack/base/bytes.h"
#include "tests/support/raw_packet.h"
#include "tun/report/analyze.h"

namespace glasstcp::test {

/// The bytes of a pcap file of one link type.
class PcapFile {
 public:
  explicit PcapFile(std::uint32_t link_type = 101, bool big_endian = false, bool nano = false)
      : big_(big_endian), nano_(nano) {
    put32(nano ? 0xa1b23c4d : 0xa1b2c3d4);
    put16(2), put16(4), put32(0), put32(0), put32(65535), put32(link_type);
  }
  /// `original`: bytes on the wire; 0: as many as there are.
  void add(std::int64_t time_ns, ByteView frame, std::size_t original = 0) {
    put32(static_cast<std::uint32_t>(time_ns / 1'000'000'000));
    put32(static_cast<std::uint32_t>(time_ns % 1'000'000'000 / (nano_ ? 1 : 1000)));
    put32(static_cast<std::uint32_t>(frame.size()));
    put32(static_cast<std::uint32_t>(original != 0 ? original : frame.size()));
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
  }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  void put16(std::uint16_t value) {
    const auto high = static_cast<std::uint8_t>(value >> 8), low = static_cast<std::uint8_t>(value);
    bytes_.push_back(big_ ? high : low);
    bytes_.push_back(big_ ? low : high);
  }
  void put32(std::uint32_t value) {
    const auto high = static_cast<std::uint16_t>(value >> 16);
    const auto low = static_cast<std::uint16_t>(value);
    put16(big_ ? high : low);
    put16(big_ ? low : high);
  }

  std::vector<std::uint8_t> bytes_;
  bool big_;
  bool nano_;
};

/// A conversation of a client (192.0.2.1:40000) and a server (192.0.2.2:80), frame by frame.
/// Numbers are relative to the ISNs, which are 1000 and 5000.
class Talk {
 public:
  static constexpr std::uint32_t kClientIsn = 1000, kServerIsn = 5000;
  struct Segment {
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t flags = report::kAck;
    std::string_view data{};
    std::uint16_t window = 60000;
    std::vector<std::uint8_t> options{};
    std::uint16_t client_port = 40000;
  };

  explicit Talk(std::uint32_t link_type = 101) : file_(link_type) {}

  Talk& client(const Segment& s) { return add(s, true); }
  Talk& server(const Segment& s) { return add(s, false); }
  /// SYN, SYN-ACK, ACK with MSS 1460; windows are not scaled.
  Talk& handshake() {
    const std::vector<std::uint8_t> mss = {2, 4, 0x05, 0xb4};
    client({.seq = 0, .flags = report::kSyn, .options = mss});
    server({.seq = 0, .ack = 1, .flags = report::kSyn | report::kAck, .options = mss});
    return client({.seq = 1, .ack = 1});
  }
  /// Time until the next frame, 1 ms unless told.
  Talk& wait(std::int64_t ns) {
    now_ += ns;
    return *this;
  }
  [[nodiscard]] ByteView bytes() const { return file_.bytes(); }
  /// Analysed; fails hard if it is refused.
  [[nodiscard]] report::Capture read() const {
    return report::analyze_bytes(file_.bytes(), "talk.pcap").value();
  }
  /// The packet that client() or server() would add.
  [[nodiscard]] static std::vector<std::uint8_t> packet(const Segment& s, bool by_client) {
    const FourTuple tuple{IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2),
                          Port{s.client_port}, Port{80}};
    const bool has_ack = (s.flags & report::kAck) != 0;
    RawTcp tcp{.tuple = by_client ? tuple : reversed(tuple),
               .seq = s.seq + (by_client ? kClientIsn : kServerIsn),
               .ack = has_ack ? s.ack + (by_client ? kServerIsn : kClientIsn) : 0,
               .flags = static_cast<std::uint8_t>(s.flags),
               .window = s.window,
               .options = s.options,
               .text = s.data.size()};
    auto bytes = raw_packet(tcp);
    if (!s.data.empty()) {
      std::memcpy(bytes.data() + bytes.size() - s.data.size(), s.data.data(), s.data.size());
    }
    return bytes;
  }

 private:
  Talk& add(const Segment& s, bool by_client) {
    file_.add(now_, packet(s, by_client));
    now_ += 1'000'000;
    return *this;
  }

  PcapFile file_;
  std::int64_t now_ = 1'700'000'000'000'000'000;
};

}  // namespace glasstcp::test
