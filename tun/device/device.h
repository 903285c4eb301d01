// A device that carries IP packets, as the event loop sees it: packets one at a time in both
// directions, never waiting.
//
// One packet at a time and not a vector of them: the same buffer is used again at once, so it stays
// in the cache while the stack reads it; a batch is a loop of up to 64 reads (see pump.h).
//
// Invariants:
//   1. No call blocks.
//   2. The bytes of a packet that was read stay valid until the next read().
//   3. Of a packet that was Refused or Misshapen no part was taken.
//   4. A device that keeps packets for later says so by next_deadline(); most keep none.
//
// Next: virtio_header.h, tun_device.h, fake_device.h, impaired_device.h.
#pragma once

#include <cstdint>
#include <span>

#include "stack/base/bytes.h"
#include "stack/base/time.h"
#include "stack/wire/packet.h"

namespace glasstcp {

/// What became of an attempt to read.
enum class ReadOutcome : std::uint8_t {
  Packet,  ///< there was one
  Empty,   ///< none now: wait for the descriptor
  Failed,  ///< one could not be had, and is lost; the next may be there
  Gone,    ///< the device will never give another one
};

/// What became of a packet that was to be written.
enum class WriteOutcome : std::uint8_t {
  Written,
  Refused,    ///< not now (EAGAIN, ENOBUFS, EIO while the interface is down): the same packet goes
              ///< first next time
  Misshapen,  ///< not in this shape, by a device that promised to take it (packet_shape.h): a
              ///< plainer one may go
  Failed,  ///< never (EFAULT: bytes that vanished under us): the packet is lost, as on any network
};

/// A packet that was read: its bytes are borrowed until the next read().
struct ReceivedPacket {
  ByteView bytes;
  PacketMeta meta;
};

/// A link to the network of the host.
class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  /// The time, for a device that delays packets: before the reads and writes of a turn.
  virtual void set_time(Instant) noexcept {}
  /// When a packet that it keeps is due, in either direction; kNever: it keeps none.
  [[nodiscard]] virtual Instant next_deadline() const noexcept { return kNever; }
  /// Takes the next packet, if there is one.
  [[nodiscard]] virtual ReadOutcome read(ReceivedPacket& packet) noexcept = 0;
  /// Writes one packet, whole.
  [[nodiscard]] virtual WriteOutcome write(const OutPacket& packet) noexcept = 0;
  /// To wait on with epoll: readable when there is a packet, writable when a refused one may be
  /// tried again.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// The errno of the last read or write that did not succeed; 0: it has none.
  [[nodiscard]] virtual int last_error() const noexcept { return 0; }
  /// After a read that Failed: asks the other side to hand over plain packets from now on, since
  /// the shape of one may be why. True: it merged packets until now, and will not any more.
  [[nodiscard]] virtual bool ask_for_plain_packets() noexcept { return false; }
};

}  // namespace glasstcp
