// The resources that a page needs, by src and href of its HTML, and what became of each.
//
// Leaves out what a person has to click (a href), srcset, and what style sheets and scripts name.
//
// Next: questions.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tun/report/http_messages.h"
#include "tun/report/model.h"

namespace glasstcp::report {

/// The values of src of any element, and of href of a link that is loaded, as written, each once.
[[nodiscard]] std::vector<std::string> links_of(std::string_view html);

/// A link resolved against the page's target: what the request line would say. Empty: of another
/// host than `host`, or no http address.
[[nodiscard]] std::string resolve(std::string_view link, std::string_view page,
                                  std::string_view host);

/// The pages of one connection.
struct PagesOf {
  std::uint32_t connection = 0;
  std::vector<Page> pages;
};
/// Fills Capture::resources.
void find_resources(Capture& capture, const std::vector<PagesOf>& pages);

}  // namespace glasstcp::report
