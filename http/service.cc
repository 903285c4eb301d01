// Which requests belong to a service. See service.h.
#include "http/service.h"

#include "http/path.h"

namespace glasstcp::http {

std::optional<std::string_view> path_below(std::string_view folder, std::string_view target,
                                           ByteSpan memory) noexcept {
  // Nearly every request ends here: nothing of the name is there, nor anything that may hide it.
  if (target.find(folder) == std::string_view::npos && target.find('%') == std::string_view::npos)
    return std::nullopt;
  const std::optional<TargetParts> parts = split_target(target);
  if (!parts.has_value() || !parts->path.starts_with('/') || parts->path.size() > memory.size())
    return std::nullopt;
  const DecodedPath decoded = decode_path(parts->path, memory);
  if (!decoded.is_valid || !decoded.path.starts_with(folder)) return std::nullopt;
  std::string_view rest = decoded.path.substr(folder.size());
  if (rest.empty()) return rest;
  if (!rest.starts_with('/')) return std::nullopt;
  return rest.substr(1);
}

std::string_view authority_of(std::string_view target) noexcept {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return {};
  target.remove_prefix(scheme + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

}  // namespace glasstcp::http
