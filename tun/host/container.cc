// See container.h.
#include "tun/host/container.h"

#include <unistd.h>

#include <cstdlib>

namespace glasstcp {

bool is_in_container() {
  return ::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0 ||
         std::getenv("container") != nullptr || std::getenv("KUBERNETES_SERVICE_HOST") != nullptr;
}

}  // namespace glasstcp
