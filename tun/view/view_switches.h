// The switches of the live view: what the link does to packets, and mechanisms of TCP.
//
// The link's act on connections from their first request on, and never on those that ask for
// something below /_glass/: only then is it known which is which, and so nobody is locked out. The
// settings are those of `serve` (its options for TCP), and act on connections that begin
// afterwards. Without --msl: all records of TIME-WAIT wait equally long, since they are in one list
// in the order of their ends.
//
// Invariants:
//   1. Without leave (--control) nothing is changed.
//   2. With offload the link's switches are disabled: a lost GSO packet would be 45 lost segments.
//   3. No value is taken that would keep a request for /_glass/ from coming in.
//
// Next: view_control.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/json.h"
#include "stack/socket/settings.h"
#include "stack/socket/stack.h"
#include "stack/trace/language.h"
#include "tun/device/impaired_device.h"

namespace glasstcp {

/// Who changes what can be changed while the server runs.
class ViewSwitches {
 public:
  /// Why something was not changed.
  enum class Refusal : std::uint8_t {
    NotAllowed,  ///< there is no --control
    Wrong,       ///< no such switch or value
    Disabled,    ///< the link's, with offload
  };
  static constexpr std::string_view kNotAllowed =
      "the switches are off: start the server with --control to change them here";
  struct Error {
    Refusal why = Refusal::Wrong;
    std::string message;
  };

  /// `config`: how the stack was made, with or without offload. `may_change`: --control.
  ViewSwitches(const StackConfig& config, bool may_change)
      : config_(config), may_change_(may_change) {}
  /// All settings that it changes, in the order of the table of settings.
  [[nodiscard]] static std::vector<const Setting*> changeable();

  /// The stack that settings are changed of, and its listeners. Borrowed.
  void join(Stack& stack, std::vector<ListenerId> listeners) {
    stack_ = &stack;
    listeners_ = std::move(listeners);
  }
  /// The link, which is shown even if it may not be changed. Borrowed.
  void set_link(ImpairedDevice& device) { device_ = &device; }

  [[nodiscard]] bool may_change() const { return may_change_; }
  /// SPEC is that of --impair; empty heals the link.
  std::expected<void, Error> change_link(std::string_view spec);
  /// A setting by its name (settings.h), and its new value.
  std::expected<void, Error> change_setting(std::string_view name, std::string_view value);
  /// One object.
  void write(Json& json, Language language) const;
  /// Changes with each change.
  [[nodiscard]] std::uint32_t version() const { return version_; }

 private:
  StackConfig config_;  // as connections find it that begin now
  bool may_change_;
  Stack* stack_ = nullptr;
  std::vector<ListenerId> listeners_;
  ImpairedDevice* device_ = nullptr;
  std::uint32_t version_ = 1;
};

}  // namespace glasstcp
