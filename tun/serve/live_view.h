// The live view of a server: its hub, its switches, and what joins them to stack, link and pages.
//
// Next: ../view/view_hub.h.
#pragma once

#include <functional>

#include "http/server.h"
#include "tun/cli/options.h"
#include "tun/glass/glass_service.h"
#include "tun/serve/server_status.h"
#include "tun/view/view_exemption.h"
#include "tun/view/view_hub.h"

namespace glasstcp {

/// Made before the stack, and outlives the server.
class LiveView {
 public:
  /// `memory`: bytes for what is remembered.
  LiveView(const ServeOptions& options, const StackConfig& config, std::uint64_t memory);

  [[nodiscard]] ViewHub& hub() { return hub_; }
  /// /_glass/, events, control, status.json.
  void add_pages(GlassService& glass);
  /// Whether a link must be there, though it does nothing yet.
  [[nodiscard]] bool needs_link() const { return has_link_switches_; }
  /// What its switches act on. Borrowed.
  void set_link(ImpairedDevice& device);
  /// Joins it to what it looks at. `look`: everything that is counted. Borrowed.
  void join(Stack& stack, const http::HttpServer& server, Instant start,
            std::function<Status()> look);
  /// A connection asks for something below /_glass/.
  void note_own(const FourTuple& tuple);
  void count(BesideCounters& into) const;

 private:
  std::function<Status()> look_;
  ViewSwitches switches_;
  ViewExemption exemption_;
  bool has_link_switches_;
  ViewHub hub_;
};

}  // namespace glasstcp
