// Opens what we write to, in the name of whoever it is for: capture, access log.
//
// A server begins as root and may be told to write into a folder of somebody's. So it opens with
// the rights of the user that the file is for, who then owns it; nothing is given away by a path
// later on. Where those rights do not reach, root's own are taken, but no link is followed at the
// end, and none at all when it is opened again: the user may have put it there meanwhile.
//
// Next: output_file.h.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "tun/host/descriptor.h"
#include "tun/host/failure.h"
#include "tun/host/privileges.h"

namespace glasstcp {

enum class OutputMode : std::uint8_t {
  Append,
  Replace,  ///< what is in it goes
  Keep      ///< what is in it stays until somebody looked whose file it is
};

/// What to open. "-" as a path is stdout, /dev/fd/N what is open already.
struct OutputRequest {
  std::string path;
  std::string what;  ///< as messages name it ("the access log")
  OutputMode mode = OutputMode::Replace;
  std::optional<Identity> owner{};  ///< who is to have the file; empty: we
  bool waits_for_reader = true;     ///< of a FIFO, before it is open
  /// the same file as it was found once, without links: where root's rights are taken then; empty:
  /// nobody looked yet
  std::string real_path{};
};

/// Whether a path names a file, and not what is open already.
[[nodiscard]] bool names_a_file(const std::string& path);

/// Opens it, with the rights that we have now. A FIFO's reader is not waited for once it is open.
[[nodiscard]] std::expected<Descriptor, Failure> open_output(const OutputRequest& request);

}  // namespace glasstcp
