/*
 * glasstcp: a TCP/IP stack as a library, with BSD sockets, for C.
 *
 * RFC 9293 §3.9.1 behind the calls that POSIX and Linux have for it. This header is the manual.
 *
 * Rules that hold for every call:
 *   1. Nothing blocks, nothing asks the time, nothing touches errno. Results are Linux's: a count,
 *      0, or -errno.
 *   2. One stack has one caller at a time; the host locks. Stacks share nothing.
 *   3. The stack's time is the largest `now` it was told (nanoseconds of any monotonic clock): tell
 *      it with glasstcp_advance() before a batch of calls.
 *   4. Calls only queue packets: fetch them with glasstcp_transmit() after any call.
 *   5. Structs begin with their size, set by the caller, so that they can grow. Levels, options,
 *      flags and struct glasstcp_tcp_info have Linux's numbers and layout.
 *   6. A handle names a socket or an epoll instance; 0 is none. A stale handle gives -EBADF, never
 *      another socket. Descriptor numbers are the host's affair: dup and fork are
 *      glasstcp_ref(), close is glasstcp_close().
 *
 * Blocking: a call that would block answers -EAGAIN (connect: -EINPROGRESS), and
 * glasstcp_last_wait() says what it waits for, until when, and what to answer then. A host that
 * offers blocking calls waits for that event and calls again.
 *
 * Next: the examples, tests/socket_examples/.
 */
#ifndef GLASSTCP_H
#define GLASSTCP_H

#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__linux__)
#include <sys/epoll.h>
#else
struct epoll_event; /* WebAssembly has the settings of this header, and no socket */
#endif
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#if defined(__GNUC__)
#define GLASSTCP_API __attribute__((visibility("default")))
#else
#define GLASSTCP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct glasstcp_stack;            /* opaque */
typedef uint64_t glasstcp_handle; /* slot and generation; 0: none */

#define GLASSTCP_NEVER UINT64_MAX /* a deadline that does not come */

/* -- A stack ---------------------------------------------------------------------------------- */

/* Personality: what a stack does where the RFCs leave a choice, or where others do not follow
 * them: by the RFCs (the default), as Linux, or as FreeBSD. stack/README.md has the table: rule,
 * what each of the three does, and why. */
#define GLASSTCP_PERSONALITY_RFC 0
#define GLASSTCP_PERSONALITY_LINUX 1
#define GLASSTCP_PERSONALITY_BSD 2
/* Their former names; `habits` is the former name of `personality`. */
#define GLASSTCP_HABITS_RFC GLASSTCP_PERSONALITY_RFC
#define GLASSTCP_HABITS_LINUX GLASSTCP_PERSONALITY_LINUX
#define GLASSTCP_HABITS_BSD GLASSTCP_PERSONALITY_BSD

/*
 * The settings of one stack. glasstcp_config_init() fills in the defaults that stand here; times
 * are milliseconds, sizes bytes. A value that is not built answers -EOPNOTSUPP, a bad one -EINVAL.
 */
struct glasstcp_config {
  size_t size;                  /* sizeof(struct glasstcp_config) */
  const char* const* addresses; /* own addresses with their networks, "192.0.2.2/24" or
                                   "2001:db8::2/64"; copied. None: stack_new gives -EINVAL */
  size_t address_count;
  uint32_t mtu;             /* 1500: of the device, with IP header, 576 .. 65535 */
  uint32_t gso_max;         /* 0: largest GSO packet the device takes; 0: none */
  int checksum_offload;     /* 0: the device completes partial TCP checksums */
  uint64_t memory;          /* 1 GiB: one budget for all buffers */
  uint32_t max_connections; /* 65536 */
  uint8_t seed[32];         /* zeros: keys of ISNs, ports and hashes; random bytes in earnest */

