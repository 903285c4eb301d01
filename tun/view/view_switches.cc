// See view_switches.h.
#include "tun/view/view_switches.h"

#include <algorithm>
#include <array>

#include "tun/cli/chinese.h"

namespace glasstcp {
namespace {

// Mechanisms that a connection chooses when it begins.
constexpr std::array<std::string_view, 8> kSettings = {
    "congestion", "sack", "timestamps", "window_scaling", "nagle", "ecn", "mss", "receive_buffer"};
constexpr std::array<std::string_view, 2> kSwitch = {"on", "off"};

std::span<const std::string_view> choices_of(const Setting& setting) {
  if (setting.kind == SettingKind::Switch) return kSwitch;
  return setting.kind == SettingKind::Word ? setting.words : std::span<const std::string_view>();
}

constexpr std::string_view kNotAllowed =
    "the switches are off: start the server with --control to change them here";
constexpr std::string_view kOffload =
    "with --offload on the kernel cuts large packets after the link, so that one loss would be "
    "many: "
    "start the server with --offload off";

}  // namespace

std::expected<void, ViewSwitches::Error> ViewSwitches::change_link(std::string_view spec) {
  if (!may_change_) return std::unexpected(Error{Refusal::NotAllowed, std::string(kNotAllowed)});
  if (device_ == nullptr) return std::unexpected(Error{Refusal::Disabled, std::string(kOffload)});
  ImpairmentPlan plan;
  if (!spec.empty()) {
    const auto read = parse_impairment(spec);
    if (!read) return std::unexpected(Error{Refusal::Wrong, read.error()});
    plan = *read;
  }
  device_->change(plan);
  ++version_;
  return {};
}

std::expected<void, ViewSwitches::Error> ViewSwitches::change_setting(std::string_view name,
                                                                      std::string_view value) {
  if (!may_change_) return std::unexpected(Error{Refusal::NotAllowed, std::string(kNotAllowed)});
  const Setting* const setting =
      std::ranges::find(kSettings, name) != kSettings.end() ? setting_named(name) : nullptr;
  if (setting == nullptr) {
    std::string known;
    for (const std::string_view one : kSettings)
      known += (known.empty() ? "" : ", ") + std::string(one);
    return std::unexpected(Error{Refusal::Wrong, "no such setting; there are: " + known});
  }
  const auto number = value_of(*setting, value);
  if (!number) {
    return std::unexpected(
        Error{Refusal::Wrong, std::string(name) + ": expected " + number.error()});
  }
  setting->write(config_, *number);
  stack_->choose_for_new(config_.tcp);
  ConnectionSettings chosen = stack_->default_settings();
  for (const std::string_view one : kSettings) {
    const Setting& row = *setting_named(one);
    if (row.choose != nullptr) row.choose(chosen, row.read(config_));
  }
  for (const ListenerId listener : listeners_) stack_->apply_listener_settings(listener, chosen);
  ++version_;
  return {};
}

void ViewSwitches::write(Json& json, Language language) const {
  const ImpairmentPlan plan = device_ != nullptr ? device_->plan() : ImpairmentPlan{};
  json.begin('{');
  json.key("link").begin('{');
  json.field("in", spec_of(plan.in));
  json.field("out", spec_of(plan.out));
  json.end('}');
  const std::string_view why = !may_change_ ? kNotAllowed : device_ == nullptr ? kOffload : "";
  json.field("link_disabled", spoken(std::string(why), language));
  json.key("settings").begin('[');
  for (const std::string_view name : kSettings) {
    const Setting& setting = *setting_named(name);
    json.begin('{');
    json.field("name", name);
    json.field("value", text_of(setting, setting.read(config_)));
    json.key("choices").begin('[');
    for (const std::string_view choice : choices_of(setting)) json.string(choice);
    json.end(']');
    json.field("what", spoken(std::string(setting.what), language));
    json.field("rule", setting.rule);
    json.end('}');
  }
  json.end(']');
  json.end('}');
}

}  // namespace glasstcp
