// Which packets of a capture are wanted: an expression as tcpdump has them.
//
// pcap-filter(7), by libpcap, whose compiler makes a program of it that libpcap runs.
//
// Next: capture_command.h.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "stack/base/bytes.h"

namespace glasstcp {

/// A compiled expression, for packets that begin with their IP header.
class PacketFilter {
 public:
  /// Empty text: everything matches. Fails with libpcap's words.
  static std::expected<PacketFilter, std::string> compile(const std::string& text);
  PacketFilter(PacketFilter&&) noexcept;
  PacketFilter& operator=(PacketFilter&&) noexcept;
  ~PacketFilter();

  /// Of a packet of `original` bytes `data` are there.
  [[nodiscard]] bool matches(ByteView data, std::uint32_t original) const;

 private:
  struct Program;
  PacketFilter();
  std::unique_ptr<Program> program_;
};

}  // namespace glasstcp
