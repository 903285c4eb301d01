// libFuzzer: any value of a Range field, for files of any size.
//
// The first five bytes are the size; the rest is the value.
//
// Inputs have at most 120 bytes.
#include "http/ranges.h"
#include "tests/fuzz/support/byte_source.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glasstcp;
  using namespace glasstcp::http;
  using fuzz::require;
  fuzz::ByteSource in(data, size);
  const std::uint8_t unit = in.u8();
  std::uint64_t length = in.u32();
  if ((unit & 1) != 0) length %= 300;
  if ((unit & 2) != 0) length <<= unit >> 3;
  const std::string_view value = in.text();
  const RangeSet set = parse_ranges(value, length);
  require(set.count <= kMaxRanges);
  require((set.kind == RangeSet::Kind::Satisfiable) == (set.count > 0));
  if (length == 0) require(set.kind != RangeSet::Kind::Satisfiable);
  std::uint64_t asked = 0;
  for (std::size_t i = 0; i < set.count; ++i) {
    require(set.ranges[i].first <= set.ranges[i].last && set.ranges[i].last < length);
    asked += set.ranges[i].length();
  }
  require(asked <= length);  // a short request does not ask for much more than the file
  return 0;
}
