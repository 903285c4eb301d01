// One table of settings: every field of StackConfig and TcpConfig, how it is written, in which
// bounds, and by what names it is reached.
//
// A new setting is a field (config.h), its row in settings_rows.cc, and the code that reads it. The
// C ABI (glasstcp_config), the command line, packet scripts and the table in stack/README.md are
// made from the rows; a test compares the fields with the rows and says what is missing.
//
// Invariants:
//   1. Values are whole numbers: a switch 0 or 1, a time nanoseconds, a word its place among the
//      words, -1 "not chosen" where that is possible.
//   2. The default of a row is that of its field; it stands nowhere else.
//
// Next: glasstcp.h.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "stack/socket/stack_config.h"

struct glasstcp_config;

namespace glasstcp {

enum class SettingKind : std::uint8_t { Switch, Count, Bytes, Time, Word };

/// How a value is in glasstcp_config.
enum class MemberForm : std::uint8_t {
  None,           ///< no member
  Plain,          ///< the same number, times in milliseconds
  Doubled,        ///< twice the time
  Negated,        ///< 1 for off
  AsPersonality,  ///< below 0: what the personality chooses
  OnlyOff,        ///< 0 switches it off, 1 leaves what the personality chooses
  ByHand,         ///< c_api.cc reads and writes it, with others
};

/// One setting. All texts are static.
struct Setting {
  std::string_view name{};  ///< the key in packet scripts, and the row's name
  SettingKind kind = SettingKind::Switch;
  std::span<const std::string_view> words{};  ///< of a Word
  std::string_view rule{};                    ///< the RFC's section; empty: none speaks of it
  std::string_view what{};                    ///< what it does, in one phrase

  std::string_view field{};  ///< where it lives, from StackConfig on: "tcp.min_rto"
  std::int64_t (*read)(const StackConfig&) = nullptr;
  void (*write)(StackConfig&, std::int64_t) = nullptr;
  std::int64_t most_of_field = 0;      ///< what the type of the field holds
  std::int64_t least = 0;              ///< what is allowed, in that type
  std::optional<std::int64_t> most{};  ///< empty: most_of_field

  std::string_view connection{};  ///< the field of ConnectionSettings; empty: the stack's alone
  void (*choose)(ConnectionSettings&, std::int64_t) = nullptr;

  std::string_view member{};  ///< of glasstcp_config; empty: not in the C ABI
  MemberForm form = MemberForm::None;
  std::int64_t (*read_member)(const glasstcp_config&) = nullptr;
  void (*write_member)(glasstcp_config&, std::int64_t) = nullptr;
  std::string_view socket_option{};  ///< as in tcp(7); empty: none

  std::string_view option{};  ///< of `glasstcp serve` and `get`; empty: none
  Duration bare_unit = std::chrono::milliseconds(1);  ///< of a time without a unit

  [[nodiscard]] std::int64_t highest() const { return most.value_or(most_of_field); }
};

/// All of them, in the order of the book.
[[nodiscard]] std::span<const Setting> settings();
/// The one of that name, or null.
[[nodiscard]] const Setting* setting_named(std::string_view name);

/// What a person wrote ("off", "40ms", "64K", "cubic") as a value, or what was expected instead:
/// "a time from 0 ms to 499 ms".
[[nodiscard]] std::expected<std::int64_t, std::string> value_of(const Setting& setting,
                                                                std::string_view text);
/// The other way round: "40 ms".
[[nodiscard]] std::string text_of(const Setting& setting, std::int64_t value);

/// Two settings of which the first is above the second and must not be; empty: none.
[[nodiscard]] std::optional<std::pair<const Setting*, const Setting*>> contradiction(
    const StackConfig& config);

/// The members of glasstcp_config that stand for one field each (not those by hand): whether all
/// are in their bounds, what they say, and the other way round.
[[nodiscard]] bool members_are_sane(const glasstcp_config& c);
void read_members(const glasstcp_config& c, StackConfig& into);
void write_members(const StackConfig& config, glasstcp_config& c);
/// Writes only those that differ between the two.
void write_members_that_differ(const StackConfig& config, const StackConfig& from,
                               glasstcp_config& c);

}  // namespace glasstcp
