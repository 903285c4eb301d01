// See tun_node.h.
#include "tun/device/tun_node.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tun/host/container.h"

namespace glasstcp {

void make_missing_tun_node() {
  constexpr const char* kNode = "/dev/net/tun";
  if (!is_in_container() || ::access(kNode, F_OK) == 0) return;
  ::mkdir("/dev/net", 0755);
  static_cast<void>(::mknod(kNode, S_IFCHR | 0600, ::makedev(10, 200)));
}

}  // namespace glasstcp
