// A device with a bad link in front of it: what is read and what is written passes a BadLink.
//
// The design's `--impair`. The device behind it must have no offload: a lost GSO packet would be
// 45 lost segments, and a kernel that trusts a partial checksum would accept corruption.
//
// Invariants:
//   1. A packet that write() took is never Refused later: when the device behind refuses it, it
//   stays first on the link and is tried again a little later.
//   2. One read() asks the device behind for at most kMostReads packets, however many are lost.
//   3. It has no clock: packets move by the times of set_time().
//   4. A packet that is exempt neither waits nor is lost, and changes nothing for others.
//
// Next: serve.h.
#pragma once

#include "stack/link/bad_link.h"
#include "stack/trace/annotator.h"
#include "stack/trace/pcapng.h"
#include "tun/device/device.h"

namespace glasstcp {

/// Told of every packet that the link lost, during read() and write().
class LossListener {
 public:
  LossListener() = default;
  LossListener(const LossListener&) = delete;
  LossListener& operator=(const LossListener&) = delete;
  virtual ~LossListener() = default;
  virtual void on_lost(Instant at, Direction direction, ByteView packet, Fate fate) noexcept = 0;
};

/// Knows packets that pass a bad link as if it were none.
class PacketExemption {
 public:
  PacketExemption() = default;
  PacketExemption(const PacketExemption&) = delete;
  PacketExemption& operator=(const PacketExemption&) = delete;
  virtual ~PacketExemption() = default;
  /// Asked in the order of the packets; for one that leaves maybe several times.
  [[nodiscard]] virtual bool is_exempt(Direction direction,
                                       std::span<const ByteView> pieces) noexcept = 0;
};

/// A device behind a bad link.
class ImpairedDevice final : public Device, public LossForeteller {
 public:
  static constexpr std::uint32_t kMostReads = 64;

  /// `device` is borrowed. The same seed: the same fates.
  ImpairedDevice(Device& device, const ImpairmentPlan& plan, const Seed& seed);
  /// Borrowed; null: nobody listens.
  void set_listener(LossListener* listener) { listener_ = listener; }
  /// Borrowed; null: every packet crosses the link.
  void set_exemption(PacketExemption* exemption) { exemption_ = exemption; }
  /// From now on the link behaves like this; what is on its way stays as it is.
  void change(const ImpairmentPlan& plan) {
    in_.change(plan.in);
    out_.change(plan.out);
  }
  [[nodiscard]] ImpairmentPlan plan() const { return {in_.impairment(), out_.impairment()}; }

  /// Also writes what is due.
  void set_time(Instant now) noexcept override;
  [[nodiscard]] Instant next_deadline() const noexcept override;
  [[nodiscard]] ReadOutcome read(ReceivedPacket& packet) noexcept override;
  [[nodiscard]] WriteOutcome write(const OutPacket& packet) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return device_.descriptor(); }
  [[nodiscard]] int last_error() const noexcept override { return device_.last_error(); }
  [[nodiscard]] bool ask_for_plain_packets() noexcept override {
    return device_.ask_for_plain_packets();
  }
  [[nodiscard]] std::string_view why_next_is_lost(std::span<const ByteView> pieces,
                                                  Language language) const noexcept override;

 private:
  void write_what_is_due() noexcept;
  [[nodiscard]] bool is_exempt(Direction direction,
                               std::span<const ByteView> pieces) const noexcept {
    return exemption_ != nullptr && exemption_->is_exempt(direction, pieces);
  }
  void tell(Direction direction, ByteView packet, Fate fate) noexcept;

  Device& device_;
  LossListener* listener_ = nullptr;
  PacketExemption* exemption_ = nullptr;
  BadLink in_;
  BadLink out_;
  Instant now_{};
  Instant retry_at_ = Instant::min();  // not before: the device behind refused
  std::vector<std::uint8_t> flat_;     // a lost packet in one piece, for the listener
  std::vector<std::uint8_t> given_;    // what read() lent
};

}  // namespace glasstcp
