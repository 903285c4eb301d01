// What is in a folder of the disk, for the page that lists it.
//
// Invariants:
//   1. Only what a lookup would find: links are followed by the caller's way of opening, beneath
//   the
//      root, and what they do not reach is left out.
//
// Next: file_store.h.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "http/file_store.h"
#include "tun/host/descriptor.h"

namespace glasstcp {

/// Reads the open folder. `status_of`: looks at what a link of this name leads to; false: nowhere.
/// Unavailable where it cannot be read. May throw std::bad_alloc.
[[nodiscard]] FolderContent read_folder(
    const Descriptor& folder, std::size_t most,
    const std::function<bool(const std::string& name, struct stat& status)>& status_of);

}  // namespace glasstcp
