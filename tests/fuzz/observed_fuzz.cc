// libFuzzer: the conversations of conversation_fuzz, watched: each packet is annotated, narrated
// and captured. The capture is read again without an error, and has a packet for each that passed;
// each line of the narration is one line of UTF-8.
//
// The first byte chooses language and detail. Inputs have at most 600 bytes, since each packet
// costs some thousand instructions of words.
//
// Inputs have at most 600 bytes.
#include "http/text.h"
#include "http/text_encoding.h"
#include "stack/trace/annotator.h"
#include "stack/trace/capture_sink.h"
#include "stack/trace/narrate.h"
#include "stack/trace/pcapng_reader.h"
#include "tests/fuzz/support/conversation.h"

namespace {

using namespace glasstcp;
using fuzz::require;

class Blocks final : public BlockSink {
 public:
  void write(ByteView block) noexcept override {
    file_.insert(file_.end(), block.begin(), block.end());
  }
  [[nodiscard]] ByteView file() const { return file_; }

 private:
  std::vector<std::uint8_t> file_;
};

class Lines final : public LineSink {
 public:
  void write(std::string_view line) noexcept override {
    require(!line.empty() && line.find('\n') == line.size() - 1);
    require(http::is_utf8(http::as_bytes(line), true));
  }
};

// What is annotated has to be in the capture.
class Count final : public AnnotatedSink {
 public:
  void on_annotated(const AnnotatedPacket& packet) noexcept override {
    packets_ += packet.has_packet() ? 1 : 0;
  }
  [[nodiscard]] std::size_t packets() const { return packets_; }

 private:
  std::size_t packets_ = 0;
};

void judge(ByteView file, std::size_t packets) {
  CaptureReader reader(file);
  std::size_t read = 0;
  while (const auto packet = reader.next()) {
    ++read;
    for (const std::string_view comment : packet->comments())
      require(http::is_utf8(http::as_bytes(comment), true));
  }
  require(!reader.error() && read == packets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ByteSource in(data, size);
  const std::uint8_t choice = in.u8();
  const Language language = (choice & 1) != 0 ? Language::Chinese : Language::English;
  Blocks blocks;
  Lines lines;
  Count count;
  CaptureOptions options;
  options.language = language;
  options.snap_length = (choice & 2) != 0 ? 60 : PcapngEncoder::kDefaultSnapLength;
  CaptureSink capture(blocks, options);
  Narrator narrator(lines, language, Instant(1000s), static_cast<Detail>(choice / 4 % 3));
  if ((choice & 16) != 0) narrator.use_colours();
  Annotator annotator({.connections = 8});
  for (AnnotatedSink* sink : std::initializer_list<AnnotatedSink*>{&capture, &narrator, &count})
    annotator.add(*sink);
  Instant last{1000s};
  {
    fuzz::Conversation conversation(in, &annotator);
    conversation.run([&](Instant now) {
      annotator.on_turn_done(now);
      narrator.on_time(now);
      last = now;
    });
  }
  annotator.flush(last);
  narrator.flush();
  capture.finish(last);
  judge(blocks.file(), count.packets());
  return 0;
}
