// A page of the course or of a quiz: one file that needs nothing else, light and dark.
//
// Next: course.h.
#pragma once

#include <string>
#include <string_view>

#include "stack/trace/language.h"

namespace glasstcp {

/// A whole document with this body, which is HTML; the title is text.
[[nodiscard]] std::string page(Language language, std::string_view title, std::string_view body);

}  // namespace glasstcp
