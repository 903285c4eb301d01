// See view_page.h.
#include "tun/glass/view_page.h"

namespace glasstcp {

#ifdef GLASSTCP_HAS_VIEW_PAGE
extern "C" {
extern const std::uint8_t glasstcp_view_page_begin[], glasstcp_view_page_end[];
}

ByteView view_page() noexcept {
  return {glasstcp_view_page_begin, glasstcp_view_page_end};
}
#else
ByteView view_page() noexcept {
  return {};
}
#endif

}  // namespace glasstcp
