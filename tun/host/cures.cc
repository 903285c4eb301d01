// See cures.h.
#include "tun/host/cures.h"

#include <unistd.h>

#include "tun/host/container.h"

namespace glasstcp {
namespace {

std::string start_with(const Patient& patient, const std::string& flags) {
  return in_language(patient.language, "start the container with ", "启动容器时加上 ") + flags;
}

std::string run_this(const Patient& patient, const std::string& command) {
  return in_language(patient.language, "run '", "运行 '") + command + "'";
}

}  // namespace

Patient this_process(Language language) {
  return {is_in_container(), ::geteuid() == 0, language};
}

std::string rights_cure(const Patient& patient) {
  if (!patient.in_container) {
    return in_language(patient.language, "run it with sudo", "用 sudo 运行");
  }
  const std::string flags = start_with(patient, "--cap-add=NET_ADMIN --device=/dev/net/tun");
  if (patient.is_root) return flags;
  return flags + in_language(patient.language, ", and without --user (as root)",
                             "，并且不加 --user（以 root 身份）");
}

std::string ipv6_cure(const Patient& patient) {
  return patient.in_container
             ? start_with(patient, "--sysctl net.ipv6.conf.all.disable_ipv6=0")
             : run_this(patient, "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0");
}

std::string forwarding_cure(const Patient& patient) {
  return patient.in_container ? start_with(patient, "--sysctl net.ipv4.ip_forward=1")
                              : run_this(patient, "sudo sysctl -w net.ipv4.ip_forward=1");
}

}  // namespace glasstcp
