// See view_control.h.
#include "tun/view/view_control.h"

#include <nlohmann/json.hpp>

#include "http/text.h"
#include "tun/cli/chinese.h"
#include "tun/glass/glass_service.h"
#include "tun/view/view_stream.h"

namespace glasstcp {
namespace {

using Refusal = ViewSwitches::Refusal;

http::ServiceAnswer refused(int status, std::string_view why, Language language) {
  Json json;
  json.begin('{');
  json.field("error", spoken(std::string(why), language));
  json.end('}');
  return glass_text(status, "application/json", json.text());
}

int status_of(Refusal why) {
  switch (why) {
    case Refusal::NotAllowed:
      return 403;
    case Refusal::Disabled:
      return 409;
    case Refusal::Wrong:
      break;
  }
  return 400;
}

std::string_view media_type(std::string_view content_type) {
  return http::trim(content_type.substr(0, content_type.find(';')));
}

// Who changes what; the words of the request are the keys of the object.
std::expected<void, ViewSwitches::Error> obey(ViewSwitches& switches, const nlohmann::json& words) {
  constexpr std::string_view kForm =
      R"(the body is an object with "link" (a SPEC) or "setting" (["NAME","VALUE"]))";
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

http::ServiceAnswer answer_to(ViewSwitches& switches, std::string_view body, Language language) {
  const auto words = nlohmann::json::parse(body, nullptr, false);
  if (words.is_discarded()) return refused(400, "the body is no JSON", language);
  if (const auto done = obey(switches, words); !done) {
    return refused(status_of(done.error().why), done.error().message, language);
  }
  Json json;
  json.begin('{');
  json.key("switches");
  switches.write(json, language);
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
  const Language language = language_of_query(call.query, Language::English);
  const auto refuse = [language](int status, std::string_view why) {
    return refused(status, why, language);
  };
  if (!switches.may_change()) return refuse(403, ViewSwitches::kNotAllowed);
  if (!call.origin || !call.host || !is_same_origin(*call.origin, *call.host)) {
    return refuse(403,
                  "only a page of this server may turn the switches: Origin must name it as Host "
                  "does");
  }
  if (!call.content_type ||
      !http::equals_ignoring_case(media_type(*call.content_type), "application/json")) {
    return refuse(415, "the body must be application/json");
  }
  http::ServiceAnswer answer;
  answer.most_body = kMostControlBytes;
  answer.on_body = [&switches, language](std::string_view body) {
    return answer_to(switches, body, language);
  };
  answer.on_bad_body = [refuse](int status) {
    return refuse(status, status == 413 ? "the body is longer than 4096 bytes"
                                        : "the body's chunks are broken");
  };
  return answer;
}

}  // namespace glasstcp
