// See event_loop.h.
#include "tun/loop/event_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

// How long the loop goes on after connections were reset at the end of the grace period: a peer
// that lost segments answers our RST with a challenge ACK (RFC 5961 §3.2), and believes only the
// RST that answers that one.
constexpr Duration kLastWords = 100ms;

// How long the loop waits for the FINs of peers that have acknowledged all that we sent, FIN
// included, when there is nothing else to wait for. A client that keeps its end open is left alone
// then, without a reset, which could cost it an answer that it has not read yet (RFC 9112 §9.6).
constexpr Duration kLastWait = 500ms;

// A device that refuses although it calls itself writable (no memory) is asked again after this
// time.
constexpr Duration kRefusalPause = 1ms;

bool watch(int epoll, int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

timespec to_timespec(Duration d) {
  timespec t;
  t.tv_sec = d.count() / 1'000'000'000;
  t.tv_nsec = d.count() % 1'000'000'000;
  return t;
}

}  // namespace

std::expected<EventLoop, Failure> EventLoop::make(Device& device, Options options) {
  const auto failed = [](const char* what) {
    return std::unexpected(Failure{std::string(what) + ": " + std::strerror(errno), {}});
  };
  EventLoop loop(device.descriptor(), options);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return failed("sigprocmask");
  loop.signals_ = Descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!loop.signals_.is_open()) return failed("signalfd");
  loop.epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!loop.epoll_.is_open()) return failed("epoll_create1");
  if (!watch(loop.epoll_.get(), loop.device_, EPOLLIN) ||
      !watch(loop.epoll_.get(), loop.signals_.get(), EPOLLIN)) {
    return failed("epoll_ctl");
  }
  return loop;
}

EventLoop::End EventLoop::run(Pump& pump, Stack& stack, Application& application) {
  while (true) {
    const Instant now = SystemClock::now();
    if (signals_seen_ > 0) stop(stack, application, now);
    const TurnResult turn = pump.turn(now);
    if (turn.device_gone) return End::DeviceGone;
    if (signals_seen_ > 1) return End::Interrupted;
    if (stop_deadline_ && !turn.has_more && has_stopped(pump, stack, application, now)) {
      return End::Stopped;
    }
    if (should_wait(turn, now)) {
      wait(turn, std::min(pump.next_deadline(), end_of_grace(now)));
    } else if (++turns_since_look_ >= kTurnsBetweenLooks) {
      look(Duration::zero());
    }
  }
}

void EventLoop::stop(Stack& stack, Application& application, Instant now) {
  if (!stop_deadline_) {
    stop_deadline_ = now + options_.grace;
    application.stop(now);
  }
  if (now < *stop_deadline_) return;
  last_wait_.reset();
  for (const ConnectionId id : stack.connections()) stack.abort(id, now);
}

Instant EventLoop::end_of_grace(Instant now) const {
  if (!stop_deadline_) return kNever;
  if (last_wait_) return std::min(*last_wait_, *stop_deadline_);
  return now < *stop_deadline_ ? *stop_deadline_ : *stop_deadline_ + kLastWords;
}

bool EventLoop::has_stopped(const Pump& pump, const Stack& stack, const Application& application,
                            Instant now) {
  if (now >= *stop_deadline_) return now >= *stop_deadline_ + kLastWords;
  if (!pump.is_drained() || !stack.only_fin_wait_2_left()) {
    last_wait_.reset();
    return false;
  }
  if (application.is_finished() && stack.connection_count() == 0) return true;
  if (!last_wait_) last_wait_ = now + kLastWait;
  return now >= *last_wait_;
}

bool EventLoop::should_wait(const TurnResult& turn, Instant now) {
  if (turn.received > 0) {
    if (slept_) spin_.on_slept(now - last_packet_);
    slept_ = false;
    last_packet_ = now;
  }
  if (turn.is_blocked || turn.is_failing) return true;
  refused_again_ = false;
  if (turn.has_more) return false;
  return last_packet_ == Instant::min() || now - last_packet_ >= spin_.current();
}

void EventLoop::wait(const TurnResult& turn, Instant deadline) {
  const Instant now = SystemClock::now();
  slept_ = true;
  if (turn.is_blocked && refused_again_) deadline = std::min(deadline, now + kRefusalPause);
  want_writable(turn.is_blocked && !refused_again_);
  refused_again_ = turn.is_blocked && !refused_again_;
  if (looks_away_) {
    look_away(false);
    look(Duration::zero());
  }
  const Duration pause = read_pause_.after(turn, in_error_);
  if (pause > Duration::zero()) deadline = std::min(deadline, now + pause);
  look_away(pause > Duration::zero());
  constexpr Duration kLong = 1h;
  look(deadline <= now ? Duration::zero() : deadline - now > kLong ? kLong : deadline - now);
}

void EventLoop::want_writable(bool wanted) {
  if (wanted == waits_for_writable_) return;
  waits_for_writable_ = wanted;
  epoll_event event{};
  event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = device_;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, device_, &event);
}

// An error is reported whatever is waited for, so the device is taken out of the set meanwhile.
void EventLoop::look_away(bool away) {
  if (away == looks_away_) return;
  looks_away_ = away;
  if (away) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, device_, nullptr);
  } else {
    static_cast<void>(
        watch(epoll_.get(), device_, waits_for_writable_ ? EPOLLIN | EPOLLOUT : EPOLLIN));
  }
}

void EventLoop::look(Duration at_most) {
  turns_since_look_ = 0;
  in_error_ = false;
  std::array<epoll_event, 2> events;
  const timespec timeout = to_timespec(at_most);
  int count = ::epoll_pwait2(epoll_.get(), events.data(), 2, &timeout, nullptr);
  if (count < 0 &&
      errno == ENOSYS) {  // before Linux 5.11: whole milliseconds, rounded up so as not to spin
    const auto milliseconds = (at_most.count() + 999'999) / 1'000'000;
    count = ::epoll_wait(epoll_.get(), events.data(), 2, static_cast<int>(milliseconds));
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == signals_.get()) take_signals();
    if (event.data.fd == device_) in_error_ = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  }
}

void EventLoop::take_signals() {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) ++signals_seen_;
}

}  // namespace glasstcp
