// libFuzzer: any arguments, one a line, are a command, or help, or an error in words; never an
// exception or an exit that was not asked for.
//
// Inputs have at most 300 bytes.
#include <string>
#include <vector>

#include "tests/fuzz/support/byte_source.h"
#include "tun/cli/options.h"

namespace {

using namespace glasstcp;
using fuzz::require;

void judge(const ServeOptions& o) {
  require(o.port != 0);
  require(o.sink.empty() || o.sink.front() == '/');
  require(o.capture_files > 0);
  for (const std::string& field : o.headers) require(field.find('\n') == std::string::npos);
}

void judge(const ExitNow& o) {
  require(o.code == 0 || o.code == kExitFailure || o.code == kExitWrongUsage);
  require((o.code == 0) == o.err.empty());
}

template <typename T>
void judge(const T&) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ByteSource in(data, size);
  std::vector<std::string> arguments;
  while (!in.empty() && arguments.size() < 24) arguments.emplace_back(in.text_until('\n'));
  const CommandLine line = parse_command_line(arguments);
  std::visit([](const auto& chosen) { judge(chosen); }, line);
  return 0;
}
