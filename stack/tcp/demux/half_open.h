// A half-open connection: a SYN came, our SYN-ACK is on its way, and nothing more is known. Kept
// small, since anyone can cause one with a single packet.
//
// RFC 9293 §3.10.7.2 (LISTEN), §3.10.7.4 as far as it concerns SYN-RECEIVED after a passive open,
// RFC 4987 §3.2.
//
// Invariants:
//   1. It becomes a Connection only by a segment that passes every check of §3.10.7.4 up to the ACK
//   of our SYN.
//   2. It dies after a limited number of unanswered SYN-ACKs (RFC 4987 §3.3).
//
// Next: time_wait.h.
#pragma once

#include <cstdint>

#include "stack/base/intrusive_list.h"
#include "stack/tcp/connection/challenge_limit.h"
#include "stack/tcp/connection/stack_context.h"
#include "stack/tcp/handshake/agreement.h"
#include "stack/tcp/segment.h"

namespace glasstcp {

struct HalfOpenReadyTag;
struct HalfOpenAgeTag;

/// What the checks of a segment say about a half-open record.
enum class HalfOpenFate : std::uint8_t {
  Stays,     ///< the segment is dealt with
  Dies,      ///< a valid reset
  Completes  ///< the segment acknowledges our SYN: make a Connection and give it the segment
};

/// What was decided about a segment.
struct HalfOpenResult {
  HalfOpenFate fate = HalfOpenFate::Stays;
  Verdict verdict = Verdict::Accepted;
};

/// RFC 9293's SYN-RECEIVED after a passive open.
class HalfOpen : public ListHook<HalfOpenReadyTag>,
                 public ListHook<HalfOpenAgeTag>,
                 public TimerNode {
 public:
  /// From a SYN that a listener takes. `agreed.buffer` bytes are the window
  /// offered; nothing is reserved yet. `settings` are those of the listener's connections.
  HalfOpen(const Agreement& agreed, const ConnectionSettings& settings, std::uint32_t listener);

  HalfOpenResult segment_arrives(const Segment& seg, TcpContext& context, Instant now);
  /// The SYN-ACK timer expired. False: too often; the record dies.
  bool on_timer(const TcpContext& context);
  /// Fills `out` with the SYN-ACK that is due and starts the timer.
  void transmit(TcpContext& context, Instant now, OutPacket& out);

  /// The first SYN-ACK gives the client a Fast Open cookie (RFC 7413 §4.2.2).
  void give_cookie(const FastOpenCookie& cookie, bool experimental) {
    cookie_ = cookie;
    cookie_experimental_ = experimental;
  }
  [[nodiscard]] bool is_due() const { return due_; }
  [[nodiscard]] const Agreement& agreement() const { return agreed_; }
  [[nodiscard]] std::uint32_t listener() const { return listener_; }

 private:
  void reply_ack(TcpContext& context, SendReason reason, Instant now);
  [[nodiscard]] std::uint16_t window() const;

  Agreement agreed_;
  ChallengeLimit challenges_;
  ChallengeLimit answers_again_;  // of the SYN that is remembered: a count of its own
  std::uint32_t listener_;
  std::uint16_t mss_ = 0;  // to offer at most; 0: as the stack
  std::uint8_t hop_limit_ = 0;
  std::uint8_t traffic_class_ = 0;
  SendReason reason_ = SendReason::SynAck;
  bool due_ = true;
  bool cookie_experimental_ = false;
  FastOpenCookie cookie_;
};

static_assert(sizeof(HalfOpen) <= 200, "one packet of anybody makes one");

}  // namespace glasstcp
