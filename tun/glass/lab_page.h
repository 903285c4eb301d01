// /_glass/lab/: TCP in the browser. The page is one file that http/web/ is built into; it lies in
// the program where it was built before it (scripts/setup web, scripts/build), and asks for nothing
// once it is loaded.
//
// Next: ../../http/web/engine/engine.cc.
#pragma once

#include <string_view>

#include "http/service.h"

namespace glasstcp {

/// The page's bytes; empty: the program was built without it. Static lifetime.
[[nodiscard]] ByteView lab_page() noexcept;

/// What brings a program with the page.
inline constexpr std::string_view kLabPageCommand = "scripts/setup web && scripts/build";

/// Answers with a page, or with the command that brings it where `page` is empty. `name`: what the
/// program was built without then.
[[nodiscard]] http::ServiceAnswer answer_with_built_page(ByteView page, std::string_view name);
/// The same with the lab page.
[[nodiscard]] http::ServiceAnswer answer_with_lab_page(ByteView page);

}  // namespace glasstcp
