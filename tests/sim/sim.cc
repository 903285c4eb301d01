// The simulation's command line: seeds in, verdicts out. A failure prints the command that replays
// it.
//
//   sim                       the kept seeds (seeds.txt) and 40 more, each twice: without and with
//                             an observer
//   sim --seed N              one seed; --verbose prints each packet, --capture FILE writes those
//                             of host A
//   sim --from N --seeds M    M seeds beginning with N
//   sim --connections N       as many seeds as it takes for N connections in all; every eighth
//   twice
//   sim --idle N              one world with N connections that do nothing, all at once
//   --world N                 connections in each world (as the seed says)
//   --jobs N                  processes (one for each core)
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/allocations.h"
#include "tests/sim/idle.h"
#include "tests/sim/low_memory.h"
#include "tests/sim/low_memory_crowd.h"
#include "tests/sim/world.h"

namespace glasstcp::sim {
namespace {

constexpr std::uint64_t kObservedEvery = 8;  // in a long run
constexpr std::uint64_t kProgressEvery = 2000;
constexpr std::uint32_t kIdleConnections = 20'000;  // in a run without choices
constexpr long kSecondsOfAWorld = 300;  // of the processor: a loop that never ends is a failure

struct Options {
  std::vector<std::uint64_t> seeds;
  std::uint64_t from = 1;
  std::uint64_t connections = 0;  // in all; 0: the seeds decide
  std::uint32_t idle = 0;         // connections that do nothing; 0: the other worlds
  std::uint32_t world = 0;
  std::uint32_t jobs = 0;
  bool verbose = false;
  std::string capture;
  bool allocations = true;
};

// What one process did, and all of them.
struct Totals {
  std::uint64_t passed = 0, failed = 0;
  std::uint64_t connections = 0, finished = 0, aborted = 0, packets = 0, retransmitted = 0;

  void add(const WorldResult& world) {
    connections += world.connections;
    finished += world.finished;
    aborted += world.aborted;
    packets += world.packets;
    retransmitted += world.retransmitted;
  }
  void add(const Totals& other) {
    passed += other.passed;
    failed += other.failed;
    connections += other.connections;
    finished += other.finished;
    aborted += other.aborted;
    packets += other.packets;
    retransmitted += other.retransmitted;
  }
};

using Number = unsigned long long;  // for printf

char replay_line[160];  // for the signal handler: an assertion of the stack aborts

void prepare_replay(std::uint64_t seed, const Options& options) {
  const int length = std::snprintf(replay_line, sizeof replay_line, "replay: build/sim --seed %llu",
                                   static_cast<Number>(seed));
  const auto at = static_cast<std::size_t>(length);
  std::snprintf(replay_line + at, sizeof replay_line - at,
                options.world == 0 ? "\n" : " --world %u\n", options.world);
  const itimerval limit{{0, 0}, {kSecondsOfAWorld, 0}};
  setitimer(ITIMER_VIRTUAL, &limit, nullptr);
}

extern "C" void on_fatal_signal(int signal) {
  const char* const what = signal == SIGVTALRM ? "FAILED: it never ends\n" : "FAILED: aborted\n";
  const auto first = write(STDERR_FILENO, what, std::strlen(what));
  const auto second = write(STDERR_FILENO, replay_line, std::strlen(replay_line));
  _exit(first > 0 && second > 0 ? 1 : 2);
}

void print_world(std::uint64_t seed, const WorldResult& world) {
  std::printf(
      "seed %llu: %llu connections, %llu packets, %llu finished, %llu aborted, %llu "
      "retransmitted, %.1f s, hash %016llx\n",
      static_cast<Number>(seed), static_cast<Number>(world.connections),
      static_cast<Number>(world.packets), static_cast<Number>(world.finished),
      static_cast<Number>(world.aborted), static_cast<Number>(world.retransmitted),
      static_cast<double>(to_ms(world.virtual_time)) / 1000, static_cast<Number>(world.hash));
}

bool run_seed(std::uint64_t seed, const Options& options, Totals& totals) {
  prepare_replay(seed, options);
  try {
    const WorldResult plain =
        run_world({seed, options.world, false, options.verbose, options.capture});
    totals.add(plain);
    if (options.connections == 0) print_world(seed, plain);
    if (options.connections != 0 && seed % kObservedEvery != 0) return true;
    const WorldResult observed = run_world({seed, options.world, true, false, {}});
    if (plain.hash == observed.hash) return true;
    std::printf("FAILED seed %llu: other bytes when observed\n%s", static_cast<Number>(seed),
                replay_line);
  } catch (const std::exception& violation) {
    std::printf("FAILED seed %llu: %s\n%s", static_cast<Number>(seed), violation.what(),
                replay_line);
  }
  return false;
}

// The share of one process: every `jobs`-th seed, until there are enough connections.
Totals run_share(const Options& options, std::uint32_t number) {
  Totals totals;
  const std::uint64_t wanted = (options.connections + options.jobs - 1) / options.jobs;
  for (std::uint64_t i = number;; i += options.jobs) {
    const bool is_over =
        options.connections == 0 ? i >= options.seeds.size() : totals.connections >= wanted;
    if (is_over) return totals;
    const std::uint64_t seed = options.connections == 0 ? options.seeds[i] : options.from + i;
    ++(run_seed(seed, options, totals) ? totals.passed : totals.failed);
    if (options.connections != 0 && (totals.passed + totals.failed) % kProgressEvery == 0) {
      std::printf("process %u: %llu worlds, %llu connections\n", number,
                  static_cast<Number>(totals.passed + totals.failed),
                  static_cast<Number>(totals.connections));
    }
    std::fflush(stdout);
  }
}

// Starts process `number`; the descriptor from which its totals can be read when it has ended.
int start_share(const Options& options, std::uint32_t number) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child > 0) {
    close(ends[1]);
    return ends[0];
  }
  const Totals totals = run_share(options, number);
  std::fflush(stdout);
  _exit(write(ends[1], &totals, sizeof totals) == sizeof totals ? 0 : 1);
}

