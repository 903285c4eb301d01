// libFuzzer: any bytes as a capture file: it is read or refused, in time that its length bounds,
// and what is handed out lies in the file.
//
// The first byte chooses what is made right before: nothing; the header of a pcap file; or pcapng,
// of which the rest is blocks: a type, a length, a body, with both lengths written as they must be.
//
// Inputs have at most 2000 bytes.
#include <vector>

#include "stack/trace/pcapng_reader.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using fuzz::require;

using File = std::vector<std::uint8_t>;

void add32(File& file, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) file.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

void add_block(File& file, std::uint32_t type, ByteView body, std::uint32_t wrong) {
  const auto length = static_cast<std::uint32_t>(12 + (body.size() + 3) / 4 * 4);
  add32(file, type);
  add32(file, length + wrong);
  file.insert(file.end(), body.begin(), body.end());
  while (file.size() % 4 != 0) file.push_back(0);
  add32(file, length);
}

File blocks_of(fuzz::ByteSource& in) {
  static constexpr std::array<std::uint8_t, 16> kSection = {
      0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  static constexpr std::array<std::uint8_t, 8> kInterface = {101, 0, 0, 0, 0, 0, 4, 0};
  File file;
  add_block(file, 0x0a0d0d0a, kSection, 0);
  add_block(file, 1, kInterface, 0);
  while (!in.empty()) {
    const std::uint8_t what = in.u8();
    std::uint32_t type = what % 16;
    if (type == 15) type = 0x0a0d0d0a;
    if (type == 14) type = in.u32();
    add_block(file, type, in.take(in.u8()), what >= 0xf0 ? in.u8() : 0);
  }
  return file;
}

File file_of(const std::uint8_t* data, std::size_t size) {
  fuzz::ByteSource in(data, size);
  const std::uint8_t kind = in.u8() % 4;
  if (kind < 2) return blocks_of(in);
  File file;
  if (kind == 2) {
    add32(file, 0xa1b2c3d4);
    for (const std::uint32_t word : {0x00040002U, 0U, 0U, 65535U, 101U}) add32(file, word);
  }
  const ByteView rest = in.rest();
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const File file = file_of(data, size);
  const auto is_inside = [&](const void* at, std::size_t length) {
    const auto* begin = static_cast<const std::uint8_t*>(at);
    return length == 0 || (begin >= file.data() && begin + length <= file.data() + file.size());
  };
  CaptureReader reader{ByteView(file)};
  std::size_t packets = 0;
  while (const auto packet = reader.next()) {
    require(++packets <= file.size() / 12);
    require(is_inside(packet->data.data(), packet->data.size()));
    for (const std::string_view comment : packet->comments())
      require(is_inside(comment.data(), comment.size()));
  }
  require(reader.interfaces().size() <= CaptureReader::kMaxInterfaces);
  require(is_inside(reader.section_comment().data(), reader.section_comment().size()));
  if (reader.error()) require(!name_of(*reader.error()).empty());
  require(!reader.next());
  return 0;
}
