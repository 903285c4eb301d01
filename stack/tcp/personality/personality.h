// As whom a stack behaves: one table of the places where Linux or BSD do otherwise than the RFC's
// letter, or than we do where the letter leaves a choice.
//
// A row is a field of TcpConfig, which the code asks by its own name; nothing else in the stack
// knows of Linux or BSD. The C ABI (`personality`), packetdrill's personalities and the packet
// scripts (`personality=`, and each row alone: `personality.ROW=linux`) read this table, and
// stack/README.md shows it.
//
// Invariants:
//   1. Personality::Rfc is what TcpConfig has by default: each row leaves it as it is.
//   2. What is chosen here can be chosen otherwise afterwards, row by row.
//
// Leaves out: another system's default numbers (retries, buffers): a user sets these, as with
// sysctl there.
//
// Next: linux_send_buffer.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "stack/tcp/config.h"

namespace glasstcp {

enum class Personality : std::uint8_t {
  Rfc,  ///< the RFCs', and ours where they leave a choice
  Linux,
  Bsd,  ///< FreeBSD
};

/// "rfc", "linux" or "bsd".
[[nodiscard]] std::optional<Personality> personality_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Personality personality);

/// One place where they differ. All texts are static.
struct PersonalityRow {
  std::string_view name;        ///< of the row: scripts say `personality.NAME=linux`
  std::string_view rule;        ///< id in tests/requirements*.tsv; empty: the RFCs have no rule
  std::string_view section;     ///< where the RFCs speak of it
  std::string_view letter;      ///< what they say, and we do unless `linux` or `bsd` is empty
  std::string_view linux_does;  ///< empty: the same as we do
  std::string_view bsd_does;    ///< empty: the same as we do
  std::string_view why;         ///< why one does otherwise
  /// Switches this row alone.
  void (*choose)(TcpConfig& config, Personality personality);
  bool only_if_asked = false;  ///< that system can do so and does not by default: the whole
                               ///< personality leaves this row alone
};

/// All rows, in the order of a connection's life.
[[nodiscard]] std::span<const PersonalityRow> personality_rows();
/// The row of that name, or null.
[[nodiscard]] const PersonalityRow* personality_row(std::string_view name);
/// Whether that personality does otherwise in this row than we do by default.
[[nodiscard]] bool does_otherwise(const PersonalityRow& row, Personality personality);

/// Chooses every row in which they differ; other fields stay as they are.
void adopt_personality(TcpConfig& config, Personality personality);

}  // namespace glasstcp
