// What all connections of one stack share: configuration, memory, timers, lists, and who is told
// what happens.
//
// Invariants:
//   1. Everything here belongs to one stack; nothing is global.
//   2. A connection stands on `ready` while it may have something to say, and on `events` while it
//   has something to tell.
//
// Next: tcb.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/block_pool.h"
#include "stack/base/intrusive_list.h"
#include "stack/base/memory_budget.h"
#include "stack/base/timing_wheel.h"
#include "stack/ip/ip_layer.h"
#include "stack/tcp/connection/connection_extras.h"
#include "stack/tcp/ecn/ecn.h"
#include "stack/tcp/handshake/fast_open_cookies.h"
#include "stack/tcp/handshake/isn.h"
#include "stack/tcp/handshake/syn_cookie.h"
#include "stack/tcp/receive/receive_context.h"
#include "stack/tcp/recovery/recovery_context.h"
#include "stack/tcp/send/segment_writer.h"
#include "stack/tcp/send/send_queue.h"
#include "stack/tcp/send/stateless_replies.h"
#include "stack/trace/observer.h"

namespace glasstcp {

class Connection;
struct ReadyTag;
struct EventTag;

/// How much the device takes in one packet.
struct OutputLimits {
  bool checksum_offload = false;
  std::uint32_t gso_max = 0;  ///< bytes of a GSO packet with headers; 0: one segment per packet
};

/// What TCP is made from.
struct TcpSetup {
  TcpConfig config;
  OutputLimits limits;
  Seed seed;
  std::uint64_t memory = 0;               ///< one budget for all buffers, bytes
  std::vector<IpAddress> shared_sources;  ///< StackConfig has the same
};

/// Shared by all connections of a stack.
struct TcpContext : RecoveryContext {
  TcpContext(const TcpSetup& setup, IpLayer& ip_layer, Instant start);
  ~TcpContext();  // where Connection, of which it has lists, is known

  OutputLimits limits;
  const std::uint8_t rcv_shift;  ///< the window scale that we offer
  IpLayer& ip;
  IsnGenerator isn;
  SynCookies syn_cookies;
  FastOpenKeys fast_open_keys;
  FastOpenCache fast_open_cache;
  MemoryBudget budget;
  BlockPool blocks;         ///< of received bytes
  BlockPool copied_blocks;  ///< of bytes to send that were copied: apart, so that senders starve no
                            ///< reader
  TxPool tx;
  ReceiveContext receive;
  Slab<ConnectionExtras> extras;
  Slab<Ecn> ecn;                ///< of the connections that agreed on it
  TimingWheel wheel;            ///< of connections
  TimingWheel half_open_wheel;  ///< of half-open records
  IntrusiveList<Connection, ReadyTag> ready;
  IntrusiveList<Connection, EventTag> events;
  ReplyQueue replies;
  Observer* observer = nullptr;
  std::uint64_t fast_segments = 0;  ///< that took the fast path

  /// Data of the largest segment towards `remote`, before options: path MTU less headers.
  [[nodiscard]] std::uint16_t send_mss(const IpAddress& remote, Instant now) const;
  // RFC 9293 §3.7.1 MUST-67, SHLD-5; §3.7.3 SHLD-6: what we can receive: the device's MTU less
  // fixed headers.
  /// The MSS to offer in a SYN.
  [[nodiscard]] std::uint16_t offered_mss(IpVersion version) const;
  /// The same to a peer, where it may follow the path to `remote`.
  [[nodiscard]] std::uint16_t offered_mss(const IpAddress& remote, Instant now) const;
  /// The receive buffer that a new connection may reserve, bytes: less and less as the budget
  /// fills.
  [[nodiscard]] std::uint32_t next_buffer() const;
  /// What next_buffer() never goes below.
  [[nodiscard]] std::uint32_t least_buffer() const;
  /// What the window of a SYN, which is never scaled, opens at most: 65535, or the whole buffer.
  [[nodiscard]] std::uint32_t most_syn_window() const {
    return config.accepts_whole_buffer ? config.receive_buffer : 65535U;
  }
  /// Whether a SYN is thrown away for the FIN beside it.
  [[nodiscard]] bool drops(TcpFlags flags) const {
    return config.drops_syn_fin && flags.syn() && flags.fin();
  }
  /// Whether that SYN begins no connection at a listener.
  [[nodiscard]] bool opens_nothing(TcpFlags flags) const {
    return (config.listen_drops_syn_fin || config.drops_syn_fin) && flags.syn() && flags.fin();
  }
  /// The frame of a segment of this stack; `tuple` must outlive it.
  [[nodiscard]] SegmentFrame frame(const FourTuple& tuple, std::uint64_t hash) const {
    SegmentFrame frame;
    frame.tuple = &tuple;
    frame.hash = hash;
    frame.option_layout = config.option_layout;
    frame.checksum_offload = limits.checksum_offload;
    return frame;
  }
  /// Whether an ICMP error ends a connection that is not synchronized.
  [[nodiscard]] bool is_hard(const IcmpSignal& signal) const;
  /// RFC 7323 §4: the timestamp clock of a connection.
  [[nodiscard]] std::uint32_t timestamp_offset(const FourTuple& tuple, Instant now) const;
};

}  // namespace glasstcp
