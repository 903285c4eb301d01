// The interface through which packetdrill drives a stack in a shared object: a struct of functions,
// in the order in which the tool expects them. Written from the facts of the interface; nothing of
// packetdrill is in here.
//
// Invariants:
//   1. Order and types of the members are the tool's ABI: they change only when the tool does.
//
// Next: adaptor.cc.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

namespace glasstcp::packetdrill {

/// Every function takes `self` first; results are libc's (-1 and errno).
struct Interface {
  void* self;
  void (*free)(void*);
  int (*socket)(void*, int domain, int type, int protocol);
  int (*bind)(void*, int fd, const sockaddr*, socklen_t);
  int (*listen)(void*, int fd, int backlog);
  int (*accept)(void*, int fd, sockaddr*, socklen_t*);
  int (*connect)(void*, int fd, const sockaddr*, socklen_t);
  ssize_t (*read)(void*, int fd, void*, size_t);
  ssize_t (*readv)(void*, int fd, const iovec*, int);
  ssize_t (*recv)(void*, int fd, void*, size_t, int flags);
  ssize_t (*recvfrom)(void*, int fd, void*, size_t, int flags, sockaddr*, socklen_t*);
  ssize_t (*recvmsg)(void*, int fd, msghdr*, int flags);
  ssize_t (*write)(void*, int fd, const void*, size_t);
  ssize_t (*writev)(void*, int fd, const iovec*, int);
  ssize_t (*send)(void*, int fd, const void*, size_t, int flags);
  ssize_t (*sendto)(void*, int fd, const void*, size_t, int flags, const sockaddr*, socklen_t);
  ssize_t (*sendmsg)(void*, int fd, const msghdr*, int flags);
  int (*fcntl)(void*, int fd, int command, ...);
  int (*ioctl)(void*, int fd, unsigned long request, ...);
  int (*close)(void*, int fd);
  int (*shutdown)(void*, int fd, int how);
  int (*getsockopt)(void*, int fd, int level, int option, void*, socklen_t*);
  int (*setsockopt)(void*, int fd, int level, int option, const void*, socklen_t);
  int (*poll)(void*, pollfd*, nfds_t, int timeout);
  int (*netdev_send)(void*, const void* packet, size_t length);
  int (*netdev_receive)(void*, void* packet, size_t* length, long long* time_us);
  int (*usleep)(void*, useconds_t us);
  int (*gettimeofday)(void*, timeval*, struct timezone*);
  int (*epoll_create)(void*, int size);
  int (*epoll_ctl)(void*, int epoll, int op, int fd, epoll_event*);
  int (*epoll_wait)(void*, int epoll, epoll_event*, int max, int timeout);
  int (*pipe)(void*, int fds[2]);
  int (*splice)(void*, int from, loff_t*, int to, loff_t*, size_t length, unsigned flags);
};

}  // namespace glasstcp::packetdrill
