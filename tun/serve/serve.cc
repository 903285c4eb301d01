// See serve.h.
#include "tun/serve/serve.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "http/extra_field.h"
#include "http/server.h"
#include "stack/socket/stack.h"
#include "tun/device/device_lines.h"
#include "tun/device/impaired_device.h"
#include "tun/device/tun_device.h"
#include "tun/device/tun_node.h"
#include "tun/files/capture_file.h"
#include "tun/files/site_files.h"
#include "tun/files/watchers.h"
#include "tun/host/network_setup.h"
#include "tun/host/privileges.h"
#include "tun/host/publish.h"
#include "tun/host/random_seed.h"
#include "tun/loop/event_loop.h"
#include "tun/loop/pump.h"
#include "tun/loop/system_clock.h"
#include "tun/serve/http_application.h"

namespace glasstcp {
namespace {

constexpr std::uint32_t kLargestSuperpacket = 65535;  // the most that an IPv4 length can say

// How one budget is divided: files in memory, HTTP's heads and pieces, and the rest for TCP.
struct MemoryShares {
  explicit MemoryShares(std::uint64_t all)
      : files(std::min<std::uint64_t>(all / 4, 256ULL << 20)),
        http(std::min<std::uint64_t>(all / 16, 64ULL << 20)),
        stack(all - files - http) {}
  std::uint64_t files;
  std::uint64_t http;
  std::uint64_t stack;
};

void say(const std::string& line) {
  fmt::print(stderr, "glasstcp: {}\n", line);
}

std::unexpected<Failure> failed(Failure failure) {
  return std::unexpected(std::move(failure));
}

// What needed rights, and is done.
struct Ground {
  std::unique_ptr<TunDevice> device;
  NetworkState network;
  Keeper keeper;
  SiteFiles site;
  Publication publication;
};

PublishPlan publish_plan(const ServeOptions& options, const NetworkState& network) {
  PublishPlan plan{options.tun, options.address.address, {}, options.port};
  if (network.has_v6) plan.address6 = options.address6.address;
  return plan;
}

std::expected<Ground, Failure> prepare_ground(const ServeOptions& options) {
  make_missing_tun_node();
  auto device = TunDevice::open({options.tun, options.address, options.address6, options.offload});
  if (!device) return failed(device.error());

  NetworkPlan plan{(*device)->name(), options.address,      options.host_cidr(),
                   options.address6,  options.host_cidr6(), options.mtu};
  auto network = set_up_network(plan);
  if (!network) return failed(network.error());
  Keeper keeper;
  if ((*device)->is_persistent()) keeper = keep_network(plan.interface, *network);

  // A capture makes us read payload ourselves, so mapped bytes are out of the question then.
  const bool may_map = (*device)->has_offload() && options.capture.empty();
  auto site = SiteFiles::open(options.site, {may_map, MemoryShares(options.memory).files, true});
  if (!site) return failed(site.error());
  Publication publication;
  if (options.publish) publication = publish(publish_plan(options, *network));
  return Ground{std::move(*device), std::move(*network), std::move(keeper), std::move(*site),
                std::move(publication)};
}

std::expected<PrivilegeDecision, Failure> decide_rights(const ServeOptions& options,
                                                        const SiteFiles& site) {
  const auto facts = gather_privilege_facts(options.user, site.owner());
  if (!facts) return failed(facts.error());
  return decide_privileges(*facts);
}

std::expected<void, Failure> give_up_rights(const PrivilegeDecision& decision, SiteFiles& site) {
  if (auto dropped = drop_privileges(decision); !dropped) return dropped;
  if (!decision.note.empty()) say(decision.note);
  site.on_rights_given_up();
  return site.check_readable();
}

StackConfig stack_config(const ServeOptions& options, const Ground& ground, const Seed& seed) {
  StackConfig config = options.stack;
  config.addresses.push_back(options.address);
  if (ground.network.has_v6) config.addresses.push_back(options.address6);
  config.mtu = ground.network.mtu;
  config.checksum_offload = ground.device->has_offload();
  config.gso_max = ground.device->has_offload() ? kLargestSuperpacket : 0;
  config.memory = MemoryShares(options.memory).stack;
  config.seed = seed;
  return config;
}

http::ServerConfig server_config(const ServeOptions& options, http::AccessLogSink* log) {
  http::ServerConfig config;
  config.access_log = log;
  config.site.max_age = options.max_age;
  config.site.lists_folders = options.list;
  for (const std::string& header : options.headers) {
    config.site.extra_fields += http::extra_field_line(header).value_or("");  // checked before
  }
  config.site.sink_path = options.sink;
  config.memory = MemoryShares(options.memory).http;
  return config;
}

// Listens on every address of the stack. Gives the URLs, as the ready line names them.
std::expected<std::string, Failure> listen(const StackConfig& config, const ServeOptions& options,
                                           http::HttpServer& server) {
  const std::string port = options.port == 80 ? "" : fmt::format(":{}", options.port);
  std::string urls;
  for (const Cidr& own : config.addresses) {
    if (!server.listen({own.address, Port{options.port}})) {
      return failed({"cannot listen on " + own.address.to_string(), {}});
    }
    const std::string address = own.address.to_string();
    urls += fmt::format(" http://{}{}/", own.address.is_v4() ? address : "[" + address + "]", port);
  }
  return urls;
}

// Everything that only looks on.
class Onlookers {
 public:
  // Files are opened for `owner`: the user that the server is about to become.
  static std::expected<Onlookers, Failure> open(const ServeOptions& options, Instant start,
                                                const std::optional<Identity>& owner) {
    Onlookers all;
    if (!options.access_log.empty()) {
      auto file = OutputFile::open(
          {options.access_log, "the access log", OutputFile::Mode::Append, kLogRoom, owner});
      if (!file) return failed(file.error());
      all.log_file_ = std::move(*file);
      all.log_ = std::make_unique<AccessLogFile>(*all.log_file_);
    }
    if (!options.capture.empty()) {
      auto file = CaptureFile::open({options.capture, options.tun, options.language, options.seed,
                                     options.capture_bytes, owner, options.comments});
      if (!file) return failed(file.error());
      all.capture_ = std::move(*file);
      all.watchers_->add(all.capture_->sink());
    }
    if (options.verbose) {
      all.narrator_ =
          std::make_unique<Narrator>(*all.lines_, options.language, start, *options.verbose);
      all.watchers_->add(*all.narrator_);
    }
    return all;
  }
  Onlookers(Onlookers&&) = default;

