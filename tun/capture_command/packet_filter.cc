// See packet_filter.h.
#include "tun/capture_command/packet_filter.h"

#include <pcap/pcap.h>

namespace glasstcp {
namespace {

constexpr int kRawIp = 12;  // DLT_RAW on Linux: packets without a link layer
constexpr int kSnapLength = 262144;

}  // namespace

struct PacketFilter::Program {
  bpf_program code{};
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { ::pcap_freecode(&code); }
};

PacketFilter::PacketFilter() = default;
PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;
PacketFilter::~PacketFilter() = default;

std::expected<PacketFilter, std::string> PacketFilter::compile(const std::string& text) {
  PacketFilter filter;
  if (text.empty()) return filter;
  const std::unique_ptr<pcap_t, decltype(&::pcap_close)> dead(::pcap_open_dead(kRawIp, kSnapLength),
                                                              &::pcap_close);
  if (dead == nullptr) return std::unexpected("no memory");
  filter.program_ = std::make_unique<Program>();
  if (::pcap_compile(dead.get(), &filter.program_->code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) !=
      0) {
    return std::unexpected(std::string(::pcap_geterr(dead.get())));
  }
  return filter;
}

bool PacketFilter::matches(ByteView data, std::uint32_t original) const {
  if (program_ == nullptr) return true;
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(data.size());
  header.len = original;
  return ::pcap_offline_filter(&program_->code, &header, data.data()) != 0;
}

}  // namespace glasstcp
