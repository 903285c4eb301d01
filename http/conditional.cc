// Conditional requests. See conditional.h.
#include "http/conditional.h"

#include <optional>

#include "http/date.h"
#include "http/response.h"

namespace glasstcp::http {
namespace {

enum class Comparison : std::uint8_t { Strong, Weak };

/// Takes the next entity tag off a list; empty at its end or where it is malformed.
struct ListedTag {
  bool is_weak = false;
  std::string_view opaque{};  // with its quotes
};
std::optional<ListedTag> take_tag(std::string_view& list) {
  while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
  ListedTag tag;
  if (list.starts_with("W/")) {
    tag.is_weak = true;
    list.remove_prefix(2);
  }
  if (!list.starts_with('"')) return std::nullopt;
  const std::size_t end = list.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = list.substr(0, end + 1);
  list.remove_prefix(end + 1);
  return tag;
}

/// Whether a list of entity tags, or "*", names ours. Ours is strong, so that strong comparison
/// needs only a strong partner.
bool list_matches(std::string_view list, std::string_view ours, Comparison comparison) {
  if (trim(list) == "*") return true;
  while (const std::optional<ListedTag> tag = take_tag(list)) {
    const bool may_match = comparison == Comparison::Weak || !tag->is_weak;
    if (may_match && tag->opaque == ours) return true;
  }
  return false;
}

bool field_matches(const Request& request, Field field, std::string_view ours,
                   Comparison comparison) {
  if (!request.head.is_repeated(field))
    return list_matches(*request.value(field), ours, comparison);
  // A list may stand on several lines (RFC 9110 §5.3); one of them is enough.
  const std::string_view name = field == Field::IfMatch ? "if-match" : "if-none-match";
  bool matches = false;
  for_each_field_line(request, name, [&](std::string_view line) {
    matches = matches || list_matches(line, ours, comparison);
  });
  return matches;
}

std::optional<std::int64_t> date_of(const Request& request, Field field, std::int64_t now) {
  const std::optional<std::string_view> value = request.single_value(field);
  return value.has_value() ? parse_date(*value, now) : std::nullopt;
}

bool is_get_or_head(const Request& request) {
  return request.head.method == Method::Get || request.head.method == Method::Head;
}

}  // namespace

// RFC 9110 §8.8.3 MUST R9110-13: the tag is strong because FileInfo's contract makes two contents
// differ in one of the three.
EntityTag entity_tag(const FileInfo& info, std::string_view coding) noexcept {
  const std::uint64_t mtime =
      static_cast<std::uint64_t>(info.mtime_seconds) * 1'000'000'000u + info.mtime_nanoseconds;
  EntityTag tag;
  TextWriter out(reinterpret_cast<std::uint8_t*>(tag.characters.data()), tag.characters.size());
  out.text("\"").hex(info.size).text("-").hex(mtime).text("-").hex(info.identity);
  // RFC 9110 §8.8.3.3: the coded form is another representation, even of the same bytes.
  if (!coding.empty()) out.text("-").text(coding);
  out.text("\"");
  tag.length = static_cast<std::uint8_t>(out.size());
  return tag;
}

// RFC 9110 §13.2.2 MUST R9110-20: this order. If-Range comes after it, in range_counts().
Precondition evaluate_preconditions(const Request& request, const Validators& current,
                                    std::int64_t now) noexcept {
  if (request.head.has(Field::IfMatch)) {
    // RFC 9110 §13.1.1 MUST R9110-14: strong comparison; where it fails the request is not
    // performed.
    if (!field_matches(request, Field::IfMatch, current.entity_tag, Comparison::Strong)) {
      return Precondition::Failed;
    }
  } else if (const auto date = date_of(request, Field::IfUnmodifiedSince, now); date.has_value()) {
    // RFC 9110 §13.1.4 MUST R9110-17: asked only without If-Match, and only with a valid date.
    if (current.last_modified > *date) return Precondition::Failed;
  }
  if (request.head.has(Field::IfNoneMatch)) {
    // RFC 9110 §13.1.2 MUST R9110-15: weak comparison; 304 for GET and HEAD, 412 otherwise.
    if (!field_matches(request, Field::IfNoneMatch, current.entity_tag, Comparison::Weak)) {
      return Precondition::Proceed;
    }
    return is_get_or_head(request) ? Precondition::NotModified : Precondition::Failed;
  }
  // RFC 9110 §13.1.3 MUST R9110-16: only without If-None-Match, with a valid date, and for GET and
  // HEAD.
  if (!is_get_or_head(request)) return Precondition::Proceed;
  const auto date = date_of(request, Field::IfModifiedSince, now);
  const bool is_unchanged = date.has_value() && current.last_modified <= *date;
  return is_unchanged ? Precondition::NotModified : Precondition::Proceed;
}

bool range_counts(const Request& request, const Validators& current, std::int64_t now) noexcept {
  // RFC 9110 §14.2 MUST R9110-21: GET alone knows ranges. A Range on several lines is no Range.
  if (request.head.method != Method::Get || !request.single_value(Field::Range).has_value())
    return false;
  if (!request.head.has(Field::IfRange)) return true;
  // RFC 9110 §13.1.5 MUST R9110-18: strong comparison, else the Range is ignored.
  const std::optional<std::string_view> validator = request.single_value(Field::IfRange);
  if (!validator.has_value()) return false;
  if (validator->starts_with('"')) return *validator == current.entity_tag;
  // A date is a strong validator only if the file cannot have changed again within the same second
  // (RFC 9110 §8.8.2.2).
  const std::optional<std::int64_t> date = parse_date(*validator, now);
  return date.has_value() && *date == current.last_modified && now - current.last_modified >= 2;
}

}  // namespace glasstcp::http
