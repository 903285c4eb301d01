// libFuzzer: structured conversations with a whole stack, and what it may never answer
// (support/conversation.h).
//
// Inputs have at most 1200 bytes.
#include "tests/fuzz/support/conversation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  glasstcp::fuzz::ByteSource in(data, size);
  glasstcp::fuzz::Conversation(in, nullptr).run([](glasstcp::Instant) {});
  return 0;
}
