// An ICMP error that quotes a segment of ours: what it says about the connection, or its path.
// RFC 9293 §3.9.2.2, RFC 5927 §4 and §5 (which to believe), RFC 1191, RFC 8201 (packets too big).
#include "stack/tcp/connection/connection.h"

namespace glasstcp {

Verdict Connection::icmp_arrives(const IcmpSignal& signal_in, Instant now) {
  // RFC 5927 §4.1 R5927-01: the quoted number must be one that is outstanding.
  if (signal_in.quoted_seq < snd.una || signal_in.quoted_seq >= snd.nxt)
    return Verdict::IcmpErrorImplausible;
  if (ConnectionStatistics* s = statistics()) {
    s->icmp_error = static_cast<std::uint8_t>(1 + static_cast<unsigned>(signal_in.kind));
  }
  if (signal_in.kind == IcmpSignal::Kind::PacketTooBig)
    return packet_too_big_arrives(signal_in, now);
  // RFC 9293 §3.9.2.2 MUST-54, MUST-56, SHLD-25, SHLD-26; RFC 5927 §5.2 R5927-02: a hard error ends
  // only a connection that is not synchronized yet; everything else is a hint for the application.
  if (context_.is_hard(signal_in) && !is_synchronized(state_)) {
    fail(StreamError::Unreachable, StateCause::IcmpError, now);
    return Verdict::IcmpErrorUsed;
  }
  // RFC 9293 §3.9.1.8 MUST-47: the way of soft errors to the application is this event.
  signal(EventMask::kSoftError);
  return Verdict::IcmpErrorUsed;
}

// RFC 5927 §4.1 R5927-01: the quoted number was one that is outstanding.
Verdict Connection::packet_too_big_arrives(const IcmpSignal& message, Instant now) {
  PathMtuCache& cache = context_.ip.path_mtu();
  const IpAddress& remote = tuple_.remote_address;
  static_cast<void>(cache.on_packet_too_big(remote, message.packet_too_big(), now));
  TooBigFacts facts;
  facts.path = path_facts(now);
  facts.quoted_seq = message.quoted_seq;
  facts.named = named_mtu(message.packet_too_big());
  facts.estimate = cache.lookup(remote, now);
  facts.headers = data_headers();
  facts.makes_progress = is_synchronized(state_) && retransmissions_ == 0;
  switch (size_.on_packet_too_big(facts, path_search())) {
    case TooBigResponse::Ignore:
      return Verdict::IcmpErrorImplausible;
    case TooBigResponse::Wait:  // the retransmission timer will ask the cache
      break;
    case TooBigResponse::Apply:
      apply_path_mtu(now);
      wants_output();
      break;
  }
  return Verdict::IcmpErrorUsed;
}

}  // namespace glasstcp
