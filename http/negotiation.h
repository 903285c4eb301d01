// Content codings: which of the precompressed neighbours of a file a client takes.
//
// RFC 9110 §8.4.1 (codings), §12.4.2 (weights), §12.5.3 (Accept-Encoding). Nothing is compressed
// here: "page.html.br" and "page.html.gz" beside "page.html" are found and chosen.
//
// Invariants:
//   1. A coding of weight 0 is never chosen, nor one that the client does not name (by itself or by
//      "*").
//
// Next: site.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/request_parser.h"

namespace glasstcp::http {

enum class Coding : std::uint8_t { Identity, Gzip, Brotli };

/// How a coding is called in Content-Encoding; "" for Identity.
[[nodiscard]] std::string_view name_of(Coding coding) noexcept;
/// What the name of a file in that coding ends in: ".gz", ".br".
[[nodiscard]] std::string_view suffix_of(Coding coding) noexcept;

/// What a client takes: weights of 0 to 2000, in half thousandths.
struct CodingWeights {
  int identity = 2000;
  int gzip = 0;
  int brotli = 0;

  [[nodiscard]] int of(Coding coding) const noexcept {
    return coding == Coding::Gzip ? gzip : coding == Coding::Brotli ? brotli : identity;
  }
};

/// Reads Accept-Encoding. Without it: identity alone.
[[nodiscard]] CodingWeights coding_weights(const Request& request) noexcept;

/// Whether files of this type shrink enough that somebody keeps compressed neighbours of them.
[[nodiscard]] bool may_have_coded_neighbours(std::string_view type) noexcept;

}  // namespace glasstcp::http
