// What a server answers about itself, beside the files of its site: a folder of addresses whose
// answers are made when they are asked for, some without an end.
//
// The place where whatever owns the server hangs in its own pages; http/ knows nothing of them. The
// folder wins over one of the same name in the site.
//
// Invariants:
//   1. A path counts as in the folder however it is written (percent-encoded, with dot segments),
//      since files are looked up by the decoded path, too.
//   2. After each answer the connection closes; caches keep none of them, and fields that the user
//      adds to answers of the site (CORS, for one) are not added to these.
//   3. A body is read only for an answer that asks for it, and no more than that wants.
//
// Next: body_stream.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_stream.h"
#include "http/request_parser.h"
#include "http/response.h"
#include "stack/base/addresses.h"

namespace glasstcp::http {

/// A request for something in the service's folder. All of it is borrowed during the call.
struct ServiceCall {
  Method method = Method::Get;
  std::string_view path;   ///< below the folder, decoded: "capture.pcapng"; "" is the folder itself
  std::string_view query;  ///< as received
  std::optional<std::string_view> host{};    ///< the field Host; empty: absent, or given twice
  std::string_view authority{};              ///< of a target in absolute-form, else empty
  std::optional<std::string_view> origin{};  ///< likewise of Origin,
  std::optional<std::string_view> content_type{};  ///< and of Content-Type
  FourTuple tuple{};                               ///< the connection that asks
};

/// What is answered: an error with an explanation, or a body, or a stream; or what makes the answer
/// once the request's body is there.
struct ServiceAnswer {
  int status = 404;
  std::string explanation{};  ///< of an error without a body: plain text, up to 1000 bytes
  std::string_view type{};    ///< media type of body or stream; static lifetime
  std::string fields{};       ///< more lines for the head, each with its end
  OwnedBytes body{};
  Ref<BodyStream> stream{};  ///< instead of `body`
  /// Instead of all else: called with the request's body, unless that is broken or longer than
  /// `most_body` bytes. May be called when the client is gone, and must not throw.
  std::function<ServiceAnswer(std::string_view body)> on_body{};
  std::uint32_t most_body = 0;
  /// What answers then, with 400 or 413; empty: the server's own error page. Must not throw.
  std::function<ServiceAnswer(int status)> on_bad_body{};
};

/// Answers what is asked of one folder.
class Service {
 public:
  virtual ~Service() = default;
  /// The folder's name, in the root of the site: "_glass". At least two characters.
  [[nodiscard]] virtual std::string_view folder() const noexcept = 0;
  /// To HEAD the answer is the same, and only its head is sent: begin nothing then.
  [[nodiscard]] virtual ServiceAnswer answer(const ServiceCall& call) noexcept = 0;
};

/// The path below `folder` that `target` asks for, decoded into `memory` (as long as the target);
/// empty: it asks for something else.
[[nodiscard]] std::optional<std::string_view> path_below(std::string_view folder,
                                                         std::string_view target,
                                                         ByteSpan memory) noexcept;

/// The authority of a target in absolute-form; "" of any other.
[[nodiscard]] std::string_view authority_of(std::string_view target) noexcept;

}  // namespace glasstcp::http
