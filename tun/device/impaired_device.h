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

/// A device behind a bad link.
class ImpairedDevice final : public Device, public LossForeteller {
 public:
  static constexpr std::uint32_t kMostReads = 64;

  /// `device` is borrowed. The same seed: the same fates.
  ImpairedDevice(Device& device, const ImpairmentPlan& plan, const Seed& seed);
  /// Borrowed; null: nobody listens.
  void set_listener(LossListener* listener) { listener_ = listener; }

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
  [[nodiscard]] std::string_view why_next_is_lost(Language language) const noexcept override;

 private:
  void write_what_is_due() noexcept;
  void tell(Direction direction, ByteView packet, Fate fate) noexcept;

  Device& device_;
  LossListener* listener_ = nullptr;
  BadLink in_;
  BadLink out_;
  Instant now_{};
  Instant retry_at_ = Instant::min();  // not before: the device behind refused
  std::vector<std::uint8_t> flat_;     // a lost packet in one piece, for the listener
  std::vector<std::uint8_t> given_;    // what read() lent
};

}  // namespace glasstcp
