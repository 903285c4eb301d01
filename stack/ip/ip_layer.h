// The IP layer: what it takes in, what it answers by itself, and what it hands to TCP.
//
// RFC 791, RFC 1122 §3, RFC 8200, RFC 8504 (hosts); RFC 792, RFC 4443 (ICMP); RFC 5927 (what to
// believe of it). receive() checks a packet completely, answers pings, reports what no one wants,
// keeps fragments, and returns TCP segments and ICMP errors about our TCP. Its own messages queue
// in a bounded outbox that transmit() empties.
//
// Invariants:
//   1. Whatever the bytes are, receive() returns; each packet ends in one Verdict (or goes up and
//   gets it there).
//   2. Nothing is ever sent about an ICMP error, a broadcast, a multicast, or a source that cannot
//   be answered.
//   3. Memory is bounded by IpConfig and taken at construction; a peer cannot make it grow.
//
// Leaves out: forwarding, routing tables, IGMP and neighbour discovery (a TUN device has one
// neighbour, the kernel).
//
// Next: ../socket/stack.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/chunk_sizes.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/seq_num.h"
#include "stack/base/time.h"
#include "stack/ip/identifications.h"
#include "stack/ip/path_mtu.h"
#include "stack/trace/verdict.h"
#include "stack/wire/packet.h"

namespace glasstcp {

/// A datagram for a transport: whole, checked, reassembled. Its views live until the next call of
/// receive().
struct IpDatagram {
  IpVersion version = IpVersion::V4;
  IpAddress source;
  IpAddress destination;  ///< one of our own addresses
  std::uint8_t protocol = 0;
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN as they arrived
  std::uint8_t hop_limit = 0;
  ByteView payload;  ///< the transport's bytes
  PacketMeta meta;
  ByteView packet;  ///< the whole packet, from the IP header on
};

/// What an ICMP error says about a connection of ours. The transport judges whether to believe it
/// (RFC 5927).
struct IcmpSignal {
  enum class Kind : std::uint8_t {
    PacketTooBig,
    NetUnreachable,
    HostUnreachable,
    ProtocolUnreachable,
    PortUnreachable,
    AdminProhibited,
    OtherUnreachable,
    TimeExceeded,
    ParameterProblem,
  };
  Kind kind = Kind::OtherUnreachable;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;            ///< of the next hop, bytes; 0: the message had none
  std::uint32_t quoted_length = 0;  ///< total length of the packet that it quotes, bytes
  FourTuple tuple;                  ///< local: us, the quoted source
  SeqNum quoted_seq;

  /// RFC 1122 §4.2.3.9, RFC 5461 §2: errors that were meant to end a connection attempt at once.
  [[nodiscard]] bool is_hard() const {
    return kind == Kind::ProtocolUnreachable || kind == Kind::PortUnreachable ||
           (kind == Kind::AdminProhibited && tuple.local_address.version() == IpVersion::V6);
  }
  /// What to hand to PathMtuCache.
  [[nodiscard]] PacketTooBig packet_too_big() const { return {mtu, quoted_length}; }
};

/// Everything that can be chosen about the IP layer. Addresses are fixed at construction.
struct IpConfig {
  std::vector<Cidr> addresses;  ///< at most one IPv4, any number of IPv6
  // RFC 8200 §5 R8200-13: an IPv6 link has 1280 or more, and that is enough for all we send.
  std::uint16_t mtu = 1500;  ///< of the device, bytes; 1280 or more where there is an IPv6 address
  std::uint8_t hop_limit = 64;  ///< of our own ICMP messages
  /// the device completes checksums and cuts GSO packets (for the transport's use)
  bool offload = false;

  std::uint32_t icmp_errors_per_second = 100;  ///< RFC 4443 §2.4(f)
  std::uint32_t icmp_error_burst = 50;
  std::uint32_t outbox_bytes = kIpBufferBytes;  ///< of ICMP messages that wait to be sent
  std::uint32_t outbox_messages = kQueuedReplies;

