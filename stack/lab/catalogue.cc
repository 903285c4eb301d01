// See catalogue.h; catalogue() itself is in a file that CMake writes.
#include "stack/lab/catalogue.h"

#include <algorithm>
#include <array>

namespace glasstcp::lab {
namespace {

constexpr std::array<Chapter, 8> kChapters = {{
    {"opening", "Opening a connection", "建立连接"},
    {"data", "The byte stream and its acknowledgments", "字节流与确认"},
    {"flow", "Flow control", "流量控制"},
    {"recovery", "Loss recovery", "丢失恢复"},
    {"congestion", "Congestion control and the path", "拥塞控制与路径"},
    {"closing", "Closing and resetting", "释放与复位"},
    {"defence", "Attacks and what they meet", "攻击与防御"},
    {"http", "HTTP as TCP carries it", "TCP 上的 HTTP"},
}};

}  // namespace

const CatalogueEntry* scenario_named(std::string_view name) {
  const auto found = std::ranges::find(catalogue(), name, &CatalogueEntry::name);
  return found == catalogue().end() ? nullptr : &*found;
}

std::span<const Chapter> chapters() {
  return kChapters;
}

}  // namespace glasstcp::lab
