// Performs a packet script against a Stack in virtual time.
//
// RFC 9293 as a conversation: what the peer sends is encoded by libtins and handed in at its time; what the stack sends
// is judged by libtins and compared with the next expected segment: time, flags, numbers, options,
// bytes, reason.
//
// Invariants:
//   1. No segment goes unseen: one that the script does not expect is a failure, at the next event
//   and at the end.
//   2. Time is virtual: it jumps from deadline to deadline, so that hours cost nothing.
//
// Next: script_tests.cc.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "tests/script/conversation.h"
#include "tests/script/user.h"
#include "tests/support/packet_tap.h"

namespace glasstcp::test {

/// One performance of one script in one world.
class Runner {
 public:
  /// `capture`: a file for what was sent and received; empty: none.
  Runner(Script script, const World& world, const std::string& capture = {});
  ~Runner();

  /// Empty when the stack kept to the script; else what differs, why the stack did it, and the
  /// conversation so far.
  std::optional<std::string> run();

 private:
  struct Sent {
    Instant at;
    Bytes packet;
    Datagram datagram;  ///< meaningless if !is_tcp
    bool is_tcp = true;
    SendReason reason;
    std::string events{};  ///< as a capture names them
  };
  struct Failure {
    std::string what;
  };

  void fill_in_cookies();
  void perform(const ScriptEvent& event);
  void perform_inbound(const ScriptEvent& event, const ScriptSegment& segment);
  void perform_outbound(const ScriptEvent& event, const ScriptSegment& segment);
  void perform_raw(const ScriptEvent& event, const ScriptRaw& raw);
  void expect_raw(const ScriptEvent& event, const ScriptRaw& raw);
  void expect_icmp(const ScriptEvent& event, const ScriptIcmp& icmp);
  Sent await_packet(const ScriptEvent& event);
  void judge_time(const ScriptEvent& event, const Sent& sent);
  void perform_icmp(const ScriptEvent& event, const ScriptIcmp& icmp);
  void perform_call(const ScriptEvent& event, const ScriptCall& call);
  void perform_settings(const ScriptSettings& settings);
  void perform_check(const ScriptCheck& check);

  void hand_in(const Bytes& packet, const ScriptEvent& event, const std::string& shown, Flow& flow,
               const ScriptSegment* segment);
  void advance_to(Instant when);
  void settle();  ///< timers of now, events, output
  void pull_packets();
  void take_packet(const OutPacket& out);
  bool wait_for_packet(Instant limit);
  void try_pending_call();
  void finish_call(const ScriptEvent& event, const ScriptCall& call, const CallOutcome& outcome);
  void forbid_unexpected(Instant before);
  void compare_numbers_of_ip(const ScriptSegment& expected, const Bytes& packet, const Flow& flow,
                             std::vector<std::string>& lines) const;
  void compare(const ScriptEvent& event, const ScriptSegment& expected, const Sent& sent);

  Flow& flow_of(const ScriptEvent& event);
  Flow& flow_of_port(std::uint16_t peer_port);
  void adopt_active_open();
  void log(const std::string& direction, const std::string& text, const std::string& note);
  [[nodiscard]] Duration elapsed(Instant at) const { return at - start_; }
  [[nodiscard]] std::string describe(const Sent& sent);
  [[nodiscard]] std::string report(const ScriptEvent& event, const std::string& what) const;
  [[noreturn]] static void fail(const std::string& what) { throw Failure{what}; }

  Script script_;
  World world_;
  RunSettings settings_;
  std::string setup_error_;
  Instant start_{};
  Instant now_{};
  Instant previous_{};              ///< the time of the event before, which "+0.1" counts from
  std::unique_ptr<PacketTap> tap_;  ///< what a capture says of the last packet
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<User> user_;
  std::deque<Sent> sent_;
  Bytes last_inbound_;  ///< what an ICMP error of ours must quote
  std::map<std::uint16_t, Flow> flows_;
  std::map<std::uint16_t, int> identifications_;  ///< IPv4's, and how many packets of ours had it
  std::uint16_t current_port_ = kPeerPort;
  std::optional<ScriptEvent> pending_;  ///< a blocking call that has not returned
  Instant pending_until_{};
  bool in_batch_ = false;  ///< the loop has read a packet and reads the next before it sends
  std::string conversation_;
};

}  // namespace glasstcp::test
