// libFuzzer: any chain of IPv6 headers ends somewhere within the packet, and what a quoted packet
// carries is found within the quote.
//
// Inputs have at most 600 bytes.
#include "stack/ip/extension_headers.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using fuzz::require;

bool is_extension_header(std::uint8_t protocol) {
  return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  // The length is made right, so that the chain and not the length is what is tried.
  const std::size_t body = std::min<std::size_t>(size - 2, 2000);
  std::array<std::uint8_t, 2040> packet{};
  packet[0] = 0x60;
  store_be16(&packet[4], static_cast<std::uint16_t>(body));
  packet[6] = data[0];
  packet[7] = 64;
  packet[8] = packet[24] = 0x20;
  packet[9] = packet[25] = 0x01;
  packet[23] = 1;
  packet[39] = 2;
  std::copy_n(data + 2, body, packet.begin() + 40);
  const ByteView whole = ByteView(packet).first(40 + body);
  if (const auto view = Ipv6View::parse(whole, false)) {
    const HeaderChain chain = walk_extension_headers(
        *view, {.is_gso = (data[1] & 1) != 0, .is_reassembled = (data[1] & 2) != 0});
    if (chain.verdict == Verdict::Accepted) {
      require(chain.payload_at >= 40 && chain.payload_at <= whole.size());
      require(chain.next_header_at < whole.size());
      if (!chain.fragment) require(!is_extension_header(chain.protocol));
    }
    if (chain.report) require(chain.verdict != Verdict::Accepted);
  }
  const UpperLayer upper = find_upper_layer(data[0], ByteView(data + 2, size - 2));
  require(upper.at <= size - 2);
  return 0;
}
