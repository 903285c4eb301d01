// See capture_file.h.
#include "tun/files/capture_file.h"

namespace glasstcp {

std::expected<std::unique_ptr<CaptureFile>, Failure> CaptureFile::open(
    const std::string& path, const std::optional<Identity>& owner, ByteView preamble) {
  auto output = OutputFile::open({{path, "the capture", OutputMode::Replace, owner}, kRoom});
  if (!output) return std::unexpected(output.error());
  std::unique_ptr<CaptureFile> file(new CaptureFile(std::move(*output)));
  file->blocks().write(preamble);
  file->output().flush();
  return file;
}

}  // namespace glasstcp
