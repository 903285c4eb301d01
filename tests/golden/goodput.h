// One download over a bad link, in virtual time: how much of the link it uses.
//
// Two stacks. From the server to the client a bottleneck of 20 Mbit/s with a drop-tail queue of one
// bandwidth-delay product (at least ten packets), and what the cell asks for: random loss,
// reordering. Back from the client only the delay. The server has always more to send.
//
// Invariants:
//   1. The same cell and seed give the same number, on every machine.
//   2. Downloads share nothing: several may run at once, each on a thread of its own.
//
// Next: goodput_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "stack/tcp/config.h"

namespace glasstcp::test {

/// One cell of the table.
struct GoodputCell {
  CongestionAlgorithm algorithm = CongestionAlgorithm::NewReno;
  Duration rtt = 20ms;
  double loss = 0;
  double reorder = 0;
};

inline constexpr std::uint64_t kLinkRate = 20'000'000;  ///< bits per second
inline constexpr Duration kDownload = 30s;              ///< from the SYN on

/// The data that arrived, in tenths of a per cent of what full packets would have brought.
/// The seed (from 1) chooses the random numbers of both stacks and of both directions.
[[nodiscard]] std::uint32_t goodput(const GoodputCell& cell, std::uint64_t seed);
/// A row of the table, with its line's end: what each algorithm makes of `per_cent` of "loss" or
/// "reorder" at a round trip of `rtt` milliseconds.
[[nodiscard]] std::string goodput_row(std::string_view what, double per_cent, int rtt);

}  // namespace glasstcp::test