  std::uint32_t reassembly_bytes = 2 * kIpBufferBytes;  ///< of all fragments held
  std::uint16_t reassembly_datagrams = kReassemblies;
  Duration reassembly_timeout = 60s;  ///< RFC 8200 §4.5; RFC 1122 §3.3.2 has 60 to 120 s
  /// addresses that stand for many hosts (StackConfig has the same)
  std::vector<IpAddress> shared_sources{};

  std::uint32_t path_mtu_entries = kPathMtuEntries;
};

/// Input validation, ICMP, reassembly and path MTU. One per stack; owns no device.
class IpLayer {
 public:
  using Input = std::variant<Verdict, IpDatagram, IcmpSignal>;

  IpLayer(const IpConfig& config, const Seed& seed);
  ~IpLayer();
  IpLayer(const IpLayer&) = delete;
  IpLayer& operator=(const IpLayer&) = delete;

  /// Takes one packet from the device. Returns TCP segments (checksum not yet verified:
  /// verify_transport_checksum) and ICMP errors about our TCP; of everything else what became of
  /// it. Borrows `packet`; what it returns borrows either `packet` or a buffer in here, until the
  /// next call of receive().
  [[nodiscard]] Input receive(ByteView packet, const PacketMeta& meta, Instant now);

  /// Writes the next ICMP message, or the next fragment of one, into `out`. False when there is
  /// nothing to send. The slices in `out` live until the next call of transmit().
  [[nodiscard]] bool transmit(Instant now, OutPacket& out);
  /// Whether transmit() has something.
  [[nodiscard]] bool has_output() const;

  /// When advance() has something to do; kNever if nothing waits.
  [[nodiscard]] Instant next_deadline() const;
  /// Gives up datagrams whose fragments took too long, and says so to their sources.
  void advance(Instant now);

  /// Whether an address is one of our own unicast addresses.
  [[nodiscard]] bool is_own(const IpAddress& address) const;
  /// Replaces our addresses; packets to those that went are nobody's from now on.
  void set_addresses(const std::vector<Cidr>& addresses);
  /// The address of ours to talk to `remote` from; empty if we have none of its version (RFC 9293
  /// §3.9.1.1 MUST-44).
  [[nodiscard]] std::optional<IpAddress> source_for(const IpAddress& remote) const;
  /// Whether a connection to `remote` makes sense: it is neither a broadcast, nor a multicast, nor
  /// unspecified, nor ourselves (RFC 9293 §3.9.1.1 MUST-46).
  [[nodiscard]] bool is_valid_remote(const IpAddress& remote) const;

  [[nodiscard]] PathMtuCache& path_mtu() { return path_mtu_; }
  [[nodiscard]] const PathMtuCache& path_mtu() const { return path_mtu_; }
  /// Numbers of TCP's packets that routers may cut.
  [[nodiscard]] Identifications& identifications() { return identifications_; }
  [[nodiscard]] const IpConfig& config() const { return config_; }
  /// Datagrams given up because fragments did not come in time: packets with
  /// Verdict::ReassemblyTimeout.
  [[nodiscard]] std::uint64_t reassembly_timeouts() const;
  /// Datagrams whose fragments were given up so that those of others have room.
  [[nodiscard]] std::uint64_t reassembly_evictions() const;

 private:
  IpConfig config_;
  PathMtuCache path_mtu_;
  Identifications identifications_;
  struct Parts;  // the pieces that only ip/ knows: address tables, reassembly, outbox
  std::unique_ptr<Parts> parts_;
};

/// RFC 9293 §3.1 MUST-3: whether the transport checksum of a TCP datagram is right. True at once
/// where the device says that it verified the checksum, or that it is partial because the packet
/// never left this machine.
[[nodiscard]] bool verify_transport_checksum(const IpDatagram& datagram);

}  // namespace glasstcp
