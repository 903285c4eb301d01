// The style of the report's page: screen, phone, dark, A4.
//
// Invariants:
//   1. Nothing of the capture is in it but the footer, reduced to printable ASCII without quotes.
#pragma once

#include <string>

#include "stack/trace/language.h"

namespace glasstcp::report {

/// The content of the page's <style>. `page_footer` is printed at the foot of each sheet of paper;
/// only its printable ASCII is.
[[nodiscard]] std::string page_style(const std::string& page_footer);

}  // namespace glasstcp::report
