// See replay.h.
#include "tun/lab/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "stack/lab/catalogue.h"
#include "stack/trace/pcapng_reader.h"
#include "tun/cli/chinese.h"
#include "tun/cli/options.h"
#include "tun/lab/lab_command.h"
#include "tun/lab/quiz_command.h"

namespace glasstcp {
namespace {

constexpr std::size_t kMostCapture = std::size_t{1} << 30;

// What the comment of a section says.
struct Origin {
  std::string name;
  std::uint64_t seed = 0;
  std::vector<lab::Override> overrides;
  std::vector<std::string> edits;
  std::string text;  // of a scenario of one's own, which the capture carries
  lab::Side end = lab::Side::Client;
  Language language = Language::English;
};

// As a shell splits a line: 'between such' is one word.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const bool is_quoted = text.front() == '\'';
    if (is_quoted) text.remove_prefix(1);
    const std::size_t end = std::min(text.find(is_quoted ? '\'' : ' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool take_option(Origin& origin, std::string_view option, const std::string& value) {
  if (option == "--seed") {
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, origin.seed);
    return error == std::errc{} && rest == end;
  }
  if (option == "--end") {
    origin.end = value == "server" ? lab::Side::Server : lab::Side::Client;
    return value == "client" || value == "server";
  }
  if (option == "--lang") {
    origin.language = value == "zh" ? Language::Chinese : Language::English;
    return value == "en" || value == "zh";
  }
  if (option == "--edit") {
    origin.edits.push_back(value);
    return true;
  }
  const std::size_t equals = value.find('=');
  if (option != "--set" || equals == std::string::npos) return false;
  origin.overrides.push_back({value.substr(0, equals), value.substr(equals + 1)});
  return true;
}

std::optional<Origin> origin_of(std::string_view comment) {
  constexpr std::string_view kBegin = "glasstcp lab ", kSeed = " --seed ";
  if (!comment.starts_with(kBegin)) return std::nullopt;
  comment.remove_prefix(kBegin.size());
  Origin origin;
  if (const std::size_t end = comment.find('\n'); end != std::string_view::npos) {
    origin.text = comment.substr(end + 1);
    comment = comment.substr(0, end);
  }
  const std::size_t at = comment.find(kSeed);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  origin.name = comment.substr(0, at);
  const std::vector<std::string> words = words_of(comment.substr(at));
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (!take_option(origin, words[i], words[i + 1])) return std::nullopt;
  }
  return words.size() % 2 == 0 ? std::optional(origin) : std::nullopt;
}

// Wherein two frames differ; empty: in nothing.
std::string difference_of(const CapturedPacket& a, const CapturedPacket& b) {
  const auto [one, other] = std::ranges::mismatch(a.data, b.data);
  if (one != a.data.end() && other != b.data.end()) {
    return fmt::format("frame {} differs: byte {} of the packet", a.number,
                       one - a.data.begin() + 1);
  }
  const std::string begin = fmt::format("frame {} differs: ", a.number);
  if (a.data.size() != b.data.size()) return begin + "the length of the packet";
  if (a.time_ns != b.time_ns) return begin + "its time";
  if (a.direction != b.direction || a.interface != b.interface) {
    return begin + "its direction or interface";
  }
  if (!std::ranges::equal(a.comments(), b.comments())) return begin + "its comments";
  return {};
}

// The first difference of two captures by their frames; empty: there is none.
std::string first_difference(ByteView file, ByteView again, std::size_t& frames) {
  CaptureReader one(file), other(again);
  frames = 0;
  while (true) {
    const auto a = one.next();
    const auto b = other.next();
    if (!a && !b) return {};
    if (!a) return fmt::format("it ends after frame {}, and the run goes on", frames);
    if (!b) return fmt::format("the run ends after frame {}, and it goes on", frames);
    if (std::string what = difference_of(*a, *b); !what.empty()) return what;
    ++frames;
  }
}

std::expected<std::string, std::string> bytes_of(const std::string& path) {
  if (path != "-") return read_whole(path, kMostCapture);
  std::string bytes;
  std::array<char, 65536> piece;
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), stdin)) {
    bytes.append(piece.data(), got);
    if (bytes.size() > kMostCapture) return std::unexpected("'-' is too large");
  }
  return bytes;
}

}  // namespace

