// Every scenario with some seeds, and with what calculates most or has least room (CUBIC, BBR, a
// bad link, little memory), on standard output: what is told in both languages, and both captures.
// The same program is built for this machine and for WebAssembly, and tests/wasm compares what they
// write, byte by byte. `--filters` prints the display filters instead, for tests/lab/run.
//
// usage: lab_captures [--filters]
#include <array>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "stack/lab/catalogue.h"
#include "stack/lab/check.h"
#include "stack/lab/lab.h"
#include "stack/lab/scenario_reader.h"
#include "stack/lab/telling.h"

namespace {

using namespace glasstcp;

constexpr std::uint64_t kSeeds = 3;

struct Variant {
  std::string_view key, value;
};
// Memory that windows and tables fight for would differ where a budget counted what sizeof says.
constexpr std::array kVariants = {
    Variant{"congestion", "cubic"}, Variant{"congestion", "bbr"},  Variant{"memory", "131072"},
    Variant{"link.loss", "7%"},     Variant{"link.jitter", "3ms"}, Variant{"link.reorder", "9%"},
};

class Bytes final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  std::vector<std::uint8_t> bytes;
};

void put(std::string_view what, const void* bytes, std::size_t size) {
  std::printf("%.*s: %zu bytes\n", static_cast<int>(what.size()), what.data(), size);
  std::fwrite(bytes, 1, size, stdout);
}

void write_run(const lab::CatalogueEntry& entry, const lab::ReadOptions& how, Language language) {
  const auto scenario = lab::read_scenario(entry.text, how);
  std::string name = std::string(entry.name) + " " + std::to_string(how.seed);
  for (const lab::Override& one : how.overrides) name += " " + one.key + "=" + one.value;
  if (!scenario) {
    std::printf("%s: line %u: %s\n", name.c_str(), scenario.error().line,
                scenario.error().message.c_str());
    return;
  }
  Bytes client, server;
  lab::LabOptions options;
  options.language = language;
  options.captures = {&client, &server};
  options.application = "glasstcp tests";
  lab::Lab run(*scenario, options);
  run.run();
  lab::LadderOptions look;
  look.language = language;
  const std::string told = lab::tell(*scenario, run.journal(), look,
                                     lab::unmet_expectations(*scenario, run.journal().lines()));
  put(name + " told", told.data(), told.size());
  put(name + " client", client.bytes.data(), client.bytes.size());
  put(name + " server", server.bytes.data(), server.bytes.size());
}

void print_filters() {
  for (const lab::CatalogueEntry& entry : lab::catalogue()) {
    const auto scenario = lab::read_scenario(entry.text, {.name = entry.name});
    if (!scenario) continue;
    std::printf("%.*s\t%.*s\t%s\n", static_cast<int>(entry.name.size()), entry.name.data(),
                static_cast<int>(lab::name_of(scenario->view).size()),
                lab::name_of(scenario->view).data(), scenario->filter.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--filters") == 0) {
    print_filters();
    return 0;
  }
  for (const lab::CatalogueEntry& entry : lab::catalogue()) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      write_run(entry, {.name = entry.name, .seed = seed, .overrides = {}}, Language::English);
      write_run(entry, {.name = entry.name, .seed = seed, .overrides = {}}, Language::Chinese);
    }
    for (const auto& [key, value] : kVariants) {
      const lab::Override one{std::string(key), std::string(value)};
      write_run(entry, {.name = entry.name, .seed = 1, .overrides = std::span(&one, 1)},
                Language::English);
    }
  }
  return 0;
}