  int option_layout;    /* 0: SYN options in Linux's order; 1: BSD's */
  int use_window_scale; /* 1: RFC 7323 §2 */
  int window_scale;     /* -1: the shift we offer; -1: the least that covers the buffer */
  int use_timestamps;   /* 1: RFC 7323 §3 */
  int tolerate_missing_timestamps; /* -1: a segment without the agreed option is taken 1, dropped
                                      0 (RFC 7323 §3.2, BSD); -1: as the personality */
  int reset_may_repeat_fin;        /* -1: behind their FIN a reset with its number counts 1, not 0
                                      (RFC 5961 §3.2, BSD); -1: as the personality */
  int time_wait_reset; /* -1: which resets end TIME-WAIT: none 0 (RFC 1337), one that answers
                          our answer to a SYN 1, each exact one 2 (Linux); -1: as the personality */
  int use_sack;        /* 1: RFC 2018 */
  int use_ecn; /* 5: RFC 3168 and 9768, as Linux's tcp_ecn: 0 off, 1 ask and accept, 2 accept; 3 and
                  5 the same with accurate feedback; 4 is -EINVAL */
  uint16_t mss;                    /* 0: MSS that we offer, unless TCP_MAXSEG; 0: from the MTU */
  uint32_t receive_buffer;         /* 4 MiB: a window grows up to this, unless SO_RCVBUF */
  uint32_t initial_receive_buffer; /* 64 KiB: and starts here */
  uint32_t send_buffer;            /* 1 MiB: SO_SNDBUF of a new socket, halved as Linux counts */
  uint32_t most_send_buffer; /* 4 MiB: with Linux's personality, memory that SO_SNDBUF grows to */
  uint32_t unsent_low;       /* 2^32 - 1: unless TCP_NOTSENT_LOWAT */
  uint32_t initial_window;   /* 10: initial congestion window in segments, RFC 6928 */
  const char* congestion;    /* "reno": or "cubic", "bbr", unless TCP_CONGESTION */
  uint32_t delayed_ack;      /* 40: below 500; 0: every segment at once */
  uint32_t ack_every;        /* 2: full segments per ACK at most */
  uint32_t quick_acks;       /* 0: segments acknowledged at once at the start (Linux: 16) */
  union {
    int personality; /* GLASSTCP_PERSONALITY_RFC: what is done where the RFCs leave a choice, above
                      */
    int habits;
  };
  uint32_t least_superpacket; /* 2: LINUX: segments that a GSO packet may have at least */
  uint32_t initial_rto;       /* 1000 */
  uint32_t min_rto;           /* 200 */
  uint32_t max_rto;           /* 60000 */
  int slow_start_after_idle;  /* 1: RFC 5681 §4.1 */
  int use_rack;               /* 1: RFC 8985; 0: by RFC 6675's count of reported bytes */
  int use_tail_loss_probe;    /* 1: RFC 8985 §7, with use_rack */
  int pacing; /* 1: spread a window of data over a round trip; Linux's personality: never */
  int nagle;  /* 1: unless TCP_NODELAY */
  uint32_t syn_retries;        /* 7: unless TCP_SYNCNT; at most 254, like the next */
  uint32_t syn_ack_retries;    /* 5 */
  uint32_t syn_option_retries; /* 255: SYNs sent again with all options; later ones have an MSS */
  uint8_t ecn_retries;         /* 0: SYNs sent again that still ask for RFC 3168's ECN */
  int icmp_aborts;  /* 1: ICMP errors that end an unsynchronized connection: none 0, RFC 1122's 1,
                       "prohibited" too 2 */
  int drop_syn_fin; /* 0: a SYN with FIN opens nothing */
  uint32_t retransmissions; /* 15: R2 of RFC 9293 §3.8.3; at most 254 */
  uint32_t user_timeout;    /* 0: none, unless TCP_USER_TIMEOUT */
  uint32_t keep_idle;       /* 7200000: unless TCP_KEEPIDLE */
  uint32_t keep_interval;   /* 75000: unless TCP_KEEPINTVL */
  uint32_t keep_probes;     /* 9: unless TCP_KEEPCNT; at most 254 */
  uint32_t two_msl;         /* 60000: how long TIME-WAIT lasts */
  uint32_t fin_wait_2;      /* 60000: unless TCP_LINGER2 */
  int rfc5961;              /* 1: challenge ACKs against blind attacks */
  int syn_cookies;          /* 1: off 0, when full 1, only 2: RFC 4987 §3.6 */
  int path_mtu_discovery;   /* 1: RFC 1191, RFC 8201; 0: IPv4 routers may cut packets, unless
   IP_MTU_DISCOVER */
  uint8_t hop_limit;        /* 64: unless IP_TTL */
  int isn_is_set;           /* 0 */
  uint32_t isn;             /* every ISN is this one; for scripts */
  int timestamp_is_set;     /* 0 */
  uint32_t timestamp;       /* the timestamp clock reads this at time 0; for scripts */
};

