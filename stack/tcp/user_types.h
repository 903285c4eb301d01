// The words of the user interface: what an application may ask, what it is told, and why it is
// refused.
//
// RFC 9293 §3.9.1 (the TCP/user interface), §3.10.1-3.10.6 (user calls).
//
// Invariants:
//   1. Events are a mask: events of one connection that were not fetched yet coalesce.
//
// Next: connection/stack_context.h.
#pragma once

#include <cstdint>
#include <optional>

#include "stack/base/addresses.h"
#include "stack/base/time.h"
#include "stack/tcp/choices.h"

namespace glasstcp {

/// Why an OPEN failed at once.
enum class OpenError : std::uint8_t {
  AddressInUse,  ///< somebody listens there, or the connection exists already (RFC 9293 §3.10.1)
  AddressNotOurs,
  InvalidRemote,  ///< broadcast, multicast, unspecified (MUST-46), or port 0
  NoRoute,        ///< no own address of that IP version
  NoPorts,        ///< every ephemeral port is taken towards that endpoint
  InsufficientResources,
};

/// Why a call on a connection was refused.
enum class StreamError : std::uint8_t {
  NotConnected,  ///< stale id, or never opened
  WouldBlock,    ///< nothing to read yet / no room to send: wait for the event
  Closing,       ///< SEND or CLOSE after CLOSE (RFC 9293 §3.10.2)
  ResetByPeer,
  TimedOut,     ///< R2, user timeout or keep-alive
  Refused,      ///< RST in answer to our SYN
  Unreachable,  ///< hard ICMP error before the connection was synchronized
  Aborted,      ///< by our own side
  OutOfMemory,
};

/// What happened since the last event of that connection or listener.
struct EventMask {
  static constexpr std::uint16_t kAcceptable = 1;   ///< a listener has connections to accept
  static constexpr std::uint16_t kConnected = 2;    ///< active open completed
  static constexpr std::uint16_t kReadable = 4;     ///< new bytes in order
  static constexpr std::uint16_t kWritable = 8;     ///< room again after WouldBlock
  static constexpr std::uint16_t kPeerClosed = 16;  ///< FIN: no bytes after those readable now
  static constexpr std::uint16_t kUrgent = 32;      ///< urgent data pending or extended (MUST-32)
  static constexpr std::uint16_t kDrained = 64;     ///< everything sent so far was acknowledged
  static constexpr std::uint16_t kError = 128;      ///< the connection failed: error() tells
  // RFC 9293 §3.9.1.8 SHLD-20: an application that does not want such reports ignores this bit.
  /// R1 passed or a soft ICMP error (MUST-47, SHLD-9)
  static constexpr std::uint16_t kSoftError = 256;
  static constexpr std::uint16_t kClosed = 512;  ///< nothing more will happen; close() the id
};

/// What one connection may choose differently from its stack; TcpConfig has the meanings.
struct ConnectionSettings {
  Duration keep_alive_idle{};
  Duration keep_alive_interval{};
  Duration fin_wait_2_timeout{};
  Duration user_timeout{};  ///< 0: none
  Duration delayed_ack{};   ///< 0: every segment is acknowledged at once
  RtoBounds rto{};
  std::uint32_t keep_alive_probes = 0;
  std::uint32_t syn_retries = 0;
  std::uint32_t send_buffer = 0;          ///< bytes that send() copies and holds at most
  bool send_buffer_chosen = false;        ///< it is not to grow by itself
  std::uint32_t receive_buffer = 0;       ///< a window grows up to this, bytes
  std::uint32_t unsent_low = 0xffffffff;  ///< writable again below this many unsent bytes
  std::uint16_t mss = 0;                  ///< MSS to offer and not to exceed; 0: as the stack
  std::uint32_t initial_window_segments = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;  ///< DSCP of what a listener answers, in the upper six bits
  EcnWill ecn;                     ///< of the handshake; later changes nothing
  CongestionAlgorithm congestion = CongestionAlgorithm::NewReno;
  bool quick_ack = false;     ///< every segment is acknowledged at once
  bool may_fragment = false;  ///< IPv4 routers may cut our packets: no path MTU discovery
  bool cork = false;          ///< no small segment but one that push() or a timer lets go
  bool hystart = false;
  bool pacing = false;
  bool use_rack = false;
  bool use_tail_loss_probe = false;
};

struct TcpConfig;
/// What connections of a stack have unless they choose something else.
[[nodiscard]] ConnectionSettings default_settings_of(const TcpConfig& config);

/// When SYNs are answered without being remembered (syn_cookie.h).
enum class SynCookieUse : std::uint8_t {
  Off,
  WhenFull,  ///< when the table of half-open connections is full
  Only       ///< always
};

// RFC 7413 §2 R7413-01, §6.1 R7413-05: off unless asked for, connection by connection: only the
// application knows whether its request may be carried out twice.
/// Whether an active open may put data into its SYN (RFC 7413).
enum class FastOpenUse : std::uint8_t {
  No,
  Yes,           ///< with the server's cookie; without one the SYN asks for it, and has no data
  WithoutCookie  ///< data at once, cookie or not: for servers that are known to take it
};

/// Options of an active open.
struct ConnectOptions {
  FastOpenUse fast_open = FastOpenUse::No;
  std::optional<ConnectionSettings> settings;  ///< empty: the stack's
  Endpoint remote;
  std::optional<IpAddress> local_address;  ///< MUST-43; empty: chosen by address (MUST-44)
  std::optional<Port> local_port;          ///< empty: ephemeral (RFC 6056)
};

// RFC 9293 §3.9.1.2 MAY-15: the inverse of a push flag: data is pushed unless `more` is set.
// RFC 9293 §3.9.1.7 MAY-14, not done: flush: nobody offers or misses it.
// RFC 9293 §3.9.1.3 MAY-17, not done: a received PSH says nothing that readers could use.
// RFC 9293 §3.9.1.9 MAY-9, not done: the received DSCP is not passed up; no application of this
// stack asks.
/// How a SEND is to be treated.
struct SendOptions {
  bool more = false;    ///< more follows at once: no PSH yet, no small segment yet
  bool urgent = false;  ///< urgent pointer after the last of these bytes (RFC 9293 §3.8.5)
};

}  // namespace glasstcp
