// See get.h.
#include "tun/get/get.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>

#include "stack/socket/stack.h"
#include "tun/cli/options.h"
#include "tun/device/device_lines.h"
#include "tun/device/tun_device.h"
#include "tun/files/capture_file.h"
#include "tun/files/watchers.h"
#include "tun/get/fetch.h"
#include "tun/get/kernel_transport.h"
#include "tun/get/output.h"
#include "tun/get/stack_transport.h"
#include "tun/get/target.h"
#include "tun/host/local_addresses.h"
#include "tun/host/network_setup.h"
#include "tun/host/privileges.h"
#include "tun/host/random_seed.h"
#include "tun/loop/read_pause.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kLargestSuperpacket = 65535;  // the most that an IPv4 length can say
// A limit, not a need: one connection uses a few MB. Its first window is a share of the limit.
constexpr std::uint64_t kMemory = 1ULL << 30;
constexpr Duration kRefusalPause = 1ms;      // before a device that refused is asked again
constexpr const char* kFirstFree = "tun%d";  // the kernel puts the number in

void say(const std::string& line) {
  fmt::print(stderr, "glasstcp: {}\n", line);
}

std::unexpected<Ending> ended(Ending ending) {
  return std::unexpected(std::move(ending));
}

std::unexpected<Ending> ended(const Failure& failure) {
  return std::unexpected(Ending{kExitFailure, failure.to_string()});
}

// -- The loop

// SIGINT and SIGTERM, as something to wait for.
class Signals {
 public:
  Signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    file_ = Descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  }
  // The one that came first, or 0.
  int take() {
    signalfd_siginfo info;
    while (::read(file_.get(), &info, sizeof info) == sizeof info) {
      if (first_ == 0) first_ = static_cast<int>(info.ssi_signo);
    }
    return first_;
  }
  [[nodiscard]] int descriptor() const { return file_.get(); }

 private:
  Descriptor file_;
  int first_ = 0;
};

struct Machine {
  Transport& transport;
  Fetch& fetch;
  GetOutput& output;
  OutputFile* capture = nullptr;
};

void wait(const Machine& machine, const Signals& signals, const TurnResult& turn,
          Duration read_pause) {
  const Instant now = SystemClock::now();
  Instant until = std::min(machine.transport.next_deadline(), machine.fetch.next_deadline());
  if (turn.is_blocked) until = std::min(until, now + kRefusalPause);
  if (read_pause > Duration::zero()) until = std::min(until, now + read_pause);
  if (turn.has_more) until = now;
  const Duration pause = std::clamp<Duration>(until <= now ? 0ns : until - now, 0ns, 1h);
  std::array<pollfd, 3> files{machine.transport.interest(), pollfd{signals.descriptor(), POLLIN, 0},
                              pollfd{machine.output.descriptor(), POLLOUT, 0}};
  if (read_pause > Duration::zero()) files[0].fd = -1;
  timespec time;
  time.tv_sec = pause.count() / 1'000'000'000;
  time.tv_nsec = pause.count() % 1'000'000'000;
  ::ppoll(files.data(), machine.fetch.is_output_blocked() ? 3 : 2, &time, nullptr);
}

// Returns the signal that ended it, or 0.
int drive(const Machine& machine) {
  Signals signals;
  ReadPause read_pause;
  machine.fetch.start(SystemClock::now());
  while (true) {
    const Instant now = SystemClock::now();
    const int signal = signals.take();
    if (signal != 0) machine.fetch.stop(now);
    const TurnResult turn = machine.transport.turn(machine.fetch, now);
    if (machine.capture != nullptr) machine.capture->flush();
    if (machine.fetch.is_finished() && !turn.has_more) return signal;
    wait(machine, signals, turn, read_pause.after(turn, false));
  }
}

// -- What both ways have in common

// Files are opened with the rights of the person who runs us, not with those that sudo lent.
std::optional<Identity> person_behind(const PrivilegeFacts& facts) {
  return facts.requested ? facts.requested : facts.behind_sudo;
}

FetchPlan make_plan(const GetOptions& options, const http::Url& url,
                    std::vector<Endpoint> candidates) {
  FetchPlan plan;
  plan.candidates = std::move(candidates);
  std::vector<std::uint8_t> memory(url.host.size() + url.target.size() + options.range.size() +
                                   512);
  http::TextWriter writer(memory.data(), memory.size());
  http::write_request(writer, {url, options.head, options.range});
  plan.request = writer.written();
  plan.to_head = options.head;
  plan.has_range = !options.range.empty();
  plan.fail = options.fail;
  if (options.timeout) plan.connect_timeout = plan.stall_timeout = *options.timeout;
  return plan;
}

// Who listens to a fetch.
class Listeners {
 public:
  explicit Listeners(const GetOptions& options)
      : verbose_(options.verbose.has_value()),
        draws_(!options.to_stdout() && !options.verbose && ::isatty(STDERR_FILENO) == 1) {}

