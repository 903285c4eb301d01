// What we say by ICMP: echo replies, and errors where an RFC asks for one and none where it forbids
// it.
//
// RFC 792, RFC 1122 §3.2.2 (when not to answer, and whom), RFC 4443 §2.2, §2.4 (the same for IPv6),
// §4.2.
//
// Invariants:
//   1. No error is about an ICMP error or redirect, a group address, a non-initial IPv4 fragment,
//   or a source that
//      cannot be answered.
//   2. Errors pass a token bucket; so do IPv4 replies that must be fragmented, of which there are
//   only 65536.
//   3. The source of a message is our address that the packet was sent to, or one of our unicast
//      addresses if that was a group.
//
// Next: ip_layer.cc.
#pragma once

#include "stack/base/token_bucket.h"
#include "stack/ip/address_table.h"
#include "stack/ip/ip_layer.h"
#include "stack/ip/outbox.h"
#include "stack/wire/icmpv4.h"

namespace glasstcp {

/// An error to be sent.
struct IcmpError {
  IcmpHeader header;
  SendReason reason = SendReason::IcmpParameterProblem;
  bool even_to_group = false;  ///< RFC 4443 §2.4(e.3): allowed although the packet was for a group
};

/// Builds messages and queues them.
class IcmpOutput {
 public:
  IcmpOutput(const IpConfig& config, const AddressTable& addresses, const Seed& seed);

  /// Answers an echo request, whose `payload` is the whole ICMP message. False when there was no
  /// room for it, or too many came.
  bool answer_echo(const IpDatagram& request, const OutboxPath& path, Instant now);
  /// Sends an error about `packet` (from the IP header on, its source already found valid), unless
  /// one of the rules forbids it.
  void report(ByteView packet, const IcmpError& error, Instant now);

  [[nodiscard]] Outbox& outbox() { return outbox_; }
  [[nodiscard]] const Outbox& outbox() const { return outbox_; }

 private:
  [[nodiscard]] bool may_report(ByteView packet, const IcmpError& error) const;
  [[nodiscard]] std::uint32_t next_identification(IpVersion version);

  const AddressTable& addresses_;
  Outbox outbox_;
  FragmentIds ids_;
  TokenBucket errors_;
  TokenBucket fragmented_v4_;
};

}  // namespace glasstcp
