// Reads the text of a scenario (README.md has all of its lines).
//
//   choose   delay  10ms..40ms            the seed chooses, within these bounds
//   link     both   delay=$delay          words of --impair
//   lose     server data 3                the third segment with new data never arrives
//   at 0ms                        server listen
//   at 0ms                        client connect
//   on client connected + 5ms     client write 500
//   expect   server reason=FastRetransmit
//   [en]                                  and [zh]: the story
//   title: ...
//
// Invariants:
//   1. What is handed out is whole; what is wrong is told with its line, and what would be right.
//
// Next: lab.h.
#pragma once

#include <expected>
#include <optional>
#include <span>

#include "stack/lab/scenario.h"

namespace glasstcp::lab {

/// A variable, a setting ("client.sack") or a word of the link ("link.delay", "server.link.loss")
/// that takes another value than the text says.
struct Override {
  std::string key;
  std::string value;
};

struct ReadError {
  std::uint32_t line = 0;  ///< from 1; 0: of `option`
  std::string message;
  std::string_view option = "--set";  ///< whose value is wrong: --set or --edit
};

struct ReadOptions {
  std::string_view name{};
  std::uint64_t seed = 0;
  std::span<const Override> overrides{};
  /// Lines that begin with lose, delay, duplicate or mark, as if they stood in the text.
  std::span<const std::string> edits{};
  /// Of a quiz: all chance comes from it and not from `seed`, times are chosen in steps of 1 us,
  /// other hosts ping the end that is viewed, and the story has "?" where it would tell what was
  /// chosen. No number gives the same run.
  std::optional<Seed> quiz{};
};

/// The scenario, or the first line that is wrong and what would be right.
[[nodiscard]] std::expected<Scenario, ReadError> read_scenario(std::string_view text,
                                                               const ReadOptions& options);

}  // namespace glasstcp::lab
