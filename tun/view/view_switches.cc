// See view_switches.h.
#include "tun/view/view_switches.h"

#include <algorithm>
#include <array>

#include "tun/cli/chinese.h"

namespace glasstcp {
namespace {

constexpr std::array<std::string_view, 2> kSwitch = {"on", "off"};
// A head of a browser's request fits into it.
constexpr std::int64_t kLeastReceiveBuffer = 4096;

std::span<const std::string_view> choices_of(const Setting& setting) {
  if (setting.kind == SettingKind::Switch) return kSwitch;
  return setting.kind == SettingKind::Word ? setting.words : std::span<const std::string_view>();
}

constexpr std::string_view kOffload =
    "with --offload on the kernel cuts large packets behind the link, so that one loss would be "
    "many: start the server with --offload off";

using Error = ViewSwitches::Error;
using Refusal = ViewSwitches::Refusal;

std::unexpected<Error> wrong(std::string message) {
  return std::unexpected(Error{Refusal::Wrong, std::move(message)});
}

// How the stack would be then.
std::expected<StackConfig, Error> changed(const StackConfig& config, const Setting& setting,
                                          std::string_view value) {
  const auto number = value_of(setting, value);
  const std::string name(setting.name);
  if (!number) return wrong(name + ": '" + std::string(value) + "' is not " + number.error());
  if (name == "receive_buffer" && *number < kLeastReceiveBuffer) {
    return wrong(name + ": below 4K no request for the live view would come in");
  }
  StackConfig next = config;
  setting.write(next, *number);
  const auto found = contradiction(next);
  if (!found) return next;
  const auto& [low, high] = *found;
  return wrong(std::string(low->name) + ": " + text_of(*low, low->read(next)) + " is above " +
               std::string(high->name) + ", which is " + text_of(*high, high->read(next)));
}

}  // namespace

std::vector<const Setting*> ViewSwitches::changeable() {
  std::vector<const Setting*> all;
  for (const Setting& setting : settings()) {
    if (!setting.option.empty() && setting.name != "msl") all.push_back(&setting);
  }
  return all;
}

std::expected<void, ViewSwitches::Error> ViewSwitches::change_link(std::string_view spec) {
  if (!may_change_) return std::unexpected(Error{Refusal::NotAllowed, std::string(kNotAllowed)});
  if (device_ == nullptr) return std::unexpected(Error{Refusal::Disabled, std::string(kOffload)});
  ImpairmentPlan plan;
  if (!spec.empty()) {
    const auto read = parse_impairment(spec);
    if (!read) return wrong(read.error());
    plan = *read;
  }
  device_->change(plan);
  ++version_;
  return {};
}

std::expected<void, ViewSwitches::Error> ViewSwitches::change_setting(std::string_view name,
                                                                      std::string_view value) {
  if (!may_change_) return std::unexpected(Error{Refusal::NotAllowed, std::string(kNotAllowed)});
  const std::vector<const Setting*> all = changeable();
  const auto setting = std::ranges::find(all, name, &Setting::name);
  if (setting == all.end()) {
    std::string known;
    for (const Setting* const one : all)
      known += (known.empty() ? "" : ", ") + std::string(one->name);
    return wrong("no such setting; there are: " + known);
  }
  const auto next = changed(config_, **setting, value);
  if (!next) return std::unexpected(next.error());
  config_ = *next;
  stack_->choose_for_new(config_.tcp);
  ConnectionSettings chosen = stack_->default_settings();
  for (const Setting* const one : all) {
    if (one->choose != nullptr) one->choose(chosen, one->read(config_));
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
  // That there is no --control the page knows, and says it once for all switches.
  const std::string_view why = config_.checksum_offload ? kOffload : "";
  json.field("link_disabled", spoken(std::string(why), language));
  json.key("settings").begin('[');
  for (const Setting* const one : changeable()) {
    const Setting& setting = *one;
    json.begin('{');
    json.field("name", setting.name);
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
