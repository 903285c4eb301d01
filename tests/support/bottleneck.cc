// The events of the path and its senders. See bottleneck.h.
#include "tests/support/bottleneck.h"

#include <algorithm>

namespace glasstcp::test {
namespace {

double seconds(Duration d) {
  return static_cast<double>(d.count()) * 1e-9;
}

Duration transmission(std::uint64_t bytes, std::uint64_t rate) {
  return Duration(static_cast<std::int64_t>(bytes * 1'000'000'000ULL / rate));
}

}  // namespace

Flow& Bottleneck::add(const CongestionControl& control, std::uint32_t mss, Duration starts) {
  Sender& sender = senders_.emplace_back();
  sender.flow.control = &control;
  sender.flow.mss = mss;
  sender.flow.starts = starts;
  // Different flows have different initial sequence numbers.
  sender.next_byte = static_cast<std::uint32_t>(random_.next());
  schedule(Instant(starts), Kind::Start, senders_.size() - 1);
  return sender.flow;
}

void Bottleneck::run(Duration until) {
  while (!events_.empty() && events_.top().at <= Instant(until)) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    account();
    handle(event);
  }
  now_ = Instant(until);
  account();
}

void Bottleneck::resume(Flow& flow) {
  flow.paused = false;
  for (std::size_t i = 0; i < senders_.size(); ++i)
    if (&senders_[i].flow == &flow) send(i);
}

void Bottleneck::account() {
  queue_time_ += queued_ * seconds(now_ - accounted_);
  accounted_ = now_;
}

void Bottleneck::forget() {
  since_ = accounted_ = now_;
  queue_time_ = 0;
  passed_ = dropped_ = 0;
}

double Bottleneck::mean_queue() const {
  return queue_time_ / seconds(now_ - since_);
}

double Bottleneck::utilisation() const {
  return static_cast<double>(passed_) / (seconds(now_ - since_) * static_cast<double>(path_.rate));
}

void Bottleneck::schedule(Instant at, Kind kind, std::size_t sender, std::uint64_t packet,
                          std::uint32_t bytes) {
  events_.push({at, order_++, kind, sender, packet, bytes});
}

void Bottleneck::handle(const Event& event) {
  Sender& sender = senders_[event.sender];
  switch (event.kind) {
    case Kind::Start: {
      Flow& flow = sender.flow;
      flow.control->start({flow.state, flow.model}, 10 * flow.mss);
      // The handshake gave a first sample.
      take_rtt(sender, path_.rtt);
      sender.started = true;
      return send(event.sender);
    }
    case Kind::Departs: {
      queued_ -= event.bytes;
      passed_ += event.bytes;
      Instant arrives = now_ + path_.rtt;
      if (const auto slot = path_.ack_slot.count(); slot > 0) {
        const auto slots = (arrives.time_since_epoch().count() + slot - 1) / slot;
        arrives = Instant(Duration(slots * slot));
      }
      return schedule(arrives, Kind::Ack, event.sender, event.packet);
    }
    case Kind::Ack:
      return acknowledge(event.sender, event.packet);
    case Kind::Wake:
      if (sender.wake != event.at) return;
      sender.wake = kNever;
      return send(event.sender);
    case Kind::Timeout:
      if (sender.timeout == event.at) time_out(event.sender);
      return;
  }
}

Pace Bottleneck::pace_of(const Sender& sender) const {
  const Flow& flow = sender.flow;
  if (!flow.paced) return {};
  const PacingFacts facts{.own_rate = flow.control->pacing_rate(flow.state, flow.model),
                          .cwnd = flow.state.cwnd,
                          .ssthresh = flow.state.ssthresh,
                          .mss = flow.mss,
                          .srtt = flow.srtt,
                          .is_first_flight = flow.delivered == 0};
  return Pace::choose(facts);
}

bool Bottleneck::has_data(const Sender& sender, Instant& later) const {
  const Flow& flow = sender.flow;
  later = kNever;
  if (flow.paused) return false;
  if (flow.application_rate == 0) return true;
  const Instant produced =
      Instant(flow.starts) + transmission(sender.offered + flow.mss, flow.application_rate);
  if (produced <= now_) return true;
  later = produced;
  return false;
}

void Bottleneck::send(std::size_t index) {
  Sender& sender = senders_[index];
  Flow& flow = sender.flow;
  const auto sleep_until = [&](Instant at) {
    if (at == kNever || (sender.wake <= at && sender.wake > now_)) return;
    sender.wake = at;
    schedule(at, Kind::Wake, index);
  };
  while (sender.started) {
    Instant later;
    if (flow.in_flight + flow.mss > flow.state.cwnd) {
      sender.limited_until = sender.next_number;
      return;
    }
    if (!has_data(sender, later)) {
      sender.rate.note_app_limited(flow.in_flight);
      return sleep_until(later);
    }
    const Pace pace = pace_of(sender);
    if (sender.pacing.next_send(now_) > now_) return sleep_until(sender.pacing.next_send(now_));
    transmit(index, pace);
  }
}

void Bottleneck::transmit(std::size_t index, const Pace& pace) {
  Sender& sender = senders_[index];
  Flow& flow = sender.flow;
  if (flow.in_flight == 0) {
    if (sender.rate.is_app_limited()) flow.control->on_restart({flow.state, flow.model}, now_);
    sender.timeout = now_ + 1s;
    schedule(sender.timeout, Kind::Timeout, index);
  }
  const DeliveryStamp stamp = sender.rate.stamp(now_, flow.in_flight, flow.mss);
  sender.sent.push_back({sender.next_number, sender.next_byte, flow.mss, now_, stamp});
  sender.pacing.on_sent(flow.mss, now_, pace);
  flow.in_flight += flow.mss;
  sender.offered += flow.mss;
  sender.next_byte += flow.mss;
  enter_queue(index, sender.next_number++, flow.mss);
}

void Bottleneck::enter_queue(std::size_t index, std::uint64_t packet, std::uint32_t bytes) {
  // The one that is being sent does not wait.
  if (random_.chance(path_.loss) || queued_ > path_.queue) {
    ++dropped_;
    return;
  }
  queued_ += bytes;
  free_at_ = std::max(free_at_, now_) + transmission(bytes, path_.rate);
  schedule(free_at_, Kind::Departs, index, packet, bytes);
}

void Bottleneck::take_rtt(Sender& sender, Duration rtt) {
  Flow& flow = sender.flow;
  flow.srtt = flow.srtt == kNoRtt ? rtt : flow.srtt - flow.srtt / 8 + rtt / 8;
  sender.min_rtt = sender.min_rtt == kNoRtt ? rtt : std::min(sender.min_rtt, rtt);
}

LossFacts Bottleneck::loss_facts(const Sender& sender) const {
  return {.now = now_,
          .flight = sender.flow.in_flight,
          .mss = sender.flow.mss,
          .nxt = SeqNum(sender.next_byte)};
}

void Bottleneck::lose(Sender& sender, const Sent& sent) {
  Flow& flow = sender.flow;
  sender.rate.on_lost(sent.bytes);
  flow.in_flight -= sent.bytes;
  flow.lost += sent.bytes;
  flow.control->on_segment_lost({flow.state, flow.model},
                                {.now = now_,
                                 .begin = SeqNum(sent.begin),
                                 .end = SeqNum(sent.begin + sent.bytes),
                                 .delivered = sender.rate.delivered(),
                                 .mss = flow.mss,
                                 .tx_in_flight = sent.stamp.tx_in_flight,
                                 .lost_since = sender.rate.lost_since(sent.stamp),
                                 .is_app_limited = sent.stamp.is_app_limited != 0,
                                 .in_recovery = sender.in_recovery,
                                 .has_sack = flow.has_sack});
}

// True: the first of an episode.
bool Bottleneck::detect_losses(Sender& sender, std::uint64_t acked) {
  bool news = false;
  while (!sender.sent.empty() && sender.sent.front().number + 3 <= acked) {
    news |= !sender.in_recovery || sender.sent.front().number >= sender.recover;
    lose(sender, sender.sent.front());
    sender.recovery_end = sender.next_number;
    sender.sent.pop_front();
  }
  return news;
}

void Bottleneck::acknowledge(std::size_t index, std::uint64_t packet) {
  Sender& sender = senders_[index];
  Flow& flow = sender.flow;
  const auto found = std::ranges::find(sender.sent, packet, &Sent::number);
  if (found == sender.sent.end()) return;  // taken for lost before
  const Sent sent = *found;
  sender.sent.erase(found);
  const Congestion c{flow.state, flow.model};
  const bool window_was_limit = packet < sender.limited_until;
  take_rtt(sender, now_ - sent.at);
  sender.rate.on_delivered(sent.stamp, sent.bytes, sent.at, now_);
  flow.delivered += sent.bytes;
  const std::uint32_t flight = flow.in_flight;
  flow.in_flight -= sent.bytes;
  if (detect_losses(sender, packet)) {
    LossFacts facts = loss_facts(sender);
    facts.flight = flight;
    flow.control->on_congestion(c, facts);
    ++flow.congestion_events;
    sender.in_recovery = true;
    sender.recover = sender.recovery_end = sender.next_number;
    if (!flow.control->owns_recovery()) flow.state.cwnd = flow.state.ssthresh;
  } else if (sender.in_recovery && packet >= sender.recovery_end) {
    sender.in_recovery = false;
    flow.control->on_recovery_exit(c, now_);
  }
  const std::uint32_t una = sender.sent.empty() ? sender.next_byte : sender.sent.front().begin;
  flow.control->on_ack(c, {.now = now_,
                           .acked = sent.bytes,
                           .mss = flow.mss,
                           .most_per_ack = flow.mss,
                           .in_flight = flow.in_flight,
                           .una = SeqNum(una),
                           .nxt = SeqNum(sender.next_byte),
                           .rtt = now_ - sent.at,
                           .srtt = flow.srtt,
                           .min_rtt = sender.min_rtt,
                           .window_was_limit = window_was_limit,
                           .in_recovery = sender.in_recovery,
                           .has_sack = flow.has_sack,
                           .rate = sender.rate.finish(sender.min_rtt)});
  if (flow.control->holds_back(flow.model)) sender.rate.note_app_limited(flow.in_flight);
  sender.timeout = sender.sent.empty() ? kNever : now_ + std::max<Duration>(3 * flow.srtt, 200ms);
  if (sender.timeout != kNever) schedule(sender.timeout, Kind::Timeout, index);
  send(index);
  if (on_ack) on_ack(flow, now_);
}

void Bottleneck::time_out(std::size_t index) {
  Sender& sender = senders_[index];
  Flow& flow = sender.flow;
  ++flow.timeouts;
  const LossFacts facts = loss_facts(sender);
  for (const Sent& sent : sender.sent) lose(sender, sent);
  sender.sent.clear();
  sender.in_recovery = false;
  sender.timeout = kNever;
  flow.control->on_timeout({flow.state, flow.model}, facts, true);
  send(index);
}

}  // namespace glasstcp::test
