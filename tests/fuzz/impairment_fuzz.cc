// libFuzzer: any text for --impair. What is accepted has numbers that a link can live with, and a
// link made of it carries, loses and delivers each packet once, or twice where it says so.
//
// Inputs have at most 120 bytes.
#include "stack/link/bad_link.h"
#include "stack/link/impairment.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using fuzz::require;

bool is_share(double value) {
  return value >= 0 && value <= 1;  // false for a NaN
}

void judge(const Impairment& how) {
  for (const double share : {how.loss, how.burst, how.reorder, how.duplicate, how.corrupt}) {
    require(is_share(share));
  }
  require(how.burst_length >= 1 && how.burst_length < 1e9);
  require(how.delay >= Duration::zero() && how.jitter >= Duration::zero());
  require(how.queue >= 1 && std::ranges::is_sorted(how.drop));
}

void carry(const Impairment& how) {
  BadLink link(how, SeededRandom(1));
  const std::array<std::uint8_t, 60> packet{0x45, 0, 0, 60};
  const ByteView piece(packet);
  Instant now{};
  std::uint64_t arrived = 0;
  for (int i = 0; i < 20; ++i) {
    link.carry(std::span(&piece, 1), {}, now);
    now += 1ms;
    while (link.next_arrival() <= now) {
      link.pop();
      ++arrived;
    }
  }
  while (link.next_arrival() != kNever) {
    link.pop();
    ++arrived;
  }
  const LinkCounters& c = link.counters();
  require(c.entered == 20 && arrived == c.entered - c.lost + c.duplicated);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = parse_impairment(text);
  if (!plan) {
    require(!plan.error().empty());
    return 0;
  }
  for (const Impairment& how : {plan->in, plan->out}) {
    judge(how);
    carry(how);
  }
  return 0;
}
