// See quiz_evidence.h.
#include "stack/lab/quiz_evidence.h"

#include <algorithm>

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
  frame.repeats = frame.outgoing && note_sent(frame);
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

// Whether it had been sent before.
bool Evidence::note_sent(const Frame& frame) {
  const PacketSummary& packet = frame.summary;
  const bool is_asking =
      frame.reason == SendReason::ZeroWindowProbe || frame.reason == SendReason::KeepAlive;
  if (!packet.is_tcp() || packet.segment_length() == 0 || frame.has(PacketSummary::kRst) ||
      is_asking) {
    return false;
  }
  const auto found = std::ranges::find_if(sent_, [&packet](const Sent& one) {
    return one.from == packet.source_port && one.to == packet.destination_port;
  });
  if (found == sent_.end()) {
    sent_.push_back({packet.source_port, packet.destination_port, packet.seq, frame.end()});
    return false;
  }
  const bool is_syn = frame.has(PacketSummary::kSyn);
  const bool repeats = is_syn ? packet.seq == found->first : packet.seq < found->end;
  if (is_syn) found->first = packet.seq;
  // A SYN of another attempt from the same ports begins anew.
  if ((is_syn && !repeats) || found->end < frame.end()) found->end = frame.end();
  return repeats;
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
