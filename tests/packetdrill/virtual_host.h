// A host in virtual time around one stack: descriptors, calls that really block, and a clock that
// moves only when somebody waits.
//
// Invariants:
//   1. One mutex guards the stack; virtual time moves only under it.
//   2. A call from another thread than the first one blocks on a condition variable. When it can go
//      on, time stands still until it has returned (the caller then asks for the time), or blocks
//      again.
//   3. A call of the first thread that would block moves the time itself, since nobody else does.
//   4. A descriptor is a real one, so that the caller may close() it behind our back.
//
// Next: adaptor.cc.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "stack/socket/glasstcp.h"
#include "tests/packetdrill/control.h"
#include "tests/packetdrill/personality.h"

namespace glasstcp::packetdrill {

/// A packet that left, and when (microseconds of virtual time).
struct Departure {
  std::vector<std::uint8_t> bytes;
  std::int64_t at_us = 0;
};

/// The host.
class VirtualHost {
 public:
  using Call = std::function<ssize_t(glasstcp_stack*)>;

  explicit VirtualHost(const std::string& flags);
  ~VirtualHost();

  /// Calls, waits as long as the call would block, and answers as libc does.
  ssize_t call(const Call& f);
  /// The same for calls that move `length` bytes and are repeated until all have moved.
  ssize_t transfer(std::size_t length,
                   const std::function<ssize_t(glasstcp_stack*, std::size_t)>& f);
  /// Asks `f` until it answers above zero, for at most `timeout_ms` (below zero: for ever).
  int wait_until(int timeout_ms, const std::function<int(glasstcp_stack*)>& f);

  void packet_arrives(const void* bytes, std::size_t length);
  /// Moves the time to the next packet that leaves; empty: none ever will.
  Departure next_packet();
  void sleep_us(std::int64_t us);
  /// The time; each question takes a microsecond.
  std::int64_t now_us();

  [[nodiscard]] bool is_bsd() const { return personality_.is_bsd; }
  [[nodiscard]] bool introduces() const { return personality_.introduces; }
  /// Shows the tool a SYN from the socket's address to `remote`, which the stack never sent: only
  /// so does it learn the addresses of a socket that neither connects nor listens.
  void introduce(glasstcp_handle handle, const sockaddr* remote);
  /// Whether a call with these flags waits.
  [[nodiscard]] bool may_block(glasstcp_handle handle, int flags);
  [[nodiscard]] std::uint32_t default_receive_buffer() const { return made_from_.receive_buffer; }
  [[nodiscard]] const std::string& folder() const { return control_.folder(); }

  /// A descriptor for a handle, and back; 0: not ours.
  int descriptor_of(glasstcp_handle handle);
  glasstcp_handle handle_of(int fd);
  void forget(int fd);
  /// Makes `address` ours, so that it can be bound or receive.
  void own(const sockaddr* address);

 private:
  using Lock = std::unique_lock<std::mutex>;
  static constexpr std::int64_t kNoDeadline = INT64_MAX;

  [[nodiscard]] bool is_first_thread() const { return std::this_thread::get_id() == first_; }
  void make_stack();
  void follow_sysctls();
  [[nodiscard]] std::string answer(const std::string& question);
  void own_bytes(bool v6, const std::uint8_t* address);
  void settle(Lock& lock);
  void collect();
  void show_second_isn(std::vector<std::uint8_t>& packet);
  [[nodiscard]] std::int64_t next_deadline_us() const;
  void move_to(std::int64_t us, Lock& lock);
  /// False: the deadline came, or nothing will ever happen.
  bool wait_for_change(std::int64_t deadline_us, Lock& lock);
  [[nodiscard]] bool has_come(const glasstcp_wait& wait);
  ssize_t call_locked(const Call& f, Lock& lock);

  std::mutex mutex_;
  std::condition_variable woken_;
  std::condition_variable returned_;
  Personality personality_;
  Control control_;
  glasstcp_config made_from_{};
  glasstcp_stack* stack_ = nullptr;
  std::thread::id first_;
  std::int64_t now_us_ = 1'000'000'000;
  std::deque<Departure> departures_;
  std::map<std::vector<std::uint8_t>, std::uint32_t> first_isns_;  // by addresses and ports
  std::unordered_map<int, glasstcp_handle> handles_;
  std::string own_v4_, own_v6_;
  std::vector<std::string> own_texts_;
  std::uint32_t fast_open_bits_ = 0xffffffff;  // as the stack was told; at first not at all
  std::vector<std::uint8_t> fast_open_keys_;
  // The second thread's call.
  bool is_waiting_ = false;
  bool is_running_ = false;
  std::int64_t waits_until_us_ = kNoDeadline;
};

}  // namespace glasstcp::packetdrill