/* Fills in every default, and the size. */
GLASSTCP_API void glasstcp_config_init(struct glasstcp_config* config);

/* Chooses a personality (GLASSTCP_PERSONALITY_...), and writes every member for which it has
 * another default: where it asks for ECN again, how soon it acknowledges, how it orders options.
 * What is set afterwards counts. */
GLASSTCP_API void glasstcp_config_adopt(struct glasstcp_config* config, int personality);

/* Makes a stack whose time is `now`. 0, -EINVAL, -EOPNOTSUPP, -ENOMEM. */
GLASSTCP_API int glasstcp_stack_new(const struct glasstcp_config* config, uint64_t now,
                                    struct glasstcp_stack** out);
/* Replaces the own addresses (as text with their networks; one IPv4, any number of IPv6).
 * Connections on one that went hear nothing any more. 0, -EINVAL. */
GLASSTCP_API int glasstcp_set_addresses(struct glasstcp_stack* stack, const char* const* addresses,
                                        size_t count);
/* Ends a stack without a word to its peers; its handles and borrowed memory end with it. */
GLASSTCP_API void glasstcp_stack_free(struct glasstcp_stack* stack);

/* What a device says about a packet, in the numbers of virtio's net header (virtio 1.2 §5.1.6). */
struct glasstcp_vnet {
  uint8_t flags;     /* 1: checksum is partial (csum_start, csum_offset); 2: was verified */
  uint8_t gso_type;  /* 0: none, 1: TCP over IPv4, 4: TCP over IPv6 */
  uint16_t hdr_len;  /* bytes of all headers, of a GSO packet */
  uint16_t gso_size; /* text bytes of each of its segments */
  uint16_t csum_start;
  uint16_t csum_offset;
};

/* Gives the stack one raw IP packet (borrowed during the call); vnet may be null. Any bytes are
 * survivable: 0, or -EINVAL where they were not a packet for anybody here. */
GLASSTCP_API int glasstcp_receive(struct glasstcp_stack* stack, const void* packet, size_t length,
                                  const struct glasstcp_vnet* vnet, uint64_t now);
/* Lets every deadline up to `now` happen; `now` never runs backwards. */
GLASSTCP_API void glasstcp_advance(struct glasstcp_stack* stack, uint64_t now);
/* When glasstcp_advance() must be called at the latest; GLASSTCP_NEVER. Deadlines of calls that
 * wait are not in it: see glasstcp_last_wait(). */
GLASSTCP_API uint64_t glasstcp_next_deadline(const struct glasstcp_stack* stack);

#define GLASSTCP_MAX_SLICES 17
/* One packet to write: the slices in order, ready for writev. */
struct glasstcp_packet {
  size_t size; /* sizeof(struct glasstcp_packet) */
  struct iovec slices[GLASSTCP_MAX_SLICES];
  int slice_count;
  size_t length; /* bytes of all slices */
  struct glasstcp_vnet vnet;
  const char* reason; /* why it leaves, in a word; static */
};
/* The next packet: 1, or 0 when there is none. Its slices live until the next call on this stack
 * that is not a question. */
GLASSTCP_API int glasstcp_transmit(struct glasstcp_stack* stack, uint64_t now,
                                   struct glasstcp_packet* out);

/* -- Handles ---------------------------------------------------------------------------------- */

