// See serve.h.
#include "tun/serve/serve.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string_view>
#include <typeinfo>

#include "http/extra_field.h"
#include "http/server.h"
#include "stack/socket/stack.h"
#include "tun/control/capture_control.h"
#include "tun/control/control_server.h"
#include "tun/device/device_lines.h"
#include "tun/device/impaired_device.h"
#include "tun/device/tun_device.h"
#include "tun/device/tun_node.h"
#include "tun/files/access_log_file.h"
#include "tun/files/error_lines.h"
#include "tun/files/packet_watchers.h"
#include "tun/files/site_files.h"
#include "tun/host/descriptors_left.h"
#include "tun/host/privileges.h"
#include "tun/host/publish.h"
#include "tun/host/random_seed.h"
#include "tun/host/tun_link.h"
#include "tun/loop/event_loop.h"
#include "tun/loop/system_clock.h"
#include "tun/sandbox/sandbox.h"
#include "tun/serve/glass.h"
#include "tun/serve/http_application.h"
#include "tun/serve/live_view.h"
#include "tun/serve/server_machine.h"
#include "tun/serve/server_signals.h"
#include "tun/serve/server_status.h"

namespace glasstcp {
namespace {

constexpr int kReadyPatienceMs = 1000;

// How one budget is divided: recent packets, files in memory, HTTP's heads and pieces, the live
// view's memory, and the rest for TCP.
struct MemoryShares {
  explicit MemoryShares(const ServeOptions& options)
      : MemoryShares(options.memory - options.recent) {}
  explicit MemoryShares(std::uint64_t all)
      : files(std::min<std::uint64_t>(all / 4, 256ULL << 20)),
        http(std::min<std::uint64_t>(all / 16, 64ULL << 20)),
        view(std::min<std::uint64_t>(all / 64, 4ULL << 20)),
        stack(all - files - http - view) {}
  std::uint64_t files;
  std::uint64_t http;
  std::uint64_t view;
  std::uint64_t stack;
};

std::unexpected<Failure> failed(Failure failure) {
  return std::unexpected(std::move(failure));
}

// What needed rights, and is done.
struct Prepared {
  TunLink link;
  SiteFiles site;
  Publication publication;
};

PublishPlan publish_plan(const ServeOptions& options, const NetworkState& network) {
  PublishPlan plan{options.tun, options.address.address, {}, options.port};
  if (network.has_v6) plan.address6 = options.address6.address;
  return plan;
}

// Whoever watches all the time reads payload all the time: mapped bytes, which may vanish, would
// save nothing. For those who come later they are read with care.
bool may_map(const ServeOptions& options, const TunLink& link) {
  return link.device->has_offload() && options.capture.empty() && options.recent == 0 &&
         !options.verbose;
}

std::expected<Prepared, Failure> prepare(const ServeOptions& options) {
  make_missing_tun_node();
  auto device = TunDevice::open(
      {options.tun, options.address, options.address6, options.offload, options.language});
  if (!device) return failed(device.error());
  auto link = TunLink::set_up(std::move(*device),
                              {{},
                               options.address,
                               options.host_cidr(),
                               options.address6,
                               options.host_cidr6(),
                               options.mtu},
                              options.sandbox);
  if (!link) return failed(link.error());

  auto site = SiteFiles::open(options.site, {may_map(options, *link), MemoryShares(options).files});
  if (!site) return failed(site.error());
  Publication publication;
  if (options.publish) {
    auto published = publish(publish_plan(options, link->network), options.sandbox);
    if (!published) return failed(published.error());
    publication = std::move(*published);
  }
  return Prepared{std::move(*link), std::move(*site), std::move(publication)};
}

std::expected<PrivilegeDecision, Failure> decide_rights(const ServeOptions& options,
                                                        const SiteFiles& site) {
  const auto facts = gather_privilege_facts(options.user, site.owner());
  if (!facts) return failed(facts.error());
  return decide_privileges(*facts);
}

std::expected<void, Failure> give_up_rights(const PrivilegeDecision& decision, SiteFiles& site,
                                            Sandbox& sandbox, ErrorLines& errors) {
  site.start_keeper({decision.become, sandbox.is_wanted()});
  if (auto dropped = drop_privileges(decision); !dropped) return dropped;
  if (!decision.note.empty()) errors.say(decision.note);
  // From here on no file is opened but those of the site.
  const std::optional<int> folder = site.descriptor();
  const FileRule rule{folder.value_or(-1), FileUse::Read};
  sandbox.limit_files({&rule, folder ? 1U : 0U});
  site.on_rights_given_up(sandbox.state().files.is_active());
  return site.check_readable();
}

StackConfig stack_config(const ServeOptions& options, const TunLink& link, const Seed& seed) {
  StackConfig config = link.completed(options.stack, options.address, options.address6);
  config.memory = MemoryShares(options).stack;
  config.seed = seed;
  // Whoever is on this machine calls from its end of the link, also by a masquerade (publish.h).
  if (options.publish)
    config.shared_sources = {options.host_cidr().address, options.host_cidr6().address};
  return config;
}

http::ServerConfig server_config(const ServeOptions& options, http::AccessLogSink* log,
                                 http::Service& service) {
  http::ServerConfig config;
  config.access_log = log;
  config.service = &service;
  config.site.max_age = options.max_age;
  config.site.lists_folders = options.list;
  for (const std::string& header : options.headers) {
    config.site.extra_fields += http::extra_field_line(header).value_or("");  // checked before
  }
  config.site.sink_path = options.sink;
  config.least_rate = {options.min_rate, options.min_rate_after};
  config.memory = MemoryShares(options).http;
  return config;
}

// Listens on every address of the stack, with memory for a few requests. Gives the URLs, as the
// ready line names them.
std::expected<std::string, Failure> listen(const StackConfig& config, const ServeOptions& options,
                                           http::HttpServer& server) {
  if (!server.reserve()) {
    return failed({"the system has no memory for a single request",
                   "raise 'ulimit -v' or the container's limit"});
  }
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

// Everything that is written beside the answers: the access log, a capture, a narration.
class Records {
 public:
  // Files are opened for `owner`: the user that the server is about to become.
  static std::expected<Records, Failure> open(const ServeOptions& options, Instant start,
                                              const std::optional<Identity>& owner, bool is_mapped,
                                              ErrorLines& errors) {
    const WatchRequest request{.file = {.path = options.capture,
                                        .owner = owner,
                                        .rotation = {options.capture_size, options.capture_files},
                                        .language = options.language,
                                        .lines = &errors,
                                        .can_reopen = true,
                                        .has_sandbox = options.sandbox},
                               .style = {options.tun, options.language, options.seed,
                                         options.capture_bytes, options.comments},
                               .recent = static_cast<std::size_t>(options.recent),
                               .narration = options.verbose,
                               .has_colours = has_colours(options.colours, STDERR_FILENO),
                               .may_be_mapped = is_mapped};
    auto packets = PacketWatchers::open(request, start);
    if (!packets) return failed(packets.error());
    Records all(std::move(*packets));
    if (!options.access_log.empty()) {
      auto log =
          AccessLogFile::open({options.access_log, "the access log", OutputMode::Append, owner},
                              errors, options.sandbox);
      if (!log) return failed(log.error());
      all.log_ = std::move(*log);
    }
    return all;
  }

  // Null when there is no access log.
  [[nodiscard]] http::AccessLogSink* access_log() { return log_.get(); }
  [[nodiscard]] PacketWatchers& packets() { return packets_; }
  void flush_with(HttpApplication& application) {
    application.set_packets(packets_);
    if (log_) application.set_log(*log_);
  }
  void reopen(Instant now) {
    packets_.reopen(now);
    if (log_) log_->reopen(now);
  }
  // At the end.
  void finish() {
    packets_.finish();
    if (log_) log_->finish();
  }
  [[nodiscard]] std::uint64_t lost_log_lines() const { return log_ ? log_->lost() : 0; }
  [[nodiscard]] std::uint64_t lost_packets() const { return packets_.lost(); }
  void tell_losses(ErrorLines& errors) const {
    if (log_ && log_->lost() > 0) {
      errors.say(fmt::format("{} lines of the access log were not written", log_->lost()));
    }
    if (packets_.lost() > 0) {
      errors.say(fmt::format(
          "{} packets are missing in the capture: its reader or disk was too slow, full or gone",
          packets_.lost()));
    }
  }

 private:
  explicit Records(PacketWatchers packets) : packets_(std::move(packets)) {}
  std::unique_ptr<AccessLogFile> log_;
  PacketWatchers packets_;
};

// For root and whoever started us. Null: there is none, and why has been told; the server can do
// without.
std::unique_ptr<ControlServer> open_control(const std::string& interface, CaptureHub& captures,
                                            ErrorLines& errors) {
  std::vector<uid_t> users{::getuid()};
  if (const auto caller = user_behind_sudo()) users.push_back(caller->user);
  auto control = ControlServer::open(interface, std::move(users));
  if (!control) {
    errors.say(control.error().to_string());
    return nullptr;
  }
  (*control)->add("capture",
                  [&captures](std::string_view) { return control_with_capture(captures); });
  return std::move(*control);
}

std::expected<void, Failure> start_threads(Records& records, ErrorLines& errors) {
  if (auto started = errors.start(); !started) return started;
  return records.packets().start();
}

// From here on only the calls of the loop are made.
void limit_calls(Sandbox& sandbox, ErrorLines& errors) {
  sandbox.limit_calls(Confined::Server);
  if (const std::string missing = sandbox.note(); !missing.empty()) errors.say(missing);
}

void tell_ready(const ServeOptions& options, const std::string& urls, ErrorLines& errors) {
  const std::string line = fmt::format("ready{}\n", urls);
  // With the capture on stdout, nothing else may stand there.
  if (options.capture == "-") return errors.write(line);
  // A reader that has stopped does not wait for the line either.
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&out, 1, kReadyPatienceMs) > 0) {
    static_cast<void>(!::write(STDOUT_FILENO, line.data(), line.size()));
  }
}

// What limits ended or refused; nothing where they did not.
void tell_limits(const http::HttpServer& server, const ServeOptions& options, ErrorLines& errors) {
  const http::LimitCounters& counts = server.counters();
  if (const std::uint64_t slow = counts.slow_readers + counts.slow_senders; slow > 0) {
    errors.say(
        fmt::format("{} connections were reset: memory was short, and their clients took or "
                    "sent less than {} bytes a second",
                    slow, options.min_rate));
  }
  if (counts.partial_heads > 0) {
    errors.say(fmt::format("{} requests that had not come whole were ended for newer ones",
                           counts.partial_heads));
  }
  if (counts.no_room > 0) {
    errors.say(
        fmt::format("{} requests were answered with 503: memory or file descriptors "
                    "were lacking",
                    counts.no_room));
  }
  if (counts.idle_closed + counts.refused > 0) {
    errors.say(
        fmt::format("{} idle connections were closed and {} new ones refused: there were too many",
                    counts.idle_closed, counts.refused));
  }
}

// Large files stay open while they may be asked for again; what else needs descriptors keeps some.
void watch_descriptors(SiteFiles& site, ErrorLines& errors) {
  site.watch_descriptors(descriptors_to_spare(), [&errors](bool is_short) {
    errors.say(is_short ? "no file descriptor is left: requests that need one get 503; raise the "
                          "limit with 'ulimit -n'"
                        : "there are file descriptors again");
  });
}

int exit_code(EventLoop::End end, const EventLoop& loop, const TunDevice& device,
              ErrorLines& errors) {
  switch (end) {
    case EventLoop::End::Over:
      return 0;
    case EventLoop::End::Interrupted:
      return 128 + loop.first_signal();
    case EventLoop::End::DeviceGone:
      break;
  }
  errors.say(device.why_gone());
  return kExitFailure;
}

// What is counted beside the stack, now.
BesideCounters beside(const ServeOptions& options, const SiteFiles& site, const Records& records,
                      const ServerMachine& machine, const ErrorLines& errors) {
  const MemoryShares shares(options);
  return {.pump = machine.counters(),
          .lost_log_lines = records.lost_log_lines(),
          .lost_capture_packets = records.lost_packets(),
          .lost_error_lines = errors.lost(),
          .cached_file_bytes = site.bytes_in_memory(),
          .most_cached_file_bytes = shares.files,
          .most_http_bytes = shares.http,
          .refused_for_descriptors = site.refused_for_descriptors()};
}

// Null: none is wanted.
std::unique_ptr<LiveView> make_view(const ServeOptions& options, const StackConfig& config) {
  if (!options.has_view) return nullptr;
  return std::make_unique<LiveView>(options, config, MemoryShares(options).view);
}

// The link that packets cross, if it was asked for, or may be asked for later. Null: none is.
std::unique_ptr<ImpairedDevice> make_link(const ServeOptions& options, TunDevice& device,
                                          const Seed& seed, LiveView* view) {
  if (!options.impair && (view == nullptr || !view->needs_link())) return nullptr;
  auto link =
      std::make_unique<ImpairedDevice>(device, options.impair.value_or(ImpairmentPlan{}), seed);
  if (view != nullptr) view->set_link(*link);
  return link;
}

// What a signal means that does not ask for the end. False: it asks for it.
bool act_on_signal(int number, Records& records, const std::function<void()>& print_status) {
  if (number == SIGHUP) {
    if (is_terminal_gone()) return false;
    records.reopen(SystemClock::now());
    return true;
  }
  if (number == SIGUSR1) print_status();
  return number == SIGUSR1;
}

void tell_of_setup(const Prepared& prepared, ErrorLines& errors) {
  for (const std::string& note : prepared.link.network.notes) errors.say(note);
  if (!prepared.publication.note.empty()) errors.say(prepared.publication.note);
}

// What is odd about the site, and does no harm.
void tell_of_site(const ServeOptions& options, SiteFiles& site, const GlassService& glass,
                  ErrorLines& errors) {
  if (site.is_empty() && !options.list) {
    errors.say(
        "the folder of the site " + options.site +
        " is empty: every request gets 404; 'glasstcp site DIR' writes a page to begin with");
  }
  const std::string note = note_of_shadowed(site.store(), glass, SystemClock::now());
  if (!note.empty()) errors.say(note);
}

std::expected<int, Failure> run(const ServeOptions& options, ErrorLines& errors) {
  auto prepared = prepare(options);
  if (!prepared) return failed(prepared.error());
  tell_of_setup(*prepared, errors);
  const auto decision = decide_rights(options, prepared->site);
  if (!decision) return failed(decision.error());
  const Instant start = SystemClock::now();
  auto records =
      Records::open(options, start, decision->files, may_map(options, prepared->link), errors);
  if (!records) return failed(records.error());
  const auto control =
      open_control(prepared->link.device->name(), records->packets().captures(), errors);
  const http::MediaTypes types = system_media_types();
  Sandbox sandbox(options.sandbox, options.language);
  if (auto dropped = give_up_rights(*decision, prepared->site, sandbox, errors); !dropped) {
    return failed(dropped.error());
  }
  if (auto started = start_threads(*records, errors); !started) return failed(started.error());
  const auto seed = draw_seed(options.seed);
  if (!seed) return failed(seed.error());
  const StackConfig config = stack_config(options, prepared->link, *seed);
  const auto view = make_view(options, config);
  Stack stack(config, start);
  const auto glass = make_glass(options, records->packets().captures(), view.get());
  tell_of_site(options, prepared->site, *glass, errors);
  http::HttpServer server(stack, prepared->site.store(), types,
                          server_config(options, records->access_log(), *glass), start);
  const auto urls = listen(config, options, server);
  if (!urls) return failed(urls.error());

  HttpApplication application(server, stack);
  records->flush_with(application);
  if (view) records->packets().set_viewer(view->hub());
  const auto bad = make_link(options, *prepared->link.device, *seed, view.get());
  if (bad) records->packets().listen_to(*bad);
  Device& device = bad ? static_cast<Device&>(*bad) : *prepared->link.device;
  DeviceLines lines(prepared->link.device->name(), errors);
  ServerMachine machine(device, stack, application, lines);
  const ServerIdentity identity{options, *urls, config, start};
  const auto look = [&] {
    BesideCounters counted = beside(options, prepared->site, *records, machine, errors);
    if (view) view->count(counted);
    return status_of(identity, stack, server, counted, SystemClock::now());
  };
  if (view) view->join(stack, server, start, look);
  application.set_view(view ? &view->hub() : nullptr);
  records->packets().join(stack, [&machine](PacketWatch* watch) { machine.set_watch(watch); });
  if (control) {
    application.set_control(*control);
    machine.set_attendant(control.get());
    control->add("status",
                 [&look](std::string_view words) { return control_with_status(look(), words); });
  }
  machine.set_signal_handler([&](int number) {
    return act_on_signal(number, *records,
                         [&] { errors.write(text_of(look(), options.language)); });
  });
  auto loop = EventLoop::make(kServerSignals, options.spin);
  if (!loop) return failed(loop.error());
  watch_descriptors(prepared->site, errors);
  limit_calls(sandbox, errors);
  tell_ready(options, *urls, errors);
  const EventLoop::End end = loop->run(machine);
  records->finish();
  if (control) control->finish();
  records->tell_losses(errors);
  tell_limits(server, options, errors);
  lines.tell_unread(machine.counters());
  return exit_code(end, *loop, *prepared->link.device, errors);
}

// No exception passes the stack, which is compiled without them: what it cannot allocate at the
// start ends here. Once it serves, who needed the memory goes without it.
bool speaks_chinese = false;
[[noreturn]] void tell_of_no_memory() {
  const std::type_info* const thrown = abi::__cxa_current_exception_type();
  if (thrown == nullptr || *thrown != typeid(std::bad_alloc)) std::abort();
  const std::string_view words =
      speaks_chinese ? "glasstcp: 内存不足，无法启动；地址空间是否受限（ulimit -v）？\n"
                     : "glasstcp: there is not enough memory to start; is the address space "
                       "limited (ulimit -v)?\n";
  (void)!::write(STDERR_FILENO, words.data(), words.size());
  ::_exit(kExitFailure);
}

}  // namespace

int serve(const ServeOptions& options) {
  prepare_signals();
  ErrorLines errors(options.language);
  speaks_chinese = options.language == Language::Chinese;
  std::set_terminate(&tell_of_no_memory);
  const auto code = run(options, errors);
  if (code) return *code;
  errors.say(code.error().to_string());
  return kExitFailure;
}

}  // namespace glasstcp
