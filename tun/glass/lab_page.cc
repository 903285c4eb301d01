// See lab_page.h.
#include "tun/glass/lab_page.h"

#include "tun/glass/glass_service.h"

namespace glasstcp {

#ifdef GLASSTCP_HAS_LAB_PAGE
extern "C" {
extern const std::uint8_t glasstcp_lab_page_begin[], glasstcp_lab_page_end[];
}

ByteView lab_page() noexcept {
  return {glasstcp_lab_page_begin, glasstcp_lab_page_end};
}
#else
ByteView lab_page() noexcept {
  return {};
}
#endif

http::ServiceAnswer answer_with_lab_page(ByteView page) {
  return answer_with_built_page(page, "the lab page");
}

http::ServiceAnswer answer_with_built_page(ByteView page, std::string_view name) {
  if (page.empty()) {
    return glass_error(404, "This program was built without " + std::string(name) +
                                ". To build it with the page: " + std::string(kLabPageCommand));
  }
  http::ServiceAnswer answer;
  answer.status = 200;
  answer.type = "text/html; charset=utf-8";
  answer.body.bytes = page;
  return answer;
}

}  // namespace glasstcp
