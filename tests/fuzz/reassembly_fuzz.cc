// libFuzzer: fragments in any order, cut anyhow, with time between them. Beside the reassembler a
// plain model keeps every byte: what comes out whole has exactly the bytes of one datagram, nothing
// is whole before it is, and memory comes back.
//
// A step is six bytes: which datagram and what to do with it, where the fragment begins and how
// long it is in units of eight bytes, and what its bytes are.
//
// Inputs have at most 1200 bytes.
#include <map>

#include "stack/ip/reassembly.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using fuzz::ByteSource;
using fuzz::require;

constexpr std::size_t kMost = 4096;  // of a fragment's data

FragmentKey key_of(std::uint8_t which) {
  const auto host = static_cast<std::uint8_t>(which % 3 + 1);
  return {IpAddress::v4(192, 0, 2, host), IpAddress::v4(192, 0, 2, 200), which / 3U, 17};
}

std::uint8_t byte_at(std::uint8_t which, std::uint32_t offset) {
  return static_cast<std::uint8_t>(which * 31U + offset * 7U + offset / 256U);
}

// Every byte that came since the datagram began anew.
struct Model {
  std::vector<bool> came = std::vector<bool>(70000);
  std::uint32_t end = 0;
  bool is_spoilt = false;  // it overlapped, or its bytes were not its own
};

void judge(const Model& model, std::uint8_t which, ByteView packet) {
  require(packet.size() >= 20);
  const ByteView data = packet.subspan(20);
  require(!model.is_spoilt && data.size() == model.end);
  for (std::uint32_t i = 0; i < data.size(); ++i) {
    require(model.came[i] && data[i] == byte_at(which, i));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteSource in(data, size);
  Reassembler reassembler({.bytes = 64 * 1024, .datagrams = 6, .timeout = 60s});
  const std::size_t all_free = reassembler.free_chunks();
  std::map<std::uint8_t, Model> models;
  Instant now{};
  std::array<std::uint8_t, 20> header{0x45};
  header[8] = 64;
  header[9] = 17;
  std::vector<std::uint8_t> bytes;
  for (int step = 0; step < 300 && !in.empty(); ++step) {
    const std::uint8_t what = in.u8();
    const std::uint8_t which = what % 9;
    if (what >= 0xf0) {
      now += std::chrono::seconds(in.u8());
      while (reassembler.expire(now)) {
      }
      require(reassembler.next_deadline() > now);
      continue;
    }
    Fragment fragment;
    fragment.key = key_of(which);
    fragment.offset = std::min<std::uint32_t>(in.u16() % 1024 * 8U, 65528);
    const std::uint32_t units = in.u8();
    const std::uint8_t how = in.u8();
    fragment.more_fragments = (how & 1) != 0;
    const std::uint32_t length = std::max<std::uint32_t>(units * 8U - (how & 1 ? 0U : how >> 5), 1);
    bytes.resize(std::min<std::size_t>(length, kMost));
    for (std::uint32_t i = 0; i < bytes.size(); ++i) bytes[i] = byte_at(which, fragment.offset + i);
    Model& model = models[which];
    const bool is_foreign = (how & 2) != 0;
    if (is_foreign) bytes[0] ^= 1;
    fragment.header = ByteView(header);
    fragment.ecn = static_cast<std::uint8_t>(how >> 2 & 3);
    fragment.data = bytes;
    const auto result = reassembler.add(fragment, now);
    if (is_foreign) model.is_spoilt = true;
    if (result.verdict == Verdict::FragmentKept || result.verdict == Verdict::Accepted) {
      for (std::size_t i = 0; i < bytes.size(); ++i) model.came[fragment.offset + i] = true;
      if (!fragment.more_fragments) {
        model.end = fragment.offset + static_cast<std::uint32_t>(bytes.size());
      }
    }
    if (result.verdict == Verdict::Accepted && !model.is_spoilt) judge(model, which, result.packet);
    if (result.verdict == Verdict::Accepted) models.erase(which);
  }
  now += 1h;
  while (reassembler.expire(now)) {
  }
  require(reassembler.free_chunks() == all_free && reassembler.next_deadline() == kNever);
  return 0;
}
