// BSD sockets over a Stack: what the C ABI calls, one method per call.
//
// RFC 9293 §3.9.1, §3.10.1-§3.10.6 through POSIX calls; errors and corner cases are Linux's.
//
// Invariants:
//   1. No method blocks. What would is answered -EAGAIN or -EINPROGRESS, with `wait()` set.
//   2. After every method the stack's events are turned into readiness: no event stays behind.
//   3. Time is what advance() or receive() said last.
//
// Leaves out: datagrams, descriptors and locking, which are the host's.
// Next: socket_calls.cc, socket_io.cc, socket_fast_open.cc, socket_options.cc, socket_ready.cc,
// c_api.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "stack/base/slab.h"
#include "stack/socket/glasstcp.h"
#include "stack/socket/socket_object.h"
#include "stack/socket/stack.h"

namespace glasstcp {

/// Every socket of one stack.
class SocketLayer {
 public:
  SocketLayer(const StackConfig& config, Instant now);

  // -- Packets and time
  Verdict receive(ByteView packet, const PacketMeta& meta, Instant now);
  void advance(Instant now);
  [[nodiscard]] bool transmit(Instant now, OutPacket& out);
  [[nodiscard]] Stack& stack() { return stack_; }
  [[nodiscard]] const Stack& stack() const { return stack_; }

  bool drop(const FourTuple& tuple);

  // -- Handles
  int ref(glasstcp_handle handle);
  int unref(glasstcp_handle handle);
  int close(glasstcp_handle handle);
  [[nodiscard]] const glasstcp_wait& wait() const { return wait_; }

  // -- socket_calls.cc
  int socket(int domain, int type, int protocol, glasstcp_handle& out);
  int bind(glasstcp_handle handle, const sockaddr* address, socklen_t length);
  int listen(glasstcp_handle handle, int backlog);
  int accept(glasstcp_handle handle, int flags, glasstcp_handle& out);
  int connect(glasstcp_handle handle, const sockaddr* address, socklen_t length);
  int shutdown(glasstcp_handle handle, int how);
  int name(glasstcp_handle handle, bool of_peer, sockaddr* address, socklen_t* length);
  /// Whom a connection is or was with, also when it has ended already.
  void write_peer(glasstcp_handle handle, sockaddr* address, socklen_t* length);

  // -- socket_io.cc
  ssize_t receive_into(glasstcp_handle handle, std::span<const iovec> into, int flags);
  ssize_t send_from(glasstcp_handle handle, std::span<const iovec> from, int flags);
  ssize_t send_borrowed(glasstcp_handle handle, ByteView bytes, std::uint64_t cookie, int flags);
  int fcntl(glasstcp_handle handle, int command, long argument);
  int ioctl(glasstcp_handle handle, unsigned long request, int* argument);
  /// Bytes that can be read now, for TCP_INQ; -1: the option is off.
  [[nodiscard]] int unread_to_report(glasstcp_handle handle);

  // -- socket_errors.cc
  /// What MSG_ERRQUEUE reads: the next range of MSG_ZEROCOPY; -EAGAIN: none.
  int read_error(glasstcp_handle handle, msghdr& message);

  // -- socket_fast_open.cc
  /// sendmsg with an address: MSG_FASTOPEN connects and sends in one call.
  ssize_t send_to(glasstcp_handle handle, std::span<const iovec> from, int flags,
                  const sockaddr* address, socklen_t length);
  /// `bits` as net.ipv4.tcp_fastopen; `keys` of 0, 16 or 32 bytes.
  int set_fast_open(std::uint32_t bits, ByteView keys);

  // -- socket_options.cc
  int get_option(glasstcp_handle handle, int level, int option, void* value, socklen_t* length);
  int set_option(glasstcp_handle handle, int level, int option, ByteView value);

  // -- socket_ready.cc
  int set_cookie(glasstcp_handle handle, std::uint64_t cookie);
  [[nodiscard]] bool next_ready(glasstcp_ready& out);
  int level(glasstcp_handle handle);
  int epoll_create(glasstcp_handle& out);
  int epoll_ctl(glasstcp_handle epoll, int op, glasstcp_handle handle, const epoll_event* event);
  int epoll_wait(glasstcp_handle epoll, std::span<epoll_event> events);

