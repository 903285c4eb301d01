// Which file is the TUN device: what is put before a program by LD_PRELOAD watches for the ioctl
// that makes it one. For C.
//
// Next: faulty_tun.c, intruder.c.
#pragma once

#include <dlfcn.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <sys/ioctl.h>

static int device = -1;

int ioctl(int file, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  int (*const next)(int, unsigned long, ...) =
      (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  if (request == TUNSETIFF) device = file;
  return next(file, request, argument);
}
