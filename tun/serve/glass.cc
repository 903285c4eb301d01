// See glass.h.
#include "tun/serve/glass.h"

#include <fmt/format.h>

#include "tun/glass/capture_page.h"
#include "tun/glass/lab_page.h"
#include "tun/wireshark/wireshark_files.h"

namespace glasstcp {

AccessRule access_rule(const ServeOptions& options, std::span<const LocalAddress> addresses) {
  AccessRule rule{options.view, options.view_hosts};
  if (!rule.networks.empty()) return rule;
  rule.networks = {options.address, options.address6};
  for (const LocalAddress& own : addresses) {
    if (own.cidr.prefix_length > 0) rule.networks.push_back(own.cidr);
  }
  return rule;
}

std::unique_ptr<GlassService> make_glass(const ServeOptions& options, CaptureHub& captures,
                                         LiveView* view) {
  auto glass = std::make_unique<GlassService>(access_rule(options, local_addresses()),
                                              [&captures, view](const FourTuple& caller) {
                                                captures.hide(caller);
                                                if (view != nullptr) view->note_own(caller);
                                              });
  if (view != nullptr) {
    view->add_pages(*glass);
  } else {
    // The site's footer leads here.
    glass->add("", [](const http::ServiceCall&) {
      return glass_error(404, "This server was started with --no-view: it has no live view.");
    });
  }
  glass->add("capture.pcapng", [&captures](const http::ServiceCall& call) {
    return answer_with_capture(captures, call);
  });
  glass->add("wireshark.zip", [](const http::ServiceCall&) {
    http::ServiceAnswer answer;
    answer.status = 200;
    answer.type = "application/zip";
    answer.fields = "Content-Disposition: attachment; filename=\"glasstcp-wireshark.zip\"\r\n";
    answer.body.bytes = wireshark_archive();
    return answer;
  });
  // With and without the slash: the page has no links that would be relative to it.
  for (const char* const path : {"lab/", "lab", "lab/index.html"}) {
    glass->add(path, [](const http::ServiceCall&) { return answer_with_lab_page(lab_page()); });
  }
  return glass;
}

std::string note_of_shadowed(FileStore& site, const GlassService& glass, Instant now) {
  if (site.lookup(glass.folder(), now).status == LookupStatus::NotFound) return {};
  return fmt::format(
      "what the site has at /{0} is not served: the server itself answers there; rename it",
      glass.folder());
}

}  // namespace glasstcp
