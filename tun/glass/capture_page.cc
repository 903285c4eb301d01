// See capture_page.h.
#include "tun/glass/capture_page.h"

#include "tun/capture/capture_body.h"
#include "tun/glass/glass_service.h"

namespace glasstcp {
namespace {

bool wants_live(std::string_view query) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    if (item == "live" || item == "live=1") return true;
    query.remove_prefix(std::min(item.size() + 1, query.size()));
  }
  return false;
}

}  // namespace

http::ServiceAnswer answer_with_capture(CaptureHub& hub, const http::ServiceCall& call) {
  const bool live = wants_live(call.query);
  if (!live && !hub.keeps_recent()) {
    return glass_error(404,
                       "This server does not keep the packets that passed: start it with --recent "
                       "64M, or ask for capture.pcapng?live=1, which begins now and goes on.");
  }
  http::ServiceAnswer answer;
  answer.status = 200;
  answer.type = "application/x-pcapng";
  answer.fields = "Content-Disposition: attachment; filename=\"glasstcp.pcapng\"\r\n";
  if (call.method == http::Method::Head) return answer;
  Ref<CaptureBody> body(new CaptureBody(
      hub, live ? CaptureBody::Begin::Now : CaptureBody::Begin::Oldest, call.tuple.remote_address));
  if (!body->is_ready()) {
    return glass_error(503,
                       "As many captures as the server serves at once are being read: end one.");
  }
  answer.stream = Ref<http::BodyStream>(body.get());
  return answer;
}

}  // namespace glasstcp
