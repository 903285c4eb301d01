// See tun_device.h.
#include "tun/tun_device.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "tun/container.h"
#include "tun/virtio_header.h"

namespace glasstcp {
namespace {

constexpr const char* kDevicePath = "/dev/net/tun";

std::string reason_of(int error) {
  return std::strerror(error);
}

Failure cannot_open(int error) {
  Failure failure{std::string("cannot open ") + kDevicePath + ": " + reason_of(error), {}};
  if (error == EACCES && ::geteuid() != 0) {
    failure.cure = "run it with sudo (in a container: as root)";
  } else if (is_in_container()) {
    failure.cure = "start the container with --cap-add=NET_ADMIN --device=/dev/net/tun";
  } else if (error == ENOENT || error == ENODEV || error == ENXIO) {
    failure.cure = "load the driver with 'sudo modprobe tun'";
  } else {
    failure.cure = "run it with sudo";
  }
  return failure;
}

Failure cannot_attach(const std::string& name, int error) {
  Failure failure{"cannot create the TUN interface " + name + ": " + reason_of(error), {}};
  if (error == EPERM || error == EACCES) {
    failure.cure = is_in_container()
                       ? "start the container with --cap-add=NET_ADMIN --device=/dev/net/tun"
                       : "run it with sudo (it needs the capability NET_ADMIN), or prepare the "
                         "interface with 'sudo ip "
                         "tuntap add dev " +
                             name + " mode tun user $USER'";
  } else if (error == EBUSY) {
    failure.cure = "another program uses it; choose another one with --tun NAME";
  } else if (error == EINVAL) {
    failure.cure =
        "the interface exists and is no TUN device, or the name is not allowed; choose another one "
        "with --tun "
        "NAME";
  }
  return failure;
}

// Creates or attaches. An existing interface must be asked for with its own multi_queue flag, so
// both are tried.
int attach(int device, const std::string& name, ifreq& request) {
  for (const int queues : {0, IFF_MULTI_QUEUE}) {
    request = {};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | queues);
    if (::ioctl(device, TUNSETIFF, &request) == 0) return 0;
    if (errno != EINVAL) break;
  }
  return errno;
}

}  // namespace

std::expected<std::unique_ptr<TunDevice>, Failure> TunDevice::open(const std::string& name,
                                                                   bool offload) {
  Descriptor device(::open(kDevicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device.is_open()) return std::unexpected(cannot_open(errno));
  ifreq request;
  if (const int error = attach(device.get(), name, request); error != 0) {
    return std::unexpected(cannot_attach(name, error));
  }
  std::unique_ptr<TunDevice> tun(new TunDevice(std::move(device), request.ifr_name));
  if (auto configured = tun->configure(offload); !configured) {
    return std::unexpected(configured.error());
  }
  return tun;
}

std::expected<void, Failure> TunDevice::configure(bool offload) {
  const int fd = device_.get();
  const auto refused = [&](const char* what) {
    return std::unexpected(
        Failure{name_ + ": the kernel refuses " + what + ": " + reason_of(errno), {}});
  };
  // A persistent device keeps what its last user chose, so everything is set, also what is the
  // default.
  int header_length = kVirtioHeaderLength;
  int little_endian = 1;
  if (::ioctl(fd, TUNSETVNETHDRSZ, &header_length) != 0) return refused("a 10-byte virtio header");
  if (::ioctl(fd, TUNSETVNETLE, &little_endian) != 0)
    return refused("little-endian virtio headers");

  const unsigned long wanted = offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0UL;
  if (::ioctl(fd, TUNSETOFFLOAD, wanted) == 0) {
    offload_ = offload;
  } else if (!offload || ::ioctl(fd, TUNSETOFFLOAD, 0UL) != 0) {
    return refused("to set its offloads");
  }
  ifreq now{};
  if (::ioctl(fd, TUNGETIFF, &now) == 0) persistent_ = (now.ifr_flags & IFF_PERSIST) != 0;
  return {};
}

ReadOutcome TunDevice::read(ReceivedPacket& packet) noexcept {
  std::uint8_t* const header = buffer_.data() + kHeaderAt;
  const ssize_t got = ::read(device_.get(), header, buffer_.size() - kHeaderAt);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR ? ReadOutcome::Empty : ReadOutcome::Gone;
  }
  if (static_cast<std::size_t>(got) < kVirtioHeaderLength) return ReadOutcome::Empty;
  packet.meta = decode_virtio_header(header);
  packet.bytes = {header + kVirtioHeaderLength,
                  static_cast<std::size_t>(got) - kVirtioHeaderLength};
  return ReadOutcome::Packet;
}

WriteOutcome TunDevice::write(const OutPacket& packet) noexcept {
  VirtioHeader header = encode_virtio_header(packet);
  std::array<iovec, 2 + OutPacket::kMaxSlices> pieces;
  pieces[0] = {header.data(), header.size()};
  // writev takes pointers to non-const bytes and only reads them.
  pieces[1] = {const_cast<std::uint8_t*>(packet.header.data()), packet.header_length};
  int count = 2;
  for (std::size_t i = 0; i < packet.payload_slices; ++i) {
    const ByteView slice = packet.payload[i];
    pieces[static_cast<std::size_t>(count++)] = {const_cast<std::uint8_t*>(slice.data()),
                                                 slice.size()};
  }
  if (::writev(device_.get(), pieces.data(), count) >= 0) return WriteOutcome::Written;
  switch (errno) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
    case ENOMEM:
    case EIO:  // the interface is down
      return WriteOutcome::Refused;
    default:
      return WriteOutcome::Failed;
  }
}

}  // namespace glasstcp
