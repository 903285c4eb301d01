// Which packets the link's switches leave alone: those of connections that ask for something below
// /_glass/, and everybody's until the first request says what a connection is for.
//
// So a loss of 100 % locks nobody out: whoever may look can still take it back.
//
// Invariants:
//   1. Memory is bounded: of too many connections the one that was silent longest is forgotten, and
//      then judged by the next data that comes.
//
// Next: view_switches.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "tun/device/impaired_device.h"

namespace glasstcp {

/// Tells packets of the view from others.
class ViewExemption final : public PacketExemption {
 public:
  ViewExemption();
  [[nodiscard]] bool is_exempt(Direction direction,
                               std::span<const ByteView> pieces) noexcept override;
  /// It asks for something below /_glass/.
  void note_own(const FourTuple& tuple) noexcept;

 private:
  static constexpr std::size_t kGroups = 512, kWays = 4;
  enum class Kind : std::uint8_t { Unknown, Undecided, Own, Other };
  struct Place {
    FourTuple tuple;
    Kind kind = Kind::Unknown;
    std::uint64_t used = 0;
  };

  [[nodiscard]] Place& place_of(const FourTuple& tuple) noexcept;

  std::unique_ptr<Place[]> places_;
  std::uint64_t uses_ = 0;
};

/// Whether a request that begins with these bytes is for the folder _glass; so it is taken, too,
/// while its target has not come whole and may still become such a one.
[[nodiscard]] bool asks_for_glass(std::string_view begin);

}  // namespace glasstcp
