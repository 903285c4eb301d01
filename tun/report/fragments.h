// IP fragments of a capture back into packets, by the stack's own reassembler.
//
// Invariants:
//   1. A packet that was put together lives as long as the model, within kMostBytes in all.
//
// Next: tracker.h.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <vector>

#include "stack/ip/reassembly.h"
#include "tun/report/model.h"

namespace glasstcp::report {

class Fragments {
 public:
  static constexpr std::size_t kMostBytes = 64U << 20;

  Fragments() : reassembler_(ReassemblyLimits{}), kept_(std::make_shared<Kept>()) {}

  /// Whether the packet is a fragment.
  [[nodiscard]] static bool is_fragment(ByteView packet);
  /// Takes a fragment; the whole packet when it was the last that was missing, else Fragment or
  /// Malformed. Time in ns.
  [[nodiscard]] std::expected<ByteView, Unused> add(ByteView packet, std::int64_t time_ns);
  /// What keeps the packets alive.
  [[nodiscard]] std::shared_ptr<const void> kept() const { return kept_; }

 private:
  using Kept = std::vector<std::unique_ptr<std::vector<std::uint8_t>>>;

  Reassembler reassembler_;
  std::shared_ptr<Kept> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace glasstcp::report
