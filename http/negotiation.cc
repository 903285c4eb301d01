// Content codings. See negotiation.h.
#include "http/negotiation.h"

#include <algorithm>
#include <optional>

namespace glasstcp::http {
namespace {

/// RFC 9110 §12.4.2: "0.5" in thousandths; empty when it is none.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return std::nullopt;
  int unit = 100;
  for (const char c : text.substr(2)) {
    if (!is_digit(c)) return std::nullopt;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  return weight <= 1000 ? std::optional<int>(weight) : std::nullopt;
}

/// The weight behind a coding: "" is 1; what is malformed counts as 0, since nobody knows what was
/// meant.
int weight_of(std::string_view parameters) {
  parameters = trim(parameters);
  if (parameters.empty()) return 1000;
  if (parameters.size() < 2 || to_lower(parameters[0]) != 'q' || parameters[1] != '=') return 0;
  return parse_weight(parameters.substr(2)).value_or(0);
}

/// What stood in the field so far: the first word on a coding counts.
struct Named {
  std::optional<int> identity, gzip, brotli, any;

  void note(std::string_view element) {
    const std::size_t semicolon = element.find(';');
    const std::string_view coding = trim(element.substr(0, semicolon));
    const int weight =
        semicolon == std::string_view::npos ? 1000 : weight_of(element.substr(semicolon + 1));
    std::optional<int>* const place = place_of(coding);
    if (place != nullptr && !place->has_value()) *place = weight;
  }
  std::optional<int>* place_of(std::string_view coding) {
    if (coding == "*") return &any;
    if (equals_ignoring_case(coding, "identity")) return &identity;
    if (equals_ignoring_case(coding, "br")) return &brotli;
    // RFC 9110 §8.4.1.3: the old name of the same coding.
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
      return &gzip;
    }
    return nullptr;
  }
};

}  // namespace

std::string_view name_of(Coding coding) noexcept {
  return coding == Coding::Gzip ? "gzip" : coding == Coding::Brotli ? "br" : "";
}

std::string_view suffix_of(Coding coding) noexcept {
  return coding == Coding::Gzip ? ".gz" : coding == Coding::Brotli ? ".br" : "";
}

CodingWeights coding_weights(const Request& request) noexcept {
  if (!request.head.has(Field::AcceptEncoding)) return {};
  Named named;
  const auto read = [&](std::string_view list) {
    while (!list.empty()) named.note(take_list_element(list));
  };
  if (request.head.is_repeated(Field::AcceptEncoding)) {
    for_each_field_line(request, "accept-encoding", read);
  } else {
    read(*request.value(Field::AcceptEncoding));
  }
  CodingWeights weights;
  const auto half_thousandths = [&](const std::optional<int>& own, int less) {
    const int weight = 2 * own.value_or(named.any.value_or(0));
    return own.has_value() || weight == 0 ? weight : weight - less;
  };
  // A client that only says "*" names no coding that it can decode: as long as it does not refuse
  // that, the file as it is is better for it.
  weights.gzip = half_thousandths(named.gzip, 1);
  weights.brotli = half_thousandths(named.brotli, 1);
  // RFC 9110 §12.5.3: identity is acceptable unless refused; unnamed it is what remains.
  weights.identity = half_thousandths(named.identity, 0);
  return weights;
}

bool may_have_coded_neighbours(std::string_view type) noexcept {
  // These are compressed already; images alone have some that are not.
  for (const std::string_view prefix : {"audio/", "video/", "font/woff"}) {
    if (type.starts_with(prefix)) return false;
  }
  if (type == "application/zip" || type == "application/gzip") return false;
  if (!type.starts_with("image/")) return true;
  return type == "image/svg+xml" || type == "image/bmp" || type == "image/x-icon";
}

}  // namespace glasstcp::http
