// What the model's values say of themselves: options taken apart, keys of a machine line, look-ups.
#include "tun/report/model.h"

#include <algorithm>

#include "http/text.h"

namespace glasstcp::report {
namespace {

void read_values(TcpOption& option) {
  const ByteView b = option.bytes;
  switch (option.kind) {
    case 2:
      if (b.size() == 2) option.values = {load_be16(b.data())};
      break;
    case 3:
      if (b.size() == 1) option.values = {b[0]};
      break;
    case 5:
    case 8:
      for (std::size_t i = 0; i + 4 <= b.size(); i += 4) {
        option.values.push_back(load_be32(b.data() + i));
      }
      break;
    default:
      break;
  }
}

}  // namespace

std::vector<TcpOption> options_of(const Capture& capture, const Frame& frame) {
  std::vector<TcpOption> options;
  const std::size_t size = frame.tcp_header > 20 ? frame.tcp_header - 20U : 0;
  ByteView rest = ByteView(capture.option_bytes).subspan(frame.options_at);
  rest = rest.first(std::min(rest.size(), size));
  while (!rest.empty()) {
    TcpOption option;
    option.kind = rest[0];
    if (option.kind > 1) {
      if (rest.size() < 2 || rest[1] < 2 || rest[1] > rest.size()) break;
      option.length = rest[1];
      option.bytes = rest.subspan(2, option.length - 2U);
      read_values(option);
    }
    rest = rest.subspan(option.length);
    options.push_back(std::move(option));
    if (options.back().kind == 0) break;
  }
  return options;
}

std::optional<std::string> machine_value(std::string_view machine, std::string_view key) {
  while (!machine.empty()) {
    const std::size_t space = machine.find(' ');
    const std::string_view word = machine.substr(0, space);
    machine.remove_prefix(space == std::string_view::npos ? machine.size() : space + 1);
    if (!word.starts_with(key) || word.substr(key.size(), 1) != "=") continue;
    const std::string_view value = word.substr(key.size() + 1);
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const bool is_escape = value[i] == '%' && i + 2 < value.size() &&
                             http::hex_value(value[i + 1]) >= 0 &&
                             http::hex_value(value[i + 2]) >= 0;
      text += is_escape ? static_cast<char>(http::hex_value(value[i + 1]) * 16 +
                                            http::hex_value(value[i + 2]))
                        : value[i];
      if (is_escape) i += 2;
    }
    return text;
  }
  return std::nullopt;
}

const Frame* Connection::find(FrameNumber wanted) const {
  const auto at = std::ranges::lower_bound(frames, wanted, {}, &Frame::number);
  return at != frames.end() && at->number == wanted ? &*at : nullptr;
}

const std::string* Message::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (http::equals_ignoring_case(name, lower_name)) return &value;
  }
  return nullptr;
}

}  // namespace glasstcp::report
