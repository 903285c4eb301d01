// /_glass/: the live view's page, one file that http/web/ is built into, as the lab page is
// (lab_page.h). What it asks for is ../view/view_hub.h's.
//
// Next: ../view/view_memory.h.
#pragma once

#include "stack/base/bytes.h"

namespace glasstcp {

/// The page's bytes; empty: the program was built without it. Static lifetime.
[[nodiscard]] ByteView view_page() noexcept;

}  // namespace glasstcp
