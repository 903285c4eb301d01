// See get.h.
#include "tun/get/get.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>

#include "stack/socket/stack.h"
#include "tun/cli/chinese.h"
#include "tun/cli/options.h"
#include "tun/device/device_lines.h"
#include "tun/files/error_lines.h"
#include "tun/files/packet_watchers.h"
#include "tun/get/fetch.h"
#include "tun/get/kernel_transport.h"
#include "tun/get/output.h"
#include "tun/get/stack_transport.h"
#include "tun/get/target.h"
#include "tun/host/local_addresses.h"
#include "tun/host/privileges.h"
#include "tun/host/random_seed.h"
#include "tun/host/tun_link.h"
#include "tun/loop/event_loop.h"
#include "tun/loop/system_clock.h"
#include "tun/sandbox/sandbox.h"

namespace glasstcp {
namespace {

// A limit, not a need: one connection uses a few MB. Its first window is a share of the limit.
constexpr std::uint64_t kMemory = 1ULL << 30;
constexpr const char* kFirstFree = "tun%d";  // the kernel puts the number in

// It ends when it is told to, also when its terminal goes; a second time at once.
constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Lines of a fetch: ours in the language that was asked for, the messages as they are.
class SpokenLines final : public LineSink {
 public:
  explicit SpokenLines(Language language) : lines_(language), language_(language) {}
  void write(std::string_view line) noexcept override {
    const bool is_ours = line.starts_with("glasstcp: ") || line.starts_with("* ");
    lines_.write(is_ours ? spoken(std::string(line), language_) : std::string(line));
  }

 private:
  ErrorLines lines_;
  Language language_;
};

std::unexpected<Ending> ended(Ending ending) {
  return std::unexpected(std::move(ending));
}

std::unexpected<Ending> ended(const Failure& failure) {
  return std::unexpected(Ending{kExitFailure, failure.to_string()});
}

// One fetch as the event loop's machine.
class FetchMachine final : public Machine {
 public:
  // All borrowed; `packets` may be null.
  FetchMachine(Transport& transport, Fetch& fetch, GetOutput& output,
               PacketWatchers* packets = nullptr)
      : transport_(transport), fetch_(fetch), output_(output), packets_(packets) {}

  TurnResult turn(Instant now) override {
    TurnResult result = transport_.turn(fetch_, now);
    result.device_gone = false;  // the fetch was told, and ends with its own words
    if (packets_ != nullptr) packets_->update(now);
    return result;
  }
  [[nodiscard]] Instant next_deadline() const override {
    return std::min(transport_.next_deadline(), fetch_.next_deadline());
  }
  [[nodiscard]] pollfd source() const override { return transport_.interest(); }
  [[nodiscard]] pollfd sink() const override {
    return {fetch_.is_output_blocked() ? output_.descriptor() : -1, POLLOUT, 0};
  }
  void stop(Instant now) override { fetch_.stop(now); }
  [[nodiscard]] bool is_over(Instant) override { return fetch_.is_finished(); }

  // To the end. Interrupted: 128 and the signal's number.
  Ending run() {
    auto loop = EventLoop::make(kSignals);
    if (!loop) return {kExitFailure, loop.error().to_string()};
    fetch_.start(SystemClock::now());
    static_cast<void>(loop->run(*this));
    output_.discard_if_unused();
    if (loop->first_signal() != 0) return {128 + loop->first_signal(), {}};
    return fetch_.ending();
  }

 private:
  Transport& transport_;
  Fetch& fetch_;
  GetOutput& output_;
  PacketWatchers* packets_;
};

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
      : lines_(options.language),
        verbose_(options.verbose.has_value()),
        draws_(!options.to_stdout() && !options.verbose && ::isatty(STDERR_FILENO) == 1) {}

  [[nodiscard]] FetchListeners listeners() {
    return {&lines_, verbose_ ? &lines_ : nullptr, draws_ ? &bar_ : nullptr};
  }

