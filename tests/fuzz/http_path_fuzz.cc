// libFuzzer: any target of a request as a path: decoded it cannot leave the site, and written again
// it decodes to itself.
//
// Inputs have at most 300 bytes.
#include "http/path.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using namespace glasstcp::http;
using fuzz::require;

// FileStore's contract.
void judge(std::string_view path) {
  require(path.find('\0') == std::string_view::npos);
  if (path.empty()) return;
  std::size_t at = 0;
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    require(!part.empty() && part != "." && part != "..");
    at = end + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<std::uint8_t, 2001> raw_bytes{'/'};
  const std::size_t length = std::min(size, raw_bytes.size() - 1);
  std::copy_n(data, length, raw_bytes.begin() + 1);
  const std::string_view raw = as_text(ByteView(raw_bytes).first(length + 1));
  std::array<std::uint8_t, 2001> memory{};
  const DecodedPath decoded = decode_path(raw, memory);
  if (!decoded.is_valid) return 0;
  judge(decoded.path);
  std::array<std::uint8_t, 8192> encoded{};
  TextWriter writer(encoded.data(), encoded.size());
  writer.text("/");
  write_encoded_path(writer, decoded.path);
  require(!writer.overflowed());
  const std::string_view written = writer.written();
  std::array<std::uint8_t, 8192> again_memory{};
  const DecodedPath again = decode_path(written, again_memory);
  require(again.is_valid && again.path == decoded.path);
  for (const char c : written) require(c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '?');
  return 0;
}
