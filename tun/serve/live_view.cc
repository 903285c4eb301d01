// See live_view.h.
#include "tun/serve/live_view.h"

#include "tun/glass/lab_page.h"
#include "tun/glass/view_page.h"
#include "tun/view/view_control.h"

namespace glasstcp {
namespace {

ViewFacts facts_of(const ServeOptions& options, const StackConfig& config) {
  ViewFacts facts;
  for (const Cidr& own : config.addresses) facts.addresses.push_back(own.address.to_string());
  facts.port = options.port;
  facts.has_offload = config.checksum_offload;
  facts.language = options.language;
  return facts;
}

}  // namespace

LiveView::LiveView(const ServeOptions& options, const StackConfig& config, std::uint64_t memory)
    : switches_(config, options.control),
      has_link_switches_(options.control && !config.checksum_offload),
      hub_(facts_of(options, config), memory) {}

void LiveView::add_pages(GlassService& glass) {
  for (const char* const path : {"", "index.html"}) {
    glass.add(path, [](const http::ServiceCall&) {
      return answer_with_built_page(view_page(), "the live view");
    });
  }
  glass.add("events", [this](const http::ServiceCall& call) { return hub_.open(call); });
  glass.add("status.json", [this](const http::ServiceCall&) {
    return glass_text(200, "application/json", json_of(look_()));
  });
  glass.add_form("control", [this](const http::ServiceCall& call) {
    return answer_with_control(switches_, call);
  });
}

void LiveView::set_link(ImpairedDevice& device) {
  switches_.set_link(device);
  if (has_link_switches_) device.set_exemption(&exemption_);
}

void LiveView::join(Stack& stack, const http::HttpServer& server, Instant start,
                    std::function<Status()> look) {
  look_ = std::move(look);
  switches_.join(stack, server.listeners());
  hub_.join(stack, switches_, start, [this] { return look_(); });
}

void LiveView::note_own(const FourTuple& tuple) {
  hub_.note_own(tuple);
  if (has_link_switches_) exemption_.note_own(tuple);
}

void LiveView::count(BesideCounters& into) const {
  into.views = hub_.view_count();
  into.view = hub_.counters();
}

}  // namespace glasstcp
