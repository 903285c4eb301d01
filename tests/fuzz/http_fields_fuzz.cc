// libFuzzer: dates, codings, preconditions and URLs, as any head of a request may have them; a date
// that was written is read as itself.
//
// The input is the text of a request; its first line may be a URL or a date, too.
//
// Inputs have at most 600 bytes.
#include "http/client.h"
#include "http/conditional.h"
#include "http/date.h"
#include "http/extra_field.h"
#include "http/negotiation.h"
#include "http/request_parser.h"
#include "tests/fuzz/support/byte_source.h"

namespace {

using namespace glasstcp;
using namespace glasstcp::http;
using fuzz::require;

constexpr std::int64_t kNow = 1767323045;  // 2026-01-02 03:04:05 UTC

void try_date(std::string_view text) {
  const auto seconds = parse_date(text, kNow);
  if (!seconds || *seconds < 0 || *seconds > 253402300799) return;  // until 9999
  const DateText written = format_date(*seconds);
  require(parse_date({written.data(), written.size()}, kNow) == seconds);
}

void try_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return;
  require(!url->host.empty() && !url->target.empty() && number(url->port) != 0);
  require(url->target.front() == '/' || url->target.front() == '?');
  for (const char c : url->target) {
    const auto byte = static_cast<unsigned char>(c);
    require(byte > ' ' && byte != 0x7f && c != '#');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view first = text.substr(0, text.find('\n'));
  try_date(first);
  try_url(first);
  static_cast<void>(extra_field_line(first));
  HeadParser parser;
  const std::string whole = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(text) + "\r\n\r\n";
  const auto result = parser.parse(whole, {});
  if (result != HeadParser::Status::Complete) return 0;
  const Request request{parser.head(), whole};
  const CodingWeights weights = coding_weights(request);
  for (const Coding coding : {Coding::Identity, Coding::Gzip, Coding::Brotli}) {
    require(weights.of(coding) >= 0 && weights.of(coding) <= 2000);
  }
  const Validators current{"\"1-2\"", kNow - 1000};
  static_cast<void>(evaluate_preconditions(request, current, kNow));
  static_cast<void>(range_counts(request, current, kNow));
  return 0;
}
