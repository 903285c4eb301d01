// What stands behind a handle: a socket with its options, or an epoll instance; each with what it
// alone needs.
//
// RFC 9293 §3.9.1 as BSD sockets have it. Numbers of options, bits and errors are Linux's.
//
// Invariants:
//   1. A socket is at most one of: listening, holding a connection.
//   2. A handle is slot and generation; a freed slot's old handles find nothing.
//   3. `error` is reported once, by whoever asks first (as sk_err).
//
// Next: socket_layer.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "stack/socket/glasstcp.h"
#include "stack/socket/stack.h"
#include "stack/socket/zerocopy.h"

namespace glasstcp {

/// Numbers of Linux that the headers of the C library do not all have.
struct LinuxNumbers {
  // fcntl.h, sys/ioctl.h, linux/sockios.h
  static constexpr int kGetFlags = 3, kSetFlags = 4, kReadWrite = 2, kNonBlocking = 04000;
  static constexpr unsigned long kInputQueue = 0x541b, kOutputQueue = 0x5411, kUnsent = 0x894b,
                                 kAtMark = 0x8905, kNonBlockingIo = 0x5421;
  // linux/tcp.h
  static constexpr int kNoDelay = 1, kMaxSegment = 2, kCork = 3, kKeepIdle = 4, kKeepInterval = 5,
                       kKeepCount = 6, kSynCount = 7, kLinger2 = 8, kInfo = 11, kQuickAck = 12,
                       kCongestion = 13, kUserTimeout = 18, kFastOpen = 23, kTimestamp = 24,
                       kNotSentLow = 25, kCongestionInfo = 26, kFastOpenConnect = 30,
                       kFastOpenKey = 33, kFastOpenNoCookie = 34, kInq = 36;
  // What net.ipv4.tcp_fastopen is made of.
  static constexpr std::uint32_t kFastOpenClient = 1, kFastOpenServer = 2,
                                 kFastOpenClientWithoutCookie = 4,
                                 kFastOpenServerWithoutCookie = 0x200,
                                 kFastOpenEveryListener = 0x400;
  // linux/socket.h, asm/socket.h
  static constexpr int kMemoryInfo = 55, kZerocopy = 60;
  // linux/in.h, linux/in6.h, linux/errqueue.h
  static constexpr int kFreeBind = 15, kFreeBind6 = 78, kReceiveError = 11, kReceiveError6 = 25;
  static constexpr std::uint8_t kOriginZerocopy = 5, kCopied = 1;
};

/// States as TCP_INFO numbers them (linux: include/net/tcp_states.h).
[[nodiscard]] int linux_state(State state);

/// What setsockopt chose; kept by the socket, since most of it may be chosen before there is a
/// connection, and is handed down by a listener.
struct SocketOptions {
  bool reuse_address = false;
  bool keep_alive = false;
  bool oob_inline = false;
  bool linger = false;
  bool no_delay = false;
  bool cork = false;
  bool v6_only = false;
  bool report_unread = false;  ///< TCP_INQ
  bool zerocopy = false;       ///< MSG_ZEROCOPY is answered
  bool free_bind = false;      ///< to addresses that are not ours (yet)
  bool receive_buffer_chosen = false;
  int linger_seconds = 0;
  int receive_low = 1;
  int priority = 0;
  int mark = 0;
  int mtu_discover = 1;           // IP_PMTUDISC_WANT
  std::uint32_t send_buffer = 0;  ///< as getsockopt reports it: twice what was asked for
  std::uint32_t receive_buffer = 0;
  std::uint32_t unsent_low = 0;  ///< TCP_NOTSENT_LOWAT as set
  int linger2 = 0;               ///< seconds; 0: the stack's
  int fast_open = 0;             ///< TCP_FASTOPEN: pending connections of a listener
  bool fast_open_connect = false;
  bool fast_open_no_cookie = false;
  std::vector<std::uint8_t> fast_open_key;  ///< 16 or 32 bytes; empty: the stack's
  std::uint8_t traffic_class = 0;
  Duration receive_timeout{};  ///< 0: none
  Duration send_timeout{};
  ConnectionSettings settings;
};

/// How far a socket is on its way (Linux: sock->state).
enum class Phase : std::uint8_t { Unconnected, Listening, Connecting, Connected };

[[nodiscard]] constexpr bool is_fast_open_option(int option) {
  return option == LinuxNumbers::kFastOpen || option == LinuxNumbers::kFastOpenConnect ||
         option == LinuxNumbers::kFastOpenKey || option == LinuxNumbers::kFastOpenNoCookie;
}

/// Readiness that is kept per socket inside an epoll instance.
struct EpollItem {
  glasstcp_handle target = 0;
  epoll_event event{};
  bool is_ready = false;  ///< it is in the ready list
};

/// An epoll instance: the sockets that it watches.
struct EpollObject {
  bool non_blocking = false;  ///< kept for fcntl; epoll_wait never blocks
  std::vector<EpollItem> items;
  std::vector<glasstcp_handle> ready;  ///< targets, in the order in which they became ready
};

/// A socket.
struct SocketObject {
  bool is_v6 = false;
  bool non_blocking = false;
  bool is_bound = false;
  bool port_chosen_by_us = false;
  bool shut_receive = false;
  bool shut_send = false;
  bool peer_closed = false;   ///< SOCK_DONE
  bool connect_told = false;  ///< connect() gave its final result
  bool lingers = false;       ///< close() was called and waits
  bool urgent_taken = false;  ///< the octet at urgent_mark was read or skipped
  bool has_urgent = false;
  bool connect_deferred = false;     ///< TCP_FASTOPEN_CONNECT: connects with the first write
  bool write_connects = false;       ///< a write that connects waits for the handshake
  std::size_t fast_open_queued = 0;  ///< its bytes
  int backlog = 0;
  Phase phase = Phase::Unconnected;
  int error = 0;       ///< errno, positive
  int soft_error = 0;  ///< of an ICMP message that ended nothing; SO_ERROR tells it
  SeqNum urgent_mark;  ///< rcv.up of the latest urgent octet
  Instant linger_until{};
  Endpoint local;
  std::optional<Endpoint> remote;
  std::array<std::optional<ListenerId>, 2> listeners;
  ConnectionId connection;
  ZerocopyLedger zerocopy;
  SocketOptions options;
  std::vector<glasstcp_handle> watchers;  ///< epoll instances that watch it
};

/// What every handle has, and what it stands for. A new one is a socket.
struct HandleObject {
  std::uint32_t owners = 1;
  std::uint64_t cookie = 0;
  std::uint32_t edge = 0;  ///< EPOLL bits not reported by next_ready yet
  bool is_in_edge_queue = false;
  std::variant<SocketObject, EpollObject> what;

  /// Null: it is the other one.
  [[nodiscard]] SocketObject* socket() { return std::get_if<SocketObject>(&what); }
  [[nodiscard]] const SocketObject* socket() const { return std::get_if<SocketObject>(&what); }
  [[nodiscard]] EpollObject* epoll() { return std::get_if<EpollObject>(&what); }
  [[nodiscard]] bool& non_blocking() {
    return std::visit([](auto& object) -> bool& { return object.non_blocking; }, what);
  }
};

}  // namespace glasstcp
