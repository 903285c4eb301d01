// `--impair` of serve and get: its words, and what it means for `--offload`.
//
// Invariants:
//   1. With an impairment there is no offload: a lost superpacket would be 45 lost segments, and a
//   kernel that trusts a partial checksum would accept corruption.
//
// Next: ../impairment.h.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "stack/link/impairment.h"

namespace glasstcp {

/// Adds the option to a command that has `--offload`. `into` is borrowed until the command line is
/// parsed.
inline void add_impair_option(CLI::App& app, std::optional<ImpairmentPlan>& into) {
  const auto read = [&into](const std::string& text) {
    auto plan = parse_impairment(text);
    if (!plan) throw CLI::ValidationError("--impair", plan.error());
    into = *std::move(plan);
  };
  app.add_option_function<std::string>("--impair", read,
                                       "simulate a bad link; effects separated by commas, each in "
                                       "both directions, or in one with "
                                       "the prefix in: or out: " +
                                           std::string(kImpairmentWords) +
                                           "; --seed repeats the same losses")
      ->option_text("SPEC");
}

/// Takes the offload away; what is wrong with that, or empty.
[[nodiscard]] inline std::string settle_offload(const CLI::App& app,
                                                const std::optional<ImpairmentPlan>& impair,
                                                bool& offload) {
  if (!impair) return {};
  if (offload && app.get_option("--offload")->count() > 0) {
    return "--impair needs --offload off (which it chooses by itself): leave out --offload on";
  }
  offload = false;
  return {};
}

}  // namespace glasstcp
