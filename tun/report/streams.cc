// See streams.h.
#include "tun/report/streams.h"

#include <algorithm>

namespace glasstcp::report {
namespace {

// The part of a run from `from` on, before `to`.
Run part_of(const Run& run, std::uint64_t from, std::uint64_t to) {
  Run part = run;
  part.begin = from;
  part.length = to - from;
  if (part.data != nullptr) part.data += from - run.begin;
  return part;
}

// A frame that the snap length cut is two runs: what is held, and what is not.
void add_runs(std::vector<Run>& runs, const Frame& f, std::uint32_t index) {
  // Payload of a SYN begins one behind its number.
  const std::int64_t first = f.seq + (f.has(kSyn) ? 1 : 0);
  if (first < 1) return;  // a keep-alive's byte, or from before the capture
  const auto begin = static_cast<std::uint64_t>(first - 1);
  if (f.captured > 0) runs.push_back({begin, f.captured, index, f.data});
  if (f.captured < f.length) {
    runs.push_back({begin + f.captured, f.length - f.captured, index, nullptr});
  }
}

bool comes_before(const Run& a, const Run& b) {
  if (a.begin != b.begin) return a.begin < b.begin;
  return a.frame < b.frame;
}

}  // namespace

std::vector<Run> stream_of(const Connection& connection, Side from) {
  std::vector<Run> all;
  for (std::size_t i = 0; i < connection.frames.size(); ++i) {
    const Frame& f = connection.frames[i];
    if (f.from != from || f.length == 0 || f.has(kRst) || f.is(Event::NeverArrived)) continue;
    add_runs(all, f, static_cast<std::uint32_t>(i));
  }
  if (!std::ranges::is_sorted(all, comes_before)) std::ranges::sort(all, comes_before);
  // Where two hold the same bytes, the one that begins earlier, or came earlier, counts.
  std::vector<Run> stream;
  stream.reserve(all.size());
  std::uint64_t covered = 0;
  for (const Run& run : all) {
    const std::uint64_t begin = std::max(run.begin, covered);
    if (begin >= run.end()) continue;
    // Bytes that a cut frame does not hold may stand whole in a repetition.
    if (!stream.empty() && stream.back().data == nullptr && run.data != nullptr &&
        run.begin < stream.back().end() && run.begin >= stream.back().begin) {
      const std::uint64_t keep = run.begin;
      const Run missing = stream.back();
      stream.back() = part_of(missing, missing.begin, keep);
      if (stream.back().length == 0) stream.pop_back();
      stream.push_back(run);
      covered = run.end();
      if (missing.end() > covered) {
        stream.push_back(part_of(missing, covered, missing.end()));
        covered = missing.end();
      }
      continue;
    }
    stream.push_back(part_of(run, begin, run.end()));
    covered = run.end();
  }
  return stream;
}

}  // namespace glasstcp::report