 private:
  // Null: there is no such handle, or it stands for something else.
  [[nodiscard]] HandleObject* find(glasstcp_handle handle);
  [[nodiscard]] SocketObject* find_socket(glasstcp_handle handle);
  [[nodiscard]] EpollObject* find_epoll(glasstcp_handle handle);
  glasstcp_handle make();
  int would_block(glasstcp_handle handle, const SocketObject& s, std::uint32_t events,
                  Duration timeout, int on_deadline);
  void pump();
  void on_event(const Event& event);
  void wake(glasstcp_handle handle, std::uint32_t events);

  // socket_calls.cc
  [[nodiscard]] int read_address(const SocketObject& s, const sockaddr* address, socklen_t length,
                                 Endpoint& out) const;
  [[nodiscard]] int choose_port(SocketObject& s);
  [[nodiscard]] bool is_taken(const SocketObject& s, const Endpoint& local) const;
  [[nodiscard]] bool is_left_behind(const SocketObject& s, const Endpoint& local) const;
  int start_connect(glasstcp_handle handle, SocketObject& s, const Endpoint& remote,
                    FastOpenUse fast_open);
  int connect_again(glasstcp_handle handle, SocketObject& s);
  void disconnect(SocketObject& s);
  void stop_listening(SocketObject& s);
  void free_object(glasstcp_handle handle);
  [[nodiscard]] bool still_lingers(const SocketObject& s) const;
  void adopt(SocketObject& s, ConnectionId id);

  // socket_io.cc
  ssize_t receive_urgent(SocketObject& s, std::span<const iovec> into, int flags);
  [[nodiscard]] int why_nothing(glasstcp_handle handle, SocketObject& s, int flags);
  [[nodiscard]] int may_send(glasstcp_handle handle, SocketObject& s, int flags);
  [[nodiscard]] int cannot_send_now(glasstcp_handle handle, SocketObject& s, int flags,
                                    StreamError error);
  [[nodiscard]] std::size_t distance_to_mark(SocketObject& s) const;
  void note_urgent(SocketObject& s) const;
  [[nodiscard]] int take_error(SocketObject& s);

  // socket_errors.cc
  void settle_zerocopy(glasstcp_handle handle, SocketObject& s);

  // socket_fast_open.cc
  ssize_t connect_with(glasstcp_handle handle, SocketObject& s, std::span<const iovec> from,
                       int flags);
  ssize_t connect_with_again(glasstcp_handle handle, SocketObject& s, std::span<const iovec> from,
                             int flags);
  int connect_to(glasstcp_handle handle, SocketObject& s, const Endpoint& remote);
  void apply_fast_open(SocketObject& s);
  [[nodiscard]] FastOpenUse use_of(const SocketObject& s) const;
  int set_fast_open_option(SocketObject& s, int option, ByteView value);
  int get_fast_open_option(const SocketObject& s, int option, void* value, socklen_t* length) const;

  // socket_options.cc
  [[nodiscard]] int send_buffer_of(const SocketObject& s) const;
  void describe_listener(const SocketObject& s, glasstcp_tcp_info& info) const;
  int get_socket_level(SocketObject& s, int option, int& value);
  int get_tcp_level(SocketObject& s, int option, int& value) const;
  int get_ip_level(const SocketObject& s, int level, int option, int& value) const;
  int get_wide(SocketObject& s, int level, int option, void* value, socklen_t* length);
  int set_socket_level(SocketObject& s, int option, ByteView value);
  int set_tcp_level(SocketObject& s, int option, int value);
  int set_ip_level(SocketObject& s, int level, int option, int value);
  void apply(SocketObject& s);

  // socket_ready.cc
  [[nodiscard]] std::uint32_t level_of(SocketObject& s);
  [[nodiscard]] int soft_error_of(const SocketObject& s) const;
  [[nodiscard]] int reported_timeout(const SocketObject& s, StreamError error) const;

  Stack stack_;
  Instant now_;
  Slab<HandleObject> objects_;
  std::deque<glasstcp_handle> edges_;
  glasstcp_wait wait_{};
  std::uint32_t next_port_ = 0;
  std::uint32_t fast_open_bits_ =
      LinuxNumbers::kFastOpenClient | LinuxNumbers::kFastOpenServer;  // for sockets that ask
};

/// Writes an endpoint as an address of the socket's family (IPv4 as mapped in AF_INET6).
void write_address(const Endpoint& endpoint, bool as_v6, sockaddr* address, socklen_t* length);

/// How many connections a listener with this backlog keeps for accept().
[[nodiscard]] std::uint32_t room_of(int backlog);

/// TCP_INFO from a report; `now` is the time of asking.
[[nodiscard]] glasstcp_tcp_info tcp_info_of(const ConnectionReport& report, Instant now);

}  // namespace glasstcp