  [[nodiscard]] FetchListeners listeners() {
    return {&lines_, verbose_ ? &lines_ : nullptr, draws_ ? &bar_ : nullptr};
  }
  [[nodiscard]] StderrLines& lines() { return lines_; }

 private:
  bool verbose_;
  bool draws_;
  StderrLines lines_;
  ProgressBar bar_;
};

Ending finish(const Machine& machine) {
  const int signal = drive(machine);
  machine.output.discard_if_unused();
  if (signal != 0) return {128 + signal, {}};
  return machine.fetch.ending();
}

std::expected<Ending, Ending> get_via_kernel(const GetOptions& options, FetchPlan plan) {
  auto output = GetOutput::open(options.output);
  if (!output) return ended({get_exit::kWriteError, output.error().to_string()});
  KernelTransport transport;
  Listeners listeners(options);
  Fetch fetch(std::move(plan), transport, *output, listeners.listeners());
  return finish({transport, fetch, *output});
}

// -- Our own stack

// What needed rights, and is done.
struct Ground {
  std::unique_ptr<TunDevice> device;
  NetworkState network;
  Keeper keeper;
};

std::expected<std::unique_ptr<TunDevice>, Failure> open_device(const GetOptions& options) {
  TunDevice::Wish wish{options.tun, options.address, options.address6, options.offload};
  if (!options.tun.empty()) return TunDevice::open(wish);
  wish.interface = kFirstFree;
  auto device = TunDevice::open(wish);
  if (device) return device;
  // The name is a pattern of the kernel's, which nobody wants to read.
  Failure failure = device.error();
  for (std::string* text : {&failure.message, &failure.cure}) {
    const std::size_t at = text->find(kFirstFree);
    if (at != std::string::npos) text->replace(at, std::strlen(kFirstFree), "tun1");
  }
  if (failure.cure.find("tun1") != std::string::npos) failure.cure += " and give --tun tun1";
  return std::unexpected(std::move(failure));
}

// Whether the kernel takes packets to this IPv6 address for its own: the address has a route of its
// own, /128.
bool is_taken_up(const IpAddress& address) {
  std::string wanted;
  for (const std::uint8_t byte : address.bytes()) wanted += fmt::format("{:02x}", byte);
  wanted += " 80 ";  // the length, in hexadecimal
  std::ifstream routes("/proc/net/ipv6_route");
  for (std::string line; std::getline(routes, line);) {
    if (line.starts_with(wanted)) return true;
  }
  return false;
}

// The kernel takes up an IPv6 address some time after it was given; until then it would forward or
// drop our first SYN, which costs a second.
void wait_until_taken_up(const IpAddress& address) {
  constexpr int kAttempts = 250;
  constexpr timespec kPause{0, 2'000'000};
  for (int i = 0; i < kAttempts && !is_taken_up(address); ++i) ::nanosleep(&kPause, nullptr);
}

std::expected<Ground, Failure> prepare_ground(const GetOptions& options, bool with_v6) {
  auto device = open_device(options);
  if (!device) return std::unexpected(device.error());
  const std::string interface = (*device)->name();
  NetworkPlan plan{interface, options.address, options.host_cidr(), {}, {}, options.mtu};
  if (with_v6) {
    plan.address6 = options.address6;
    plan.host_address6 = options.host_cidr6();
  }
  auto network = set_up_network(plan);
  if (!network) return std::unexpected(network.error());
  if (network->has_v6) wait_until_taken_up(options.host_address6);
  Keeper keeper;
  if ((*device)->is_persistent()) keeper = keep_network(interface, *network);
  return Ground{std::move(*device), std::move(*network), std::move(keeper)};
}

StackConfig stack_config(const GetOptions& options, const Ground& ground, const Seed& seed) {
  StackConfig config = options.stack;
  config.addresses.push_back(options.address);
  if (ground.network.has_v6) config.addresses.push_back(options.address6);
  config.mtu = ground.network.mtu;
  config.checksum_offload = ground.device->has_offload();
  config.gso_max = ground.device->has_offload() ? kLargestSuperpacket : 0;
  config.memory = kMemory;
  config.seed = seed;
  return config;
}

// Without IPv6 on the interface, its addresses are none.
std::expected<void, Ending> keep_reachable(std::vector<Endpoint>& candidates,
                                           const Ground& ground) {
  if (ground.network.has_v6) return {};
  std::erase_if(candidates, [](const Endpoint& e) { return !e.address.is_v4(); });
  if (!candidates.empty()) return {};
  const auto& notes = ground.network.notes;
  return ended({get_exit::kCannotConnect, notes.empty() ? "there is no IPv6 here" : notes.back()});
}

bool is_forwarding(IpVersion version) {
  std::ifstream file(version == IpVersion::V4 ? "/proc/sys/net/ipv4/ip_forward"
                                              : "/proc/sys/net/ipv6/conf/all/forwarding");
  char value = '0';
  file >> value;
  return value != '0';
}

