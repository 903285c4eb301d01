// The names of the congestion control algorithms, as TCP_CONGESTION and --congestion have them.
//
// RFC 9293 §3.8.2 MAY-18.
//
// Next: config.h.
#pragma once

#include <optional>
#include <string_view>

#include "stack/tcp/config.h"

namespace glasstcp {

/// "reno", "cubic" or "bbr".
[[nodiscard]] constexpr std::string_view name_of(CongestionAlgorithm algorithm) {
  switch (algorithm) {
    case CongestionAlgorithm::Cubic:
      return "cubic";
    case CongestionAlgorithm::Bbr:
      return "bbr";
    default:
      return "reno";
  }
}

/// The other way round; empty for any other name.
[[nodiscard]] constexpr std::optional<CongestionAlgorithm> congestion_named(std::string_view name) {
  for (const CongestionAlgorithm algorithm :
       {CongestionAlgorithm::NewReno, CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr}) {
    if (name == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

}  // namespace glasstcp
