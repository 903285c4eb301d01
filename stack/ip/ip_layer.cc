// The way of a packet through IP: header, addresses, options, fragments, protocol; then up,
// answered, or dropped.
#include "stack/ip/ip_layer.h"

#include <algorithm>

#include "stack/ip/address_table.h"
#include "stack/ip/extension_headers.h"
#include "stack/ip/icmp_input.h"
#include "stack/ip/icmp_output.h"
#include "stack/ip/reassembly.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/tcp.h"

namespace glasstcp {

// What stands behind the public face. The functions are in the order in which a packet meets them.
struct IpLayer::Parts {
  Parts(const IpConfig& config, const Seed& seed, const PathMtuCache& path_mtu_cache)
      : path_mtu(path_mtu_cache),
        addresses(config.addresses),
        reassembler({.bytes = config.reassembly_bytes,
                     .datagrams = config.reassembly_datagrams,
                     .timeout = config.reassembly_timeout,
                     .shared_sources = config.shared_sources}),
        icmp(config, addresses, seed),
        // RFC 1122 §3.2.1.7 R1122-07: nothing leaves with a time to live of zero.
        hop_limit(std::max<std::uint8_t>(config.hop_limit, 1)) {}

  Input receive_v4(ByteView packet, const PacketMeta& meta, Instant now);
  Input fragment_v4(const Ipv4View& view, Instant now);
  Input receive_v6(ByteView packet, const PacketMeta& meta, Instant now);
  Input chain_v6(const Ipv6View& view, const PacketMeta& meta, bool is_reassembled, Instant now);
  Input fragment_v6(const Ipv6View& view, const HeaderChain& chain, Instant now);
  Input deliver(const IpDatagram& datagram, std::uint16_t next_header_at, Instant now);
  Input deliver_icmpv4(const IpDatagram& datagram, Instant now);
  Input deliver_icmpv6(const IpDatagram& datagram, Instant now);
  Verdict answer_echo(const IpDatagram& request, Instant now);
  Verdict refuse_udp(const IpDatagram& datagram, Instant now);
  Verdict refuse_protocol(const IpDatagram& datagram, std::uint16_t next_header_at, Instant now);
  void give_up_reassemblies(Instant now);

