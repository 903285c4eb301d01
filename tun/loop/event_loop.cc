// See event_loop.h.
#include "tun/loop/event_loop.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

// A device that refuses although it calls itself writable (no memory) is asked again after this
// time.
constexpr Duration kRefusalPause = 1ms;
constexpr Duration kLongestWait = 1h;

timespec to_timespec(Duration d) {
  timespec t;
  t.tv_sec = d.count() / 1'000'000'000;
  t.tv_nsec = d.count() % 1'000'000'000;
  return t;
}

}  // namespace

std::expected<EventLoop, Failure> EventLoop::make(std::span<const int> signals, Duration spin) {
  const auto failed = [](const char* what) {
    return std::unexpected(Failure{std::string(what) + ": " + std::strerror(errno), {}});
  };
  EventLoop loop(spin);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : signals) ::sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return failed("sigprocmask");
  loop.signals_ = Descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!loop.signals_.is_open()) return failed("signalfd");
  return loop;
}

EventLoop::End EventLoop::run(Machine& machine) {
  while (true) {
    const Instant now = SystemClock::now();
    if (ends_asked_ > 0) machine.stop(now);
    const bool is_cut = ends_asked_ > 1 && machine.stop_now(now);
    const TurnResult turn = machine.turn(now);
    if (turn.device_gone) return End::DeviceGone;
    if (is_cut) return End::Interrupted;
    if (!turn.has_more && machine.is_over(now)) {
      return ends_asked_ > 1 ? End::Interrupted : End::Over;
    }
    if (should_wait(turn, now)) {
      wait(machine, turn);
    } else if (++turns_since_look_ >= kTurnsBetweenLooks) {
      look(machine, Duration::zero());
    }
  }
}

bool EventLoop::should_wait(const TurnResult& turn, Instant now) {
  if (turn.received > 0) {
    if (slept_) spin_.on_slept(now - last_packet_);
    slept_ = false;
    last_packet_ = now;
  }
  if (turn.is_blocked || turn.is_failing) return true;
  waits_for_writable_ = false;
  if (turn.has_more) return false;
  return last_packet_ == Instant::min() || now - last_packet_ >= spin_.current();
}

void EventLoop::wait(Machine& machine, const TurnResult& turn) {
  const Instant now = SystemClock::now();
  slept_ = true;
  Instant deadline = machine.next_deadline();
  const bool refused_again = turn.is_blocked && waits_for_writable_;
  if (refused_again) deadline = std::min(deadline, now + kRefusalPause);
  waits_for_writable_ = turn.is_blocked && !refused_again;
  if (looks_away_) {
    looks_away_ = false;
    look(machine, Duration::zero());
  }
  const Duration pause = read_pause_.after(turn, in_error_);
  if (pause > Duration::zero()) deadline = std::min(deadline, now + pause);
  looks_away_ = pause > Duration::zero();
  look(machine, deadline <= now ? Duration::zero() : std::min(deadline - now, kLongestWait));
}

void EventLoop::look(Machine& machine, Duration at_most) {
  turns_since_look_ = 0;
  in_error_ = false;
  std::array<pollfd, 3> files{machine.source(), machine.sink(), {signals_.get(), POLLIN, 0}};
  pollfd& source = files[0];
  if (waits_for_writable_) source.events = static_cast<short>(source.events | POLLOUT);
  if (looks_away_) source.fd = -1;  // an error is reported whatever is waited for
  const timespec timeout = to_timespec(at_most);
  if (::ppoll(files.data(), files.size(), &timeout, nullptr) <= 0) return;
  in_error_ = (source.revents & (POLLERR | POLLHUP)) != 0;
  if (files[1].revents != 0) machine.on_sink_ready();
  if (files[2].revents != 0) take_signals(machine);
}

void EventLoop::take_signals(Machine& machine) {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    if (machine.takes_signal(number)) continue;
    if (ends_asked_++ == 0) first_signal_ = number;
  }
}

}  // namespace glasstcp
