// libFuzzer: any bytes as the options of a segment are read or refused; what was read says the same
// after it was written in either layout and read again.
//
// Inputs have at most 40 bytes.
#include "stack/wire/tcp_options.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using fuzz::require;

bool are_equal(const TcpOptions& a, const TcpOptions& b) {
  const auto same = [](const auto& x, const auto& y) { return x == y; };
  if (!same(a.mss, b.mss) || !same(a.window_scale, b.window_scale)) return false;
  if (a.sack_permitted != b.sack_permitted || a.sack_count != b.sack_count) return false;
  if (!same(a.user_timeout, b.user_timeout)) return false;
  if (a.timestamps.has_value() != b.timestamps.has_value()) return false;
  if (a.timestamps &&
      (a.timestamps->val != b.timestamps->val || a.timestamps->ecr != b.timestamps->ecr))
    return false;
  if (a.fast_open != b.fast_open || a.fast_open_experimental != b.fast_open_experimental)
    return false;
  if (!std::ranges::equal(a.fast_open_cookie, b.fast_open_cookie)) return false;
  return std::equal(a.sack.begin(), a.sack.begin() + a.sack_count, b.sack.begin());
}

// How many bytes the options that were read take at most, with padding.
std::size_t room_of(const TcpOptions& o) {
  return 4U * o.mss.has_value() + 4U * o.window_scale.has_value() + 4U * o.sack_permitted +
         (o.sack_count == 0 ? 0 : 4 + 8U * o.sack_count) + 12U * o.timestamps.has_value() +
         4U * o.user_timeout.has_value() + 12U * o.accurate_ecn.has_value() +
         (o.fast_open ? 8 + o.fast_open_cookie.size() : 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = read_tcp_options(ByteView(data, size));
  if (!read) return 0;
  require(read->sack_count <= TcpOptions::kMaxSackBlocks && read->fast_open_cookie.size() <= 16);
  if (room_of(*read) > TcpOptions::kMaxBytes) return 0;
  for (const OptionLayout layout : {OptionLayout::Linux, OptionLayout::Bsd}) {
    std::array<std::uint8_t, TcpOptions::kMaxBytes> bytes{};
    const std::size_t length = write_tcp_options(bytes, *read, layout);
    require(length <= bytes.size() && length % 4 == 0);
    const auto again = read_tcp_options(ByteView(bytes).first(length));
    require(again && are_equal(*read, *again));
  }
  return 0;
}
