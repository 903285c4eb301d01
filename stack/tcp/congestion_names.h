// The congestion control algorithms and their names, as TCP_CONGESTION and --congestion have them.
//
// RFC 9293 §3.8.2 MAY-18. Settings, packet scripts, the simulation and the goodput table read this
// list.
//
// Next: choices.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace glasstcp {

/// The congestion control algorithms that a connection can use (RFC 9293 §3.8.2 MAY-18).
enum class CongestionAlgorithm : std::uint8_t {
  NewReno,  ///< RFC 5681, RFC 6582
  Cubic,    ///< RFC 9438
  Bbr,      ///< draft-ietf-ccwg-bbr
};

/// All of them, in the order of their enumeration.
inline constexpr std::array kCongestionAlgorithms = {
    CongestionAlgorithm::NewReno, CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr};

/// "reno", "cubic" or "bbr".
[[nodiscard]] constexpr std::string_view name_of(CongestionAlgorithm algorithm) {
  switch (algorithm) {
    case CongestionAlgorithm::NewReno:
      return "reno";
    case CongestionAlgorithm::Cubic:
      return "cubic";
    case CongestionAlgorithm::Bbr:
      return "bbr";
  }
  return {};
}

/// The same as a table, for those who look names up.
inline constexpr auto kCongestionNames = [] {
  std::array<std::string_view, kCongestionAlgorithms.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = name_of(kCongestionAlgorithms[i]);
  return names;
}();

/// The other way round; empty for any other name.
[[nodiscard]] constexpr std::optional<CongestionAlgorithm> congestion_named(std::string_view name) {
  for (const CongestionAlgorithm algorithm : kCongestionAlgorithms) {
    if (name == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

}  // namespace glasstcp
