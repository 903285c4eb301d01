// A path with one bottleneck in virtual time, and senders that know only what congestion control
// needs: what a window and a rate lead to, without a stack around them.
//
// One drop-tail queue of a given rate, a fixed delay, random loss before the queue. Each packet is
// acknowledged by itself; one is taken for lost when one that left three later was acknowledged, or
// when nothing came for a timeout. Lost bytes are not sent again: a flow has no end.
//
// Everything follows from the seed.
//
// Next: tests/unit/tcp_cubic_test.cc.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <vector>

#include "stack/base/random.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/congestion/delivery_rate.h"
#include "stack/tcp/congestion/pacing.h"

namespace glasstcp::test {

/// The path.
struct Path {
  std::uint64_t rate = 2'500'000;  ///< bytes per second
  Duration rtt = 40ms;             ///< of an empty queue, both directions
  std::uint32_t queue = 100'000;   ///< bytes that wait at most, besides the one that is being sent
  double loss = 0;                 ///< probability
  Duration ack_slot{};  ///< ACKs arrive together at multiples of this (aggregation); 0: not
};

/// One sender.
struct Flow {
  const CongestionControl* control = nullptr;
  std::uint32_t mss = 1000;
  Duration starts{};
  std::uint64_t application_rate = 0;  ///< bytes per second that there are to send; 0: no limit
  bool paused = false;                 ///< there is nothing to send until resume()
  bool paced = true;
  bool has_sack = true;

  CongestionState state;
  CongestionModel model;

  // What came of it.
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t congestion_events = 0;
  std::uint32_t timeouts = 0;
  Duration srtt = kNoRtt;

  /// The window in segments.
  [[nodiscard]] double segments() const { return static_cast<double>(state.cwnd) / mss; }
};

/// The simulation.
class Bottleneck {
 public:
  explicit Bottleneck(const Path& path, std::uint64_t seed = 1) : path_(path), random_(seed) {}

  /// Adds a sender; the reference stays good.
  Flow& add(const CongestionControl& control, std::uint32_t mss = 1000, Duration starts = {});
  /// The application of a paused flow has data again.
  void resume(Flow& flow);
  /// Runs until `until` (from the beginning).
  void run(Duration until);
  /// Called after every ACK that a flow has worked through.
  std::function<void(Flow&, Instant)> on_ack;
  /// The path from here on.
  void change(const Path& path) { path_ = path; }
  [[nodiscard]] const Path& path() const { return path_; }

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] std::uint32_t queued() const { return queued_; }
  /// The mean of what waited in the queue since the last call of forget(), in bytes.
  [[nodiscard]] double mean_queue() const;
  /// Bytes that passed the bottleneck since then, as a part of what could have passed.
  [[nodiscard]] double utilisation() const;
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  void forget();

 private:
  struct Sent {
    std::uint64_t number = 0;
    std::uint32_t begin = 0;
    std::uint32_t bytes = 0;
    Instant at;
    DeliveryStamp stamp;
  };
  struct Sender {
    Flow flow;
    DeliveryRate rate;
    Pacing pacing;
    std::deque<Sent> sent;  // in flight, in the order of departure
    std::uint64_t next_number = 0;
    std::uint32_t next_byte = 0;
    std::uint64_t recover = 0;       // packets before this belong to the episode
    std::uint64_t recovery_end = 0;  // the packet that stands for the last retransmission
    bool in_recovery = false;
    bool started = false;
    std::uint64_t limited_until = 0;  // packets before this were sent when the window was full
    Instant timeout = kNever;
    Instant wake = kNever;
    Duration min_rtt = kNoRtt;
    std::uint64_t offered = 0;  // bytes sent, against application_rate
  };
  enum class Kind { Start, Departs, Ack, Wake, Timeout };
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    Kind kind{};
    std::size_t sender = 0;
    std::uint64_t packet = 0;
    std::uint32_t bytes = 0;
    bool operator>(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void schedule(Instant at, Kind kind, std::size_t sender, std::uint64_t packet = 0,
                std::uint32_t bytes = 0);
  void handle(const Event& event);
  void send(std::size_t index);
  [[nodiscard]] bool has_data(const Sender& sender, Instant& later) const;
  void transmit(std::size_t index, const Pace& pace);
  void enter_queue(std::size_t index, std::uint64_t packet, std::uint32_t bytes);
  void acknowledge(std::size_t index, std::uint64_t packet);
  void take_rtt(Sender& sender, Duration rtt);
  bool detect_losses(Sender& sender, std::uint64_t acked);
  void lose(Sender& sender, const Sent& sent);
  void time_out(std::size_t index);
  [[nodiscard]] Pace pace_of(const Sender& sender) const;
  [[nodiscard]] LossFacts loss_facts(const Sender& sender) const;
  void account();

  Path path_;
  SeededRandom random_;
  Instant now_{};
  Instant free_at_{};  // when the bottleneck has sent all that waits
  std::uint32_t queued_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t passed_ = 0;
  std::uint64_t dropped_ = 0;
  double queue_time_ = 0;  // bytes times seconds
  Instant since_{};
  Instant accounted_{};
  std::deque<Sender> senders_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace glasstcp::test
