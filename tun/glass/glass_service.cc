// See glass_service.h.
#include "tun/glass/glass_service.h"

#include <fmt/format.h>

#include <new>

namespace glasstcp {

http::ServiceAnswer glass_error(int status, std::string explanation) {
  http::ServiceAnswer answer;
  answer.status = status;
  answer.explanation = std::move(explanation);
  return answer;
}

namespace {

class OwnText final : public Shared {
 public:
  explicit OwnText(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] ByteView bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()};
  }

 private:
  std::string text_;
};

}  // namespace

http::ServiceAnswer glass_text(int status, std::string_view type, std::string text) {
  const Ref<OwnText> own(new OwnText(std::move(text)));
  http::ServiceAnswer answer;
  answer.status = status;
  answer.type = type;
  answer.body = {own->bytes(), Ref<Shared>(own.get())};
  return answer;
}

namespace {

// Who needs memory that is not there goes without it: nothing that is thrown passes the stack.
template <typename Make>
http::ServiceAnswer or_unavailable(Make make) noexcept {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    http::ServiceAnswer none;
    none.status = 503;
    return none;
  }
}

// What answers once the body is there is called later, from elsewhere.
void guard_body(http::ServiceAnswer& answer) {
  if (answer.on_body) {
    answer.on_body = [make = std::move(answer.on_body)](std::string_view body) {
      return or_unavailable([&] { return make(body); });
    };
  }
  if (answer.on_bad_body) {
    answer.on_bad_body = [make = std::move(answer.on_bad_body)](int status) {
      return or_unavailable([&] { return make(status); });
    };
  }
}

}  // namespace

http::ServiceAnswer GlassService::answer(const http::ServiceCall& call) noexcept {
  return or_unavailable([&] {
    http::ServiceAnswer answer = answer_if_there_is_memory(call);
    guard_body(answer);
    return answer;
  });
}

http::ServiceAnswer GlassService::answer_if_there_is_memory(const http::ServiceCall& call) {
  switch (access_of(rule_, call.tuple.remote_address, call.host, call.authority)) {
    case Access::Granted:
      break;
    case Access::WrongClient:
      return glass_error(403, fmt::format("The server shows itself only to networks near it, and "
                                          "{} is in none of them: start it with --view {}.",
                                          call.tuple.remote_address.to_string(),
                                          call.tuple.remote_address.to_string()));
    case Access::WrongHost:
      return glass_error(403,
                         "The server shows itself only under its address, as localhost, or by a "
                         "name that it was given: ask by its address, or start it with "
                         "--view-host NAME.");
  }
  if (on_call_) on_call_(call.tuple);
  const auto form = forms_.find(call.path);
  if (form != forms_.end() && call.method == http::Method::Post) return form->second(call);
  if (form != forms_.end()) {
    http::ServiceAnswer answer = glass_error(405, "This address takes POST alone.");
    answer.fields = "Allow: POST\r\n";
    return answer;
  }
  if (call.method != http::Method::Get && call.method != http::Method::Head) {
    http::ServiceAnswer answer = glass_error(405, "This address can only be read.");
    answer.fields = "Allow: GET, HEAD\r\n";
    return answer;
  }
  const auto page = pages_.find(call.path);
  if (page != pages_.end()) return page->second(call);
  std::string known;
  for (const auto& [path, unused] : pages_)
    known += (known.empty() ? "/_glass/" : ", /_glass/") + path;
  return glass_error(404, "There is nothing at this address. There are: " + known + ".");
}

}  // namespace glasstcp
