// See get_options.h.
#include "tun/cli/get_options.h"

#include <algorithm>

#include "stack/base/quantity.h"
#include "tun/cli/link_options.h"
#include "tun/cli/option_words.h"
#include "tun/cli/tcp_options.h"
#include "tun/cli/watching_options.h"

namespace glasstcp {
namespace {

std::optional<Via> parse_via(const std::string& text) {
  if (text == "stack") return Via::Stack;
  if (text == "kernel") return Via::Kernel;
  return std::nullopt;
}

// RFC 9110 §14.1.2: "A-B", "A-" or "-N", and lists of them. The server judges the numbers.
std::optional<std::string> parse_range(const std::string& text) {
  const bool has_digit = text.find_first_of("0123456789") != std::string::npos;
  const bool has_dash = text.find('-') != std::string::npos;
  if (!has_digit || !has_dash) return std::nullopt;
  if (text.find_first_not_of("0123456789-,") != std::string::npos) return std::nullopt;
  return text;
}

std::optional<Duration> parse_timeout(const std::string& text) {
  const auto time = parse_duration(text, 1s);
  return time && *time > Duration::zero() ? time : std::nullopt;
}

void add_request_options(CLI::App& app, GetOptions& o) {
  app.add_option("url", o.url, "http://HOST[:PORT][/PATH]; an IPv6 address is written in brackets")
      ->option_text("URL")
      ->required();
  add_parsed(app, {"-o,--output", "FILE", "a file", "write to this file (stdout)"}, o.output,
             parse_text);
  add_parsed(app,
             {"-r,--range", "A-B", "a range of bytes like 0-999, 1000- or -500",
              "request these bytes only"},
             o.range, parse_range);
  app.add_flag("-I,--head", o.head, "request the head only, and write it");
  app.add_flag("-f,--fail", o.fail,
               "do not write the page of an HTTP error (400 and above): exit 22");
  add_parsed(app,
             {"--timeout", "S", "a time",
              "give up after S seconds without progress (30 to connect, then 60)"},
             o.timeout, parse_timeout);
  add_parsed(app,
             {"--via", "stack|kernel", "'stack' or 'kernel'",
              "whose TCP: ours on a TUN interface, or the kernel's (stack)"},
             o.via, parse_via);
}

void add_link_options(CLI::App& app, GetOptions& o) {
  add_address_options(app, o);
  add_packet_options(app, o, "merge");
  add_parsed(app,
             {"--seed", "N", "a number",
              "repeat the random choices of a run; not for open networks (random)"},
             o.seed, parse_number<std::uint64_t, 0, UINT64_MAX>);
  add_parsed(app,
             {"--user", "NAME", "the name or number of a user",
              "user to run as once set up (who called sudo, else nobody)"},
             o.user, parse_text);
}

void add_watching_options(CLI::App& app, GetOptions& o) {
  add_verbose_flag(app, o.verbose);
  add_colour_option(app, o.colours);
  add_parsed(app,
             {"--capture", "FILE", "a file, or '-' for stdout",
              "write every packet and its reason to a pcapng file; '-' is stdout (none)"},
             o.capture, parse_text);
  add_comments_option(app, o.comments);
  add_language_option(app, o.language);
}

}  // namespace

GetOptions::GetOptions()
    : LinkOptions{{},
                  {IpAddress::v4(198, 51, 100, 2), 24},
                  IpAddress::v4(198, 51, 100, 1),
                  *Cidr::parse("2001:db8:1::2/64"),
                  *IpAddress::parse("2001:db8:1::1")} {}

CLI::App& add_get_command(CLI::App& app, GetOptions& options) {
  CLI::App& get = *app.add_subcommand("get", "fetch a URL over our own TCP, as a client");
  add_request_options(get, options);
  get.option_defaults()->group("Link");
  add_link_options(get, options);
  get.option_defaults()->group("TCP");
  add_tcp_settings(get, options.stack);
  get.option_defaults()->group("Watching");
  add_watching_options(get, options);
  get.footer(
      "Needs the capability NET_ADMIN as serve does; --via kernel needs no rights. Packets to "
      "other "
      "machines, and to a running serve, pass through the kernel: 'sysctl -w "
      "net.ipv4.ip_forward=1'."
      "\nExit codes are curl's: 3 malformed URL, 6 no such host, 7 refused or no route, 18 cut "
      "short, "
      "22 HTTP error with --fail, 23 cannot write, 28 timed out, 52 empty reply, 56 reset."
      "\nExample: sudo glasstcp get http://198.51.100.1/ -v");
  return get;
}

std::string inconsistency(const GetOptions& o) {
  if (!o.tun.empty() && !is_interface_name(o.tun)) return std::string(kInterfaceNameRule);
  if (std::string e = ends_inconsistency(o.address, o.host_address, ""); !e.empty()) return e;
  if (std::string e = ends_inconsistency(o.address6, o.host_address6, "6"); !e.empty()) return e;
  if (o.via == Via::Kernel && !o.capture.empty()) {
    return "--capture shows our own packets; with --via kernel there are none (use tcpdump)";
  }
  if (std::string e = tcp_inconsistency(o.stack); !e.empty()) return e;
  if (o.via == Via::Kernel && o.impair) {
    return "--impair makes our own link bad; with --via kernel there is none";
  }
  if (o.capture == "-" && o.to_stdout()) {
    return "--capture - and the answer cannot both go to stdout: give -o FILE";
  }
  if (o.head && !o.range.empty()) return "--range has no meaning with --head";
  return {};
}

}  // namespace glasstcp
