// TIME-WAIT: what is remembered of a connection that we closed first, for twice the maximum segment
// lifetime.
//
// RFC 9293 §3.6.1, §3.10.7.4; RFC 1337 (a reset does not end it, unless it answers our challenge
// ACK); RFC 6191 (a new SYN may). A record and not a connection: nothing is left to send, and the
// connection itself stays only while the application may still read.
//
// Invariants:
//   1. The list is in order of expiry, since every record waits equally long.
//
// Next: tcp_layer.cc.
#pragma once

#include <cstdint>

#include "stack/base/intrusive_list.h"
#include "stack/tcp/connection/challenge_limit.h"
#include "stack/tcp/connection/stack_context.h"
#include "stack/tcp/connection/time_wait_facts.h"
#include "stack/tcp/segment.h"

namespace glasstcp {

struct TimeWaitTag;

/// What a segment does to a TIME-WAIT record.
enum class TimeWaitFate : std::uint8_t {
  Stays,
  Restarts,  ///< 2 MSL begin again
  Yields,    ///< a new SYN takes the tuple over
  Ends,      ///< a reset that is believed
};

/// What was decided about a segment.
struct TimeWaitResult {
  TimeWaitFate fate = TimeWaitFate::Stays;
  Verdict verdict = Verdict::TimeWaitOldDuplicate;
};

/// RFC 9293's TIME-WAIT.
class TimeWaitRecord : public ListHook<TimeWaitTag> {
 public:
  TimeWaitRecord(const TimeWaitFacts& facts, Instant expires);

  TimeWaitResult segment_arrives(const Segment& seg, TcpContext& context, Instant now);
  /// RFC 5961 §4.2: a SYN that does not take the tuple over is answered, within the limit.
  TimeWaitResult challenge(const Segment& syn, TcpContext& context, Instant now);
  /// An ACK with the numbers of the end of the connection.
  void reply_ack(TcpContext& context, SendReason reason, Instant now) const;

  [[nodiscard]] const FourTuple& tuple() const { return tuple_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] SeqNum snd_nxt() const { return snd_nxt_; }
  [[nodiscard]] Instant expires() const { return expires_; }
  void set_expires(Instant expires) { expires_ = expires; }

 private:
  [[nodiscard]] TimeWaitResult reset_arrives(const Segment& seg, const TcpContext& context) const;
  [[nodiscard]] bool yields_to(const Segment& syn, const TcpContext& context) const;
  void answer(TcpContext& context, SendReason reason, Instant now);

  FourTuple tuple_;
  std::uint64_t hash_;
  Timestamps timestamps_;
  Instant expires_;
  SeqNum snd_nxt_;
  SeqNum rcv_nxt_;
  ChallengeLimit challenges_;
  std::uint16_t window_;
  bool answered_syn_ = false;  // its last answer was a challenge ACK for a SYN
};

}  // namespace glasstcp
