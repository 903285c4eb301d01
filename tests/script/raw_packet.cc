// Words to bytes in one pass, checksums in a second.
#include "tests/script/raw_packet.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "tests/support/segment_codec.h"

namespace glasstcp::test {
namespace {

constexpr const char* kWordHelp =
    "bytes in hex, N*HH, ??, us, peer, our+N, their+N, length, ipsum, icmpsum or tcpsum";
constexpr std::size_t kV6Header = 40;
constexpr std::uint8_t kTcp = 6, kIcmpV6 = 58;

bool is_hex(std::string_view word) {
  return !word.empty() && word.size() % 2 == 0 &&
         std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::optional<std::uint32_t> whole_number(std::string_view text, int base = 10) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "8*00".
std::optional<Bytes> repeated(std::string_view word) {
  const std::size_t star = word.find('*');
  if (star == std::string_view::npos) return std::nullopt;
  const auto count = whole_number(word.substr(0, star));
  const std::string_view byte = word.substr(star + 1);
  if (!count || *count > 65535 || byte.size() != 2 || !is_hex(byte)) return std::nullopt;
  return Bytes(*count, static_cast<std::uint8_t>(*whole_number(byte, 16)));
}

// "our+1": a sequence number relative to that side's initial one.
std::optional<std::uint32_t> sequence_of(std::string_view word, const Flow& flow) {
  const bool ours = word.starts_with("our+");
  if (!ours && !word.starts_with("their+")) return std::nullopt;
  const auto offset = whole_number(word.substr(word.find('+') + 1));
  if (!offset) return std::nullopt;
  return *offset + (ours ? flow.our_isn : flow.peer_isn);
}

bool is_field(std::string_view word) {
  return word == "length" || word == "ipsum" || word == "icmpsum" || word == "tcpsum";
}

void append(PacketPattern& pattern, ByteView bytes) {
  pattern.insert(pattern.end(), bytes.begin(), bytes.end());
}

void append_word(PacketPattern& pattern, const std::string& word, IpVersion version,
                 const Flow& flow) {
  if (word == "??") {
    pattern.emplace_back();
  } else if (word == "us") {
    append(pattern, our_address(version).bytes());
  } else if (word == "peer") {
    append(pattern, peer_address(version).bytes());
  } else if (is_field(word)) {
    append(pattern, Bytes(2));
  } else if (const auto seq = sequence_of(word, flow)) {
    Bytes bytes(4);
    store_be32(bytes.data(), *seq);
    append(pattern, bytes);
  } else if (const auto bytes = repeated(word)) {
    append(pattern, *bytes);
  } else {
    for (std::size_t i = 0; i < word.size(); i += 2) {
      pattern.emplace_back(
          static_cast<std::uint8_t>(*whole_number(std::string_view(word).substr(i, 2), 16)));
    }
  }
}

std::uint32_t pseudo_sum(const Bytes& packet, std::uint8_t protocol, std::size_t length) {
  const bool v4 = packet[0] >> 4 == 4;
  const ByteView addresses = ByteView(packet).subspan(v4 ? 12 : 8, v4 ? 8 : 32);
  return obvious_sum(addresses) + protocol + static_cast<std::uint32_t>(length);
}

std::uint16_t field_of(const std::string& word, std::size_t at, const Bytes& packet) {
  const bool v4 = packet[0] >> 4 == 4;
  if (word == "length") return static_cast<std::uint16_t>(packet.size() - (v4 ? 0 : kV6Header));
  if (word == "ipsum") {
    const std::size_t header = std::min<std::size_t>(packet.size(), (packet[0] & 15U) * 4U);
    return obvious_checksum(obvious_sum(ByteView(packet).first(header)));
  }
  const bool is_tcp = word == "tcpsum";
  const std::size_t begin = at - std::min<std::size_t>(at, is_tcp ? 16 : 2);
  const ByteView covered = ByteView(packet).subspan(begin);
  const bool has_pseudo = is_tcp || !v4;  // RFC 792's checksum covers the message alone
  const std::uint32_t pseudo =
      has_pseudo ? pseudo_sum(packet, is_tcp ? kTcp : kIcmpV6, covered.size()) : 0;
  return obvious_checksum(obvious_sum(covered, pseudo));
}

// The IPv4 header's sum follows from the header; TCP's from the difference alone, so that a sum
// that a script made wrong stays wrong.
void refresh_v4_checksum(Bytes& packet) {
  store_be16(&packet[10], 0);
  store_be16(&packet[10], obvious_checksum(obvious_sum(ByteView(packet).first(20))));
}

}  // namespace

std::string template_fault(const ScriptRaw& raw) {
  if (raw.words.empty()) return "expected at least one word between '{' and '}'";
  for (const std::string& word : raw.words) {
    const bool known = word == "us" || word == "peer" || is_field(word) || is_hex(word) ||
                       repeated(word) || sequence_of(word, {});
    if (word == "??" && raw.is_inbound)
      return "'?"
             "?' can only be expected, not sent";
    if (!known && word != "??") return "'" + word + "': expected " + kWordHelp;
  }
  return "";
}

PacketPattern fill_in(const ScriptRaw& raw, IpVersion version, const Flow& flow,
                      const Bytes& actual) {
  PacketPattern pattern;
  std::vector<std::pair<const std::string*, std::size_t>> fields;
  for (const std::string& word : raw.words) {
    if (is_field(word)) fields.emplace_back(&word, pattern.size());
    append_word(pattern, word, version, flow);
  }
  Bytes packet(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    packet[i] = pattern[i].value_or(i < actual.size() ? actual[i] : 0);
  }
  if (packet.size() < (packet[0] >> 4 == 4 ? 20U : kV6Header)) return pattern;
  for (const auto& [word, at] : fields) {
    const std::uint16_t value = field_of(*word, at, packet);
    store_be16(&packet[at], value);
    pattern[at] = packet[at];
    pattern[at + 1] = packet[at + 1];
  }
  return pattern;
}

std::string difference(const PacketPattern& expected, const Bytes& actual) {
  if (expected.size() != actual.size()) {
    return "length: the script says " + std::to_string(expected.size()) +
           " bytes, the stack sent " + std::to_string(actual.size());
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!expected[i] || *expected[i] == actual[i]) continue;
    return "byte " + std::to_string(i) + ": the script says " + hex_of({*expected[i]}) +
           ", the stack " + hex_of({actual[i]});
  }
  return "";
}

std::string hex_of(const Bytes& packet) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : packet) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

