// See capture_options.h.
#include "tun/cli/capture_options.h"

#include "tun/cli/option_words.h"

namespace glasstcp {

CLI::App& add_capture_command(CLI::App& app, CaptureCommandOptions& o) {
  CLI::App& capture = *app.add_subcommand(
      "capture", "read from a running server what passes, with its reasons, as pcapng");
  add_parsed(capture,
             {"-o,--output", "FILE", "a file, or '-' for stdout", "write to this file (stdout)"},
             o.output, parse_text);
  add_parsed(capture,
             {"--filter", "EXPR", "an expression",
              "only packets that match, as tcpdump's: 'tcp port 80 and host 192.0.2.1' (all)"},
             o.filter, parse_text);
  add_parsed(capture,
             {"--tun", "NAME", "the name of an interface",
              "the server on this TUN interface (the only one that runs here)"},
             o.tun, parse_interface);
  add_parsed(capture,
             {"--lang", "en|zh", "'en' or 'zh'",
              "language of messages (from LC_ALL, LC_MESSAGES or LANG)"},
             o.language, parse_language);
  capture.footer(
      "For root and the user who started the server. Ctrl-C ends it.\n"
      "Example: glasstcp capture | wireshark -k -i -");
  return capture;
}

}  // namespace glasstcp