 private:
  SpokenLines lines_;
  bool verbose_;
  bool draws_;
  ProgressBar bar_;
};

std::expected<Ending, Ending> get_via_kernel(const GetOptions& options, FetchPlan plan) {
  auto output = GetOutput::open(options.output);
  if (!output) return ended({get_exit::kWriteError, output.error().to_string()});
  KernelTransport transport;
  Listeners listeners(options);
  Fetch fetch(std::move(plan), transport, *output, listeners.listeners());
  return FetchMachine(transport, fetch, *output).run();
}

// -- Our own stack

std::expected<std::unique_ptr<TunDevice>, Failure> open_device(const GetOptions& options) {
  TunDevice::Wish wish{options.tun, options.address, options.address6, options.offload,
                       options.language};
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

std::expected<TunLink, Failure> prepare_link(const GetOptions& options, bool with_v6) {
  auto device = open_device(options);
  if (!device) return std::unexpected(device.error());
  NetworkPlan plan{{}, options.address, options.host_cidr(), {}, {}, options.mtu};
  if (with_v6) {
    plan.address6 = options.address6;
    plan.host_address6 = options.host_cidr6();
  }
  auto link = TunLink::set_up(std::move(*device), std::move(plan), kSandboxDefault);
  if (link && link->network.has_v6) wait_until_taken_up(options.host_address6);
  return link;
}

StackConfig stack_config(const GetOptions& options, const TunLink& link, const Seed& seed) {
  StackConfig config = link.completed(options.stack, options.address, options.address6);
  config.memory = kMemory;
  config.seed = seed;
  return config;
}

// Without IPv6 on the interface, its addresses are none.
std::expected<void, Ending> keep_reachable(std::vector<Endpoint>& candidates,
                                           const NetworkState& network) {
  if (network.has_v6) return {};
  std::erase_if(candidates, [](const Endpoint& e) { return !e.address.is_v4(); });
  if (!candidates.empty()) return {};
  const auto& notes = network.notes;
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

std::expected<Ending, Ending> get_via_stack(const GetOptions& options, FetchPlan plan) {
  const auto& candidates = plan.candidates;
  for (const Endpoint& e : candidates) {
    const std::string why = why_beyond_reach(e.address, {options.address, options.address6});
    if (!why.empty()) {
      return ended({get_exit::kCannotConnect, "cannot reach " + e.to_string() + ": " + why});
    }
  }
  const bool with_v6 = std::any_of(candidates.begin(), candidates.end(),
                                   [](const Endpoint& e) { return !e.address.is_v4(); });
  auto link = prepare_link(options, with_v6);
  if (!link) return ended(link.error());
  if (auto reachable = keep_reachable(plan.candidates, link->network); !reachable) {
    return ended(reachable.error());
  }

  const auto facts = gather_privilege_facts(options.user, std::nullopt);
  if (!facts) return ended(facts.error());
  std::optional<FileRights> rights(person_behind(*facts));
  auto output = GetOutput::open(options.output);
  if (!output) return ended({get_exit::kWriteError, output.error().to_string()});
  const Instant start = SystemClock::now();
  ErrorLines errors(options.language);
  WatchRequest request;
  request.file.path = options.capture;
  request.file.language = options.language;
  request.file.lines = &errors;
  request.style = {link->device->name(), options.language, options.seed, {}, options.comments};
  request.narration = options.verbose;
  request.has_colours = has_colours(options.colours, STDERR_FILENO);
  auto packets = PacketWatchers::open(request, start);
  if (!packets) return ended(packets.error());
  rights.reset();
  if (auto dropped = drop_privileges(decide_privileges(*facts)); !dropped) {
    return ended(dropped.error());
  }
  if (auto started = packets->start(); !started) return ended(started.error());

  const auto seed = draw_seed(options.seed);
  if (!seed) return ended(seed.error());
  Stack stack(stack_config(options, *link, *seed), start);
  std::unique_ptr<ImpairedDevice> bad;
  if (options.impair) {
    bad = std::make_unique<ImpairedDevice>(*link->device, *options.impair, *seed);
    packets->listen_to(*bad);
  }
  Device& device = bad ? static_cast<Device&>(*bad) : *link->device;
  DeviceLines lines(link->device->name(), errors);
  Listeners listeners(options);
  StackTransport transport(stack, device, lines);
  packets->join(stack, [&transport](PacketWatch* watch) { transport.set_watch(watch); });
  Fetch fetch(std::move(plan), transport, *output, listeners.listeners());
  Ending ending = FetchMachine(transport, fetch, *output, &*packets).run();
  packets->finish();
  if (ending.code == get_exit::kTimedOut && !transport.is_connected()) {
    ending.message += hint_for_silence(fetch.remote().address);
  }
  if (transport.failure() == TransportError::LinkGone) {
    ending.message += ": " + link->device->why_gone();
  }
  if (packets->lost() > 0) {
    errors.say(fmt::format("{} packets are missing in the capture", packets->lost()));
  }
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
  if (options.via == Via::Kernel) give_up_gains();  // our own stack gives up more, in its time
  const auto result = run(options);
  const Ending& ending = result ? *result : result.error();
  if (!ending.message.empty()) ErrorLines(options.language).say(ending.message);
  return ending.code;
}

}  // namespace glasstcp
