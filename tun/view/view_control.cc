// See view_control.h.
#include "tun/view/view_control.h"

#include <nlohmann/json.hpp>

#include "http/text.h"
#include "tun/glass/glass_service.h"

namespace glasstcp {
namespace {

using Refusal = ViewSwitches::Refusal;

http::ServiceAnswer refused(int status, std::string_view why) {
  Json json;
  json.begin('{');
  json.field("error", why);
  json.end('}');
  return glass_text(status, "application/json", json.text());
}

http::ServiceAnswer refused(const ViewSwitches::Error& error) {
  const int status = error.why == Refusal::NotAllowed ? 403
                     : error.why == Refusal::Disabled ? 409
                                                      : 400;
  return refused(status, error.message);
}

std::string_view media_type(std::string_view content_type) {
  return http::trim(content_type.substr(0, content_type.find(';')));
}

// Who changes what; the words of the request are the keys of the object.
std::expected<void, ViewSwitches::Error> obey(ViewSwitches& switches, const nlohmann::json& words) {
  constexpr std::string_view kForm =
      R"(the body is {"link":"SPEC"} or {"setting":["NAME","VALUE"]})";
  const ViewSwitches::Error wrong{Refusal::Wrong, std::string(kForm)};
  if (!words.is_object() || words.size() != 1) return std::unexpected(wrong);
  const std::string& key = words.begin().key();
  const nlohmann::json& value = *words.begin();
  if (key == "link" && value.is_string()) {
    return switches.change_link(value.get_ref<const std::string&>());
  }
  const bool is_pair = key == "setting" && value.is_array() && value.size() == 2 &&
                       value[0].is_string() && value[1].is_string();
  if (!is_pair) return std::unexpected(wrong);
  return switches.change_setting(value[0].get_ref<const std::string&>(),
                                 value[1].get_ref<const std::string&>());
}

http::ServiceAnswer answer_to(ViewSwitches& switches, std::string_view body) {
  const auto words = nlohmann::json::parse(body, nullptr, false);
  if (words.is_discarded()) return refused(400, "the body is no JSON");
  if (const auto done = obey(switches, words); !done) return refused(done.error());
  Json json;
  json.begin('{');
  json.key("switches");
  switches.write(json, Language::English);
  json.end('}');
  return glass_text(200, "application/json", json.text());
}

}  // namespace

bool is_same_origin(std::string_view origin, std::string_view host) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::string_view kPort = ":80";
  if (!origin.starts_with(kScheme)) return false;
  origin.remove_prefix(kScheme.size());
  if (host.ends_with(kPort)) host.remove_suffix(kPort.size());
  if (origin.ends_with(kPort)) origin.remove_suffix(kPort.size());
  return !host.empty() && http::equals_ignoring_case(origin, host);
}

http::ServiceAnswer answer_with_control(ViewSwitches& switches, const http::ServiceCall& call) {
  if (!switches.may_change()) {
    return refused(403, "the switches are off: start the server with --control");
  }
  if (!call.origin || !call.host || !is_same_origin(*call.origin, *call.host)) {
    return refused(403,
                   "only a page of this server may turn the switches: Origin must name it as "
                   "Host does");
  }
  if (!call.content_type ||
      !http::equals_ignoring_case(media_type(*call.content_type), "application/json")) {
    return refused(415, "the body must be application/json");
  }
  http::ServiceAnswer answer;
  answer.most_body = kMostControlBytes;
  answer.on_body = [&switches](std::string_view body) { return answer_to(switches, body); };
  return answer;
}

}  // namespace glasstcp
