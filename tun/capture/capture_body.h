// A tap of the capture as a stream of bytes, for whoever sends it on: HTTP and the control socket.
//
// Next: ../glass/capture_page.h.
#pragma once

#include "http/body_stream.h"
#include "tun/capture/capture_tap.h"

namespace glasstcp {

/// The hub must outlive it.
class CaptureBody final : public http::BodyStream, private CaptureTap {
 public:
  CaptureBody(CaptureHub& hub, Begin begin, std::optional<IpAddress> client = {})
      : CaptureTap(hub, begin, client) {}
  using CaptureTap::Begin;
  using CaptureTap::is_ready;
  [[nodiscard]] std::size_t read(ByteSpan out) noexcept override { return read_blocks(out); }
  [[nodiscard]] bool is_over() const noexcept override { return is_at_end(); }
  void end() noexcept override { end_now(); }

 private:
  void on_news() noexcept override { note_news(); }
};

}  // namespace glasstcp