Totals run_all(const Options& options) {
  if (options.jobs == 1) return run_share(options, 0);
  std::vector<int> reports;
  for (std::uint32_t i = 0; i < options.jobs; ++i) reports.push_back(start_share(options, i));
  Totals all;
  for (const int report : reports) {
    Totals totals;
    // A process that died said why, and how to see it again; what it had not begun was not run.
    if (read(report, &totals, sizeof totals) != sizeof totals) totals = {.failed = 1};
    all.add(totals);
    close(report);
  }
  while (wait(nullptr) > 0) continue;
  return all;
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
  std::uint64_t count = 40;
  bool chosen = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--verbose") {
      options.verbose = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    if (word == "--capture") {
      options.capture = argv[++i];
      continue;
    }
    const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
    if (word == "--seed") {
      options.seeds.push_back(value);
      options.allocations = false;
    } else if (word == "--connections") {
      options.connections = value;
    } else if (word == "--idle") {
      options.idle = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(value, 1, 10'000'000));
    } else if (word == "--world") {
      options.world = static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 900));
    } else if (word == "--jobs") {
      options.jobs = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(value, 1, 256));
    } else if (word == "--from") {
      options.from = value;
      chosen = true;
    } else if (word == "--seeds") {
      count = value;
      chosen = true;
    } else {
      return false;
    }
  }
  if (options.jobs == 0) options.jobs = std::max(1U, std::thread::hardware_concurrency());
  if (!options.seeds.empty()) {
    options.jobs = 1;
    return options.connections == 0 && (options.capture.empty() || options.seeds.size() == 1);
  }
  if (!options.capture.empty()) return false;  // one file holds one seed
  if (!chosen) options.seeds = kept_seeds();
  for (std::uint64_t i = 0; i < count; ++i) options.seeds.push_back(options.from + i);
  return true;
}

void print_totals(const Totals& totals) {
  rusage own{};
  rusage children{};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  std::printf(
      "%llu connections in %llu worlds: %llu ends finished, %llu aborted; %llu packets, %llu "
      "retransmitted; at most %ld MB in a process\n",
      static_cast<Number>(totals.connections), static_cast<Number>(totals.passed + totals.failed),
      static_cast<Number>(totals.finished), static_cast<Number>(totals.aborted),
      static_cast<Number>(totals.packets), static_cast<Number>(totals.retransmitted),
      std::max(own.ru_maxrss, children.ru_maxrss) / 1024);
}

void tell(const char* what, const std::string& complaint, Totals& totals) {
  if (!complaint.empty()) std::printf("FAILED %s: %s\n", what, complaint.c_str());
  ++(complaint.empty() ? totals.passed : totals.failed);
}

int run(const Options& options) {
  std::signal(SIGABRT, on_fatal_signal);
  std::signal(SIGVTALRM, on_fatal_signal);
  Totals totals;
  if (options.idle != 0) {
    tell("idle connections", check_idle_connections(options.idle), totals);
    return totals.failed == 0 ? 0 : 1;
  }
  if (options.allocations) {
    tell("allocations", check_steady_state_allocates_nothing(), totals);
    tell("low memory", check_low_memory_is_survived(), totals);
    tell("low memory in a crowd", check_low_memory_in_a_crowd(), totals);
    tell("idle connections", check_idle_connections(kIdleConnections), totals);
  }
  const Totals worlds = run_all(options);
  print_totals(worlds);
  totals.add(worlds);
  std::printf("%llu passed, %llu failed\n", static_cast<Number>(totals.passed),
              static_cast<Number>(totals.failed));
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace glasstcp::sim

int main(int argc, char** argv) {
  glasstcp::sim::Options options;
  if (!glasstcp::sim::parse(argc, argv, options)) {
    std::fprintf(
        stderr,
        "usage: sim [--seed N]... [--from N] [--seeds M] [--connections N] [--idle N] [--world N] "
        "[--jobs N] [--verbose] [--capture FILE]\n");
    return 2;
  }
  return glasstcp::sim::run(options);
}
