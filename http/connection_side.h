// What only a busy connection needs, apart from it: an idle one is small.
//
// Invariants:
//   1. It is taken from the pool when something begins that needs it, and goes back when that ends.
//   2. With a partial head in it, it is in the memory of those (partial_heads.h), else in that of
//      answers.
//
// Next: server.h.
#pragma once

#include <sodium/crypto_hash_sha256.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/body_decoder.h"
#include "http/http_connection.h"
#include "http/partial_heads.h"

namespace glasstcp::http {

/// A body that a service wants to have whole, as far as it has come.
struct ServiceBody {
  std::string text{};
  std::uint32_t most = 0;  ///< bytes
  std::function<ServiceAnswer(std::string_view)> use{};
  std::function<ServiceAnswer(int)> refuse{};  ///< empty: an error page
};

/// The side block: what a connection needs while a head is incomplete, a body arrives, a long
/// answer is logged, or it lingers. Bytes behind it hold the partial head, what the log says of the
/// body's request, or the unfinished log line.
struct HttpConnection::Side : PartialHead {
  HeadParser parser{};
  std::size_t stored = 0;  // bytes behind this object
  // Where they are cut: an unfinished log line before what follows its number; for a body's request
  // behind line and referer.
  std::size_t first_cut = 0;
  std::size_t second_cut = 0;

  BodyDecoder decoder{};
  Reply reply{};  // waits for the end of the body
  std::uint64_t body_bytes = 0;
  Persistence persistence = Persistence::Implied;
  Method method = Method::Unknown;
  Site::SinkMatch sink{};
  std::unique_ptr<ServiceBody> service_body{};  // null: it is discarded
  crypto_hash_sha256_state sha256{};

  Instant linger_begin = Instant::min();
  std::uint64_t lingered_bytes = 0;
};

}  // namespace glasstcp::http
