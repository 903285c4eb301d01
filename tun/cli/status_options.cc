// See status_options.h.
#include "tun/cli/status_options.h"

#include "tun/cli/option_words.h"

namespace glasstcp {

CLI::App& add_status_command(CLI::App& app, StatusOptions& o) {
  CLI::App& status = *app.add_subcommand(
      "status", "show the counters, connections, memory and options of a running server");
  status.add_flag("--json", o.json, "print JSON, for programs");
  add_parsed(status,
             {"--tun", "NAME", "the name of an interface",
              "the server on this TUN interface (the only one that runs here)"},
             o.tun, parse_interface);
  add_parsed(status,
             {"--lang", "en|zh", "'en' or 'zh'",
              "language of messages (from LC_ALL, LC_MESSAGES or LANG)"},
             o.language, parse_language);
  status.footer(
      "For root and the user who started the server. Counters are those since its start; those "
      "that "
      "are 0 are left out, but not with --json. On SIGUSR1 a server prints the same on its "
      "stderr.\n"
      "Example: glasstcp status --json | jq .connections");
  return status;
}

}  // namespace glasstcp
