// See options.h.
#include "tun/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "generated/version.h"
#include "http/extra_field.h"
#include "stack/base/quantity.h"
#include "tun/cli/chinese.h"
#include "tun/cli/command_words.h"
#include "tun/cli/completion.h"
#include "tun/cli/link_options.h"
#include "tun/cli/option_words.h"
#include "tun/cli/tcp_options.h"
#include "tun/cli/watching_options.h"
#include "tun/glass/access.h"
#include "tun/host/publish.h"

namespace glasstcp {
namespace {

// The path is compared with that of requests as they write it: what no request can write would
// never be found.
std::optional<std::string> parse_sink(const std::string& text) {
  const auto is_written_so = [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; };
  const std::string whole = text + '/';
  const bool has_dots =
      whole.find("/./") != std::string::npos || whole.find("/../") != std::string::npos;
  if (!text.starts_with('/') || has_dots || !std::ranges::all_of(text, is_written_so)) {
    return std::nullopt;
  }
  return text;
}

std::optional<Duration> parse_min_rate_after(const std::string& text) {
  const auto time = parse_duration(text, 1s);
  return time && *time >= 1s && *time <= 1h ? time : std::nullopt;
}

std::optional<std::uint64_t> parse_recent(const std::string& text) {
  constexpr std::uint64_t kLeast = 1U << 20;
  if (text == "0") return 0;
  const auto size = parse_size(text);
  return size && *size >= kLeast ? size : std::nullopt;
}

std::optional<std::uint64_t> parse_capture_size(const std::string& text) {
  constexpr std::uint64_t kLeast = 64U << 10;
  const auto size = parse_size(text);
  return size && *size >= kLeast ? size : std::nullopt;
}

std::optional<std::string> parse_host_name(const std::string& text) {
  if (!is_host_name(text)) return std::nullopt;
  return text;
}

// An option that may be given several times.
template <typename T, typename Parse>
void add_list(CLI::App& app, const Wording& wording, std::vector<T>& into, Parse parse) {
  const auto read = [&into, parse, name = wording.name,
                     expected = wording.expected](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const auto value = parse(text);
      if (!value) throw CLI::ValidationError(name, "'" + text + "' is not " + expected);
      into.push_back(*value);
    }
  };
  app.add_option_function<std::vector<std::string>>(wording.name, read, wording.help)
      ->option_text(wording.type)
      ->allow_extra_args(false);
}

void add_place_options(CLI::App& app, ServeOptions& o) {
  add_address_options(app, o);
  add_parsed(app, {"--port", "N", "a port from 1 to 65535", "TCP port to serve on (80)"}, o.port,
             parse_number<std::uint16_t, 1, 65535>);
}

void add_network_options(CLI::App& app, ServeOptions& o) {
  add_packet_options(app, o, "split");
  add_parsed(
      app,
      {"--spin", "US", "a time", "poll for packets this long before sleeping, in microseconds (0)"},
      o.spin, [](const std::string& t) { return parse_duration(t, 1us); });
  app.add_flag("--publish", o.publish,
               "make it reachable at this machine's own addresses (nftables; switches on "
               "forwarding)");
}

void add_tcp_options(CLI::App& app, ServeOptions& o) {
  app.option_defaults()->group("TCP");
  add_tcp_settings(app, o.stack);
  add_parsed(app, {"--memory", "SIZE", "a size like 512M", "one budget for all buffers (1G)"},
             o.memory, parse_size);
  add_parsed(app,
             {"--seed", "N", "a number",
              "repeat the random choices of a run; not for open networks (random)"},
             o.seed, parse_number<std::uint64_t, 0, UINT64_MAX>);
}

void add_site_options(CLI::App& app, ServeOptions& o) {
  app.option_defaults()->group("Site");
  add_parsed(app, {"--site", "DIR", "a folder", "folder to serve (a built-in page)"}, o.site,
             parse_text);
  add_parsed(app,
             {"--max-age", "S", "a number of seconds",
              "let browsers reuse files for S seconds without asking (they ask each time)"},
             o.max_age, parse_number<std::uint32_t, 0, UINT32_MAX>);
  app.add_flag("--list", o.list, "list the files of folders that have no index.html (404)");
  app.add_option("--header", o.headers,
                 "add this field to every response; may be given several times (none)")
      ->option_text("'NAME: VALUE'")
      ->allow_extra_args(false);
  add_parsed(
      app,
      {"--sink", "PATH", "a path as a request writes it ('/' first, no '?', '#', space or '..')",
       "discard and count what is uploaded to this path (nowhere)"},
      o.sink, parse_sink);
  add_parsed(app,
             {"--min-rate", "N", "a number",
              "bytes a second that clients must take or send while memory is short, or are ended; "
              "0: any (500)"},
             o.min_rate, parse_number<std::uint32_t, 0, UINT32_MAX>);
  add_parsed(app,
             {"--min-rate-after", "S", "a time like 30s from 1s to 1h",
              "how long they alone must have been waited for (30s)"},
             o.min_rate_after, parse_min_rate_after);
  add_parsed(app,
             {"--user", "NAME", "the name or number of a user",
              "user to run as once set up (who called sudo; in a container the owner of "
              "the site; else nobody)"},
             o.user, parse_text);
  add_parsed(app,
             {"--sandbox", "on|off", "'on' or 'off'",
              "once set up, let the kernel refuse whatever the server does not need: files outside "
              "the site, new programs and connections (on); 'off' is for debuggers, sanitizers and "
              "LD_PRELOAD"},
             o.sandbox, parse_switch);
  add_parsed(app,
             {"--access-log", "FILE", "a file, or '-' for stdout",
              "write a line per request in the combined log format; '-' is stdout (none)"},
             o.access_log, parse_text);
}

void add_watching_options(CLI::App& app, ServeOptions& o) {
  app.option_defaults()->group("Watching");
  add_verbose_flag(app, o.verbose);
  add_colour_option(app, o.colours);
  add_parsed(app,
             {"--capture", "FILE", "a file, or '-' for stdout",
              "write every packet and its reason to a pcapng file; '-' is stdout (none)"},
             o.capture, parse_text);
  add_parsed(app,
             {"--capture-bytes", "N", "a number of bytes from 64 to 262144",
              "keep only the first N bytes of each (all)"},
             o.capture_bytes, parse_number<std::uint32_t, 64, 262144>);
  add_parsed(app,
             {"--capture-size", "SIZE", "a size from 64K on, like 100M",
              "write the capture to files of at most this size, in turn: FILE_1, FILE_2, ... (one "
              "file, however large)"},
             o.capture_size, parse_capture_size);
  add_parsed(app,
             {"--capture-files", "N", "a number from 2 to 100",
              "number of files; then the oldest is overwritten (10)"},
             o.capture_files, parse_number<std::uint32_t, 2, 100>);
  add_comments_option(app, o.comments);
  add_language_option(app, o.language);
  add_parsed(app,
             {"--recent", "SIZE", "0 or a size from 1M on, like 64M",
              "keep so many bytes of the packets that passed lately, for /_glass/capture.pcapng; "
              "part of --memory (0)"},
             o.recent, parse_recent);
  add_list(
      app,
      {"--view", "CIDR", "a network or an address",
       "who may see /_glass/; may be given several times (the networks of the link and of this "
       "machine's interfaces)"},
      o.view, parse_network);
  add_list(app,
           {"--view-host", "NAME", "the name of a host",
            "a name under which /_glass/ may be asked for, beside addresses and localhost; may be "
            "given several times (none)"},
           o.view_hosts, parse_host_name);
  app.add_flag_callback(
      "--no-view", [&o] { o.has_view = false; },
      "serve no live view at /_glass/ (captures and the lab page stay there)");
  app.add_flag("--control", o.control,
               "let whoever may see the live view turn its switches: the link (with --offload off) "
               "and settings of TCP");
}

constexpr std::uint64_t kLeastMemory = 2U << 20;

// What single options cannot see. Empty: fine.
std::string inconsistency_of(const ServeOptions& o) {
  if (!is_interface_name(o.tun)) return std::string(kInterfaceNameRule);
  if (std::string e = ends_inconsistency(o.address, o.host_address, ""); !e.empty()) return e;
  if (std::string e = ends_inconsistency(o.address6, o.host_address6, "6"); !e.empty()) return e;
  if (std::string e = tcp_inconsistency(o.stack); !e.empty()) return e;
  // Of that a sixteenth is HTTP's: two pieces of a large file, of which one is on its way.
  if (o.memory < o.recent + kLeastMemory) {
    return "--memory: at least 2M, beside --recent: less cannot hold one transfer";
  }
  if (o.capture_size > 0 && (o.capture.empty() || o.capture == "-")) {
    return "--capture-size needs --capture FILE";
  }
  if (o.control && !o.has_view) return "--control needs the live view: leave out --no-view";
  if (o.recent > o.memory / 2) return "--recent: at most half of --memory";
  if (o.capture == "-" && o.access_log == "-") {
    return "--capture and --access-log cannot both write to stdout";
  }
  if (o.publish && !is_publishable(o.tun)) {
    return "--publish: the name of --tun may have letters, digits, '.', '_' and '-'";
  }
  std::size_t extra_bytes = 0;
  for (const std::string& header : o.headers) {
    const auto line = http::extra_field_line(header);
    if (!line) return "--header: '" + header + "' " + line.error();
    extra_bytes += line->size();
  }
  if (extra_bytes > http::kMostExtraBytes) return "--header: at most 8192 bytes in all";
  return {};
}

ExitNow wrong_usage(std::string message, const std::string& command, Language language) {
  // One line, whatever CLI11 says.
  std::replace(message.begin(), message.end(), '\n', ' ');
  const std::string line = "glasstcp: " + message + " (try 'glasstcp " + command + "--help')\n";
  return {kExitWrongUsage, {}, spoken(line, language)};
}

ExitNow shown(const std::string& page, Language language) {
  return {0, spoken_page(page, language), {}};
}

CLI::App& add_serve_command(CLI::App& app, ServeOptions& options) {
  CLI::App& serve = *app.add_subcommand("serve", "serve a site over HTTP on a TUN interface");
  serve.option_defaults()->group("Network");
  add_place_options(serve, options);
  add_network_options(serve, options);
  add_site_options(serve, options);
  add_tcp_options(serve, options);
  add_watching_options(serve, options);
  serve.footer(
      "Needs the capability NET_ADMIN (sudo, or --cap-add=NET_ADMIN "
      "--device=/dev/net/tun), which it gives up once it is set up.\n"
      "Example: sudo glasstcp serve --site ./page --offload off --verbose");
  return serve;
}

CLI::App& add_doctor_command(CLI::App& app, ServeOptions& options, bool& serving) {
  CLI::App& doctor =
      *app.add_subcommand("doctor", "say what is missing to serve, and how to fix it");
  doctor.add_flag("--serving", serving, "only ask whether a server answers (for health checks)");
  add_place_options(doctor, options);
  add_language_option(doctor, options.language);
  doctor.footer(
      "Looks at the device, the rights, the addresses, IPv6, forwarding and proxies as 'serve' "
      "with the same options would find them; so run it as you would run that.\n"
      "Exit status: 0 if 'serve' would work or works already (with --serving: if a server answers "
      "over IPv4, and over IPv6 where that is possible), else 1.\n"
      "Example: sudo glasstcp doctor");
  return doctor;
}

CLI::App& add_site_command(CLI::App& app, WriteSiteOptions& options) {
  CLI::App& site = *app.add_subcommand("site", "write the built-in page out, to edit");
  add_parsed(site, {"DIR", " ", "a folder", "folder to write to; nothing there is overwritten"},
             options.folder, parse_text)
      ->required();
  add_language_option(site, options.language);
  site.footer("Example: glasstcp site ./page && sudo glasstcp serve --site ./page");
  return site;
}

CLI::App& add_wireshark_files_command(CLI::App& app, WiresharkFilesOptions& options) {
  CLI::App& files = *app.add_subcommand(
      "wireshark-files", "write the plugin and the profile with which Wireshark shows our reasons");
  add_parsed(files,
             {"-o,--output", "DIR", "a folder", "folder to write to; nothing there is overwritten"},
             options.folder, parse_text)
      ->required();
  add_language_option(files, options.language);
  files.footer("Example: glasstcp wireshark-files -o wireshark");
  return files;
}

template <typename Options>
Options in_language(Language language) {
  Options options;
  options.language = language;
  return options;
}

// Every command with its options, which the parser fills.
class Commands {
 public:
  Commands(CLI::App& app, Language language)
      : serve_(in_language<ServeOptions>(language)),
        site_(in_language<WriteSiteOptions>(language)),
        get_(in_language<GetOptions>(language)),
        capture_(in_language<CaptureCommandOptions>(language)),
        status_(in_language<StatusOptions>(language)),
        wireshark_(in_language<WiresharkFilesOptions>(language)),
        report_(in_language<ReportOptions>(language)),
        lab_(in_language<LabCommandOptions>(language)),
        replay_(in_language<ReplayOptions>(language)),
        serve_command_(add_serve_command(app, serve_)),
        doctor_command_(add_doctor_command(app, serve_, serving_)),
        site_command_(add_site_command(app, site_)),
        get_command_(add_get_command(app, get_)),
        capture_command_(add_capture_command(app, capture_)),
        status_command_(add_status_command(app, status_)),
        wireshark_command_(add_wireshark_files_command(app, wireshark_)),
        report_command_(add_report_command(app, report_)),
        lab_command_(add_lab_command(app, lab_)),
        replay_command_(add_replay_command(app, replay_)) {}

