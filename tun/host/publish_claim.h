// Which servers of this network namespace publish which port: each holds a name while it does.
//
// unix(7), abstract sockets: a name belongs to one network namespace, as the rules do, and is gone
// when its process is, however that ended.
//
// Next: publish.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tun/host/descriptor.h"

namespace glasstcp {

/// One that publishes.
struct Publisher {
  std::uint16_t port = 0;
  std::string interface;
};

/// Those in the text of /proc/net/unix.
[[nodiscard]] std::vector<Publisher> publishers_in(std::string_view table);

/// Those that publish now.
[[nodiscard]] std::vector<Publisher> publishers();

/// Holds the name of a publisher; not open: somebody else does, or there is no socket to be had.
[[nodiscard]] Descriptor claim(const Publisher& publisher);

/// While it lives, no other server begins or ends to publish. Waited for a second at most: one that
/// does not let go is passed by.
class PublishLock {
 public:
  PublishLock();

 private:
  Descriptor socket_;
};

}  // namespace glasstcp
