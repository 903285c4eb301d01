// See own_network.h.
#include "tun/doctor/own_network.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <string_view>

#include "tun/host/descriptor.h"

namespace glasstcp {
namespace {

bool write_to(const char* path, std::string_view text) {
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// In the child: whoever is root in the new namespace may make an interface in the new network.
OwnNetwork try_here(const std::string& users, const std::string& groups) {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return OwnNetwork::NoNamespace;
  // A group may be mapped only by who can no longer change groups.
  write_to("/proc/self/setgroups", "deny");
  if (!write_to("/proc/self/uid_map", users) || !write_to("/proc/self/gid_map", groups)) {
    return OwnNetwork::NoRights;
  }
  const Descriptor device(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!device.is_open()) return OwnNetwork::NoDevice;
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  return ::ioctl(device.get(), TUNSETIFF, &request) == 0 ? OwnNetwork::Works : OwnNetwork::NoRights;
}

std::string mapping(unsigned id) {
  return "0 " + std::to_string(id) + " 1\n";
}

struct KernelSetting {
  const char* path;
  char forbids;
  std::string_view cure;
};
constexpr std::array<KernelSetting, 3> kSettings = {{
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1',
     "kernel.apparmor_restrict_unprivileged_userns=0"},
    {"/proc/sys/kernel/unprivileged_userns_clone", '0', "kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/user/max_user_namespaces", '0', "user.max_user_namespaces=15000"},
}};

}  // namespace

OwnNetwork try_own_network() {
  const std::string users = mapping(::getuid()), groups = mapping(::getgid());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(static_cast<int>(try_here(users, groups)));
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    return OwnNetwork::NoNamespace;
  }
  return static_cast<OwnNetwork>(WEXITSTATUS(status));
}

std::string forbidding_setting() {
  for (const KernelSetting& setting : kSettings) {
    std::ifstream file(setting.path);
    char first = '\0';
    if (file.get(first) && first == setting.forbids) return std::string(setting.cure);
  }
  return {};
}

}  // namespace glasstcp