void write_ip_fields(const ScriptSegment& segment, Bytes& packet) {
  const bool v4 = packet[0] >> 4 == 4;
  if (v4) {
    if (segment.dont_fragment) store_be16(&packet[6], *segment.dont_fragment ? 0x4000 : 0);
    if (segment.identification) store_be16(&packet[4], *segment.identification);
    refresh_v4_checksum(packet);
  } else if (segment.flow_label) {
    store_be32(packet.data(), (load_be32(packet.data()) & 0xfff00000U) | *segment.flow_label);
  }
  if (segment.reserved == 0) return;
  const std::size_t tcp = v4 ? 20 : kV6Header;
  packet[tcp + 12] = static_cast<std::uint8_t>(packet[tcp + 12] | segment.reserved << 1);
  // RFC 1624: HC' = ~(~HC + m), for bits that were zero before.
  const auto sum = static_cast<std::uint16_t>(~load_be16(&packet[tcp + 16]));
  store_be16(&packet[tcp + 16], obvious_checksum(sum + (std::uint32_t{segment.reserved} << 9)));
}

std::vector<std::string> ip_differences(const ScriptSegment& expected, const Bytes& packet) {
  std::vector<std::string> lines;
  const auto compare = [&lines](const char* what, std::uint32_t wanted, std::uint32_t seen) {
    if (wanted == seen) return;
    lines.push_back(std::string(what) + ": the script says " + std::to_string(wanted) +
                    ", the stack " + std::to_string(seen));
  };
  const bool v4 = packet[0] >> 4 == 4;
  if (v4 && expected.dont_fragment) {
    compare("DF", *expected.dont_fragment ? 1 : 0, (packet[6] >> 6) & 1U);
  }
  if (v4 && expected.identification) {
    compare("identification", *expected.identification, load_be16(&packet[4]));
  }
  if (!v4 && expected.flow_label) {
    compare("flow label", *expected.flow_label, load_be32(packet.data()) & 0xfffffU);
  }
  return lines;
}

}  // namespace glasstcp::test
