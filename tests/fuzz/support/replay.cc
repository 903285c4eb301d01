// Runs the kept corpus of every target once, without libFuzzer: what fuzzing ever found interesting
// stays tried in every build, and counts for coverage.
//
// usage: corpus_replay FOLDER     (FOLDER/TARGET/INPUT; scripts/test unpacks tests/fuzz/corpus)
// An input that breaks something ends the program by abort(), with its name as the last line.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "generated/fuzz_targets.h"  // written by CMake: a row for each tests/fuzz/TARGET_fuzz.cc

namespace {

namespace fs = std::filesystem;

std::size_t replay(const fs::path& folder, int (*target)(const std::uint8_t*, std::size_t)) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::fprintf(stderr, "\r%s\033[K", entry.path().c_str());
    target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++count;
  }
  std::fputs("\r\033[K", stderr);
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: corpus_replay FOLDER\n", stderr);
    return 2;
  }
  std::size_t all = 0, without = 0;
  for (const auto& [name, target] : kFuzzTargets) {
    const fs::path folder = fs::path(argv[1]) / name;
    const std::size_t count = fs::is_directory(folder) ? replay(folder, target) : 0;
    std::printf("%-24s %6zu inputs\n", name, count);
    if (count == 0) std::printf("skipped: %s has no corpus (scripts/fuzz --minimise)\n", name);
    without += count == 0 ? 1 : 0;
    all += count;
  }
  std::printf("%zu passed, 0 failed, %zu skipped\n", all, without);
  return 0;
}
