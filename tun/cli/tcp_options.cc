// See tcp_options.h.
#include "tun/cli/tcp_options.h"

#include "stack/socket/settings.h"

namespace glasstcp {
namespace {

// "on|off", "reno|cubic|bbr", "MS"
std::string type_of(const Setting& s) {
  switch (s.kind) {
    case SettingKind::Switch:
      return "on|off";
    case SettingKind::Word:
      break;
    case SettingKind::Time:
      return s.bare_unit == 1s ? "S" : "MS";
    case SettingKind::Bytes:
      return "SIZE";
    case SettingKind::Count:
      return "N";
  }
  std::string words;
  for (const std::string_view word : s.words)
    words += (words.empty() ? "" : "|") + std::string(word);
  return words;
}

// "what it does (RFC 6298 §2.4; 200 ms)"
std::string help_of(const Setting& s) {
  std::string text(s.what);
  text += " (";
  if (!s.rule.empty()) text += std::string(s.rule) + "; ";
  return text + text_of(s, s.read(StackConfig{})) + ")";
}

}  // namespace

void add_tcp_settings(CLI::App& app, StackConfig& into) {
  for (const Setting& s : settings()) {
    if (s.option.empty()) continue;
    const auto read = [&into, &s](const std::string& text) {
      const auto value = value_of(s, text);
      if (!value) {
        throw CLI::ValidationError(std::string(s.option), "'" + text + "' is not " + value.error());
      }
      s.write(into, *value);
    };
    app.add_option_function<std::string>(std::string(s.option), read, help_of(s))
        ->option_text(type_of(s));
  }
}

std::string tcp_inconsistency(const StackConfig& config) {
  const auto found = contradiction(config);
  if (!found) return {};
  const auto& [low, high] = *found;
  return std::string(low->option) + ": " + text_of(*low, low->read(config)) + " is above " +
         std::string(high->option) + ", which is " + text_of(*high, high->read(config));
}

}  // namespace glasstcp
