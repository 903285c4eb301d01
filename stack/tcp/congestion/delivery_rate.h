// How fast the network delivers: one sample for each acknowledgment, from notes made when the
// segment left.
//
// draft-ietf-ccwg-bbr §4.1. A segment that leaves takes a stamp: how much had been delivered by
// then, and since when. When it is reported delivered, by ACK or SACK, the difference is what the
// network carried meanwhile; the longer of the time over which that was sent and the time over
// which it was acknowledged is the time that it took. So acknowledgments that arrive bunched
// together cannot suggest a rate above the one at which the data was sent.
//
// Invariants:
//   1. Every byte is counted as delivered once: the caller reports what is newly (S)ACKed.
//   2. A sample is void (interval 0) if nothing was delivered, or if it took less than the least
//      round trip: then the ACK was for an earlier transmission of the same bytes.
//
// Leaves out: what is lost (../recovery/find_losses.cc), and what the rate is good for (bbr.h).
//
// Next: pacing.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/time.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/delivery_stamp.h"

namespace glasstcp {

/// The sampler of one connection.
class DeliveryRate {
 public:
  /// A segment of `length` bytes leaves, for the first time or again, while `in_flight` others are
  /// in the network. Its record keeps the stamp, and a record that is split gives both halves the
  /// same.
  [[nodiscard]] DeliveryStamp stamp(Instant now, std::uint32_t in_flight, std::uint32_t length) {
    // draft-ietf-ccwg-bbr §4.1.2.2: into an empty network: the interval starts here.
    if (in_flight == 0) first_sent_at_ = delivered_at_ = now;
    return {delivered_,
            delivered_at_,
            first_sent_at_,
            lost_,
            std::min(in_flight + length, kMostInFlight) & kMostInFlight,
            app_limited_until_ != 0};
  }

  /// `bytes` of a segment that last left at `sent_at` were (S)ACKed, for the first time.
  void on_delivered(const DeliveryStamp& stamp, std::uint32_t bytes, Instant sent_at, Instant now) {
    // draft-ietf-ccwg-bbr §4.1.2.3: of all the segments of one ACK the one that left last counts.
    delivered_ += bytes;
    delivered_at_ = now;
    newly_delivered_ += bytes;
    if (has_newest_ && sent_at < first_sent_at_) return;
    has_newest_ = true;
    newest_ = stamp;
    interval_ = std::max(sent_at - stamp.first_sent_at, now - stamp.delivered_at);
    first_sent_at_ = sent_at;
  }

  /// `bytes` were found lost.
  void on_lost(std::uint32_t bytes) {
    lost_ += bytes;
    newly_lost_ += bytes;
  }
  /// They had not been lost.
  void on_lost_undone(std::uint32_t bytes) { lost_ -= bytes; }

  /// The ACK is worked through: its sample. `min_rtt`: kNoRtt if none is known.
  [[nodiscard]] RateSample finish(Duration min_rtt) {
    // draft-ietf-ccwg-bbr §4.1.2.3: the bubble has left the network.
    if (delivered_ > app_limited_until_) app_limited_until_ = 0;
    RateSample sample;
    sample.delivered = delivered_;
    sample.newly_delivered = newly_delivered_;
    sample.newly_lost = newly_lost_;
    if (has_newest_) {
      sample.prior_delivered = newest_.delivered;
      sample.tx_in_flight = newest_.tx_in_flight;
      sample.lost_since = lost_since(newest_);
      sample.is_app_limited = newest_.is_app_limited != 0;
      if (interval_ >= min_rtt) sample.interval = interval_;
    }
    newly_delivered_ = newly_lost_ = 0;
    has_newest_ = false;
    return sample;
  }

  // draft-ietf-ccwg-bbr §4.1.2.4: to be told when nothing waits to be sent, less than cwnd is in
  // flight, and everything lost was sent again. A limit that the peer's window sets is taken for
  // one of the path.
  /// From here on the application limits the rate, until what is in flight now was delivered.
  void note_app_limited(std::uint32_t in_flight) {
    app_limited_until_ = std::max<std::uint64_t>(delivered_ + in_flight, 1);
  }

  [[nodiscard]] bool is_app_limited() const { return app_limited_until_ != 0; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// Bytes judged lost since a segment with this stamp left. 0 if since then more lost bytes turned
  /// out to have arrived than were newly lost.
  [[nodiscard]] std::uint32_t lost_since(const DeliveryStamp& stamp) const {
    const auto since = static_cast<std::int32_t>(lost_ - stamp.lost);  // lost_ wraps modulo 2^32
    return static_cast<std::uint32_t>(std::max(since, 0));
  }

 private:
  static constexpr std::uint32_t kMostInFlight = 0x7fffffffU;

  std::uint64_t delivered_ = 0;
  Instant delivered_at_{};
  Instant first_sent_at_{};              // when the segment left that was last delivered
  std::uint64_t app_limited_until_ = 0;  // a value of delivered_; 0: not limited
  std::uint32_t lost_ = 0;
  // Of the ACK that is being worked through.
  std::uint32_t newly_delivered_ = 0;
  std::uint32_t newly_lost_ = 0;
  bool has_newest_ = false;
  DeliveryStamp newest_;
  Duration interval_{};
};

}  // namespace glasstcp
