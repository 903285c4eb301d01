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
//
// Next: body_stream.h.
#pragma once

#include <cstdint>
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
  std::optional<std::string_view> host{};  ///< the field Host; empty: absent, or given twice
  std::string_view authority{};            ///< of a target in absolute-form, else empty
  FourTuple tuple{};                       ///< the connection that asks
};

/// What is answered: an error with an explanation, or a body, or a stream.
struct ServiceAnswer {
  int status = 404;
  std::string explanation{};  ///< of an error: plain text for people, up to 1000 bytes
  std::string_view type{};    ///< media type of body or stream; static lifetime
  std::string fields{};       ///< more lines for the head, each with its end
  OwnedBytes body{};
  Ref<BodyStream> stream{};  ///< instead of `body`
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
