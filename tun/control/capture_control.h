// The command "capture" of the control socket: what passes from now on.
//
// Next: control_server.h.
#pragma once

#include "tun/capture/capture_body.h"
#include "tun/control/control_server.h"

namespace glasstcp {

/// The hub must outlive the answer's stream.
[[nodiscard]] inline ControlAnswer control_with_capture(CaptureHub& captures) {
  ControlAnswer answer;
  const Ref<CaptureBody> body(new CaptureBody(captures, CaptureBody::Begin::Now));
  if (body->is_ready()) {
    answer.stream = Ref<http::BodyStream>(body.get());
  } else {
    answer.error = "as many captures as the server serves at once are being read: end one";
  }
  return answer;
}

}  // namespace glasstcp
