// ICMP errors that arrive: what they quote, and whether it could be a segment of ours.
//
// RFC 792, RFC 1122 §3.2.2, RFC 4443 §3; RFC 5927 (attacks by forged errors): here the quoted
// packet must come from one of our addresses and be TCP; whether its sequence number is in flight
// is for the connection to judge.
//
// Invariants:
//   1. A signal names a four-tuple whose local address is ours.
//
// Next: icmp_output.h.
#pragma once

#include <variant>

#include "stack/ip/address_table.h"
#include "stack/ip/ip_layer.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"

namespace glasstcp {

/// A signal for the transport, or what became of the message.
using IcmpErrorInput = std::variant<Verdict, IcmpSignal>;

/// Reads an error message (is_error() of the view). Verdicts: QuietlyIgnored (source quench,
/// redirect), BadIcmpMessage, IcmpErrorNotOurs, IcmpErrorImplausible.
[[nodiscard]] IcmpErrorInput read_icmpv4_error(const Icmpv4View& message,
                                               const AddressTable& addresses);
[[nodiscard]] IcmpErrorInput read_icmpv6_error(const Icmpv6View& message,
                                               const AddressTable& addresses);

}  // namespace glasstcp
