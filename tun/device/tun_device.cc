// See tun_device.h.
#include "tun/device/tun_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "tun/cli/chinese.h"
#include "tun/device/packet_shape.h"
#include "tun/device/virtio_header.h"
#include "tun/host/cures.h"
#include "tun/host/local_networks.h"

namespace glasstcp {
namespace {

constexpr const char* kDevicePath = "/dev/net/tun";

std::string reason_of(int error, Language language = Language::English) {
  return spoken(std::strerror(error), language);
}

Failure cannot_open(int error, const Patient& patient) {
  Failure failure{fmt::format(fmt::runtime(in_language(patient.language, "cannot open {}: {}",
                                                       "无法打开 {}：{}")),
                              kDevicePath, reason_of(error, patient.language)),
                  rights_cure(patient)};
  if (patient.in_container) return failure;
  if (error == ENOENT || error == ENODEV || error == ENXIO) {
    failure.cure = in_language(patient.language, "load the driver with 'sudo modprobe tun'",
                               "用 'sudo modprobe tun' 加载驱动");
  }
  return failure;
}

// With whom it is taken, the addresses are too, as a rule: another name alone would not help.
std::string other_link(const TunDevice::Wish& wish, const Patient& patient) {
  const LinkWish link{wish.interface, wish.address, wish.address6};
  return in_language(patient.language, "stop it, or start this one beside it with ",
                     "先停止它，或者用这些选项在它旁边再启动一个：") +
         free_link_options(link, true, local_networks());
}

Failure cannot_attach(const TunDevice::Wish& wish, int error, const Patient& patient) {
  const std::string& name = wish.interface;
  const Language language = patient.language;
  Failure failure{
      fmt::format(fmt::runtime(in_language(language, "cannot create the TUN interface {}: {}",
                                           "无法创建 TUN 接口 {}：{}")),
                  name, reason_of(error, language)),
      {}};
  if (error == EPERM || error == EACCES) {
    failure.cure = rights_cure(patient);
    if (!patient.in_container) {
      failure.cure += fmt::format(
          fmt::runtime(in_language(language,
                                   " (it needs the capability NET_ADMIN), or prepare the "
                                   "interface with 'sudo ip tuntap add dev {} mode tun user $USER'",
                                   "（需要 NET_ADMIN 权能），或者先用 'sudo ip tuntap add dev {} "
                                   "mode tun user $USER' 准备好接口")),
          name);
    }
  } else if (error == EBUSY) {
    failure.cure = in_language(language, "another program uses it (another glasstcp?): ",
                               "它正被另一个程序使用（另一个 glasstcp？）：") +
                   other_link(wish, patient);
  } else if (error == EINVAL) {
    failure.cure =
        in_language(language,
                    "the interface exists and is no TUN device, or the name is not "
                    "allowed; choose another one with --tun NAME",
                    "该接口已存在但不是 TUN 设备，或者名字不合法；用 --tun NAME 另选一个");
  }
  return failure;
}

// How the kernel says that the descriptor has no interface any more: EBADFD, of a TUN device; the
// others are the general words for it.
bool is_gone(int error) {
  return error == EBADFD || error == ENODEV || error == ENXIO || error == EBADF;
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
  return open({name, {}, {}, offload, Language::English});
}

std::expected<std::unique_ptr<TunDevice>, Failure> TunDevice::open(const Wish& wish) {
  const Patient patient = this_process(wish.language);
  Descriptor device(::open(kDevicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!device.is_open()) return std::unexpected(cannot_open(errno, patient));
  ifreq request;
  if (const int error = attach(device.get(), wish.interface, request); error != 0) {
    return std::unexpected(cannot_attach(wish, error, patient));
  }
  std::unique_ptr<TunDevice> tun(new TunDevice(std::move(device), request.ifr_name));
  if (auto configured = tun->configure(wish.offload); !configured) {
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
    offload_ = merges_ = offload;
  } else if (!offload || ::ioctl(fd, TUNSETOFFLOAD, 0UL) != 0) {
    return refused("to set its offloads");
  }
  ifreq now{};
  if (::ioctl(fd, TUNGETIFF, &now) == 0) persistent_ = (now.ifr_flags & IFF_PERSIST) != 0;
  lookup_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  index_ = find_index();
  return {};
}

/// The interface that has the name now; 0: none has.
int TunDevice::find_index() const {
  ifreq request{};
  name_.copy(request.ifr_name, IFNAMSIZ - 1);
  return ::ioctl(lookup_.get(), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

ReadOutcome TunDevice::read(ReceivedPacket& packet) noexcept {
  std::uint8_t* const header = buffer_.data() + kHeaderAt;
  const ssize_t got = ::read(device_.get(), header, buffer_.size() - kHeaderAt);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return ReadOutcome::Empty;
    // EINVAL is a GSO packet of a kind that the header has no word for; ENOMEM, EMSGSIZE and the
    // like are of one packet too.
    last_error_ = errno;
    return is_gone(errno) ? ReadOutcome::Gone : ReadOutcome::Failed;
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
  last_error_ = errno;
  if (is_gone(errno) || errno == EFAULT) return WriteOutcome::Failed;
  switch (errno) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
    case ENOMEM:
    case EIO:  // the interface is down
      return WriteOutcome::Refused;
    default:
      // EINVAL in practice, of kernels that took the offloads and then refuse what comes of them.
      return shape_of(packet) == PacketShape::Plain ? WriteOutcome::Failed
                                                    : WriteOutcome::Misshapen;
  }
}

// Memory that is short says nothing about shapes.
bool TunDevice::ask_for_plain_packets() noexcept {
  if (!merges_ || last_error_ == ENOMEM || last_error_ == ENOBUFS) return false;
  merges_ = ::ioctl(device_.get(), TUNSETOFFLOAD, 0UL) != 0;
  return !merges_;
}

std::string TunDevice::why_gone() const {
  if (index_ != 0 && find_index() == index_) {
    return "the kernel took the interface " + name_ + " from us: " + reason_of(last_error_);
  }
  return "the interface " + name_ + " was deleted";
}

}  // namespace glasstcp
