// What loss recovery has to know of its connection, filled in by the connection for one call: it
// sees the connection's variables, and changes none of them.
//
// RFC 9293 §3.3.1 (SND variables).
//
// Next: loss_recovery.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/tcp/congestion/congestion_control.h"
#include "stack/tcp/ecn/ecn.h"
#include "stack/tcp/recovery/recovery_context.h"
#include "stack/tcp/timestamps.h"
#include "stack/tcp/variables.h"
#include "stack/trace/event.h"

namespace glasstcp {

/// A sender at one moment. Holds references: it lives no longer than the call that it is made for.
struct SenderFacts {
  RecoveryContext& context;
  const CongestionControl& congestion;  ///< the algorithm of this connection
  const SendVariables& snd;
  const Timestamps& timestamps;
  const ConnectionSettings& settings;  ///< of this connection
  Ecn* ecn = nullptr;                  ///< null: not agreed on
  Instant now{};
  std::uint32_t unsent = 0;        ///< bytes that are queued and have never left
  std::uint32_t max_payload = 0;   ///< bytes of a segment beside the options that it has now
  std::uint16_t mss = 0;           ///< bytes that the path carries beside the usual options
  std::uint16_t full_segment = 0;  ///< the same, or what the peer's window bounds it to
  SeqNum mtu_probe_begin{};        ///< RFC 8899's probe under way; empty: there is none
  SeqNum mtu_probe_end{};
  std::optional<TimerName> armed_timer{};  ///< which of the loss timers runs
  bool sack = false;
  bool is_synchronized = false;
  bool uses_gso = false;

  [[nodiscard]] std::uint32_t flight() const {
    return static_cast<std::uint32_t>(snd.nxt - snd.una);
  }
};

}  // namespace glasstcp
