// Requests that a service answers, not the site. See http_connection.h.
#include <new>

#include "http/connection_side.h"
#include "http/http_connection.h"
#include "http/service.h"

namespace glasstcp::http {

namespace {

/// The value of a field that must stand once.
std::optional<std::string_view> single_line(const Request& request, std::string_view name) {
  std::optional<std::string_view> value;
  int count = 0;
  for_each_field_line(request, name, [&](std::string_view line) {
    value = line;
    ++count;
  });
  return count == 1 ? value : std::nullopt;
}

}  // namespace

/// A request below the service's folder; a body that comes with it and that nobody asks for is
/// thrown away behind the answer.
bool HttpConnection::on_service_request(const Request& request, const Moment& at) noexcept {
  std::uint8_t memory[8192];
  Service& service = *services_->service;
  const auto path = path_below(service.folder(), request.target(), memory);
  if (!path.has_value()) return false;
  close_after_answer_ = true;
  is_service_ = true;
  const Method method = request.head.method;
  ServiceAnswer answer = service.answer({.method = method,
                                         .path = *path,
                                         .query = split_target(request.target())->query,
                                         .host = request.single_value(Field::Host),
                                         .authority = authority_of(request.target()),
                                         .origin = single_line(request, "Origin"),
                                         .content_type = single_line(request, "Content-Type"),
                                         .tuple = services_->peers->tuple_of(tag_)});
  if (answer.on_body) {
    begin_service_body(request, std::move(answer), at);
    return true;
  }
  tell_request_end();
  begin_answer(services_->site.served_by(std::move(answer), method, at), LoggedRequest(request),
               at);
  return true;
}

void HttpConnection::begin_service_body(const Request& request, ServiceAnswer answer,
                                        const Moment& at) noexcept {
  const RequestHead& head = request.head;
  if (head.framing == Framing::None) {
    tell_request_end();
    begin_answer(services_->site.served_by(answer.on_body({}), head.method, at),
                 LoggedRequest(request), at);
    return;
  }
  if (head.framing == Framing::Length && head.content_length > answer.most_body) {
    tell_request_end();
    refuse_service_body(413, answer.on_bad_body, {head.method, LoggedRequest(request)}, at);
    return;
  }
  begin_body(request, Reply{}, Site::SinkMatch{}, at);
  if (phase_ != Phase::Body) return;  // there was no room for it
  side_->service_body.reset(new (std::nothrow) ServiceBody{
      {}, answer.most_body, std::move(answer.on_body), std::move(answer.on_bad_body)});
  if (side_->service_body == nullptr) refuse(503, head.method, LoggedRequest(request), at);
}

void HttpConnection::refuse_service_body(int status,
                                         const std::function<ServiceAnswer(int)>& answer,
                                         const RefusedRequest& request, const Moment& at) noexcept {
  if (!answer) {
    refuse(status, request.method, request.logged, at);
    return;
  }
  is_refusing_ = true;
  begin_answer(services_->site.served_by(answer(status), request.method, at), request.logged, at);
}

}  // namespace glasstcp::http
