// See html_links.h.
#include "tun/report/html_links.h"

#include <algorithm>
#include <array>
#include <map>

#include "http/text.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostLinks = 1000, kMostLink = 2048;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

std::string lower(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), http::to_lower);
  return all;
}

// One start tag: its name, then attribute by attribute.
class Tag {
 public:
  explicit Tag(std::string_view rest) : rest_(rest) {
    std::size_t n = 0;
    while (n < rest_.size() && !is_space(rest_[n]) && rest_[n] != '>' && rest_[n] != '/') ++n;
    name = lower(rest_.substr(0, std::min<std::size_t>(n, 32)));
    rest_.remove_prefix(n);
  }

  // Moves to the next attribute; false at the tag's end.
  bool next() {
    while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == '/')) rest_.remove_prefix(1);
    if (rest_.empty() || rest_[0] == '>') return false;
    std::size_t n = 1;
    while (n < rest_.size() && !is_space(rest_[n]) && rest_[n] != '=' && rest_[n] != '>') ++n;
    attribute = lower(rest_.substr(0, std::min<std::size_t>(n, 32)));
    rest_.remove_prefix(n);
    value = {};
    skip_space();
    if (!rest_.empty() && rest_[0] == '=') {
      rest_.remove_prefix(1);
      skip_space();
      take_value();
    }
    return true;
  }

  std::string name, attribute;
  std::string_view value;

 private:
  void skip_space() {
    while (!rest_.empty() && is_space(rest_[0])) rest_.remove_prefix(1);
  }
  void take_value() {
    if (rest_.empty()) return;
    const char quote = rest_[0];
    if (quote == '"' || quote == '\'') {
      const std::size_t end = rest_.find(quote, 1);
      value = rest_.substr(1, end == std::string_view::npos ? end : end - 1);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      return;
    }
    std::size_t n = 0;
    while (n < rest_.size() && !is_space(rest_[n]) && rest_[n] != '>') ++n;
    value = rest_.substr(0, n);
    rest_.remove_prefix(n);
  }

  std::string_view rest_;
};

bool is_loaded_relation(const std::string& rel) {
  constexpr std::array<std::string_view, 5> kLoaded = {"stylesheet", "icon", "preload", "manifest",
                                                       "modulepreload"};
  return std::ranges::any_of(kLoaded, [&](auto one) { return rel.find(one) != rel.npos; });
}

// The link of a tag that a browser loads by itself; empty: none.
std::string link_of(std::string_view rest) {
  Tag tag(rest);
  std::string source, reference, relation;
  for (int n = 0; n < 64 && tag.next(); ++n) {
    if (tag.attribute == "src") source = http::trim(tag.value.substr(0, kMostLink));
    if (tag.attribute == "href") reference = http::trim(tag.value.substr(0, kMostLink));
    if (tag.attribute == "rel") relation = lower(tag.value.substr(0, 128));
  }
  if (!source.empty()) return source;
  return tag.name == "link" && is_loaded_relation(relation) ? reference : "";
}

std::string without_entities(std::string text) {
  for (std::size_t at = 0; (at = text.find("&amp;", at)) != text.npos; ++at) text.erase(at + 1, 4);
  return text;
}

// RFC 3986 §5.2.4, of a path.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_open = true;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    ends_open = part == "." || part == ".." || part.empty();
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!part.empty() && part != ".") {
      kept.push_back(part);
    }
  }
  std::string all;
  for (const std::string_view part : kept) all += "/" + std::string(part);
  return ends_open ? all + "/" : all;
}

// Where requests for a server's target stand: (server, target) -> frame and place.
struct Asked {
  FrameNumber frame;
  std::uint32_t connection;
  std::uint32_t message;
};
using Requests = std::map<std::pair<std::string, std::string>, std::vector<Asked>>;

Requests requests_of(const Capture& capture) {
  Requests all;
  for (std::uint32_t i = 0; i < capture.connections.size(); ++i) {
    const Connection& c = capture.connections[i];
    for (std::uint32_t k = 0; k < c.messages.size(); ++k) {
      const Message& m = c.messages[k];
      if (!m.is_request) continue;
      const std::string target = m.target.substr(0, m.target.find('#'));
      all[{c.end(Side::Server).endpoint.to_string(), target}].push_back({m.first_frame, i, k});
    }
  }
  for (auto& [key, asked] : all) std::ranges::sort(asked, {}, &Asked::frame);
  return all;
}

// RFC 9111 §5.2.2.4 and .5: no-store forbids a copy, no-cache its use without asking.
bool forbids_reuse(const std::string& control) {
  return control.find("no-store") != std::string::npos ||
         control.find("no-cache") != std::string::npos;
}

// RFC 9111 §4.2, as far as a capture tells: an earlier answer that may be reused without asking.
void find_earlier(const Capture& capture, const std::vector<Asked>& asked, NamedResource& r,
                  FrameNumber page) {
  for (const Asked& one : asked) {
    if (one.frame >= page) break;
    const Connection& c = capture.connections[one.connection];
    const Message& request = c.messages[one.message];
    if (!request.partner) continue;
    const Message& response = c.messages[*request.partner];
    const bool is_good = response.status == 200 || response.status == 206 || response.status == 304;
    if (!is_good) continue;
    const std::string* const control = response.header("cache-control");
    const std::string* const expires = response.header("expires");
    if (control != nullptr && forbids_reuse(lower(*control))) continue;
    r.fate = ResourceFate::Reused;
    r.allowed_by = response.first_frame;
    r.validity = control != nullptr ? *control : expires != nullptr ? *expires : "";
  }
}

