// The application of a script: socket calls by name, performed on a Stack.
//
// RFC 9293 §3.9.1 (the user interface); the calls and errno names are POSIX's, as packetdrill writes them.
//
// Invariants:
//   1. What is written is the pattern of our direction, what is read must be the peer's pattern:
//   each byte is checked.
//   2. Descriptors are numbered from 3, lowest first never reused.
//
// Next: runner.h.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>

#include "stack/socket/stack.h"
#include "tests/script/condition.h"
#include "tests/script/script.h"
#include "tests/script/settings.h"

namespace glasstcp::test {

/// What a call gave.
struct CallOutcome {
  bool would_block = false;  ///< a blocking descriptor: call again when something happened
  long long result = 0;
  std::string error;  ///< "EAGAIN"; empty when there is none
};

/// The errno that POSIX has for it.
[[nodiscard]] std::string errno_of(StreamError error);
[[nodiscard]] std::string errno_of(OpenError error);

/// The last state of each connection, also after the application gave it back. Whoever else wants
/// to watch is told after it.
class StateWatch : public Observer {
 public:
  void pass_on_to(Observer* other) { other_ = other; }
  void on_state_changed(const StateChangedEvent& event) noexcept override {
    states_[event.tuple.to_string()] = event.to;
    cause_ = event.cause;
    if (other_ != nullptr) other_->on_state_changed(event);
  }
  void on_packet_sent(const PacketSentEvent& event) noexcept override {
    if (other_ != nullptr) other_->on_packet_sent(event);
  }
  void on_packet_received(const PacketReceivedEvent& event) noexcept override {
    if (other_ != nullptr) other_->on_packet_received(event);
  }
  void on_timer_fired(const TimerFiredEvent& event) noexcept override {
    if (other_ != nullptr) other_->on_timer_fired(event);
  }
  void on_close(const CloseEvent& event) noexcept override {
    if (other_ != nullptr) other_->on_close(event);
  }
  /// Of the last change of any connection.
  [[nodiscard]] std::optional<StateCause> cause() const { return cause_; }
  [[nodiscard]] State state(const FourTuple& tuple) const {
    const auto found = states_.find(tuple.to_string());
    return found == states_.end() ? State::Closed : found->second;
  }

 private:
  std::map<std::string, State> states_;
  std::optional<StateCause> cause_;
  Observer* other_ = nullptr;
};

/// Performs calls and remembers events.
class User {
 public:
  User(Stack& stack, const World& world) : stack_(stack), world_(world) {
    stack_.set_observer(&watch_);
  }
  ~User() { stack_.set_observer(nullptr); }
  User(const User&) = delete;
  User& operator=(const User&) = delete;

  /// Performs a call; the error is for a call that the runner does not know or that misbehaves
  /// (wrong bytes).
  std::expected<CallOutcome, std::string> perform(const ScriptCall& call, Instant now);
  void on_event(const Event& event);
  /// Lets another observer watch as well; null: none. Borrowed.
  void let_watch(Observer* observer) { watch_.pass_on_to(observer); }
  /// Settings from here on: of every open connection, of what listeners bring, and of what is
  /// opened later. The error: a key that holds for the whole script.
  std::expected<void, std::string> choose(const ScriptSettings& chosen, Instant now);

  /// The addresses and ports of the newest active open; empty before.
  [[nodiscard]] const std::optional<FourTuple>& active_tuple() const { return active_tuple_; }
  /// What a name in a check stands for, for the connection used last: RFC names, counters of the
  /// stack and events.
  [[nodiscard]] std::optional<Value> lookup(std::string_view name, std::uint32_t our_isn,
                                            std::uint32_t peer_isn) const;

 private:
  struct Descriptor {
    enum class Kind : std::uint8_t { Fresh, Listener, Connection, Closed };
    Kind kind = Kind::Fresh;
    ListenerId listener;
    ConnectionId connection;
    std::optional<Port> bound;
    bool is_nonblocking = false;
    bool is_connecting = false;
    bool resets_on_close = false;
    FastOpenUse fast_open = FastOpenUse::No;
    std::map<std::string, std::uint32_t> options;
    std::uint64_t written = 0;
    std::uint64_t read = 0;
  };
  using Outcome = std::expected<CallOutcome, std::string>;

  Outcome open(const ScriptCall& call);
  Outcome bind(Descriptor& d);
  Outcome listen(Descriptor& d, const ScriptCall& call);
  Outcome accept(Descriptor& d, Instant now);
  Outcome connect(Descriptor& d, Instant now);
  Outcome connect_and_send(Descriptor& d, const ScriptCall& call, Instant now);
  Outcome connect_progress(Descriptor& d);
  Outcome read(Descriptor& d, const ScriptCall& call, Instant now);
  Outcome write(Descriptor& d, const ScriptCall& call, Instant now);
  Outcome shutdown(Descriptor& d, const ScriptCall& call, Instant now);
  Outcome close(Descriptor& d, Instant now);
  Outcome set_option(Descriptor& d, const ScriptCall& call, Instant now);
  Outcome get_option(const Descriptor& d, const ScriptCall& call) const;
  Outcome poll(const ScriptCall& call);
  [[nodiscard]] std::string readiness(const Descriptor& d) const;
  Outcome control(Descriptor& d, const ScriptCall& call);
  void apply_fast_open(const Descriptor& d);
  [[nodiscard]] std::optional<ConnectionSettings> settings_of(const Descriptor& d) const;
  void apply_options(Descriptor& d, Instant now);
  [[nodiscard]] std::string state_name() const;
  [[nodiscard]] std::optional<Value> lookup_number(std::string_view name) const;
  static Outcome failed(const std::string& error) { return CallOutcome{false, -1, error}; }
  Outcome blocked(const Descriptor& d) const;

  Stack& stack_;
  StateWatch watch_;
  std::optional<ConnectionSettings> chosen_;  ///< what the script chose on its way; empty: nothing
  std::optional<bool> nagle_;
  World world_;
  std::map<int, Descriptor> descriptors_;
  int next_descriptor_ = 3;
  ConnectionId last_;
  std::optional<FourTuple> last_tuple_;
  std::optional<FourTuple> active_tuple_;
  std::map<std::uint32_t, std::uint16_t> events_;  ///< by connection index: every bit seen so far
};

}  // namespace glasstcp::test
