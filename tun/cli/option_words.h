// What the commands' options are made of: a parser of ours, and the words it is spoken of with.
//
// Invariants:
//   1. A parser takes the whole text or refuses it; a refusal names the option and what it expects.
//
// Next: options.h.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stack/base/addresses.h"
#include "stack/trace/language.h"

namespace glasstcp {

/// How an option is spoken of.
struct Wording {
  std::string name;
  std::string type;      // of its value, in --help
  std::string expected;  // "'x' is not <expected>"
  std::string help;
};

/// An option that a parser of ours reads: `parse` gives an optional<T>, empty for what it refuses.
template <typename T, typename Parse>
CLI::Option* add_parsed(CLI::App& app, const Wording& wording, T& into, Parse parse) {
  const auto read = [&into, parse, name = wording.name,
                     expected = wording.expected](const std::string& text) {
    const auto value = parse(text);
    if (!value) throw CLI::ValidationError(name, "'" + text + "' is not " + expected);
    into = *value;
  };
  return app.add_option_function<std::string>(wording.name, read, wording.help)
      ->option_text(wording.type);
}

/// Anything but nothing: what `--site "$UNSET"` gives is a mistake.
inline std::optional<std::string> parse_text(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

template <IpVersion Version>
std::optional<IpAddress> parse_address(const std::string& text) {
  auto address = IpAddress::parse(text);
  if (address && address->version() != Version) address.reset();
  return address;
}

template <IpVersion Version>
std::optional<Cidr> parse_cidr(const std::string& text) {
  auto cidr = Cidr::parse(text);
  if (cidr && cidr->address.version() != Version) cidr.reset();
  return cidr;
}

template <typename T, std::uint64_t Least, std::uint64_t Most>
std::optional<T> parse_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number < Least || number > Most) return std::nullopt;
  return static_cast<T>(number);
}

inline std::optional<bool> parse_switch(const std::string& text) {
  if (text == "on") return true;
  if (text == "off") return false;
  return std::nullopt;
}

inline std::optional<Language> parse_language(const std::string& text) {
  if (text == "en") return Language::English;
  if (text == "zh") return Language::Chinese;
  return std::nullopt;
}

inline constexpr std::string_view kInterfaceNameRule =
    "--tun: an interface name has 1 to 15 characters and no slash, space or percent sign";

inline bool is_interface_name(const std::string& name) {
  return !name.empty() && name.size() <= 15 && name.find_first_of("/ \t\n%") == std::string::npos;
}

inline std::optional<std::string> parse_interface(const std::string& text) {
  if (!is_interface_name(text)) return std::nullopt;
  return text;
}

/// What is wrong with the two ends of the link, ours and the kernel's; empty: nothing. `six`: "6"
/// or "", as the options are named.
inline std::string ends_inconsistency(const Cidr& ours, const IpAddress& host,
                                      const std::string& six) {
  if (ours.address == host) {
    return "--host-address" + six + " must differ from --address" + six +
           ": one is the kernel's, the other is ours";
  }
  if (!ours.contains(host)) {
    return "--host-address" + six + " " + host.to_string() + " is not in the network of --address" +
           six + " " + ours.to_string();
  }
  return {};
}

}  // namespace glasstcp