void judge(const Capture& capture, const Requests& requests, NamedResource& r,
           const Message& page) {
  if (r.target.empty()) {
    r.fate = ResourceFate::OtherServer;
    return;
  }
  const Connection& c = capture.connections[r.connection];
  const auto found = requests.find({c.end(Side::Server).endpoint.to_string(), r.target});
  if (found == requests.end()) return;
  const auto later = std::ranges::find_if(
      found->second, [&](const Asked& one) { return one.frame >= page.first_frame; });
  if (later != found->second.end()) {
    r.fate = ResourceFate::Requested;
    r.requested = later->frame;
    return;
  }
  find_earlier(capture, found->second, r, page.first_frame);
}

}  // namespace

std::vector<std::string> links_of(std::string_view html) {
  std::vector<std::string> links;
  while (links.size() < kMostLinks) {
    const std::size_t open = html.find('<');
    if (open == std::string_view::npos) break;
    html.remove_prefix(open + 1);
    if (html.starts_with("!--")) {
      const std::size_t end = html.find("-->");
      html.remove_prefix(end == std::string_view::npos ? html.size() : end + 3);
      continue;
    }
    if (html.empty() || !http::is_alpha(html[0])) continue;
    std::string link = without_entities(link_of(html));
    if (!link.empty() && std::ranges::find(links, link) == links.end()) {
      links.push_back(std::move(link));
    }
  }
  return links;
}

std::string resolve(std::string_view link, std::string_view page, std::string_view host) {
  link = link.substr(0, link.find('#'));
  if (link.empty()) return {};
  const std::string start = lower(link.substr(0, 8));
  if (start.starts_with("http://")) link.remove_prefix(5);
  if (link.starts_with("//")) {
    link.remove_prefix(2);
    const std::size_t slash = std::min(link.find('/'), link.size());
    if (!http::equals_ignoring_case(link.substr(0, slash), host)) return {};
    link.remove_prefix(slash);
    if (link.empty()) return "/";
  } else if (const std::size_t colon = link.find(':');
             colon != std::string_view::npos && colon < link.find_first_of("/?")) {
    return {};  // https:, data:, javascript:, mailto: ...
  }
  const std::size_t query_at = std::min(link.find('?'), link.size());
  const std::string query(link.substr(query_at));
  const std::string_view path = link.substr(0, query_at);
  const std::string_view base = page.substr(0, page.find('?'));
  if (path.empty()) return std::string(base) + query;
  if (path[0] == '/') return without_dots(path) + query;
  const std::size_t folder = base.rfind('/');
  if (folder == std::string_view::npos) return {};
  return without_dots(std::string(base.substr(0, folder + 1)) + std::string(path)) + query;
}

namespace {

// A response that showed a page: it held the HTML, or said with 304 that it is as it was.
struct Showing {
  std::uint32_t connection;
  std::uint32_t message;
};

// The 304s of a page: nothing of it came, and what it names may be requested all the same.
std::vector<Showing> showings_of(const Capture& capture, const Requests& requests,
                                 const Showing& first) {
  std::vector<Showing> all{first};
  const Connection& c = capture.connections[first.connection];
  const Message& page = c.messages[first.message];
  const Message& request = c.messages[*page.partner];
  const auto found = requests.find({c.end(Side::Server).endpoint.to_string(), request.target});
  if (found == requests.end()) return all;
  for (const Asked& one : found->second) {
    const Connection& again = capture.connections[one.connection];
    const Message& asked = again.messages[one.message];
    if (!asked.partner || asked.first_frame <= page.first_frame) continue;
    const Message& answer = again.messages[*asked.partner];
    if (answer.status == 200) break;  // another page from here on
    if (answer.status == 304) all.push_back({one.connection, *asked.partner});
  }
  return all;
}

}  // namespace

void find_resources(Capture& capture, const std::vector<PagesOf>& pages) {
  const Requests requests = requests_of(capture);
  for (const PagesOf& of : pages) {
    for (const Page& page : of.pages) {
      const Message& response = capture.connections[of.connection].messages[page.message];
      if (!response.partner) continue;
      const std::vector<std::string> links = links_of(page.html);
      for (const Showing& shown : showings_of(capture, requests, {of.connection, page.message})) {
        const Connection& c = capture.connections[shown.connection];
        const Message& request = c.messages[*c.messages[shown.message].partner];
        const std::string* const host = request.header("host");
        for (const std::string& link : links) {
          if (capture.resources.size() >= kMostLinks) return;
          if (link.starts_with("data:") || link.starts_with("blob:")) continue;
          NamedResource r{.written = link,
                          .target = resolve(link, request.target, host != nullptr ? *host : ""),
                          .connection = shown.connection,
                          .message = shown.message,
                          .validity = {}};
          judge(capture, requests, r, request);
          capture.resources.push_back(std::move(r));
        }
      }
    }
  }
}

}  // namespace glasstcp::report
