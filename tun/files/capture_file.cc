// See capture_file.h.
#include "tun/files/capture_file.h"

#include "generated/version.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {

std::expected<std::unique_ptr<CaptureFile>, Failure> CaptureFile::open(
    const CaptureRequest& request) {
  auto output = OutputFile::open(
      {request.path, "the capture", OutputFile::Mode::Replace, kRoom, request.owner});
  if (!output) return std::unexpected(output.error());
  const std::string application = "glasstcp " + std::string(kVersion);
  const std::string comment = request.seed ? "seed " + std::to_string(*request.seed) : "";
  CaptureOptions how;
  how.language = request.language;
  how.wall_offset = SystemClock::wall_offset();
  how.application = application;
  how.interface_name = request.interface;
  how.section_comment = comment;
  how.comments = request.comments;
  if (request.bytes) how.snap_length = *request.bytes;
  std::unique_ptr<CaptureFile> file(new CaptureFile(std::move(*output), how));
  if (!file->sink_.is_ready()) return std::unexpected(Failure{"no memory for a capture", {}});
  file->output().flush();
  return file;
}

}  // namespace glasstcp