  // What single options cannot see. Empty: fine.
  [[nodiscard]] std::string inconsistency() {
    if (report_command_.parsed()) return glasstcp::inconsistency(report_);
    if (lab_command_.parsed()) return glasstcp::inconsistency(lab_);
    const bool gets = get_command_.parsed();
    std::string message = gets ? glasstcp::inconsistency(get_) : inconsistency_of(serve_);
    if (!message.empty()) return message;
    return gets ? settle_offload(get_command_, get_.impair, get_.offload)
                : settle_offload(serve_command_, serve_.impair, serve_.offload);
  }
  [[nodiscard]] CommandLine chosen() const {
    if (get_command_.parsed()) return get_;
    if (doctor_command_.parsed()) return DoctorOptions{serve_, serving_};
    if (site_command_.parsed()) return site_;
    if (capture_command_.parsed()) return capture_;
    if (status_command_.parsed()) return status_;
    if (wireshark_command_.parsed()) return wireshark_;
    if (report_command_.parsed()) return report_;
    if (lab_command_.parsed()) return lab_;
    if (replay_command_.parsed()) return replay_;
    return serve_;
  }

 private:
  ServeOptions serve_;
  bool serving_ = false;
  WriteSiteOptions site_;
  GetOptions get_;
  CaptureCommandOptions capture_;
  StatusOptions status_;
  WiresharkFilesOptions wireshark_;
  ReportOptions report_;
  LabCommandOptions lab_;
  ReplayOptions replay_;
  const CLI::App& serve_command_;
  const CLI::App& doctor_command_;
  const CLI::App& site_command_;
  const CLI::App& get_command_;
  const CLI::App& capture_command_;
  const CLI::App& status_command_;
  const CLI::App& wireshark_command_;
  const CLI::App& report_command_;
  const CLI::App& lab_command_;
  const CLI::App& replay_command_;
};

}  // namespace

