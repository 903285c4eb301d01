// What a capture says of packets that it lacks, since its reader or its disk was too slow.
//
// Next: capture_tap.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/trace/language.h"
#include "stack/trace/pcapng.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// The comment of the packet behind a gap of so many packets.
[[nodiscard]] inline TextBuffer gap_before(std::uint64_t packets, Language language) {
  TextBuffer text;
  if (language == Language::Chinese) {
    text.add("此处缺少 {} 个分组：读取者太慢，未能记入本文件", packets);
  } else {
    text.add("{} packet{} missing before this one: the reader of this capture was too slow",
             packets, packets == 1 ? " is" : "s are");
  }
  return text;
}

/// A statistics block: how many packets the capture lacks (isb_ifdrop), and, if any, so in words.
[[nodiscard]] inline std::vector<std::uint8_t> closing_block(std::int64_t time_ns,
                                                             std::uint64_t packets,
                                                             Language language) {
  class Bytes final : public BlockSink {
   public:
    void write(ByteView block) noexcept override { all.assign(block.begin(), block.end()); }
    std::vector<std::uint8_t> all;
  };
  Bytes bytes;
  PcapngEncoder encoder(bytes, 0);
  TextBuffer text;
  if (packets > 0 && language == Language::Chinese) {
    text.add("本文件共缺少 {} 个分组：读取者太慢", packets);
  } else if (packets > 0) {
    text.add("{} packet{} missing in this capture: its reader was too slow", packets,
             packets == 1 ? " is" : "s are");
  }
  const std::string_view comment = text.view();
  encoder.add_statistics(0, time_ns, std::span(&comment, packets > 0 ? 1 : 0),
                         {.received = {}, .dropped = packets});
  return bytes.all;
}

}  // namespace glasstcp