/* One more owner (dup, fork): glasstcp_close() must be called once more. 0 or -EBADF. */
GLASSTCP_API int glasstcp_ref(struct glasstcp_stack* stack, glasstcp_handle handle);
/* Gives one ownership back without the goodbye of glasstcp_close(): the last one resets the
 * connection. 0 or -EBADF. */
GLASSTCP_API int glasstcp_unref(struct glasstcp_stack* stack, glasstcp_handle handle);
/* close(2). The last owner's close sends what is queued and FIN, or RST if data is unread or
 * SO_LINGER is zero. With SO_LINGER above zero it answers -EAGAIN once, with the wait; the call
 * after that frees the handle. 0, -EBADF, -EAGAIN. */
GLASSTCP_API int glasstcp_close(struct glasstcp_stack* stack, glasstcp_handle handle);

/* What the last call that would block waits for. */
struct glasstcp_wait {
  size_t size;
  glasstcp_handle handle;
  uint32_t events;   /* POLL bits of which one must come; 0: the socket is non-blocking, so the
                        result is the caller's */
  uint64_t deadline; /* nanoseconds; SO_RCVTIMEO, SO_SNDTIMEO or SO_LINGER; GLASSTCP_NEVER */
  int on_deadline;   /* the result when the deadline comes first: -EAGAIN, -EINPROGRESS or 0 */
};
GLASSTCP_API void glasstcp_last_wait(const struct glasstcp_stack* stack, struct glasstcp_wait* out);

/* -- BSD sockets ------------------------------------------------------------------------------ */

/* socket(2): AF_INET or AF_INET6 (serving both unless IPV6_V6ONLY), SOCK_STREAM with SOCK_NONBLOCK
 * and SOCK_CLOEXEC, protocol 0 or IPPROTO_TCP. *out is the handle. */
GLASSTCP_API int glasstcp_socket(struct glasstcp_stack* stack, int domain, int type, int protocol,
                                 glasstcp_handle* out);
GLASSTCP_API int glasstcp_bind(struct glasstcp_stack* stack, glasstcp_handle handle,
                               const struct sockaddr* address, socklen_t length);
/* listen(2). A second call on a listening socket changes the backlog; a negative one is the
 * largest, 4096. */
GLASSTCP_API int glasstcp_listen(struct glasstcp_stack* stack, glasstcp_handle handle, int backlog);
/* accept4(2). `address` and `length` may be null; flags: SOCK_NONBLOCK, SOCK_CLOEXEC. */
GLASSTCP_API int glasstcp_accept(struct glasstcp_stack* stack, glasstcp_handle handle,
                                 struct sockaddr* address, socklen_t* length, int flags,
                                 glasstcp_handle* out);
/* connect(2). -EINPROGRESS at first, also when blocking (see glasstcp_last_wait): call again when
 * POLLOUT came. AF_UNSPEC ends the association. */
GLASSTCP_API int glasstcp_connect(struct glasstcp_stack* stack, glasstcp_handle handle,
                                  const struct sockaddr* address, socklen_t length);
GLASSTCP_API int glasstcp_getsockname(struct glasstcp_stack* stack, glasstcp_handle handle,
                                      struct sockaddr* address, socklen_t* length);
GLASSTCP_API int glasstcp_getpeername(struct glasstcp_stack* stack, glasstcp_handle handle,
                                      struct sockaddr* address, socklen_t* length);
GLASSTCP_API int glasstcp_shutdown(struct glasstcp_stack* stack, glasstcp_handle handle, int how);

/* read(2) and its family. Flags: MSG_PEEK, MSG_DONTWAIT, MSG_TRUNC, MSG_OOB, MSG_WAITALL (a
 * blocking host repeats with the rest). 0: the peer closed. */
GLASSTCP_API ssize_t glasstcp_read(struct glasstcp_stack* stack, glasstcp_handle handle,
                                   void* buffer, size_t length);
GLASSTCP_API ssize_t glasstcp_readv(struct glasstcp_stack* stack, glasstcp_handle handle,
                                    const struct iovec* iov, int count);
