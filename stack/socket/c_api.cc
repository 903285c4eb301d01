// The C ABI: each function checks its pointers and calls the method of SocketLayer. The contracts
// stand in glasstcp.h; sizes and numbers are checked here, so that the machine need not.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>

#include "stack/socket/glasstcp.h"
#include "stack/socket/settings.h"
#include "stack/socket/socket_layer.h"
#include "stack/tcp/congestion_names.h"
#include "stack/tcp/personality/personality.h"

struct glasstcp_stack {
  glasstcp_stack(const glasstcp::StackConfig& config, glasstcp::Instant now)
      : sockets(config, now) {}
  glasstcp::SocketLayer sockets;
  glasstcp::OutPacket out;
};

namespace {

using namespace glasstcp;

constexpr std::uint8_t kPartial = 1, kVerified = 2;
constexpr std::uint8_t kGsoV4 = 1, kGsoV6 = 4;
constexpr std::size_t kMostPieces = 1024;

Instant instant_of(std::uint64_t ns) {
  return Instant(Duration(static_cast<std::int64_t>(ns)));
}
std::uint64_t ns_of(Instant t) {
  return t == kNever ? GLASSTCP_NEVER : static_cast<std::uint64_t>(t.time_since_epoch().count());
}
iovec piece_of(const void* bytes, std::size_t length) {
  return {const_cast<void*>(bytes), length};
}

int check(const glasstcp_config& c) {
  if (c.congestion == nullptr || !congestion_named(c.congestion)) return -EOPNOTSUPP;
  if (c.use_ecn < 0 || c.use_ecn > 5 || c.use_ecn == 4 || c.addresses == nullptr) return -EINVAL;
  if (c.personality < GLASSTCP_PERSONALITY_RFC || c.personality > GLASSTCP_PERSONALITY_BSD) {
    return -EINVAL;
  }
  return members_are_sane(c) ? 0 : -EINVAL;
}

// The personality first, then the members (settings.h), then those that stand for several fields.
StackConfig stack_config_of(const glasstcp_config& c) {
  StackConfig s;
  TcpConfig& t = s.tcp;
  adopt_personality(t, static_cast<Personality>(c.personality));
  read_members(c, s);
  t.ecn.use = c.use_ecn == 0                     ? EcnUse::Off
              : c.use_ecn == 1 || c.use_ecn == 3 ? EcnUse::On
                                                 : EcnUse::Passive;
  t.ecn.accurate = c.use_ecn >= 3;
  t.congestion = *congestion_named(c.congestion);
  if (c.isn_is_set != 0) t.fixed_iss = c.isn;
  if (c.timestamp_is_set != 0) t.fixed_timestamp = c.timestamp;
  t.keep_statistics = true;
  std::ranges::copy(c.seed, s.seed.bytes.begin());
  return s;
}

std::optional<Endpoint> endpoint_of(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(address);
  const Port port{load_be16(bytes + 2)};
  if (address->sa_family == AF_INET) {
    return Endpoint{IpAddress::v4(bytes + offsetof(sockaddr_in, sin_addr)), port};
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  return Endpoint{IpAddress::v6(bytes + offsetof(sockaddr_in6, sin6_addr)), port};
}

std::optional<std::vector<Cidr>> read_addresses(const char* const* texts, std::size_t count) {
  std::vector<Cidr> addresses;
  for (std::size_t i = 0; i < count; ++i) {
    const auto address = Cidr::parse(texts[i]);
    if (!address) return std::nullopt;
    addresses.push_back(*address);
  }
  if (addresses.empty()) return std::nullopt;
  return addresses;
}

void fill_packet(const OutPacket& from, glasstcp_packet& to) {
  to = {};
  to.size = sizeof to;
  to.slices[0] = piece_of(from.header.data(), from.header_length);
  for (std::size_t i = 0; i < from.payload_slices; ++i) {
    to.slices[i + 1] = piece_of(from.payload[i].data(), from.payload[i].size());
  }
  to.slice_count = from.payload_slices + 1;
  to.length = from.size();
  to.reason = name_of(from.reason).data();
  if (from.checksum_partial) {
    to.vnet.flags = kPartial;
    to.vnet.csum_start = from.checksum_start;
    to.vnet.csum_offset = from.checksum_offset;
  }
  if (from.gso_size == 0) return;
  to.vnet.gso_type = from.is_v6 ? kGsoV6 : kGsoV4;
  to.vnet.gso_size = from.gso_size;
  to.vnet.hdr_len = from.transport_header_end;
}

// What is wrong with a vector; 0: nothing. `too_many`: the answer to more pieces than Linux takes.
int fault_of(const iovec* iov, std::size_t count, int too_many) {
  if (count > kMostPieces) return too_many;
  if (iov == nullptr && count > 0) return -EFAULT;
  const bool is_bad = std::any_of(iov, iov + count, [](const iovec& piece) {
    return piece.iov_base == nullptr && piece.iov_len > 0;
  });
  return is_bad ? -EFAULT : 0;
}

}  // namespace

static_assert(GLASSTCP_MAX_SLICES == OutPacket::kMaxSlices + 1);

extern "C" {

void glasstcp_config_init(glasstcp_config* config) {
  glasstcp_config& c = *config;
  c = {};
  c.size = sizeof c;
  write_members(StackConfig{}, c);
  c.max_connections = 65536;  // and sockets
  c.use_ecn = 5;
  c.congestion = "reno";
}

void glasstcp_config_adopt(glasstcp_config* config, int personality) {
  StackConfig chosen;
  adopt_personality(chosen.tcp, static_cast<Personality>(personality));
  write_members_that_differ(chosen, StackConfig{}, *config);
  config->personality = personality;
}

int glasstcp_stack_new(const glasstcp_config* config, uint64_t now, glasstcp_stack** out) {
  if (config == nullptr || out == nullptr || config->size != sizeof *config) return -EINVAL;
  if (const int bad = check(*config)) return bad;
  StackConfig s = stack_config_of(*config);
  if (contradiction(s)) return -EINVAL;
  const auto addresses = read_addresses(config->addresses, config->address_count);
  if (!addresses) return -EINVAL;
  s.addresses = *addresses;
  *out = new (std::nothrow) glasstcp_stack(s, instant_of(now));
  return *out == nullptr ? -ENOMEM : 0;
}

int glasstcp_set_addresses(glasstcp_stack* stack, const char* const* addresses, size_t count) {
  if (addresses == nullptr) return -EINVAL;
  const auto read = read_addresses(addresses, count);
  if (!read) return -EINVAL;
  stack->sockets.stack().set_addresses(*read);
  return 0;
}

void glasstcp_stack_free(glasstcp_stack* stack) {
  delete stack;
}

int glasstcp_receive(glasstcp_stack* stack, const void* packet, size_t length,
                     const glasstcp_vnet* vnet, uint64_t now) {
  if (packet == nullptr) return -EINVAL;
  PacketMeta meta;
  if (vnet != nullptr) {
    meta.checksum_partial = (vnet->flags & kPartial) != 0;
    meta.checksum_valid = (vnet->flags & kVerified) != 0;
    meta.gso_size = vnet->gso_type == 0 ? std::uint16_t{0} : vnet->gso_size;
  }
  const ByteView bytes(static_cast<const std::uint8_t*>(packet), length);
  const Verdict verdict = stack->sockets.receive(bytes, meta, instant_of(now));
  return is_accepted(verdict) ? 0 : -EINVAL;
}

void glasstcp_advance(glasstcp_stack* stack, uint64_t now) {
  stack->sockets.advance(instant_of(now));
}
uint64_t glasstcp_next_deadline(const glasstcp_stack* stack) {
  return ns_of(stack->sockets.stack().next_deadline());
}

int glasstcp_transmit(glasstcp_stack* stack, uint64_t now, glasstcp_packet* out) {
  if (out == nullptr || out->size != sizeof *out) return -EINVAL;
  if (!stack->sockets.transmit(instant_of(now), stack->out)) return 0;
  fill_packet(stack->out, *out);
  return 1;
}

int glasstcp_ref(glasstcp_stack* stack, glasstcp_handle handle) {
  return stack->sockets.ref(handle);
}
int glasstcp_unref(glasstcp_stack* stack, glasstcp_handle handle) {
  return stack->sockets.unref(handle);
}
int glasstcp_close(glasstcp_stack* stack, glasstcp_handle handle) {
  return stack->sockets.close(handle);
}
void glasstcp_last_wait(const glasstcp_stack* stack, glasstcp_wait* out) {
  if (out != nullptr && out->size == sizeof *out) *out = stack->sockets.wait();
}

int glasstcp_socket(glasstcp_stack* stack, int domain, int type, int protocol,
                    glasstcp_handle* out) {
  return out == nullptr ? -EFAULT : stack->sockets.socket(domain, type, protocol, *out);
}
int glasstcp_bind(glasstcp_stack* stack, glasstcp_handle handle, const sockaddr* address,
                  socklen_t length) {
  return stack->sockets.bind(handle, address, length);
}
int glasstcp_listen(glasstcp_stack* stack, glasstcp_handle handle, int backlog) {
  return stack->sockets.listen(handle, backlog);
}
int glasstcp_accept(glasstcp_stack* stack, glasstcp_handle handle, sockaddr* address,
                    socklen_t* length, int flags, glasstcp_handle* out) {
  if (out == nullptr || (address != nullptr && length == nullptr)) return -EFAULT;
  const int result = stack->sockets.accept(handle, flags, *out);
  if (result == 0 && address != nullptr) stack->sockets.write_peer(*out, address, length);
  return result;
}
int glasstcp_connect(glasstcp_stack* stack, glasstcp_handle handle, const sockaddr* address,
                     socklen_t length) {
  return stack->sockets.connect(handle, address, length);
}
int glasstcp_getsockname(glasstcp_stack* stack, glasstcp_handle handle, sockaddr* address,
                         socklen_t* length) {
  return stack->sockets.name(handle, false, address, length);
}
int glasstcp_getpeername(glasstcp_stack* stack, glasstcp_handle handle, sockaddr* address,
                         socklen_t* length) {
  return stack->sockets.name(handle, true, address, length);
}
int glasstcp_shutdown(glasstcp_stack* stack, glasstcp_handle handle, int how) {
  return stack->sockets.shutdown(handle, how);
}

ssize_t glasstcp_recv(glasstcp_stack* stack, glasstcp_handle handle, void* buffer, size_t length,
                      int flags) {
  if (buffer == nullptr && length > 0 && (flags & MSG_TRUNC) == 0) return -EFAULT;
  const iovec piece = piece_of(buffer, length);
  return stack->sockets.receive_into(handle, std::span(&piece, 1), flags);
}
ssize_t glasstcp_read(glasstcp_stack* stack, glasstcp_handle handle, void* buffer, size_t length) {
  return glasstcp_recv(stack, handle, buffer, length, 0);
}
ssize_t glasstcp_readv(glasstcp_stack* stack, glasstcp_handle handle, const iovec* iov, int count) {
  if (const int bad = fault_of(iov, static_cast<std::size_t>(count), -EINVAL)) return bad;
  return stack->sockets.receive_into(handle, std::span(iov, static_cast<std::size_t>(count)), 0);
}
ssize_t glasstcp_recvfrom(glasstcp_stack* stack, glasstcp_handle handle, void* buffer,
                          size_t length, int flags, sockaddr*, socklen_t* address_length) {
  const ssize_t result = glasstcp_recv(stack, handle, buffer, length, flags);
  if (result >= 0 && address_length != nullptr) *address_length = 0;
  return result;
}
ssize_t glasstcp_recvmsg(glasstcp_stack* stack, glasstcp_handle handle, msghdr* message,
                         int flags) {
  if (message == nullptr) return -EFAULT;
  if (const int bad = fault_of(message->msg_iov, message->msg_iovlen, -EMSGSIZE)) return bad;
  if ((flags & MSG_ERRQUEUE) != 0) return stack->sockets.read_error(handle, *message);
  const std::span into(message->msg_iov, message->msg_iovlen);
  const ssize_t result = stack->sockets.receive_into(handle, into, flags);
  if (result < 0) return result;
  message->msg_namelen = 0;
  message->msg_flags = (flags & MSG_OOB) != 0 ? MSG_OOB : 0;
  const int unread = stack->sockets.unread_to_report(handle);
  if (unread < 0) {
    message->msg_controllen = 0;
  } else if (message->msg_control == nullptr || message->msg_controllen < CMSG_LEN(sizeof(int))) {
    message->msg_controllen = 0;
    message->msg_flags |= MSG_CTRUNC;
  } else {
    cmsghdr* header = CMSG_FIRSTHDR(message);
    header->cmsg_level = IPPROTO_TCP;
    header->cmsg_type = LinuxNumbers::kInq;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &unread, sizeof unread);
    message->msg_controllen =
        std::min<std::size_t>(message->msg_controllen, CMSG_SPACE(sizeof(int)));
  }
  return result;
}

ssize_t glasstcp_send(glasstcp_stack* stack, glasstcp_handle handle, const void* buffer,
                      size_t length, int flags) {
  if (buffer == nullptr && length > 0) return -EFAULT;
  const iovec piece = piece_of(buffer, length);
  return stack->sockets.send_to(handle, std::span(&piece, 1), flags, nullptr, 0);
}
ssize_t glasstcp_write(glasstcp_stack* stack, glasstcp_handle handle, const void* buffer,
                       size_t length) {
  return glasstcp_send(stack, handle, buffer, length, 0);
}
ssize_t glasstcp_writev(glasstcp_stack* stack, glasstcp_handle handle, const iovec* iov,
                        int count) {
  if (const int bad = fault_of(iov, static_cast<std::size_t>(count), -EINVAL)) return bad;
  const std::span from(iov, static_cast<std::size_t>(count));
  return stack->sockets.send_to(handle, from, 0, nullptr, 0);
}
ssize_t glasstcp_sendto(glasstcp_stack* stack, glasstcp_handle handle, const void* buffer,
                        size_t length, int flags, const sockaddr* address,
                        socklen_t address_length) {
  if (buffer == nullptr && length > 0) return -EFAULT;
  const iovec piece = piece_of(buffer, length);
  return stack->sockets.send_to(handle, std::span(&piece, 1), flags, address, address_length);
}
ssize_t glasstcp_sendmsg(glasstcp_stack* stack, glasstcp_handle handle, const msghdr* message,
                         int flags) {
  if (message == nullptr) return -EFAULT;
  if (const int bad = fault_of(message->msg_iov, message->msg_iovlen, -EMSGSIZE)) return bad;
  const std::span from(message->msg_iov, message->msg_iovlen);
  return stack->sockets.send_to(
      handle, from, flags, static_cast<const sockaddr*>(message->msg_name), message->msg_namelen);
}
ssize_t glasstcp_send_borrowed(glasstcp_stack* stack, glasstcp_handle handle, const void* buffer,
                               size_t length, uint64_t cookie, int flags) {
  if (buffer == nullptr) return -EFAULT;
  const ByteView bytes(static_cast<const std::uint8_t*>(buffer), length);
  return stack->sockets.send_borrowed(handle, bytes, cookie, flags);
}
int glasstcp_set_fast_open(glasstcp_stack* stack, uint32_t bits, const void* keys,
                           size_t key_bytes) {
  if (keys == nullptr && key_bytes > 0) return -EFAULT;
  return stack->sockets.set_fast_open(bits, {static_cast<const std::uint8_t*>(keys), key_bytes});
}
void glasstcp_forget_fast_open(glasstcp_stack* stack) {
  stack->sockets.stack().forget_fast_open_servers();
}
int glasstcp_next_released(glasstcp_stack* stack, uint64_t* cookie) {
  const auto released = stack->sockets.stack().next_released();
  if (released) *cookie = *released;
  return released ? 1 : 0;
}

int glasstcp_fcntl(glasstcp_stack* stack, glasstcp_handle handle, int command, long argument) {
  return stack->sockets.fcntl(handle, command, argument);
}
int glasstcp_ioctl(glasstcp_stack* stack, glasstcp_handle handle, unsigned long request,
                   int* argument) {
  return stack->sockets.ioctl(handle, request, argument);
}
int glasstcp_getsockopt(glasstcp_stack* stack, glasstcp_handle handle, int level, int option,
                        void* value, socklen_t* length) {
  return stack->sockets.get_option(handle, level, option, value, length);
}
int glasstcp_setsockopt(glasstcp_stack* stack, glasstcp_handle handle, int level, int option,
                        const void* value, socklen_t length) {
  if (value == nullptr) return -EFAULT;
  if (static_cast<int>(length) < 0) return -EINVAL;
  const ByteView bytes(static_cast<const std::uint8_t*>(value), length);
  return stack->sockets.set_option(handle, level, option, bytes);
}

int glasstcp_set_cookie(glasstcp_stack* stack, glasstcp_handle handle, uint64_t cookie) {
  return stack->sockets.set_cookie(handle, cookie);
}
int glasstcp_next_ready(glasstcp_stack* stack, glasstcp_ready* out) {
  if (out == nullptr || out->size != sizeof *out) return -EINVAL;
  return stack->sockets.next_ready(*out) ? 1 : 0;
}
int glasstcp_level(glasstcp_stack* stack, glasstcp_handle handle) {
  return stack->sockets.level(handle);
}

int glasstcp_poll(glasstcp_stack* stack, glasstcp_pollfd* fds, size_t count) {
  int ready = 0;
  for (glasstcp_pollfd& fd : std::span(fds, count)) {
    fd.revents = 0;
    if (fd.handle == 0) continue;
    const int level = stack->sockets.level(fd.handle);
    const int wanted = fd.events | POLLERR | POLLHUP;
    fd.revents = static_cast<short>(level < 0 ? POLLNVAL : level & wanted);
    if (fd.revents != 0) ++ready;
  }
  return ready;
}

int glasstcp_epoll_create(glasstcp_stack* stack, glasstcp_handle* out) {
  return out == nullptr ? -EFAULT : stack->sockets.epoll_create(*out);
}
int glasstcp_epoll_ctl(glasstcp_stack* stack, glasstcp_handle epoll, int op, glasstcp_handle handle,
                       const epoll_event* event) {
  return stack->sockets.epoll_ctl(epoll, op, handle, event);
}
int glasstcp_epoll_wait(glasstcp_stack* stack, glasstcp_handle epoll, epoll_event* events,
                        int max) {
  if (max <= 0) return -EINVAL;
  if (events == nullptr) return -EFAULT;
  return stack->sockets.epoll_wait(epoll, std::span(events, static_cast<std::size_t>(max)));
}

size_t glasstcp_list(glasstcp_stack* stack, glasstcp_entry* out, size_t max) {
  const auto entries = stack->sockets.stack().entries();
  for (std::size_t i = 0; i < std::min(max, entries.size()); ++i) {
    if (out[i].size != sizeof out[i]) return 0;
    out[i] = {sizeof out[i], {}, {}, linux_state(entries[i].state)};
    const bool v6 = !entries[i].tuple.local_address.is_v4();
    socklen_t length = sizeof(sockaddr_storage);
    write_address(entries[i].tuple.local(), v6, reinterpret_cast<sockaddr*>(&out[i].local),
                  &length);
    if (entries[i].state == State::Listen) continue;
    length = sizeof(sockaddr_storage);
    write_address(entries[i].tuple.remote(), v6, reinterpret_cast<sockaddr*>(&out[i].remote),
                  &length);
  }
  return entries.size();
}

int glasstcp_drop(glasstcp_stack* stack, const sockaddr* local, const sockaddr* remote) {
  const auto here = endpoint_of(local);
  const auto there = endpoint_of(remote);
  if (!here || !there || here->address.version() != there->address.version()) return -EINVAL;
  return stack->sockets.drop({here->address, there->address, here->port, there->port}) ? 0
                                                                                       : -ENOENT;
}

}  // extern "C"
