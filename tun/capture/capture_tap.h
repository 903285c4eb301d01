// One reader of a running capture: a pcapng file whose end is now, or when its reader has enough.
//
// Invariants:
//   1. Bytes come in blocks that are whole: where it ends, the file is good.
//   2. Packets that were overwritten before this reader came to them are counted: the next packet
//      says so in a comment, and a statistics block at the end has the sum.
//
// Next: ../glass/capture_page.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "tun/capture/capture_hub.h"

namespace glasstcp {

/// Reads blocks from a hub, which must outlive it.
class CaptureTap {
 public:
  enum class Begin : std::uint8_t {
    Oldest,  ///< with what is kept, and ends with what is there now
    Now,     ///< with what comes, until end()
  };
  /// `client`: whose it is; empty: somebody's on this machine, whose it stays.
  CaptureTap(CaptureHub& hub, Begin begin, std::optional<IpAddress> client = {});
  virtual ~CaptureTap();
  CaptureTap(const CaptureTap&) = delete;
  CaptureTap& operator=(const CaptureTap&) = delete;

  /// Whether there was a place and memory for it; else nothing may be called.
  [[nodiscard]] bool is_ready() const noexcept { return is_added_ && pending_ != nullptr; }
  /// Copies what is there, as much as fits; 0: nothing just now.
  [[nodiscard]] std::size_t read_blocks(ByteSpan out) noexcept;
  /// No further block: what is there now is all.
  void end_now() noexcept;
  /// Whether all was read.
  [[nodiscard]] bool is_at_end() const noexcept { return is_told_ && sent_ == size_; }
  /// Packets that it missed.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 protected:
  /// There may be more to read. Called while packets pass: must be short.
  virtual void on_news() noexcept = 0;

 private:
  friend class CaptureHub;

  [[nodiscard]] bool fill() noexcept;
  [[nodiscard]] bool fill_with_packet() noexcept;
  void fill_with_end() noexcept;
  void give_way() noexcept;
  void take(ByteView bytes) noexcept;

  CaptureHub& hub_;
  std::optional<IpAddress> client_;
  bool is_added_;
  std::size_t capacity_;
  std::unique_ptr<std::uint8_t[]> pending_;
  std::size_t sent_ = 0;  // what waits is pending_[sent_, size_)
  std::size_t size_ = 0;
  BlockRing::Cursor cursor_;
  std::optional<std::uint64_t> last_;  // the number of the block behind the last
  std::uint64_t missed_ = 0;
  std::uint64_t untold_ = 0;  // of those: no comment says so yet
  bool is_told_ = false;      // that it ends
};

}  // namespace glasstcp
