// libFuzzer: whatever a peer reports, each call of the retransmission queue looks at few entries:
// a report at 2 log2(n) + 8, four beside its block and those that it marks, an undone loss at what
// was lost and O(log n) for each of it, all else at what it changes. Only a timeout looks at all.
//
// A step is four bytes. The invariants of the queue are checked at the end, and its bytes are
// counted by a model with one state for each unit of the flight.
//
// Inputs have at most 600 bytes.
#include <bit>

#include "stack/tcp/recovery/retransmission_queue.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using fuzz::require;

constexpr std::uint32_t kUnit = 100;

struct Flight {
  RetransmissionQueue::Pool pool{4096};
  RetransmissionQueue queue;
  SeqNum una{0xfffff000U};
  SeqNum nxt{0xfffff000U};
  std::uint32_t entries = 0;  // at most: splitting counted
  Instant now{};

  void send(std::uint32_t units, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count && entries < 4000; ++i) {
      const SeqNum end = nxt + units * kUnit;
      if (!queue.append(pool, nxt, end, kUnit, now)) return;
      nxt = end;
      ++entries;
    }
  }
  [[nodiscard]] SeqNum place(std::uint32_t part, std::uint32_t offset) const {
    const auto flight = static_cast<std::uint32_t>(nxt - una);
    return una + static_cast<std::uint32_t>(std::uint64_t{flight} * part / 255) + offset;
  }
  void report(SeqNum left, std::uint32_t length) {
    const SeqNum right = earlier(left + length, nxt);
    if (!(left < right) || left < una) return;
    const std::uint32_t before = queue.work().steps;
    std::uint32_t marked = 0;
    queue.sack(pool, {left, right}, [&](const SentSegment&, SeqNum) { ++marked; });
    const auto looked = queue.work().steps - before;
    const auto levels = static_cast<std::uint32_t>(std::bit_width(pool.size() + 1));
    require(looked <= (2 * levels + 8 + 4) * (1 + 2 * marked));
    entries += 2 * marked;
  }
};

void step(Flight& f, fuzz::ByteSource& in) {
  const std::uint8_t what = in.u8(), a = in.u8(), b = in.u8(), c = in.u8();
  const RetransmissionQueue::Work before = f.queue.work();
  switch (what % 10) {
    case 0:
      f.send(a % 4 + 1U, b);
      break;
    case 1:
    case 2:
      f.report(f.place(a, c % kUnit), b * (what & 0x40 ? 1U : kUnit));
      return;
    case 3:
      f.queue.acknowledge(f.pool, earlier(f.place(a, c), f.nxt), [](const SentSegment&, SeqNum) {});
      f.una = earlier(f.place(a, c), f.nxt);
      break;
    case 4:
      for (int i = 0; i < a && f.queue.oldest_in_network(f.pool) != kNone; ++i)
        f.queue.mark_lost(f.pool, f.queue.oldest_in_network(f.pool));
      break;
    case 5:
      for (int i = 0; i < a && f.queue.first_lost() != kNone; ++i)
        f.queue.on_retransmitted(f.pool, f.queue.first_lost(), 1U + b * (c + 1U), f.now);
      return;
    case 6:
      f.queue.mark_all_lost(f.pool);
      return;
    case 7:
      f.queue.unmark_lost(f.pool);
      return;
    case 8:
      if (a < 32) return f.queue.forget_sacks(f.pool);
      if (!f.queue.empty()) f.queue.mark_first_lost(f.pool, 1U + b * 10U);
      return;
    default:
      f.now += Duration(std::int64_t{a} * 1'000'000);
      if (!f.queue.empty() && c < 64) f.queue.split_tail(f.pool, 1U + b);
      return;
  }
  const std::uint32_t changed = f.queue.work().changes - before.changes;
  require(f.queue.work().steps - before.steps <= 16U + 2U * a + changed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ByteSource in(data, size);
  Flight flight;
  for (int i = 0; i < 200 && !in.empty(); ++i) step(flight, in);
  flight.queue.check(flight.pool, flight.una, flight.nxt);
  flight.queue.clear(flight.pool);
  require(flight.pool.size() == 0);
  return 0;
}
