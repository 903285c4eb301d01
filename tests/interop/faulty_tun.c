/* A kernel with faults at its TUN device, put before the program by LD_PRELOAD: it takes the offloads and then refuses
 * packets by their shape, or has packets that cannot be read. Judged by the virtio header before each packet.
 *
 * FAULTY_WRITE=gso|partial|gso6  which packets a write refuses (gso6: of IPv6 alone)
 * FAULTY_READ=merged|some|all  which packets a read loses: those that are merged; every seventh; none comes at all
 * FAULTY_READ=gone             the third read finds no device
 * FAULTY_ERRNO=N               with this errno (22, EINVAL)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tun_hook.h"

static int reads = 0;

static int wants(const char* variable, const char* value) {
  const char* const text = getenv(variable);
  return text != NULL && strcmp(text, value) == 0;
}

static int fail(void) {
  const char* const number = getenv("FAULTY_ERRNO");
  errno = number != NULL ? atoi(number) : EINVAL;
  return -1;
}

ssize_t writev(int file, const struct iovec* pieces, int count) {
  ssize_t (*const next)(int, const struct iovec*, int) =
      (ssize_t(*)(int, const struct iovec*, int))dlsym(RTLD_NEXT, "writev");
  if (file == device && count > 1 && pieces[0].iov_len == 10) {
    const unsigned char* const header = pieces[0].iov_base;
    const int is_v6 = *(const unsigned char*)pieces[1].iov_base >> 4 == 6;
    if (header[1] != 0 && (wants("FAULTY_WRITE", "gso") || wants("FAULTY_WRITE", "partial"))) return fail();
    if (header[1] != 0 && is_v6 && wants("FAULTY_WRITE", "gso6")) return fail();
    if ((header[0] & 1) != 0 && wants("FAULTY_WRITE", "partial")) return fail();
  }
  return next(file, pieces, count);
}

ssize_t read(int file, void* into, size_t room) {
  ssize_t (*const next)(int, void*, size_t) = (ssize_t(*)(int, void*, size_t))dlsym(RTLD_NEXT, "read");
  if (file != device) return next(file, into, room);
  if (wants("FAULTY_READ", "all")) return fail();
  ++reads;
  if (wants("FAULTY_READ", "gone") && reads > 2) return fail();
  const ssize_t got = next(file, into, room);
  if (got < 0) return got;
  if (wants("FAULTY_READ", "merged") && ((const unsigned char*)into)[1] != 0) return fail();
  if (wants("FAULTY_READ", "some") && reads % 7 == 0) return fail();
  return got;
}
