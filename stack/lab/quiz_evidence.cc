// See quiz_evidence.h.
#include "stack/lab/quiz_evidence.h"

#include "stack/lab/lab.h"

namespace glasstcp::lab {
namespace {

bool is_same_way(const Frame& a, const Frame& b) {
  return a.outgoing == b.outgoing && a.summary.source_port == b.summary.source_port &&
         a.summary.destination_port == b.summary.destination_port;
}

}  // namespace

Evidence::Evidence(Side end, BlockSink* capture) : end_(end) {
  if (capture == nullptr) return;
  encoder_.emplace(*capture);
  encoder_->begin_section({}, {});
  encoder_->add_interface("tun0", {});
}

void Evidence::on_annotated(const AnnotatedPacket& packet) noexcept {
  if (!packet.has_packet()) return;
  if (encoder_) {
    encoder_->add_packet({.time_ns = (packet.at.time_since_epoch() + kWallOffset).count(),
                          .direction = packet.is_outgoing() ? Direction::Out : Direction::In,
                          .pieces = packet.pieces,
                          .comments = {}});
  }
  Frame frame;
  frame.number = static_cast<std::uint32_t>(frames_.size() + 1);
  frame.at = packet.at;
  frame.outgoing = packet.is_outgoing();
  frame.from = frame.outgoing ? end_ : other(end_);
  frame.lost = packet.kind == AnnotatedPacket::Kind::LostSent;
  frame.summary = packet.summary;
  frame.reason = packet.reason;
  frame.events = packet.events;
  frames_.push_back(frame);
}

const Frame* Evidence::syn() const {
  return first([](const Frame& f) {
    return f.summary.is_tcp() && f.has(PacketSummary::kSyn) && !f.has(PacketSummary::kAck);
  });
}

const Frame* Evidence::syn_ack() const {
  return first([](const Frame& f) {
    return f.summary.is_tcp() && f.has(PacketSummary::kSyn) && f.has(PacketSummary::kAck);
  });
}

bool Evidence::is_repeated(const Frame& frame) const {
  if (!frame.outgoing || frame.summary.segment_length() == 0 || frame.has(PacketSummary::kRst)) {
    return false;
  }
  if (frame.reason == SendReason::ZeroWindowProbe || frame.reason == SendReason::KeepAlive) {
    return false;
  }
  return sent_before(frame) != nullptr;
}

const Frame* Evidence::sent_before(const Frame& frame) const {
  const Frame* last = nullptr;
  for (const Frame& before : frames_) {
    if (before.number >= frame.number) break;
    const bool covers = is_same_way(before, frame) && !before.has(PacketSummary::kRst) &&
                        before.summary.segment_length() > 0 &&
                        !(frame.summary.seq < before.summary.seq) &&
                        frame.summary.seq < before.end();
    // A SYN of another attempt from the same ports has other numbers, and is none of these.
    if (covers && before.has(PacketSummary::kSyn) == frame.has(PacketSummary::kSyn)) last = &before;
  }
  return last;
}

}  // namespace glasstcp::lab
