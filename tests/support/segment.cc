// Segments as text in packetdrill's notation, so that failures read like the script.
#include "tests/support/segment.h"

#include <algorithm>

#include "stack/base/bytes.h"
#include "stack/wire/tcp.h"

namespace glasstcp::test {
namespace {

std::string number_text(std::uint32_t value) {
  return std::to_string(value);
}

std::string sack_text(const Option& option, const Origin& origin) {
  std::string text = "sack";
  for (std::size_t i = 0; i + 8 <= option.data.size(); i += 8) {
    text += ' ' + number_text(load_be32(&option.data[i]) - origin.ack) + ':' +
            number_text(load_be32(&option.data[i + 4]) - origin.ack);
  }
  return text;
}

std::string timestamps_text(const Option& option, const Origin& origin) {
  const std::uint32_t echo = load_be32(&option.data[4]);
  return "TS val " + number_text(load_be32(option.data.data()) - origin.timestamp) + " ecr " +
         number_text(echo == 0 ? 0 : echo - origin.echo);
}

// Counters of RFC 9768 §3.2.3, as many as the length says.
std::string ecn_text(const Option& option) {
  const bool order1 = option.kind == kOptionEcn1;
  const char* const names[] = {order1 ? " e1b " : " e0b ", " ceb ", order1 ? " e0b " : " e1b "};
  std::string text = "ECN";
  for (std::size_t i = 0; i < 3 && i * 3 + 3 <= option.data.size(); ++i) {
    const std::uint8_t* p = &option.data[i * 3];
    text += names[i] + number_text(static_cast<std::uint32_t>(p[0] << 16 | p[1] << 8 | p[2]));
  }
  return text;
}

std::string option_text(const Option& option, const Origin& origin) {
  const std::size_t size = option.data.size();
  if (option.kind == kOptionEnd) return "eol";
  if (option.kind == kOptionNop) return "nop";
  if (option.kind == kOptionMss && size == 2) {
    return "mss " + std::to_string(load_be16(option.data.data()));
  }
  if (option.kind == kOptionScale && size == 1) return "wscale " + std::to_string(option.data[0]);
  if (option.kind == kOptionSackPermitted && size == 0) return "sackOK";
  if (option.kind == kOptionSack) return sack_text(option, origin);
  if (option.kind == kOptionTimestamps && size == 8) return timestamps_text(option, origin);
  if (option.kind == kOptionEcn0 || option.kind == kOptionEcn1) return ecn_text(option);
  return "option " + std::to_string(option.kind) + " of " + std::to_string(size + 2) + " bytes";
}

}  // namespace

const Option* Segment::find(std::uint8_t kind) const {
  const auto found =
      std::ranges::find_if(options, [kind](const Option& option) { return option.kind == kind; });
  return found == options.end() ? nullptr : &*found;
}

std::string flags_text(std::uint16_t flags) {
  constexpr std::pair<std::uint16_t, char> kLetters[] = {
      {TcpFlags::kSyn, 'S'}, {TcpFlags::kFin, 'F'}, {TcpFlags::kRst, 'R'},
      {TcpFlags::kPsh, 'P'}, {TcpFlags::kAck, '.'}, {TcpFlags::kEce, 'E'},
      {TcpFlags::kCwr, 'W'}, {TcpFlags::kAe, 'A'},  {TcpFlags::kUrg, 'U'}};
  std::string text;
  for (const auto& [bit, letter] : kLetters) {
    if ((flags & bit) != 0) text += letter;
  }
  return text.empty() ? "-" : text;
}

std::string options_text(const std::vector<Option>& options, const Origin& origin) {
  std::string text;
  for (const Option& option : options) {
    if (!text.empty()) text += ',';
    text += option_text(option, origin);
  }
  return text;
}

std::string segment_text(const Segment& segment, const Origin& origin) {
  const std::uint32_t start = segment.seq - origin.seq;
  const auto length = static_cast<std::uint32_t>(segment.payload.size());
  std::string text = flags_text(segment.flags) + ' ' + number_text(start) + ':' +
                     number_text(start + length) + '(' + number_text(length) + ')';
  if ((segment.flags & TcpFlags::kAck) != 0) {
    text += " ack " + number_text(segment.ack - origin.ack);
  }
  text += " win " + std::to_string(segment.window);
  if ((segment.flags & TcpFlags::kUrg) != 0) text += " urg " + std::to_string(segment.urgent);
  if (!segment.options.empty()) text += " <" + options_text(segment.options, origin) + '>';
  return text;
}

Bytes pattern_bytes(std::uint64_t offset, std::size_t length, std::uint64_t salt) {
  Bytes bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = pattern_byte(offset + i, salt);
  return bytes;
}

}  // namespace glasstcp::test