// What to look at when nobody answered. Empty: nothing in particular.
std::string hint_for_silence(const IpAddress& target) {
  for (const LocalAddress& local : local_addresses()) {
    if (local.cidr.address == target) return {};
  }
  if (is_forwarding(target.version())) return {};
  const char* const setting =
      target.is_v4() ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
  return fmt::format(
      "; {} is not an address of this host, and the host does not forward: run "
      "'sudo sysctl -w {}=1', or use --via kernel",
      target.to_string(), setting);
}

// Null where none was asked for.
std::expected<std::unique_ptr<CaptureFile>, Failure> open_capture(const GetOptions& options,
                                                                  const std::string& interface) {
  if (options.capture.empty()) return nullptr;
  CaptureRequest request;
  request.path = options.capture;
  request.interface = interface;
  request.language = options.language;
  request.seed = options.seed;
  request.comments = options.comments;
  return CaptureFile::open(request);
}

std::expected<Ending, Ending> get_via_stack(const GetOptions& options, FetchPlan plan) {
  const auto& candidates = plan.candidates;
  for (const Endpoint& e : candidates) {
    const std::string why = why_beyond_reach(e.address, {options.address, options.address6});
    if (!why.empty()) {
      return ended({get_exit::kCannotConnect, "no way to " + e.to_string() + ": " + why});
    }
  }
  const bool with_v6 = std::any_of(candidates.begin(), candidates.end(),
                                   [](const Endpoint& e) { return !e.address.is_v4(); });
  auto ground = prepare_ground(options, with_v6);
  if (!ground) return ended(ground.error());
  if (auto reachable = keep_reachable(plan.candidates, *ground); !reachable) {
    return ended(reachable.error());
  }

  const auto facts = gather_privilege_facts(options.user, std::nullopt);
  if (!facts) return ended(facts.error());
  std::optional<FileRights> rights(person_behind(*facts));
  auto output = GetOutput::open(options.output);
  if (!output) return ended({get_exit::kWriteError, output.error().to_string()});
  auto capture = open_capture(options, ground->device->name());
  if (!capture) return ended(capture.error());
  rights.reset();
  if (auto dropped = drop_privileges(decide_privileges(*facts)); !dropped) {
    return ended(dropped.error());
  }

  const auto seed = draw_seed(options.seed);
  if (!seed) return ended(seed.error());
  const Instant start = SystemClock::now();
  Stack stack(stack_config(options, *ground, *seed), start);
  Listeners listeners(options);
  Narrator narrator(listeners.lines(), options.language, start,
                    options.verbose.value_or(Detail::Folded));
  Watchers watchers;
  if (*capture) watchers.add((*capture)->sink());
  if (options.verbose) watchers.add(narrator);
  if (!watchers.is_empty()) stack.set_observer(&watchers.observer());

  std::unique_ptr<ImpairedDevice> bad;
  if (options.impair) {
    bad = std::make_unique<ImpairedDevice>(*ground->device, *options.impair, *seed);
    watchers.listen_to(*bad);
  }
  Device& device = bad ? static_cast<Device&>(*bad) : *ground->device;
  DeviceLines lines(ground->device->name());
  StackTransport transport(stack, device, lines);
  if (!watchers.is_empty()) transport.set_watch(&watchers);
  Fetch fetch(std::move(plan), transport, *output, listeners.listeners());
  Ending ending = finish({transport, fetch, *output, *capture ? &(*capture)->output() : nullptr});
  if (!watchers.is_empty()) watchers.finish();
  if (*capture) (*capture)->output().flush();
  if (ending.code == get_exit::kTimedOut && !transport.is_connected()) {
    ending.message += hint_for_silence(fetch.remote().address);
  }
  if (transport.failure() == TransportError::LinkGone) {
    ending.message += ": " + ground->device->why_gone();
  }
  if (*capture && (*capture)->output().lost() > 0) say("packets are missing in the capture");
  return ending;
}

std::expected<Ending, Ending> run(const GetOptions& options) {
  const auto normalized = normalize_url(options.url);
  if (!normalized) return ended(normalized.error());
  const auto url = read_url(*normalized);
  if (!url) return ended(url.error());
  auto endpoints = find_endpoints(*url);
  if (!endpoints) return ended(endpoints.error());
  FetchPlan plan = make_plan(options, *url, std::move(*endpoints));
  return options.via == Via::Kernel ? get_via_kernel(options, std::move(plan))
                                    : get_via_stack(options, std::move(plan));
}

}  // namespace

int get(const GetOptions& options) {
  // A reader of our output that went away is found by the write that fails.
  ::signal(SIGPIPE, SIG_IGN);
  const auto result = run(options);
  const Ending& ending = result ? *result : result.error();
  if (!ending.message.empty()) say(ending.message);
  return ending.code;
}

}  // namespace glasstcp