GLASSTCP_API ssize_t glasstcp_recv(struct glasstcp_stack* stack, glasstcp_handle handle,
                                   void* buffer, size_t length, int flags);
/* A connected stream does not name the sender: *address_length becomes 0. */
GLASSTCP_API ssize_t glasstcp_recvfrom(struct glasstcp_stack* stack, glasstcp_handle handle,
                                       void* buffer, size_t length, int flags,
                                       struct sockaddr* address, socklen_t* address_length);
/* Control data: TCP_CM_INQ if TCP_INQ is on. */
GLASSTCP_API ssize_t glasstcp_recvmsg(struct glasstcp_stack* stack, glasstcp_handle handle,
                                      struct msghdr* message, int flags);

/* write(2) and its family copy as much as there is room for; a blocking host repeats with the rest
 * after POLLOUT. Flags: MSG_DONTWAIT, MSG_NOSIGNAL (no signal is ever sent: -EPIPE is the host's to
 * turn into one), MSG_MORE, MSG_OOB, MSG_EOR (ignored). With sendto and sendmsg: MSG_FASTOPEN, see
 * glasstcp_set_fast_open(). */
GLASSTCP_API ssize_t glasstcp_write(struct glasstcp_stack* stack, glasstcp_handle handle,
                                    const void* buffer, size_t length);
GLASSTCP_API ssize_t glasstcp_writev(struct glasstcp_stack* stack, glasstcp_handle handle,
                                     const struct iovec* iov, int count);
GLASSTCP_API ssize_t glasstcp_send(struct glasstcp_stack* stack, glasstcp_handle handle,
                                   const void* buffer, size_t length, int flags);
GLASSTCP_API ssize_t glasstcp_sendto(struct glasstcp_stack* stack, glasstcp_handle handle,
                                     const void* buffer, size_t length, int flags,
                                     const struct sockaddr* address, socklen_t address_length);
GLASSTCP_API ssize_t glasstcp_sendmsg(struct glasstcp_stack* stack, glasstcp_handle handle,
                                      const struct msghdr* message, int flags);
/* Sends without a copy, all or nothing: the bytes must stay as they are until
 * glasstcp_next_released() gives `cookie`, also when the connection fails. On an error the bytes
 * are the caller's again. */
GLASSTCP_API ssize_t glasstcp_send_borrowed(struct glasstcp_stack* stack, glasstcp_handle handle,
                                            const void* buffer, size_t length, uint64_t cookie,
                                            int flags);
/* The next cookie whose bytes are free again: 1, or 0 when there is none. */
GLASSTCP_API int glasstcp_next_released(struct glasstcp_stack* stack, uint64_t* cookie);

/* fcntl(2): F_GETFL and F_SETFL with O_NONBLOCK (the access mode reads O_RDWR); others -EINVAL. */
GLASSTCP_API int glasstcp_fcntl(struct glasstcp_stack* stack, glasstcp_handle handle, int command,
                                long argument);
/* ioctl(2): FIONREAD (SIOCINQ), TIOCOUTQ (SIOCOUTQ), SIOCOUTQNSD, SIOCATMARK, FIONBIO; others
 * -ENOTTY. */
GLASSTCP_API int glasstcp_ioctl(struct glasstcp_stack* stack, glasstcp_handle handle,
                                unsigned long request, int* argument);