ServeOptions::ServeOptions()
    : LinkOptions{"tun0",
                  {IpAddress::v4(192, 0, 2, 2), 24},
                  IpAddress::v4(192, 0, 2, 1),
                  *Cidr::parse("2001:db8::2/64"),
                  *IpAddress::parse("2001:db8::1")} {}

namespace {

// What stands before a command, or instead of one.
void add_program_options(CLI::App& app, std::string& completion, Language& language) {
  app.set_version_flag("--version", "glasstcp " + std::string(kVersion), "print the version");
  add_parsed(app, {"--completion", "bash", "'bash'", "print what completes this command line"},
             completion, [](const std::string& shell) -> std::optional<std::string> {
               if (shell != "bash") return std::nullopt;
               throw CLI::CallForAllHelp();  // ends the parsing, as --help does
             });
  add_language_option(app, language);
  app.set_help_flag("-h,--help", "print this help");
  app.require_subcommand(1);
  app.footer(
      "'glasstcp COMMAND --help' says what a command takes.\n"
      "Exit status: 0 done, 1 failed (one line says why, and what to do), 2 wrong usage; get: "
      "curl's.\n"
      "Example: sudo glasstcp serve");
  app.failure_message(CLI::FailureMessage::simple);
}

CommandLine parse(const std::vector<std::string>& arguments, Language language) {
  std::string completion;
  CLI::App app{"glasstcp: a userspace TCP/IP stack that explains itself", "glasstcp"};
  add_program_options(app, completion, language);
  Commands commands(app, language);

  if (std::string wrong = about_first_word(app, arguments); !wrong.empty()) {
    return wrong_usage(std::move(wrong), "", language);
  }
  const CLI::App* const named = named_command(app, arguments);
  const std::string command = named != nullptr ? named->get_name() + " " : "";
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForVersion&) {
    return ExitNow{0, "glasstcp " + std::string(kVersion) + "\n", {}};
  } catch (const CLI::CallForAllHelp&) {
    return ExitNow{0, bash_completion(app), {}};
  } catch (const CLI::Success&) {
    return shown(app.help(), language);
  } catch (const CLI::ParseError& error) {
    return wrong_usage(in_our_words(app, named, arguments, error), command, language);
  }
  std::string message = commands.inconsistency();
  if (!message.empty()) return wrong_usage(std::move(message), command, language);
  return commands.chosen();
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  // Before all else: what is wrong with an option is said in the language of a later one.
  const Language language = language_of(arguments);
  if (arguments.empty() || arguments.front() != "help") return parse(arguments, language);
  // `glasstcp help [COMMAND]`, which is what people try first; `lab` has commands of its own.
  std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (rest.size() > 1 && !rest[1].starts_with('-') && rest[0] != "lab" && rest[0] != "--lang") {
    return wrong_usage("help takes one command, and '" + rest[1] + "' is a second word", "",
                       language);
  }
  rest.emplace_back("--help");
  return parse(rest, language);
}

}  // namespace glasstcp
