// Requests that a service answers, not the site. See http_connection.h.
#include "http/connection_side.h"
#include "http/http_connection.h"
#include "http/service.h"

namespace glasstcp::http {

/// A request below the service's folder; a body that comes with it is thrown away behind the
/// answer.
bool HttpConnection::on_service_request(const Request& request, const Moment& at) noexcept {
  std::uint8_t memory[8192];
  Service& service = *services_->service;
  const auto path = path_below(service.folder(), request.target(), memory);
  if (!path.has_value()) return false;
  tell_request_end();
  close_after_answer_ = true;
  is_service_ = true;
  const Method method = request.head.method;
  ServiceAnswer answer = service.answer({.method = method,
                                         .path = *path,
                                         .query = split_target(request.target())->query,
                                         .host = request.single_value(Field::Host),
                                         .authority = authority_of(request.target()),
                                         .tuple = services_->peers->tuple_of(tag_)});
  begin_answer(services_->site.served_by(std::move(answer), method, at), LoggedRequest(request),
               at);
  return true;
}

}  // namespace glasstcp::http