  const PathMtuCache& path_mtu;
  AddressTable addresses;
  Reassembler reassembler;
  IcmpOutput icmp;
  std::uint8_t hop_limit;
  std::uint64_t reassembly_timeouts = 0;
};

namespace {

// What becomes of a packet for a group: we are a member of none but those that every host is in,
// and no service of ours is for many. RFC 9293 §3.9.2.3 MUST-57: a SYN to such an address is
// dropped silently.
Verdict verdict_for_group(std::uint8_t protocol, ByteView payload) {
  if (protocol != IpProtocol::kTcp) return Verdict::QuietlyIgnored;
  const auto tcp = TcpView::parse(payload);
  return tcp && tcp->header().flags.syn() ? Verdict::SynToMulticast : Verdict::NotForUs;
}

// RFC 1858 §3, RFC 3128 §3: a TCP header that is cut in two serves to slip through filters.
bool is_tiny_tcp_fragment(const Ipv4View& view) {
  if (view.protocol() != IpProtocol::kTcp) return false;
  return view.fragment_offset() == 8 ||
         (view.fragment_offset() == 0 && view.payload().size() < TcpHeader::kSize);
}

OutboxPath path_to(const PathMtuCache& cache, const IpAddress& remote, Instant now) {
  return {.mtu = cache.lookup(remote, now), .may_be_cut = cache.may_be_cut(remote, now)};
}

IcmpError parameter_problem_v6(std::uint8_t code, std::uint32_t pointer) {
  return {.header = {.type = Icmpv6Type::kParameterProblem, .code = code, .rest = pointer},
          .reason = SendReason::IcmpParameterProblem};
}

}  // namespace

// ---- IPv4 ----

IpLayer::Input IpLayer::Parts::receive_v4(ByteView packet, const PacketMeta& meta, Instant now) {
  const auto view = Ipv4View::parse(packet, meta.gso_size != 0);
  if (!view) return view.error();
  // RFC 1122 §3.2.1.3 R1122-04: a source that cannot be one. (R1122-07: a time to live of 1, or 0,
  // is fine here.)
  const IpAddress source = view->source();
  if (!addresses.is_valid_source(source)) return Verdict::BadSourceAddress;
  // RFC 1122 §3.2.1.3 R1122-03: for us, for a group that we are in, or not for us.
  const IpAddress destination = view->destination();
  const DestinationKind kind = addresses.classify_destination(destination);
  if (kind == DestinationKind::Other) return Verdict::NotForUs;
  if (view->header_length() != kIpv4HeaderSize) {
    const Ipv4OptionsResult options = check_ipv4_options(view->options());
    if (options.verdict == Verdict::BadIpOption) {
      const std::uint32_t pointer = std::uint32_t{options.bad_offset} << 24;
      icmp.report(view->bytes(),
                  {.header = {.type = Icmpv4Type::kParameterProblem, .code = 0, .rest = pointer},
                   .reason = SendReason::IcmpParameterProblem},
                  now);
    }
    if (options.verdict != Verdict::Accepted) return options.verdict;
  }
  if (kind != DestinationKind::Own) return verdict_for_group(view->protocol(), view->payload());
  // RFC 6864 §4.1 R6864-01: the identification is looked at only where there are fragments to tell
  // apart.
  if (view->is_fragment()) return fragment_v4(*view, now);
  return deliver({.version = IpVersion::V4,
                  .source = source,
                  .destination = destination,
                  .protocol = view->protocol(),
                  .traffic_class = view->traffic_class(),
                  .hop_limit = view->hop_limit(),
                  .payload = view->payload(),
                  .meta = meta,
                  .packet = view->bytes()},
                 0, now);
}

IpLayer::Input IpLayer::Parts::fragment_v4(const Ipv4View& view, Instant now) {
  const std::size_t length = view.payload().size();
  // RFC 791 §3.2: all but the last hold a multiple of 8 bytes; and the whole must fit into 65535.
  if (length == 0 || (view.more_fragments() && length % 8 != 0)) return Verdict::BadFragment;
  if (view.header_length() + view.fragment_offset() + length > kMaxIpLength)
    return Verdict::BadFragment;
  if (is_tiny_tcp_fragment(view)) return Verdict::BadFragment;
  const Fragment fragment{
      .key = {.source = view.source(),
              .destination = view.destination(),
              .identification = view.identification(),
              .protocol = view.protocol()},
      .header = view.bytes().first(view.header_length()),
      .next_header_at = 0,
      .next_header = 0,
      .ecn = static_cast<std::uint8_t>(view.traffic_class() & EcnCodepoint::kMask),
      .offset = view.fragment_offset(),
      .more_fragments = view.more_fragments(),
      .data = view.payload()};
  const Reassembler::Result result = reassembler.add(fragment, now);
  if (result.verdict != Verdict::Accepted) return result.verdict;
  // The whole datagram comes in as if it had come in one piece. What a device said about a fragment
  // does not hold for the whole, so its checksum is verified.
  return receive_v4(result.packet, PacketMeta{}, now);
}

// ---- IPv6 ----

IpLayer::Input IpLayer::Parts::receive_v6(ByteView packet, const PacketMeta& meta, Instant now) {
  const auto view = Ipv6View::parse(packet, meta.gso_size != 0);
  if (!view) return view.error();
  const DestinationKind kind = addresses.classify_destination(view->destination());
  if (kind == DestinationKind::Other) return Verdict::NotForUs;
  // The kernel's own solicitations and reports go to groups that only routers join; some of them
  // come from "::".
  if (kind == DestinationKind::OtherGroup)
    return verdict_for_group(view->next_header(), view->payload());
  // RFC 8200 §3 R8200-01: the hop limit is not looked at; who is the destination does not count
  // hops.
  const IpAddress source = view->source();
  const bool may_be_neighbour_discovery =
      source.is_unspecified() && view->next_header() == IpProtocol::kIcmpV6;
  if (may_be_neighbour_discovery) return Verdict::QuietlyIgnored;
  if (!addresses.is_valid_source(source)) return Verdict::BadSourceAddress;
  return chain_v6(*view, meta, false, now);
}

IpLayer::Input IpLayer::Parts::chain_v6(const Ipv6View& view, const PacketMeta& meta,
                                        bool is_reassembled, Instant now) {
  const HeaderChain chain = walk_extension_headers(
      view, {.is_gso = meta.gso_size != 0, .is_reassembled = is_reassembled});
  if (chain.report) {
    icmp.report(view.bytes(),
                {.header = *chain.report,
                 .reason = SendReason::IcmpParameterProblem,
                 .even_to_group = chain.report_even_to_group},
                now);
  }
  if (chain.verdict != Verdict::Accepted) return chain.verdict;
  const ByteView payload = view.bytes().subspan(chain.payload_at);
  const IpAddress destination = view.destination();
  // RFC 4443 §4.2: a ping to a group of ours is answered (deliver_icmpv6); nothing else is.
  const std::uint8_t protocol = chain.fragment ? chain.fragment->next_header : chain.protocol;
  if (!addresses.is_own(destination) && protocol != IpProtocol::kIcmpV6)
    return verdict_for_group(chain.protocol, payload);
  if (chain.fragment) return fragment_v6(view, chain, now);
  return deliver({.version = IpVersion::V6,
                  .source = view.source(),
                  .destination = destination,
                  .protocol = chain.protocol,
                  .traffic_class = view.traffic_class(),
                  .hop_limit = view.hop_limit(),
                  .payload = payload,
                  .meta = meta,
                  .packet = view.bytes()},
                 chain.next_header_at, now);
}

IpLayer::Input IpLayer::Parts::fragment_v6(const Ipv6View& view, const HeaderChain& chain,
                                           Instant now) {
  const Ipv6FragmentHeader& header = *chain.fragment;
  const ByteView data = view.bytes().subspan(chain.payload_at);
  const std::size_t fragment_header_at = chain.payload_at - Ipv6FragmentHeader::kSize;
  const auto report = [&](std::uint8_t code, std::size_t pointer) {
    icmp.report(view.bytes(), parameter_problem_v6(code, static_cast<std::uint32_t>(pointer)), now);
    return Verdict::BadFragment;
  };
  // RFC 8200 §4.5 R8200-07: all but the last hold a multiple of 8 bytes; else the payload length
  // (offset 4) is wrong.
  if (header.more_fragments && data.size() % 8 != 0) return report(Icmpv6Code::kErroneousField, 4);
  // RFC 8200 §4.5 R8200-08: nothing may reach past 65535; else the fragment offset field is wrong.
  const std::size_t unfragmentable = fragment_header_at - kIpv6HeaderSize;
  if (unfragmentable + header.offset + data.size() > kMaxIpLength) {
    return report(Icmpv6Code::kErroneousField, fragment_header_at + 2);
  }
  if (data.empty()) return Verdict::BadFragment;
  // RFC 8200 §4.5 R8200-11: the first fragment holds all headers up to the transport's, so that it
  // can be judged.
  if (header.offset == 0 && !find_upper_layer(header.next_header, data).is_complete) {
    return report(Icmpv6Code::kIncompleteChain, 0);
  }
  // RFC 8504 §5.3 R8504-02: no more headers before the fragment header than we keep.
  if (chain.payload_at > Reassembler::kMaxHeader) return Verdict::TooManyExtensionHeaders;
  const Fragment fragment{
      .key = {.source = view.source(),
              .destination = view.destination(),
              .identification = header.identification,
              .protocol = 0},
      .header = view.bytes().first(chain.payload_at),
      .next_header_at = chain.next_header_at,
      .next_header = header.next_header,
      .ecn = static_cast<std::uint8_t>(view.traffic_class() & EcnCodepoint::kMask),
      .offset = header.offset,
      .more_fragments = header.more_fragments,
      .data = data};
  const Reassembler::Result result = reassembler.add(fragment, now);
  if (result.verdict != Verdict::Accepted) return result.verdict;
  const auto whole = Ipv6View::parse(result.packet, false);
  if (!whole) return whole.error();
  return chain_v6(*whole, PacketMeta{}, true, now);
}

// ---- Protocols ----

IpLayer::Input IpLayer::Parts::deliver(const IpDatagram& datagram, std::uint16_t next_header_at,
                                       Instant now) {
  const bool is_v4 = datagram.version == IpVersion::V4;
  if (datagram.protocol == IpProtocol::kTcp) return datagram;
  if (datagram.protocol == IpProtocol::kUdp) return refuse_udp(datagram, now);
  if (is_v4 && datagram.protocol == IpProtocol::kIcmpV4) return deliver_icmpv4(datagram, now);
  if (!is_v4 && datagram.protocol == IpProtocol::kIcmpV6) return deliver_icmpv6(datagram, now);
  if (is_v4 && datagram.protocol == IpProtocol::kIgmp) return Verdict::QuietlyIgnored;
  return refuse_protocol(datagram, next_header_at, now);
}

IpLayer::Input IpLayer::Parts::deliver_icmpv4(const IpDatagram& datagram, Instant now) {
  const auto message = Icmpv4View::parse(datagram.payload);
  if (!message) return message.error();
  if (message->type() == Icmpv4Type::kEchoRequest) return answer_echo(datagram, now);
  if (message->type() == Icmpv4Type::kEchoReply) return Verdict::QuietlyIgnored;
  // RFC 1122 §3.2.2 R1122-09: a type that we do not know is dropped without a word.
  if (!message->is_error()) return Verdict::IcmpUnknownType;
  return std::visit([](auto result) -> Input { return result; },
                    read_icmpv4_error(*message, addresses));
}

IpLayer::Input IpLayer::Parts::deliver_icmpv6(const IpDatagram& datagram, Instant now) {
  const auto message = Icmpv6View::parse(datagram.payload, {datagram.source, datagram.destination});
  if (!message) return message.error();
  if (message->type() == Icmpv6Type::kEchoRequest) return answer_echo(datagram, now);
  if (!addresses.is_own(datagram.destination)) return Verdict::QuietlyIgnored;
  if (message->type() == Icmpv6Type::kEchoReply || message->is_link_housekeeping()) {
    return Verdict::QuietlyIgnored;
  }
  // RFC 4443 §2.4 R4443-02: information of an unknown type is dropped without a word.
  if (!message->is_error()) return Verdict::IcmpUnknownType;
  return std::visit([](auto result) -> Input { return result; },
                    read_icmpv6_error(*message, addresses));
}

Verdict IpLayer::Parts::answer_echo(const IpDatagram& request, Instant now) {
  return icmp.answer_echo(request, path_to(path_mtu, request.source, now), now)
             ? Verdict::EchoAnswered
             : Verdict::OutOfMemory;
}

// No application of ours speaks UDP, so every port is closed. RFC 1122 §3.2.2.1 R1122-12, RFC 4443
// §3.1: say so, unless the datagram is damaged, for then its port may not be the one that was
// meant.
Verdict IpLayer::Parts::refuse_udp(const IpDatagram& datagram, Instant now) {
  constexpr std::size_t kUdpHeader = 8;
  const ByteView udp = datagram.payload;
  if (udp.size() < kUdpHeader) return Verdict::UdpPortClosed;
  const bool is_v4 = datagram.version == IpVersion::V4;
  const bool has_no_checksum = is_v4 && load_be16(udp.data() + 6) == 0;
  if (!has_no_checksum && !verify_transport_checksum(datagram)) return Verdict::UdpPortClosed;
  IcmpError error{
      .header = {.type = Icmpv4Type::kDestinationUnreachable, .code = Icmpv4Code::kPort, .rest = 0},
      .reason = SendReason::IcmpPortUnreachable};
  if (!is_v4)
    error.header = {
        .type = Icmpv6Type::kDestinationUnreachable, .code = Icmpv6Code::kPort, .rest = 0};
  icmp.report(datagram.packet, error, now);
  return Verdict::UdpPortClosed;
}

Verdict IpLayer::Parts::refuse_protocol(const IpDatagram& datagram, std::uint16_t next_header_at,
                                        Instant now) {
  // RFC 1122 §3.2.2.1 R1122-12: no such transport here.
  IcmpError error{.header = {.type = Icmpv4Type::kDestinationUnreachable,
                             .code = Icmpv4Code::kProtocol,
                             .rest = 0},
                  .reason = SendReason::IcmpProtocolUnreachable};
  // RFC 8200 §4 R8200-03, RFC 4443 §3.4 R4443-08: IPv6 says it by pointing at the field that names
  // the protocol.
  if (datagram.version == IpVersion::V6) {
    error = parameter_problem_v6(Icmpv6Code::kUnknownNextHeader, next_header_at);
  }
  icmp.report(datagram.packet, error, now);
  return Verdict::UnknownProtocol;
}

// RFC 1122 §3.3.2 R1122-17, RFC 8200 §4.5 R8200-06: time exceeded, code 1, if the first fragment is
// there to be quoted.
void IpLayer::Parts::give_up_reassemblies(Instant now) {
  while (const auto expired = reassembler.expire(now)) {
    ++reassembly_timeouts;
    if (expired->first_fragment.empty()) continue;
    const bool is_v4 = expired->first_fragment[0] >> 4 == 4;
    IcmpError error{.header = {.type = Icmpv4Type::kTimeExceeded,
                               .code = Icmpv4Code::kReassemblyTime,
                               .rest = 0},
                    .reason = SendReason::IcmpTimeExceeded};
    if (!is_v4)
      error.header = {
          .type = Icmpv6Type::kTimeExceeded, .code = Icmpv6Code::kReassemblyTime, .rest = 0};
    icmp.report(expired->first_fragment, error, now);
  }
}

// ---- The public face ----

IpLayer::IpLayer(const IpConfig& config, const Seed& seed)
    : config_(config),
      path_mtu_(config.mtu, config.path_mtu_entries, seed),
      identifications_(seed),
      parts_(std::make_unique<Parts>(config, seed, path_mtu_)) {}

IpLayer::~IpLayer() = default;

IpLayer::Input IpLayer::receive(ByteView packet, const PacketMeta& meta, Instant now) {
  if (packet.empty()) return Verdict::TruncatedPacket;
  switch (packet[0] >> 4) {
    case 4:
      return parts_->receive_v4(packet, meta, now);
    case 6:
      return parts_->receive_v6(packet, meta, now);
    default:
      return Verdict::BadIpVersion;
  }
}

bool IpLayer::transmit(Instant now, OutPacket& out) {
  Outbox& outbox = parts_->icmp.outbox();
  if (outbox.is_empty()) return false;
  const OutboxPath path = path_to(path_mtu_, outbox.next_destination(), now);
  outbox.transmit(out, path, parts_->hop_limit);
  return true;
}

bool IpLayer::has_output() const {
  return !parts_->icmp.outbox().is_empty();
}

Instant IpLayer::next_deadline() const {
  return parts_->reassembler.next_deadline();
}

void IpLayer::advance(Instant now) {
  parts_->give_up_reassemblies(now);
}

bool IpLayer::is_own(const IpAddress& address) const {
  return parts_->addresses.is_own(address);
}

// RFC 9293 §3.9.1.1 MUST-44: an active open that names no local address takes this one.
void IpLayer::set_addresses(const std::vector<Cidr>& addresses) {
  config_.addresses = addresses;
  parts_->addresses = AddressTable(addresses);
}

std::optional<IpAddress> IpLayer::source_for(const IpAddress& remote) const {
  return parts_->addresses.source_for(remote);
}

// RFC 9293 §3.9.1.1 MUST-46: where nobody can be, or many are, no connection can lead.
bool IpLayer::is_valid_remote(const IpAddress& remote) const {
  return parts_->addresses.is_valid_remote(remote);
}

std::uint64_t IpLayer::reassembly_timeouts() const {
  return parts_->reassembly_timeouts;
}

std::uint64_t IpLayer::reassembly_evictions() const {
  return parts_->reassembler.evicted();
}

bool verify_transport_checksum(const IpDatagram& datagram) {
  // A partial checksum has not been on a wire: the kernel that wrote it left the rest to the
  // device, which is us.
  if (datagram.meta.checksum_partial || datagram.meta.checksum_valid) return true;
  const std::uint32_t pseudo =
      pseudo_header_sum(datagram.source, datagram.destination, datagram.protocol,
                        static_cast<std::uint32_t>(datagram.payload.size()));
  return is_checksum_right(add_to_checksum(pseudo, datagram.payload));
}

}  // namespace glasstcp
