// libFuzzer target: any bytes to one HTTP connection, whole and cut in two, must give the same
// answers.
//
// The first byte chooses the cut. A crash, a sanitizer report, or a difference is a finding.
//
// Inputs have at most 2000 bytes.
#include <cstdlib>

#include "tests/support/http_harness.h"

namespace {

using namespace glasstcp;        // NOLINT: a program of one file
using namespace glasstcp::test;  // NOLINT

std::string answers(HttpWorld& world, std::string_view text, std::size_t cut) {
  HttpPeer peer(world);
  peer.send(text.substr(0, cut));
  if (cut < text.size()) peer.send(text.substr(cut));
  peer.close();
  return peer.take_output();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static HttpWorld* const world = [] {
    http::SiteConfig config;
    config.sink_path = "/sink";
    auto* made = new HttpWorld(config);
    made->put("index.html", "<p>root</p>");
    made->put("a.txt", "aaaa");
    made->put("d/index.html", "d");
    return made;
  }();
  const std::string_view text = http::as_text(ByteView(data + 1, size - 1));
  const std::string whole = answers(*world, text, text.size());
  const std::string cut = answers(*world, text, std::min<std::size_t>(data[0], text.size()));
  const bool has_boundary = whole.find("boundary=") != std::string::npos;  // differs each time
  if (!has_boundary && whole != cut) std::abort();
  return 0;
}
