// /_glass/capture.pcapng: the packets that passed lately, or, with ?live=1, those that pass from
// the request on.
//
//     curl -N 'http://192.0.2.2/_glass/capture.pcapng?live=1' | wireshark -k -i -
//
// Next: ../capture/control_server.h.
#pragma once

#include "http/service.h"
#include "tun/capture/capture_hub.h"

namespace glasstcp {

/// Answers a request for the capture. The hub must outlive the answer's stream.
[[nodiscard]] http::ServiceAnswer answer_with_capture(CaptureHub& hub,
                                                      const http::ServiceCall& call);

}  // namespace glasstcp
