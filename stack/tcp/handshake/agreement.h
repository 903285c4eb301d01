// What a handshake agreed on, before there is a connection that could remember it.
//
// RFC 9293 §3.10.7.2; RFC 7323 (scale, timestamps), RFC 2018 (SACK), RFC 3168 and RFC 9768 (ECN).
//
// Next: isn.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/ecn/ecn.h"
#include "stack/tcp/timestamps.h"
#include "stack/wire/tcp_options.h"

namespace glasstcp {

struct Segment;
struct TcpConfig;

/// What a SYN-ACK says beside what was agreed on.
struct SynAckWords {
  std::uint16_t mss = 0;                      ///< ours
  TsVal clock{};                              ///< for the timestamp
  bool is_first = true;                       ///< it was never sent before
  std::optional<std::uint16_t> user_timeout;  ///< RFC 5482's option
  ByteView fast_open_cookie;                  ///< a new one for the client; empty: none
  bool fast_open_experimental = false;        ///< in the older form
};

/// What the handshake agreed on; how a Connection is born from a half-open one.
struct Agreement {
  /// What the peer's SYN (or SYN-ACK) and our own settings agree on: MSS, window scale, SACK,
  /// timestamps, user timeout. `our_shift` is the window scale that we offer. The caller adds what
  /// the SYN does not say: iss, ts_offset, ecn, buffer.
  [[nodiscard]] static Agreement from_syn(const Segment& syn, const TcpConfig& config,
                                          std::uint8_t our_shift);
  /// The options of our SYN-ACK, of a half-open record and of a connection alike. The cookie is
  /// borrowed.
  [[nodiscard]] TcpOptions syn_ack_options(const SynAckWords& words) const;
  /// The timestamps of the connection as of `now`, when ts_recent was received or is still fresh.
  [[nodiscard]] Timestamps timestamps_at(Instant now) const {
    return timestamps ? Timestamps(ts_offset, ts_recent, now) : Timestamps();
  }

  FourTuple tuple;
  std::uint64_t hash = 0;
  SeqNum iss;
  SeqNum irs;
  std::uint16_t peer_mss = 0;
  std::uint8_t snd_shift = 0;
  std::uint8_t rcv_shift = 0;
  bool sack = false;
  bool scaled = false;  ///< both SYNs had window scale
  bool timestamps = false;
  std::uint32_t ts_offset = 0;
  TsVal ts_recent{};
  std::optional<std::uint16_t> user_timeout;  ///< RFC 5482's option of their SYN
  std::uint32_t buffer = 0;                   ///< receive buffer, reserved from the budget
  Instant syn_ack_sent{};
  EcnAgreement ecn;
  bool syn_ack_again = false;  ///< it left more than once, or it is not known when
  std::uint8_t syn_ack_retries = 0;
};

}  // namespace glasstcp
