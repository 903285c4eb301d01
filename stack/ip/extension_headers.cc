// RFC 8200 §4: one header after the other, each with its own small check.
#include "stack/ip/extension_headers.h"

#include "stack/wire/icmpv6.h"

namespace glasstcp {
namespace {

// The state of one walk. Each step moves on to the next header, or puts the fault into chain_ and
// says false.
class Walk {
 public:
  Walk(ByteView bytes, ChainContext context) : bytes_(bytes), context_(context) {
    chain_.protocol = bytes[6];
    chain_.next_header_at = 6;
    chain_.payload_at = kIpv6HeaderSize;
  }

  HeaderChain run() {
    // RFC 8200 §4 R8200-02: strictly in the order in which they stand, whatever order and number
    // that is.
    for (int i = 0; is_extension(chain_.protocol); ++i) {
      if (i == kMaxExtensionHeaders) return stop(Verdict::TooManyExtensionHeaders);
      if (!step()) return chain_;
      if (chain_.fragment) return chain_;
    }
    if (chain_.protocol == IpProtocol::kNoNextHeader) return stop(Verdict::QuietlyIgnored);
    return chain_;
  }

 private:
  static bool is_extension(std::uint8_t type) {
    return type == IpProtocol::kHopByHop || type == IpProtocol::kDestinationOptions ||
           type == IpProtocol::kRouting || type == IpProtocol::kFragment;
  }

  [[nodiscard]] std::size_t at() const { return chain_.payload_at; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at(); }

  bool step() {
    if (left() < 8) return fail(Verdict::TruncatedPacket);
    switch (chain_.protocol) {
      case IpProtocol::kFragment:
        return fragment_header();
      case IpProtocol::kRouting:
        return routing_header();
      case IpProtocol::kHopByHop:
        // RFC 8200 §4, §4.3 R8200-02: first or not at all; elsewhere it counts as a next header
        // that nobody knows.
        if (at() != kIpv6HeaderSize) {
          return problem(Verdict::BadExtensionHeader, Icmpv6Code::kUnknownNextHeader,
                         chain_.next_header_at);
        }
        return options_header();
      default:
        return options_header();
    }
  }

  // The length of a header that counts itself in units of 8 bytes, without the first; 0 when it
  // leaves the packet.
  [[nodiscard]] std::size_t length_of_header() const {
    const std::size_t length = (bytes_[at() + 1] + std::size_t{1}) * 8;
    return length <= left() ? length : 0;
  }

  bool options_header() {
    const std::size_t length = length_of_header();
    if (length == 0) return fail(Verdict::TruncatedPacket);
    const Ipv6OptionsResult result =
        check_ipv6_options(bytes_.subspan(at(), length), context_.is_gso);
    switch (result.kind) {
      case Ipv6OptionsResult::Kind::Fine:
        return move_on(length);
      case Ipv6OptionsResult::Kind::TooMany:
        return fail(Verdict::TooManyExtensionHeaders);
      case Ipv6OptionsResult::Kind::Malformed:
        return problem(Verdict::BadExtensionHeader, Icmpv6Code::kErroneousField,
                       at() + result.offset);
      case Ipv6OptionsResult::Kind::Unknown:
        return unknown_option(result);
    }
    return fail(Verdict::BadExtensionHeader);
  }

  // RFC 8200 §4.2 R8200-04: drop in silence, with a report, or with a report unless it was for
  // many.
  bool unknown_option(const Ipv6OptionsResult& result) {
    if (result.action == UnknownOptionAction::Discard) return fail(Verdict::BadExtensionHeader);
    chain_.report_even_to_group = result.action == UnknownOptionAction::DiscardAndReport;
    return problem(Verdict::BadExtensionHeader, Icmpv6Code::kUnknownOption, at() + result.offset);
  }

  // RFC 8200 §4.4 R8200-05: we know no type of routing header, so one that is used up is stepped
  // over, and any other is an error in its type field. RFC 8504 §5.2 R8504-01: type 0 is no
  // exception.
  bool routing_header() {
    const std::size_t length = length_of_header();
    if (length == 0) return fail(Verdict::TruncatedPacket);
    const std::uint8_t segments_left = bytes_[at() + 3];
    if (segments_left == 0) return move_on(length);
    return problem(Verdict::BadExtensionHeader, Icmpv6Code::kErroneousField, at() + 2);
  }

  bool fragment_header() {
    if (context_.is_reassembled || seen_fragment_header_) return fail(Verdict::BadExtensionHeader);
    seen_fragment_header_ = true;
    const Ipv6FragmentHeader header = read_ipv6_fragment_header(bytes_.subspan(at()));
    // RFC 8200 §4.5 R8200-10: an atomic fragment is a whole packet; it has nothing to do with
    // others that happen to have its identification.
    if (header.offset != 0 || header.more_fragments) {
      chain_.fragment = header;
      chain_.payload_at = static_cast<std::uint16_t>(at() + Ipv6FragmentHeader::kSize);
      return true;
    }
    return move_on(Ipv6FragmentHeader::kSize);
  }

  bool move_on(std::size_t length) {
    chain_.protocol = bytes_[at()];
    chain_.next_header_at = chain_.payload_at;
    chain_.payload_at = static_cast<std::uint16_t>(at() + length);
    return true;
  }

  bool problem(Verdict verdict, std::uint8_t code, std::size_t pointer) {
    chain_.report = IcmpHeader{.type = Icmpv6Type::kParameterProblem,
                               .code = code,
                               .rest = static_cast<std::uint32_t>(pointer)};
    return fail(verdict);
  }
  bool fail(Verdict verdict) {
    chain_.verdict = verdict;
    return false;
  }
  HeaderChain stop(Verdict verdict) {
    fail(verdict);
    return chain_;
  }

  ByteView bytes_;
  ChainContext context_;
  HeaderChain chain_;
  bool seen_fragment_header_ = false;
};

// Bytes that a first fragment must hold of the last header of the chain (RFC 7112 §5: all of it,
// options excepted).
std::size_t shortest_header(std::uint8_t protocol) {
  switch (protocol) {
    case IpProtocol::kTcp:
      return 20;
    case IpProtocol::kUdp:
    case IpProtocol::kIcmpV6:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

HeaderChain walk_extension_headers(const Ipv6View& packet, ChainContext context) {
  return Walk(packet.bytes(), context).run();
}

UpperLayer find_upper_layer(std::uint8_t next, ByteView bytes) {
  UpperLayer found{.protocol = next};
  for (int i = 0; i < kMaxExtensionHeaders; ++i) {
    const std::size_t left = bytes.size() - found.at;
    std::size_t length = 0;
    switch (found.protocol) {
      case IpProtocol::kHopByHop:
      case IpProtocol::kDestinationOptions:
      case IpProtocol::kRouting:
        if (left < 8) return found;
        length = (bytes[found.at + 1] + std::size_t{1}) * 8;
        break;
      case IpProtocol::kFragment:
        length = Ipv6FragmentHeader::kSize;
        if (left < length) return found;
        if (read_ipv6_fragment_header(bytes.subspan(found.at)).offset != 0) {
          found.protocol = bytes[found.at];
          found.is_in_another_fragment = true;
          return found;
        }
        break;
      default:
        found.is_complete = left >= shortest_header(found.protocol);
        return found;
    }
    if (left < length) return found;
    found.protocol = bytes[found.at];
    found.at += length;
  }
  return found;
}

}  // namespace glasstcp
