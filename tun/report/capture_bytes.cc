// See capture_bytes.h.
#include "tun/report/capture_bytes.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "tun/host/descriptor.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostRead = std::size_t{1} << 30;

std::string failure(const std::string& path, int error) {
  return "cannot read '" + path + "': " + std::strerror(error);
}

std::expected<CaptureBytes, std::string> read_all(int file, const std::string& path) {
  auto bytes = std::make_shared<std::vector<std::uint8_t>>();
  std::array<std::uint8_t, 65536> buffer;
  while (true) {
    const ssize_t n = ::read(file, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(failure(path, errno));
    if (n == 0) break;
    if (bytes->size() + static_cast<std::size_t>(n) > kMostRead) {
      return std::unexpected("'" + path + "' is no file and holds more than 1 GB: save it first");
    }
    bytes->insert(bytes->end(), buffer.begin(), buffer.begin() + n);
  }
  return CaptureBytes{*bytes, bytes};
}

}  // namespace

std::expected<CaptureBytes, std::string> open_capture(const std::string& path) {
  const Descriptor file(path == "-" ? ::dup(0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return std::unexpected(failure(path, errno));
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return std::unexpected(failure(path, errno));
  if (S_ISDIR(facts.st_mode)) return std::unexpected("'" + path + "' is a folder, not a capture");
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (!S_ISREG(facts.st_mode) || size == 0) return read_all(file.get(), path);
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (at == MAP_FAILED) return read_all(file.get(), path);
  ::madvise(at, size, MADV_SEQUENTIAL);
  return CaptureBytes{ByteView(static_cast<const std::uint8_t*>(at), size),
                      {at, [size](void* p) { ::munmap(p, size); }}};
}

std::string sha256_of(ByteView bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string what_it_is_instead(ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  using namespace std::string_view_literals;
  if (text.empty()) return "is empty";
  if (text.starts_with("\x1f\x8b"sv)) return "is compressed: unpack it with 'gunzip' first";
  if (text.starts_with("\x28\xb5\x2f\xfd"sv))
    return "is compressed: unpack it with 'zstd -d' first";
  if (text.starts_with("\x04\x22\x4d\x18"sv)) return "is compressed: unpack it with 'lz4 -d' first";
  if (text.starts_with("BZh"sv)) return "is compressed: unpack it with 'bunzip2' first";
  if (text.starts_with("\xfd\x37zXZ"sv)) return "is compressed: unpack it with 'unxz' first";
  if (text.starts_with("PK\x03\x04"sv)) return "is a ZIP archive: unpack it first";
  if (text.starts_with("GMBU"sv) || text.starts_with("RTSS"sv)) {
    return "is a capture of Network Monitor: save it as pcapng from Wireshark";
  }
  return "is neither a pcap nor a pcapng file: save it as pcapng from Wireshark, or take it with "
         "tcpdump -w or --capture";
}

}  // namespace glasstcp::report