  // Null when there is no access log.
  [[nodiscard]] http::AccessLogSink* access_log() { return log_.get(); }
  void watch(Stack& stack) {
    if (!watchers_->is_empty()) stack.set_observer(&watchers_->observer());
  }
  void watch(ImpairedDevice& device) { watchers_->listen_to(device); }
  void watch(Pump& pump) {
    if (!watchers_->is_empty()) pump.set_watch(watchers_.get());
  }
  void finish() {
    if (watchers_->is_empty()) return;
    watchers_->finish();
    if (capture_) capture_->output().flush();
  }
  void flush_with(HttpApplication& application) {
    if (log_file_) application.add_output(*log_file_);
    if (capture_) application.add_output(capture_->output());
  }
  void tell_losses() const {
    if (log_file_ && log_file_->lost() > 0) {
      say(fmt::format("{} lines of the access log were not written", log_file_->lost()));
    }
    if (capture_ && capture_->output().lost() > 0) {
      say(fmt::format("{} packets are missing in the capture: its reader was too slow or is gone",
                      capture_->output().lost()));
    }
  }

 private:
  static constexpr std::size_t kLogRoom = 64 * 1024;

  Onlookers() = default;
  std::unique_ptr<OutputFile> log_file_;
  std::unique_ptr<AccessLogFile> log_;
  std::unique_ptr<CaptureFile> capture_;
  std::unique_ptr<StderrLines> lines_ = std::make_unique<StderrLines>();
  std::unique_ptr<Narrator> narrator_;
  std::unique_ptr<Watchers> watchers_ = std::make_unique<Watchers>();
};

void tell_ready(const ServeOptions& options, const std::string& urls) {
  // With the capture on stdout, nothing else may stand there.
  std::FILE* const out = options.capture == "-" ? stderr : stdout;
  fmt::print(out, "ready{}\n", urls);
  std::fflush(out);
}

int exit_code(EventLoop::End end, const TunDevice& device) {
  switch (end) {
    case EventLoop::End::Stopped:
      return 0;
    case EventLoop::End::Interrupted:
      return 128 + SIGINT;
    case EventLoop::End::DeviceGone:
      break;
  }
  say(device.why_gone());
  return kExitFailure;
}

std::expected<int, Failure> run(const ServeOptions& options) {
  auto ground = prepare_ground(options);
  if (!ground) return failed(ground.error());
  for (const std::string& note : ground->network.notes) say(note);
  if (!ground->publication.note.empty()) say(ground->publication.note);
  const auto decision = decide_rights(options, ground->site);
  if (!decision) return failed(decision.error());
  const Instant start = SystemClock::now();
  auto onlookers = Onlookers::open(options, start, decision->become);
  if (!onlookers) return failed(onlookers.error());
  if (auto dropped = give_up_rights(*decision, ground->site); !dropped) {
    return failed(dropped.error());
  }
  if (ground->site.is_empty() && !options.list) {
    say("the folder of the site " + options.site +
        " is empty: every request gets 404; 'glasstcp site DIR' writes a page to begin with");
  }
  const auto seed = draw_seed(options.seed);
  if (!seed) return failed(seed.error());

  const StackConfig config = stack_config(options, *ground, *seed);
  Stack stack(config, start);
  onlookers->watch(stack);
  const http::MediaTypes types = system_media_types();
  http::HttpServer server(stack, ground->site.store(), types,
                          server_config(options, onlookers->access_log()), start);
  const auto urls = listen(config, options, server);
  if (!urls) return failed(urls.error());

  HttpApplication application(server);
  onlookers->flush_with(application);
  std::unique_ptr<ImpairedDevice> bad;
  if (options.impair) {
    bad = std::make_unique<ImpairedDevice>(*ground->device, *options.impair, *seed);
    onlookers->watch(*bad);
  }
  Device& device = bad ? static_cast<Device&>(*bad) : *ground->device;
  DeviceLines lines(ground->device->name());
  Pump pump(device, stack, application);
  pump.set_listener(&lines);
  onlookers->watch(pump);
  auto loop = EventLoop::make(device, {.spin = options.spin});
  if (!loop) return failed(loop.error());
  tell_ready(options, *urls);
  const EventLoop::End end = loop->run(pump, stack, application);
  onlookers->finish();
  onlookers->tell_losses();
  lines.tell_unread(pump.counters());
  return exit_code(end, *ground->device);
}

}  // namespace

int serve(const ServeOptions& options) {
  // A reader of our output that went away is found by the write that fails.
  ::signal(SIGPIPE, SIG_IGN);
  const auto code = run(options);
  if (code) return *code;
  say(code.error().to_string());
  return kExitFailure;
}

}  // namespace glasstcp
