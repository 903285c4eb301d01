// What is on its way: one record for each segment (or superpacket) sent and not yet acknowledged,
// in sequence order.
//
// RFC 9293 §3.4 (the retransmission queue), RFC 6298 §3 (Karn's rule needs to know what was sent
// twice), RFC 6675 and
// RFC 8985 (scoreboards stand on such records). The bytes themselves stay in the TxQueue; a record
// is 32 bytes.
//
// Invariants:
//   1. The records tile [snd.una, snd.nxt) exactly: no hole, no overlap.
//   2. lost_bytes() is the sum of the lengths of records that are marked lost and not sent again
//   since.
//
// Leaves out: deciding what is lost (judgement), and the bytes.
//
// Next: tx_queue.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"
#include "stack/base/slab.h"
#include "stack/base/time.h"

namespace glasstcp {

/// One segment in flight.
struct SentSegment {
  SeqNum begin;
  SeqNum end;
  Instant sent_at;
  std::uint32_t prev = kNone;
  std::uint32_t next = kNone;
  bool retransmitted = false;  ///< sent more than once: no RTT sample from it (Karn)
  bool lost = false;           ///< judged lost and not sent again since

  [[nodiscard]] std::uint32_t length() const { return static_cast<std::uint32_t>(end - begin); }
};

/// What an acknowledgment took out of the log.
struct AckedSegments {
  std::uint32_t bytes = 0;         ///< sequence numbers newly acknowledged
  bool any_retransmitted = false;  ///< one of them had been sent more than once
  std::optional<Instant>
      newest_sent;  ///< when the newest one that was sent only once left: a sample by Karn's rule
};

/// The records of one connection, in a slab that all connections share.
class SentLog {
 public:
  using Pool = Slab<SentSegment>;

  /// Notes that [begin, end) left for the first time. False: no memory for the record, so it must
  /// not be sent.
  bool append(Pool& pool, SeqNum begin, SeqNum end, Instant now);
  /// Takes out everything before `una`; the record that straddles it is trimmed.
  AckedSegments acknowledge(Pool& pool, SeqNum una);
  /// Forgets everything.
  void clear(Pool& pool);

  /// Judgement: nothing that is outstanding will arrive (RFC 6298 §5.4: the timer ended).
  void mark_all_lost(Pool& pool);
  /// Judgement: the first `length` bytes are lost. The record is split if it is longer and memory
  /// allows.
  void mark_first_lost(Pool& pool, std::uint32_t length);
  /// The first record that is lost and not sent again; kNone if there is none.
  [[nodiscard]] std::uint32_t first_lost(const Pool& pool) const;
  /// The first `length` bytes of a lost record left again. False: no memory to split it (then send
  /// all of it).
  bool on_retransmitted(Pool& pool, std::uint32_t index, std::uint32_t length, Instant now);
  /// The first record left again without having been judged lost (a probe).
  void touch_first(Pool& pool, Instant now);

  [[nodiscard]] bool empty() const { return head_ == kNone; }
  [[nodiscard]] std::uint32_t head() const { return head_; }
  [[nodiscard]] std::uint32_t tail() const { return tail_; }
  [[nodiscard]] std::uint32_t lost_bytes() const { return lost_bytes_; }
  /// Checks the invariants against [una, nxt).
  void check(const Pool& pool, SeqNum una, SeqNum nxt) const;

 private:
  bool split(Pool& pool, std::uint32_t index, std::uint32_t length);
  void set_lost(SentSegment& segment, bool lost);

  std::uint32_t head_ = kNone;
  std::uint32_t tail_ = kNone;
  std::uint32_t lost_bytes_ = 0;
};

}  // namespace glasstcp
