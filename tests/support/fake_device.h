// A device for tests: packets arrive from a list, and writes refuse, fail or lose their payload by
// a schedule.
//
// Invariants:
//   1. Written packets are kept whole and in order in sent(); refused and failed ones are not
//   there.
//   2. descriptor() is readable exactly while a packet waits, so that a real epoll can be used with
//   it.
//
// Next: pump.h.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "tun/device/device.h"
#include "tun/device/packet_shape.h"
#include "tun/host/descriptor.h"

namespace glasstcp {

/// A device without a kernel behind it.
class FakeDevice final : public Device {
 public:
  /// One packet that was written, flat.
  struct Sent {
    std::vector<std::uint8_t> bytes;
    OutPacket packet;  ///< its fields; the payload slices are empty
  };

  FakeDevice();

  // What the test arranges.
  /// Lets a packet come; `keep` bytes of it arrive (a truncated read), all by default.
  void arrive(std::vector<std::uint8_t> bytes, PacketMeta meta = {}, std::size_t keep = SIZE_MAX);
  /// The outcomes of the next writes, in order; Written when the schedule has ended.
  void schedule_writes(std::vector<WriteOutcome> outcomes);
  /// From now on, packets in a shape before `plainest` are refused with `outcome` and `error`.
  void refuse_shapes(PacketShape plainest, WriteOutcome outcome, int error);
  /// The next reads fail, each with the loss of one packet if there is one; SIZE_MAX: all.
  void fail_reads(std::size_t count, int error);
  /// Whether the other side merges packets, until it is asked not to.
  void set_merging(bool merging) { merging_ = merging; }
  /// The device is deleted.
  void vanish();

  // What the test looks at.
  [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }
  /// Attempts to write, whatever became of them.
  [[nodiscard]] std::size_t attempts() const { return attempts_; }
  [[nodiscard]] std::size_t waiting() const { return arriving_.size(); }

  [[nodiscard]] ReadOutcome read(ReceivedPacket& packet) noexcept override;
  [[nodiscard]] WriteOutcome write(const OutPacket& packet) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return readable_.get(); }
  [[nodiscard]] int last_error() const noexcept override { return last_error_; }
  [[nodiscard]] bool ask_for_plain_packets() noexcept override {
    return std::exchange(merging_, false);
  }

 private:
  struct Arriving {
    std::vector<std::uint8_t> bytes;
    PacketMeta meta;
  };
  void show_readable(bool readable) noexcept;

  std::deque<Arriving> arriving_;
  Arriving current_;
  std::deque<WriteOutcome> outcomes_;
  std::vector<Sent> sent_;
  std::size_t attempts_ = 0;
  PacketShape plainest_ = PacketShape::Gso;
  WriteOutcome shape_outcome_ = WriteOutcome::Misshapen;
  int shape_error_ = 0;
  std::size_t failing_reads_ = 0;
  int read_error_ = 0;
  int last_error_ = 0;
  bool merging_ = false;
  bool gone_ = false;
  Descriptor readable_;
};

}  // namespace glasstcp
