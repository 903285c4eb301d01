// The simulation's command line: seeds in, verdicts out. A failure prints the command that replays
// it.
//
//   sim                       the kept seeds (seeds.txt) and 40 more, each twice: without and with
//   an observer sim --seed N              one seed; --verbose prints each packet sim --from N
//   --seeds M    M seeds beginning with N
//   --connections N           per world (12)
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "tests/sim/allocations.h"
#include "tests/sim/world.h"

namespace glasstcp::sim {
namespace {

struct Options {
  std::vector<std::uint64_t> seeds;
  std::uint32_t connections = 12;
  bool verbose = false;
  bool allocations = true;
};

char replay_line[160];  // for the signal handler: an assertion of the stack aborts

void prepare_replay(std::uint64_t seed, std::uint32_t connections) {
  std::snprintf(replay_line, sizeof replay_line, "replay: build/sim --seed %llu --connections %u\n",
                static_cast<unsigned long long>(seed), connections);
}

extern "C" void on_abort(int) {
  const auto written = write(STDERR_FILENO, replay_line, std::strlen(replay_line));
  _exit(written > 0 ? 1 : 2);
}

bool run_seed(std::uint64_t seed, const Options& options) {
  prepare_replay(seed, options.connections);
  try {
    const WorldResult plain = run_world({seed, options.connections, false, options.verbose});
    const WorldResult observed = run_world({seed, options.connections, true, false});
    std::printf(
        "seed %llu: %llu packets, %llu finished, %llu aborted, %llu retransmitted, %.1f s, hash "
        "%016llx\n",
        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(plain.packets),
        static_cast<unsigned long long>(plain.finished),
        static_cast<unsigned long long>(plain.aborted),
        static_cast<unsigned long long>(plain.retransmitted),
        static_cast<double>(to_ms(plain.virtual_time)) / 1000,
        static_cast<unsigned long long>(plain.hash));
    if (plain.hash == observed.hash) return true;
    std::printf("FAILED seed %llu: other bytes when observed\n%s",
                static_cast<unsigned long long>(seed), replay_line);
  } catch (const std::exception& violation) {
    std::printf("FAILED seed %llu: %s\n%s", static_cast<unsigned long long>(seed), violation.what(),
                replay_line);
  }
  return false;
}

std::vector<std::uint64_t> kept_seeds() {
  std::vector<std::uint64_t> seeds;
  std::ifstream in(GLASSTCP_SOURCE_DIR "/tests/sim/seeds.txt");
  for (std::string line; std::getline(in, line);) {
    std::uint64_t seed = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), seed).ec == std::errc()) {
      seeds.push_back(seed);
    }
  }
  return seeds;
}

bool parse(int argc, char** argv, Options& options) {
  std::uint64_t from = 1;
  std::uint64_t count = 40;
  bool chosen = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--verbose") {
      options.verbose = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
    if (word == "--seed") {
      options.seeds.push_back(value);
      options.allocations = false;
    } else if (word == "--connections") {
      options.connections = static_cast<std::uint32_t>(value);
    } else if (word == "--from") {
      from = value;
      chosen = true;
    } else if (word == "--seeds") {
      count = value;
      chosen = true;
    } else {
      return false;
    }
  }
  if (!options.seeds.empty()) return true;
  if (!chosen) options.seeds = kept_seeds();
  for (std::uint64_t i = 0; i < count; ++i) options.seeds.push_back(from + i);
  return true;
}

int run(const Options& options) {
  std::signal(SIGABRT, on_abort);
  int passed = 0;
  int failed = 0;
  if (options.allocations) {
    const std::string complaint = check_steady_state_allocates_nothing();
    if (!complaint.empty()) std::printf("FAILED allocations: %s\n", complaint.c_str());
    ++(complaint.empty() ? passed : failed);
  }
  for (const std::uint64_t seed : options.seeds) {
    ++(run_seed(seed, options) ? passed : failed);
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace glasstcp::sim

int main(int argc, char** argv) {
  glasstcp::sim::Options options;
  if (!glasstcp::sim::parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: sim [--seed N]... [--from N] [--seeds M] [--connections N] [--verbose]\n");
    return 2;
  }
  return glasstcp::sim::run(options);
}