/*
 * getsockopt(2), setsockopt(2).
 * SOL_SOCKET: REUSEADDR, TYPE, DOMAIN, PROTOCOL, ERROR, ACCEPTCONN, KEEPALIVE, LINGER, OOBINLINE,
 *   RCVBUF, SNDBUF (doubled on reading, as Linux does), RCVLOWAT, SNDLOWAT (1), RCVTIMEO, SNDTIMEO,
 *   PRIORITY, MARK (kept, without effect), ZEROCOPY (the bytes
 *   are copied, and MSG_ERRQUEUE says so when they are acknowledged), MEMINFO (get).
 * IPPROTO_TCP: NODELAY, MAXSEG, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, SYNCNT, LINGER2, INFO,
 * QUICKACK, CONGESTION ("reno", "cubic", "bbr"), USER_TIMEOUT, NOTSENT_LOWAT, INQ, CC_INFO (nothing
 *   to tell).
 *   FASTOPEN, FASTOPEN_CONNECT, FASTOPEN_KEY, FASTOPEN_NO_COOKIE (see glasstcp_set_fast_open).
 * IPPROTO_IP: TOS, TTL, MTU_DISCOVER (DONT, WANT, DO), MTU, FREEBIND. IPPROTO_IPV6: V6ONLY, TCLASS,
 *   UNICAST_HOPS, MTU_DISCOVER, MTU. Anything else: -ENOPROTOOPT.
 */
GLASSTCP_API int glasstcp_getsockopt(struct glasstcp_stack* stack, glasstcp_handle handle,
                                     int level, int option, void* value, socklen_t* length);
GLASSTCP_API int glasstcp_setsockopt(struct glasstcp_stack* stack, glasstcp_handle handle,
                                     int level, int option, const void* value, socklen_t length);

/*
 * TCP Fast Open (RFC 7413): data in the SYN. `bits` are those of Linux's net.ipv4.tcp_fastopen:
 * 1 clients may, 2 listeners may, 4 clients need no cookie, 0x200 listeners need no cookie, 0x400
 * every listener does, with its backlog as the limit. 3 unless called: then sockets that ask for it
 * have it. May be called at any time. `keys`: 16 bytes, or 32 with those of the key before; none:
 * as they were (at first the stack's own, which change by themselves). 0, -EINVAL, -EFAULT.
 *
 * A client calls sendto() or sendmsg() with MSG_FASTOPEN instead of connect(), or sets
 * TCP_FASTOPEN_CONNECT before it. Without blocking, as many bytes are taken as the SYN carries, and
 * -EINPROGRESS is the answer when there is no cookie yet: the SYN asks for one. A blocking host
 * repeats the call, as with connect(). A listener sets TCP_FASTOPEN to the number of connections
 * whose handshake may be pending. Data in a SYN may come twice: only for requests that can bear it.
 */
GLASSTCP_API int glasstcp_set_fast_open(struct glasstcp_stack* stack, uint32_t bits,
                                        const void* keys, size_t key_bytes);
/* Forgets the cookies of all servers. */
GLASSTCP_API void glasstcp_forget_fast_open(struct glasstcp_stack* stack);

/* What TCP_INFO gives: Linux's struct tcp_info, byte for byte. Units: microseconds for rto, ato,
 * rtt, rttvar, min_rtt, busy_time and the *_limited; milliseconds for last_*; segments for unacked
 * .. reordering, cwnd and ssthresh; bytes elsewhere. What this stack does not measure is 0. */
struct glasstcp_tcp_info {
  uint8_t tcpi_state, tcpi_ca_state, tcpi_retransmits, tcpi_probes, tcpi_backoff, tcpi_options;
  uint8_t tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4;
  uint8_t tcpi_delivery_rate_app_limited : 1, tcpi_fastopen_client_fail : 2;
  uint32_t tcpi_rto, tcpi_ato, tcpi_snd_mss, tcpi_rcv_mss;
  uint32_t tcpi_unacked, tcpi_sacked, tcpi_lost, tcpi_retrans, tcpi_fackets;
  uint32_t tcpi_last_data_sent, tcpi_last_ack_sent, tcpi_last_data_recv, tcpi_last_ack_recv;
  uint32_t tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt, tcpi_rttvar, tcpi_snd_ssthresh, tcpi_snd_cwnd,
      tcpi_advmss, tcpi_reordering;
  uint32_t tcpi_rcv_rtt, tcpi_rcv_space;
  uint32_t tcpi_total_retrans;
  uint64_t tcpi_pacing_rate, tcpi_max_pacing_rate, tcpi_bytes_acked, tcpi_bytes_received;
  uint32_t tcpi_segs_out, tcpi_segs_in, tcpi_notsent_bytes, tcpi_min_rtt, tcpi_data_segs_in,
      tcpi_data_segs_out;
  uint64_t tcpi_delivery_rate, tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited;
  uint32_t tcpi_delivered, tcpi_delivered_ce;
  uint64_t tcpi_bytes_sent, tcpi_bytes_retrans;
  uint32_t tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_ooopack, tcpi_snd_wnd;
  uint32_t tcpi_rcv_wnd, tcpi_rehash;
  uint16_t tcpi_total_rto, tcpi_total_rto_recoveries;
  uint32_t tcpi_total_rto_time;
  uint32_t tcpi_received_ce, tcpi_delivered_e1_bytes, tcpi_delivered_e0_bytes,
      tcpi_delivered_ce_bytes, tcpi_received_e1_bytes, tcpi_received_e0_bytes,
      tcpi_received_ce_bytes;
  uint32_t tcpi_ecn_mode : 2, tcpi_accecn_opt_seen : 2, tcpi_accecn_fail_mode : 4,
      tcpi_options2 : 24;
};

