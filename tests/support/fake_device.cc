// See fake_device.h.
#include "tests/support/fake_device.h"

#include <sys/eventfd.h>

#include <algorithm>

namespace glasstcp {

FakeDevice::FakeDevice() : readable_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void FakeDevice::arrive(std::vector<std::uint8_t> bytes, PacketMeta meta, std::size_t keep) {
  bytes.resize(std::min(bytes.size(), keep));
  arriving_.push_back({std::move(bytes), meta});
  show_readable(true);
}

void FakeDevice::schedule_writes(std::vector<WriteOutcome> outcomes) {
  outcomes_.assign(outcomes.begin(), outcomes.end());
}

void FakeDevice::refuse_shapes(PacketShape plainest, WriteOutcome outcome, int error) {
  plainest_ = plainest;
  shape_outcome_ = outcome;
  shape_error_ = error;
}

void FakeDevice::fail_reads(std::size_t count, int error) {
  failing_reads_ = count;
  read_error_ = error;
}

void FakeDevice::vanish() {
  gone_ = true;
  show_readable(true);
}

void FakeDevice::show_readable(bool readable) noexcept {
  eventfd_t drained;
  // Both may find the counter as they want it already.
  if (readable) {
    static_cast<void>(::eventfd_write(readable_.get(), 1));
  } else {
    static_cast<void>(::eventfd_read(readable_.get(), &drained));
  }
}

ReadOutcome FakeDevice::read(ReceivedPacket& packet) noexcept {
  if (gone_) return ReadOutcome::Gone;
  if (failing_reads_ > 0) {
    if (failing_reads_ != SIZE_MAX) --failing_reads_;
    last_error_ = read_error_;
    if (!arriving_.empty()) arriving_.pop_front();
    if (arriving_.empty() && failing_reads_ == 0) show_readable(false);
    return ReadOutcome::Failed;
  }
  if (arriving_.empty()) return ReadOutcome::Empty;
  current_ = std::move(arriving_.front());
  arriving_.pop_front();
  if (arriving_.empty()) show_readable(false);
  packet.bytes = current_.bytes;
  packet.meta = current_.meta;
  return ReadOutcome::Packet;
}

WriteOutcome FakeDevice::write(const OutPacket& packet) noexcept {
  ++attempts_;
  WriteOutcome outcome = WriteOutcome::Written;
  if (!outcomes_.empty()) {
    outcome = outcomes_.front();
    outcomes_.pop_front();
  }
  if (outcome == WriteOutcome::Written && shape_of(packet) < plainest_) {
    outcome = shape_outcome_;
    last_error_ = shape_error_;
  }
  if (outcome != WriteOutcome::Written) return outcome;
  Sent sent{{packet.header.begin(), packet.header.begin() + packet.header_length}, packet};
  for (std::size_t i = 0; i < packet.payload_slices; ++i) {
    sent.bytes.insert(sent.bytes.end(), packet.payload[i].begin(), packet.payload[i].end());
  }
  sent.packet.payload_slices = 0;
  sent.packet.payload = {};
  sent_.push_back(std::move(sent));
  return outcome;
}

}  // namespace glasstcp
