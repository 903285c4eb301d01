// A Linux TUN device: IP packets of the host's kernel, each behind a virtio header, through one
// file descriptor.
//
// Linux Documentation/networking/tuntap.rst; the header is virtio_header.h. With offload on, the
// kernel hands over merged segments of up to 64 KB with partial checksums and takes such packets
// from us; with offload off, each packet is one segment with a full checksum in both directions.
//
// Invariants:
//   1. The descriptor is non-blocking; each packet is one read() or one writev(), and payload is
//   never copied by us.
//   2. Only a descriptor without an interface behind it is Gone; whatever else a read answers costs
//   one packet.
//   3. A device that we created is not persistent: it vanishes with the descriptor, however the
//   process ends.
//
// Leaves out several queues (one descriptor is used, also on a multi_queue device).
// Next: pump.h.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "stack/base/addresses.h"
#include "stack/trace/language.h"
#include "tun/device/device.h"
#include "tun/host/descriptor.h"
#include "tun/host/failure.h"

namespace glasstcp {

/// A TUN interface, created or attached to.
class TunDevice final : public Device {
 public:
  /// Creates the interface `name` (1..15 bytes), or attaches to it if it exists and is persistent.
  /// `offload`: see above.
  static std::expected<std::unique_ptr<TunDevice>, Failure> open(const std::string& name,
                                                                 bool offload);
  /// What is asked for. The addresses and the language are for the words of a refusal alone.
  struct Wish {
    std::string interface;
    std::optional<Cidr> address;
    std::optional<Cidr> address6;
    bool offload = true;
    Language language = Language::English;
  };
  static std::expected<std::unique_ptr<TunDevice>, Failure> open(const Wish& wish);

  [[nodiscard]] ReadOutcome read(ReceivedPacket& packet) noexcept override;
  [[nodiscard]] WriteOutcome write(const OutPacket& packet) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return device_.get(); }
  [[nodiscard]] int last_error() const noexcept override { return last_error_; }
  [[nodiscard]] bool ask_for_plain_packets() noexcept override;
  /// Why read() said Gone, in words: whether the interface is there decides.
  [[nodiscard]] std::string why_gone() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Whether it was there before us and stays after us.
  [[nodiscard]] bool is_persistent() const { return persistent_; }
  /// Whether the kernel takes merged segments and partial checksums from us.
  [[nodiscard]] bool has_offload() const { return offload_; }

 private:
  // The largest packet that a kernel hands over by default (64 KB of IPv6 payload and the headers),
  // and some room; one that is longer comes truncated, and the stack says so by its Verdict.
  static constexpr std::size_t kReadRoom = 80 * 1024;
  // The packet itself begins 16-byte aligned, behind its virtio header.
  static constexpr std::size_t kHeaderAt = 6;

  TunDevice(Descriptor device, std::string name)
      : device_(std::move(device)), name_(std::move(name)) {}
  std::expected<void, Failure> configure(bool offload);
  [[nodiscard]] int find_index() const;

  Descriptor device_;
  std::string name_;
  bool persistent_ = false;
  bool offload_ = false;
  bool merges_ = false;  // the kernel hands over merged segments
  int index_ = 0;        // of the interface
  Descriptor lookup_;    // a socket to ask for that: at the end no new one may be made
  int last_error_ = 0;
  alignas(64) std::array<std::uint8_t, kReadRoom> buffer_;
};

}  // namespace glasstcp