/* -- Readiness -------------------------------------------------------------------------------- */

/* A change: something of `events` (EPOLL bits) came since the last report of this handle. */
struct glasstcp_ready {
  size_t size;
  glasstcp_handle handle;
  uint32_t events;
  uint64_t cookie; /* of glasstcp_set_cookie() */
};
GLASSTCP_API int glasstcp_set_cookie(struct glasstcp_stack* stack, glasstcp_handle handle,
                                     uint64_t cookie);
/* The next edge: 1, or 0 when there is none. Each handle is in the queue at most once: enough
 * to signal an eventfd each. */
GLASSTCP_API int glasstcp_next_ready(struct glasstcp_stack* stack, struct glasstcp_ready* out);
/* The level: POLL bits that hold now, as poll(2) reports them; -EBADF. Asking for POLLOUT where
 * there is no room sees to it that an edge follows. */
GLASSTCP_API int glasstcp_level(struct glasstcp_stack* stack, glasstcp_handle handle);

struct glasstcp_pollfd {
  glasstcp_handle handle; /* 0: ignored */
  short events;
  short revents;
};
/* poll(2) with a timeout of 0: how many entries have revents. A stale handle has POLLNVAL. */
GLASSTCP_API int glasstcp_poll(struct glasstcp_stack* stack, struct glasstcp_pollfd* fds,
                               size_t count);

GLASSTCP_API int glasstcp_epoll_create(struct glasstcp_stack* stack, glasstcp_handle* out);
/* epoll_ctl(2) with EPOLLET, EPOLLONESHOT; sockets only, an epoll instance in another: -EINVAL. */
GLASSTCP_API int glasstcp_epoll_ctl(struct glasstcp_stack* stack, glasstcp_handle epoll, int op,
                                    glasstcp_handle handle, const struct epoll_event* event);
/* epoll_wait(2) with a timeout of 0: how many events were written, at most `max` (at least 1). */
GLASSTCP_API int glasstcp_epoll_wait(struct glasstcp_stack* stack, glasstcp_handle epoll,
                                     struct epoll_event* events, int max);

/* -- Looking in ------------------------------------------------------------------------------- */

/* One line of a listing, as `ss` would print it. `state` is TCP_INFO's number. */
struct glasstcp_entry {
  size_t size;
  struct sockaddr_storage local;
  struct sockaddr_storage remote; /* family AF_UNSPEC for listeners */
  int state;
};
/* Fills up to `max` entries (each with its size set) and returns how many there are. */
GLASSTCP_API size_t glasstcp_list(struct glasstcp_stack* stack, struct glasstcp_entry* out,
                                  size_t max);
/* Ends a connection as `tcpdrop` would: RST to the peer, ECONNABORTED to the application. 0,
 * -ENOENT, -EINVAL. */
GLASSTCP_API int glasstcp_drop(struct glasstcp_stack* stack, const struct sockaddr* local,
                               const struct sockaddr* remote);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
