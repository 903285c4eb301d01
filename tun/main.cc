// The program: one command, one function that does it.
#include <cstdio>
#include <variant>

#include "tun/cli/options.h"
#include "tun/cli/start_program.h"
#include "tun/doctor/doctor.h"
#include "tun/get/get.h"
#include "tun/host/standard_files.h"
#include "tun/lab/lab_command.h"
#include "tun/lab/replay.h"
#include "tun/serve/serve.h"
#include "tun/site/write_site.h"
#include "tun/status/status_command.h"
#include "tun/wireshark/write_wireshark_files.h"

int main(int argc, char** argv) {
  glasstcp::open_standard_files();
  const glasstcp::CommandLine line = glasstcp::parse_command_line({argv + 1, argv + argc});
  if (const auto* options = std::get_if<glasstcp::ServeOptions>(&line)) {
    return glasstcp::serve(*options);
  }
  if (const auto* options = std::get_if<glasstcp::DoctorOptions>(&line)) {
    return glasstcp::doctor(*options);
  }
  if (const auto* options = std::get_if<glasstcp::GetOptions>(&line)) {
    return glasstcp::get(*options);
  }
  if (const auto* options = std::get_if<glasstcp::StatusOptions>(&line)) {
    return glasstcp::status(*options);
  }
  if (const auto* options = std::get_if<glasstcp::WriteSiteOptions>(&line)) {
    return glasstcp::write_site(*options);
  }
  if (const auto* options = std::get_if<glasstcp::WiresharkFilesOptions>(&line)) {
    return glasstcp::write_wireshark_files(*options);
  }
  if (const auto* options = std::get_if<glasstcp::LabCommandOptions>(&line)) {
    return glasstcp::lab_command(*options);
  }
  if (const auto* options = std::get_if<glasstcp::ReplayOptions>(&line)) {
    return glasstcp::replay_command(*options);
  }
  if (const auto* options = std::get_if<glasstcp::ReportOptions>(&line)) {
    return glasstcp::start_program({"glasstcp-report", "libtins"}, argv, options->language);
  }
  if (const auto* options = std::get_if<glasstcp::CaptureCommandOptions>(&line)) {
    return glasstcp::start_program({"glasstcp-capture", "libpcap"}, argv, options->language);
  }
  const auto& end = std::get<glasstcp::ExitNow>(line);
  std::fputs(end.out.c_str(), stdout);
  std::fputs(end.err.c_str(), stderr);
  return end.code;
}
