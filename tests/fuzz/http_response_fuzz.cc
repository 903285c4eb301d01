// libFuzzer: any bytes as a response that `glasstcp get` reads, whole and cut in pieces: both must
// give the same content.
//
// Inputs have at most 1000 bytes.
#include <memory>
#include <string>

#include "http/client.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using namespace glasstcp::http;
using fuzz::require;

struct Told {
  ResponseReader::Status end = ResponseReader::Status::More;
  bool complete_at_close = false;
  int status = 0;
  std::string content;
  friend bool operator==(const Told&, const Told&) = default;
};

Told read(ByteView bytes, std::size_t piece, bool to_head) {
  const auto reader = std::make_unique<ResponseReader>(to_head);
  Told told;
  ByteView held;  // what was offered and not consumed is offered again
  std::size_t offered = 0, taken = 0;
  while (offered < bytes.size() && told.end == ResponseReader::Status::More) {
    offered = std::min(bytes.size(), offered + piece);
    for (;;) {
      held = bytes.subspan(taken, offered - taken);
      const auto step = reader->feed(held);
      require(step.consumed <= held.size() && step.content.size() <= held.size());
      told.content.append(reinterpret_cast<const char*>(step.content.data()), step.content.size());
      taken += step.consumed;
      told.end = step.status;
      if (step.status != ResponseReader::Status::More || step.consumed == 0) break;
    }
  }
  told.complete_at_close = reader->is_complete_at_close();
  told.status = reader->status();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool to_head = (data[0] & 1) != 0;
  const ByteView bytes(data + 1, size - 1);
  const Told whole = read(bytes, bytes.size(), to_head);
  const Told cut = read(bytes, 1U + data[0] / 2, to_head);
  require(whole == cut);
  return 0;
}
