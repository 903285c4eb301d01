// What a connection does when its path takes larger or smaller packets than it believed: it asks
// for its sizes anew, retransmits what was too big, and searches for a larger packet.
// RFC 1191, RFC 8201 (messages), RFC 4821 and RFC 8899 (probing). The sizes stand in
// ../send/segment_size.h, the search in ../send/path_search.h.
#include "stack/tcp/connection/connection.h"

namespace glasstcp {

SizeChange Connection::update_segment_size(Instant now) {
  return size_.update(path_facts(now), path_search());
}

// Asks the path MTU cache again.
void Connection::apply_path_mtu(Instant now) {
  if (update_segment_size(now) == SizeChange::None) return;
  // RFC 8201 §5.4 R8201-05; RFC 1191 §6.3 R1191-06: what was too big is sent again, smaller; this
  // is not congestion.
  retransmit_all(SendReason::MtuRetransmit);
}

// Whether routers may cut this packet: by the application's choice, by a message (until the cache
// has forgotten it), or after a black hole. A probe asks just that, and is never cut.
bool Connection::may_be_cut(const SendDecision& d, Instant now) {
  if (!tuple_.local_address.is_v4() || d.reason == SendReason::MtuProbe) return false;
  if (size_.path_cuts())
    size_.set_path_cuts(context_.ip.path_mtu().may_be_cut(tuple_.remote_address, now));
  const PathSearch* const search = path_search();
  return size_.path_cuts() || settings().may_fragment ||
         (search != nullptr && search->may_be_cut());
}

// -- The search for a larger packet

// From the first segment on, if the stack is set so.
void Connection::begin_path_search(Instant now) {
  if (context_.config.mtu_probing != MtuProbing::Always) return;
  const PathFacts path = path_facts(now);
  const std::uint32_t packet = size_.mss() + path.overhead();
  const auto floor = size_.floor_below(path, {packet, retransmissions_}, path_search());
  if (floor != 0 && search_from(floor, path)) update_segment_size(now);
}

// A search begins, or begins again, from packets of `size`. False: no memory.
bool Connection::search_from(std::uint16_t size, const PathFacts& path) {
  if (PathSearch* search = path_search()) {
    search->fall_back(size);
    return true;
  }
  if (extras_ == kNone) make_extras();
  if (extras_ == kNone) return false;
  context_.extras[extras_].search.emplace(size, size_.largest_packet(path));
  return true;
}

// A timeout. True: what timed out goes again in smaller packets, or in some that may be cut.
bool Connection::escape_black_hole(Instant now) {
  // RFC 4821 §7.6.4: a timeout says nothing about a probe.
  forget_probe();
  if (context_.config.mtu_probing == MtuProbing::Off) return false;
  const PathFacts path = path_facts(now);
  const std::uint32_t payload = std::min(context_.sent[queue().head()].length(), max_payload());
  const BlackHoleEscape escape =
      size_.escape_black_hole(path, {payload + data_headers(), retransmissions_}, path_search());
  switch (escape.kind) {
    case BlackHoleEscape::Kind::None:
      return false;
    case BlackHoleEscape::Kind::Smaller:
      if (!search_from(escape.size, path)) return false;
      update_segment_size(now);
      return true;
    case BlackHoleEscape::Kind::LetBeCut:
      if (path_search() == nullptr && !search_from(escape.size, path)) return false;
      path_search()->let_be_cut();
      return true;
  }
  return false;
}

// snd.una moved.
void Connection::on_path_search_progress(Instant now) {
  PathSearch* const search = path_search();
  if (search == nullptr) return;
  if (size_.on_progress(*search, snd.una, path_facts(now), now)) update_segment_size(now);
}

// What the probe carried may be sent again for other causes: its arrival proves nothing any more.
void Connection::forget_probe() {
  if (PathSearch* search = path_search()) search->on_probe_inconclusive();
}

}  // namespace glasstcp