std::expected<Replay, std::string> replay(
    const std::string& path, ByteView file,
    const std::function<std::string(const std::string&)>& text_of, const std::string& chosen) {
  CaptureReader reader(file);
  const auto first = reader.next();
  if (!first && reader.error()) {
    return std::unexpected("'" + path +
                           "' is no capture: " + std::string(name_of(*reader.error())));
  }
  const auto origin = origin_of(reader.section_comment());
  if (!origin) {
    return std::unexpected(
        "'" + path +
        "' was not written by 'glasstcp lab': it says nothing of a scenario and a seed, "
        "so it cannot be run again");
  }
  const std::string& carried = chosen.empty() ? origin->text : chosen;
  const std::string text = carried.empty() ? text_of(origin->name) : carried;
  if (text.empty()) {
    return std::unexpected("'" + path + "' was made from the scenario '" + origin->name +
                           "', which is not built in: give its text by --scenario FILE");
  }
  const auto scenario = lab::read_scenario(text, {.name = origin->name,
                                                  .seed = origin->seed,
                                                  .overrides = origin->overrides,
                                                  .edits = origin->edits});
  if (!scenario) {
    return std::unexpected("'" + path +
                           "': its scenario cannot be read: " + scenario.error().message);
  }
  GatheredBlocks again;
  lab::LabOptions how;
  how.language = origin->language;
  how.application = reader.application();
  how.captures[lab::index_of(origin->end)] = &again;
  {
    lab::Lab run(*scenario, how);
    run.run();
  }
  Replay found;
  const std::string_view told = reader.section_comment();
  found.command = told.substr(0, told.find('\n'));
  found.same_bytes = std::ranges::equal(file, again.bytes());
  found.difference = first_difference(file, again.bytes(), found.frames);
  const std::string ours = lab_application();
  if (!found.difference.empty() && reader.application() != ours) {
    found.difference +=
        fmt::format("; it was written by '{}', and this is '{}'", reader.application(), ours);
  }
  return found;
}

int replay_command(const ReplayOptions& options) {
  const auto failed = [&options](const std::string& why) {
    fmt::print(stderr, "glasstcp: replay: {}\n", spoken(why, options.language));
    return kExitFailure;
  };
  const auto bytes = bytes_of(options.capture);
  if (!bytes) return failed(bytes.error());
  std::string own;
  if (!options.scenario.empty()) {
    const auto text = text_of_scenario(options.scenario);
    if (!text) return failed(text.error());
    own = text->text;
  }
  const auto text_of = [](const std::string& name) {
    const lab::CatalogueEntry* const entry = lab::scenario_named(name);
    return entry == nullptr ? std::string() : std::string(entry->text);
  };
  const auto found =
      replay(options.capture, {reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()},
             text_of, own);
  if (!found) return failed(found.error());
  if (!found->difference.empty()) {
    return failed(options.capture + ": " + spoken(found->difference, options.language));
  }
  const auto in = [&options](std::string_view en, std::string_view zh) {
    return fmt::runtime(either(options.language, en, zh));
  };
  fmt::print("{}\n", found->command);
  fmt::print("{}\n", found->same_bytes
                         ? fmt::format(in("{} frames, the same byte for byte", "{} 帧，逐字节相同"),
                                       found->frames)
                         : fmt::format(in("all {} frames are the same; the file around them was "
                                          "written by another program",
                                          "全部 {} 帧相同；文件的其余部分由其他程序写出"),
                                       found->frames));
  return 0;
}

}  // namespace glasstcp
