// MSG_ZEROCOPY's bookkeeping: sends are numbered, and the numbers of those whose bytes are
// acknowledged come back as ranges, as Linux's error queue has them.
//
// The bytes are copied all the same, and every range says so (SO_EE_CODE_ZEROCOPY_COPIED); who
// wants no copy uses glasstcp_send_borrowed().
//
// Invariants:
//   1. Every send gets one number, from 0 on, and every number comes back once, in order.
//
// Next: socket_object.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace glasstcp {

/// Of one socket.
class ZerocopyLedger {
 public:
  using Range = std::pair<std::uint32_t, std::uint32_t>;  ///< first and last number

  /// `length` bytes were queued; counted whether or not they are numbered.
  void on_queued(std::size_t length, bool is_numbered) {
    queued_ += length;
    if (is_numbered) pending_.push_back(queued_);
  }
  /// All but `unacknowledged` of the queued bytes are done with. True: something came back.
  bool on_acknowledged(std::size_t unacknowledged) {
    bool any = false;
    for (; !pending_.empty() && pending_.front() + unacknowledged <= queued_; any = true) {
      pending_.pop_front();
      if (!done_) done_ = Range{next_, next_};
      done_->second = next_++;
    }
    return any;
  }
  [[nodiscard]] bool has_pending() const { return !pending_.empty(); }
  [[nodiscard]] bool has_done() const { return done_.has_value(); }
  std::optional<Range> take_done() { return std::exchange(done_, std::nullopt); }

 private:
  std::uint64_t queued_ = 0;           // bytes since the start
  std::deque<std::uint64_t> pending_;  // where each numbered send ends
  std::optional<Range> done_;
  std::uint32_t next_ = 0;
};

}  // namespace glasstcp
