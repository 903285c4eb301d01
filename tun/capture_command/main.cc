// The program behind `glasstcp capture`, which starts it: libpcap would slow down the start of
// `serve`.
#include <cstdio>
#include <variant>

#include "tun/capture_command/capture_command.h"
#include "tun/cli/options.h"
#include "tun/host/standard_files.h"
#include "tun/sandbox/sandbox.h"

int main(int argc, char** argv) {
  glasstcp::open_standard_files();
  glasstcp::give_up_gains();
  const glasstcp::CommandLine line = glasstcp::parse_command_line({argv + 1, argv + argc});
  if (const auto* options = std::get_if<glasstcp::CaptureCommandOptions>(&line)) {
    return glasstcp::capture(*options);
  }
  if (const auto* end = std::get_if<glasstcp::ExitNow>(&line)) {
    std::fputs(end->out.c_str(), stdout);
    std::fputs(end->err.c_str(), stderr);
    return end->code;
  }
  std::fputs("glasstcp-capture: only the command 'capture' is mine\n", stderr);
  return glasstcp::kExitWrongUsage;
}
