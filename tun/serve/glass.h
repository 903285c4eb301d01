// What `serve` shows of itself below /_glass/, by its options.
//
// Next: ../glass/glass_service.h.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "http/file_store.h"
#include "tun/capture/capture_hub.h"
#include "tun/cli/options.h"
#include "tun/glass/glass_service.h"
#include "tun/host/local_addresses.h"
#include "tun/serve/live_view.h"

namespace glasstcp {

/// Who may look: as --view and --view-host say, else the networks of the link and those that this
/// machine is directly connected to by these addresses.
[[nodiscard]] AccessRule access_rule(const ServeOptions& options,
                                     std::span<const LocalAddress> addresses);

/// The service with all its pages. What is handed over must outlive it; `view` null:
/// there is none.
[[nodiscard]] std::unique_ptr<GlassService> make_glass(const ServeOptions& options,
                                                       CaptureHub& captures, LiveView* view);

/// What is to be said of a site that has a folder of the service's name; empty: it has none.
[[nodiscard]] std::string note_of_shadowed(FileStore& site, const GlassService& glass, Instant now);

}  // namespace glasstcp
