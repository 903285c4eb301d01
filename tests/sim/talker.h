// The application at one end of a simulated connection: what it says, how fast it reads, how it
// ends.
//
// Invariants (checked here):
//   1. The bytes read are a prefix of the bytes that the other end's plan sends, and all of them at
//   end of stream.
//   2. An application ends without an error unless one of the two aborts or has a user timeout;
//   then the error is what the rules give.
//   3. Urgent data ends within what the other side says.
//
// Next: world.h.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "stack/socket/stack.h"
#include "tests/sim/dice.h"
#include "tests/sim/wire_judge.h"

namespace glasstcp::sim {

/// What an application intends.
struct Plan {
  std::uint64_t says = 0;  ///< bytes to send in all
  std::uint64_t salt = 0;  ///< of its pattern
  std::uint32_t write_chunk = 4096;
  std::uint32_t read_chunk = 65536;
  Duration read_pause{};        ///< between reads; 0: reads all at once
  bool borrows = false;         ///< send_borrowed instead of send
  bool finishes_early = false;  ///< half-closes after its bytes, else after it saw the other's end
  bool nagle = true;
  std::uint32_t urgent_every = 0;           ///< each so many-th SEND is urgent; 0: none
  std::uint64_t aborts_after = UINT64_MAX;  ///< bytes said and heard together, then ABORT
  Duration user_timeout{};                  ///< 0: none

  static Plan by(Dice& dice, std::uint64_t salt);
  /// Whether this side may end the connection without a FIN.
  [[nodiscard]] bool may_end() const {
    return aborts_after != UINT64_MAX || user_timeout.count() > 0;
  }
  [[nodiscard]] std::string to_string() const;
};

/// One end.
class Talker {
 public:
  Talker(Stack& stack, ConnectionId id, const Plan& own, const Plan& other, std::string name)
      : stack_(stack), id_(id), own_(own), other_(other), name_(std::move(name)) {}

  /// Does all that can be done now. Throws Violation.
  void pump(Instant now);
  void on_event(const Event& event, Instant now);
  void on_released(std::uint64_t cookie) {
    if (loans_.erase(cookie) == 0) fault("a loan was returned twice");
  }
  void check_loans_returned() const {
    if (!loans_.empty()) fault(std::to_string(loans_.size()) + " loans were never returned");
  }
  /// Its cookies count from here on, so that no two talkers of a host have the same.
  void set_cookies(std::uint64_t first) { next_cookie_ = first; }
  void set_options(Instant now) {
    stack_.set_nagle(id_, own_.nagle, now);
    // A lost RST is not repeated: who has nothing to say learns of the other's end by keep-alive
    // alone.
    if (may_break()) stack_.set_keep_alive(id_, true, now);
    if (own_.user_timeout.count() > 0) stack_.set_user_timeout(id_, own_.user_timeout, now);
  }

  /// When it wants to be pumped at the latest.
  [[nodiscard]] Instant wake() const { return done_ ? kNever : next_read_; }
  [[nodiscard]] bool is_done() const { return done_; }
  [[nodiscard]] bool has_aborted() const { return aborted_; }
  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] std::string describe() const;

 private:
  void write(Instant now);
  bool write_once(Instant now);
  void read(Instant now);
  void check_bytes(ByteView bytes);
  void end(Instant now);
  void failed(StreamError error, Instant now);
  [[noreturn]] void fault(const std::string& what) const {
    throw Violation(what + ": " + describe());
  }
  [[nodiscard]] bool may_break() const { return own_.may_end() || other_.may_end(); }
  [[nodiscard]] bool is_explained(StreamError error) const;

  Stack& stack_;
  ConnectionId id_;
  Plan own_;
  Plan other_;
  std::string name_;
  std::uint64_t said_ = 0;
  std::uint64_t heard_ = 0;
  std::uint64_t sends_ = 0;
  std::uint64_t next_cookie_ = 1;
  std::map<std::uint64_t, std::unique_ptr<Bytes>> loans_;
  Instant next_read_ = kNever;
  bool finished_saying_ = false;
  bool heard_end_ = false;
  bool aborted_ = false;
  bool done_ = false;
};

}  // namespace glasstcp::sim
