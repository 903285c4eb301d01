// See tracker.h.
#include "tun/report/tracker.h"

#include <algorithm>
#include <cstring>

#include "tun/report/analyze.h"

namespace glasstcp::report {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

std::array<std::uint8_t, 19> bytes_of(const Endpoint& endpoint) {
  std::array<std::uint8_t, 19> bytes{};
  bytes[0] = static_cast<std::uint8_t>(endpoint.address.version());
  std::memcpy(bytes.data() + 1, endpoint.address.storage().data(), 16);
  store_be16(bytes.data() + 17, number(endpoint.port));
  return bytes;
}

// Who opened: the sender of a SYN, the receiver of a SYN-ACK; else the end with the higher port.
bool is_from_client(const Segment& s) {
  if ((s.flags & kSyn) != 0) return (s.flags & kAck) == 0;
  return number(s.source.port) >= number(s.destination.port);
}

std::vector<std::pair<std::int64_t, std::int64_t>> sack_of(const Capture& capture,
                                                           const Frame& frame, Flow& peer) {
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  if (frame.tcp_header < 32) return ranges;
  for (const TcpOption& option : options_of(capture, frame)) {
    if (option.kind != 5) continue;
    for (std::size_t i = 0; i + 1 < option.values.size(); i += 2) {
      ranges.emplace_back(relative_ack(peer, option.values[i]),
                          relative_ack(peer, option.values[i + 1]));
    }
  }
  return ranges;
}

void note_kind(Frame& f) {
  if (f.has(kSyn)) f.set(f.has(kAck) ? Event::SynAck : Event::Syn);
  if (f.length > 0) f.set(Event::Data);
  if (f.has(kFin)) f.set(Event::Fin);
  if (f.has(kRst)) f.set(Event::Reset);
  if (f.has(kPsh)) f.set(Event::Push);
  if (f.has(kAck) && f.length == 0 && (f.flags & (kSyn | kFin | kRst)) == 0) f.set(Event::PureAck);
}

}  // namespace

Tracker::Key Tracker::key_of(const Segment& segment) {
  auto one = bytes_of(segment.source), two = bytes_of(segment.destination);
  if (two < one) std::swap(one, two);
  Key key;
  std::copy(one.begin(), one.end(), key.begin());
  std::copy(two.begin(), two.end(), key.begin() + 19);
  return key;
}

std::uint32_t Tracker::open(const Segment& segment) {
  auto& all = capture_.connections;
  if (all.size() >= kMostConnections) return kNone;
  const auto index = static_cast<std::uint32_t>(all.size());
  Connection& connection = all.emplace_back();
  flows_.emplace_back();
  connection.stream = index;
  connection.number = index + 1;
  connection.roles_are_shown = (segment.flags & kSyn) != 0;
  const bool from_client = is_from_client(segment);
  connection.end(Side::Client).endpoint = from_client ? segment.source : segment.destination;
  connection.end(Side::Server).endpoint = from_client ? segment.destination : segment.source;
  return index;
}

std::uint32_t Tracker::connection_of(const Segment& segment, bool& is_reused) {
  const auto [place, is_new] = newest_.try_emplace(key_of(segment), kNone);
  if (is_new) {
    place->second = open(segment);
  } else if (place->second != kNone && (segment.flags & (kSyn | kAck)) == kSyn) {
    const Connection& old = capture_.connections[place->second];
    const bool by_client = old.end(Side::Client).endpoint == segment.source;
    const Flow& own = flows_[place->second].of[by_client ? 0 : 1];
    const bool has_ended =
        old.ends[0].fin + old.ends[1].fin + old.ends[0].reset + old.ends[1].reset != 0;
    if (own.base && (*own.base != segment.seq || has_ended)) {
      is_reused = true;
      place->second = open(segment);
    }
  }
  return place->second;
}

// What a SYN offers; a scale is in use when both offer one (RFC 7323 §2.2).
void Tracker::note_syn(Connection& connection, Flows& flows, const Frame& frame) {
  End& end = connection.end(frame.from);
  Flow& flow = flows.of[static_cast<std::size_t>(frame.from)];
  flow.newest_syn_ns = static_cast<std::uint64_t>(frame.time_ns);
  if (end.syn == 0) {
    end.syn = frame.number;
    end.isn_is_shown = true;
  }
  end.offered_scale.reset();
  end.sack_permitted = end.timestamps = false;
  for (const TcpOption& option : options_of(capture_, frame)) {
    if (option.kind == 2 && !option.values.empty()) {
      end.mss = static_cast<std::uint16_t>(option.values[0]);
    }
    if (option.kind == 3 && !option.values.empty()) {
      end.offered_scale = static_cast<std::uint8_t>(std::min(option.values[0], 14U));
    }
    if (option.kind == 4) end.sack_permitted = true;
    if (option.kind == 8) end.timestamps = true;
  }
  if (connection.ends[0].syn == 0 || connection.ends[1].syn == 0) return;
  const bool both = connection.ends[0].offered_scale && connection.ends[1].offered_scale;
  for (std::size_t i = 0; i < 2; ++i) {
    connection.ends[i].scale = both ? *connection.ends[i].offered_scale : std::uint8_t{0};
    flows.of[i].scale = connection.ends[i].scale;
  }
}

void Tracker::finish(Connection& connection, Flows& flows, Frame& f) {
  End& end = connection.end(f.from);
  const std::uint16_t most = connection.end(other(f.from)).mss.value_or(9216);
  if (f.length > most) f.set(Event::Offloaded);
  const bool is_first_ack = f.has(kAck) && !f.has(kSyn) && connection.handshake_ack == 0 &&
                            f.from == Side::Client && connection.handshake_syn_ack != 0;
  if (f.is(Event::Syn) && f.from == Side::Client && connection.handshake_syn == 0) {
    connection.handshake_syn = f.number;
  } else if (f.is(Event::SynAck) && connection.handshake_syn_ack == 0) {
    connection.handshake_syn_ack = f.number;
  } else if (is_first_ack && !f.has(kRst) && f.ack >= 1) {
    connection.handshake_ack = f.number;
    f.set(Event::HandshakeAck);
    const std::uint64_t syn = flows.of[0].newest_syn_ns;
    if (syn != 0) flows.first_round_trip_ns = f.time_ns - static_cast<std::int64_t>(syn);
  }
  if (f.is(Event::Syn) && f.from == Side::Server) connection.is_simultaneous_open = true;
  if (f.newly_acked > 0 && (f.length > 0 || f.has(kFin))) f.set(Event::Piggyback);
  ++end.frames;
  end.bytes_sent += f.length;
  end.retransmissions += f.is(Event::Retransmission) ? 1 : 0;
  end.duplicate_acks += f.is(Event::DuplicateAck) ? 1 : 0;
  if (f.has(kFin) && end.fin == 0) end.fin = f.number;
  if (f.has(kRst) && end.reset == 0) end.reset = f.number;
}

bool Tracker::add(const CapturedSegment& captured) {
  const Segment& s = captured.segment;
  if (capture_.tcp_frames >= kMostFrames) return false;
  bool is_reused = false;
  const std::uint32_t index = connection_of(s, is_reused);
  if (index == kNone) return false;
  Connection& connection = capture_.connections[index];
  Flows& flows = flows_[index];
  Frame f;
  f.number = captured.number, f.connection = index, f.time_ns = captured.time_ns;
  f.from = connection.end(Side::Client).endpoint == s.source ? Side::Client : Side::Server;
  f.raw_seq = s.seq, f.raw_ack = s.ack, f.flags = s.flags, f.raw_window = s.window;
  f.length = s.length, f.captured = static_cast<std::uint32_t>(s.payload.size());
  f.data = s.payload.data(), f.wire_length = captured.wire_length;
  f.ip_header = s.ip_header, f.tcp_header = s.tcp_header, f.hop_limit = s.hop_limit;
  f.interface = captured.interface, f.direction = captured.direction;
  f.comment = captured.comment, f.events = captured.events;
  f.options_at = static_cast<std::uint32_t>(capture_.option_bytes.size());
  capture_.option_bytes.insert(capture_.option_bytes.end(), s.options.begin(), s.options.end());
  Flow& own = flows.of[static_cast<std::size_t>(f.from)];
  Flow& peer = flows.of[1 - static_cast<std::size_t>(f.from)];
  f.seq = relative_seq(own, f.raw_seq, f.has(kSyn));
  if (f.has(kAck)) f.ack = relative_ack(peer, f.raw_ack);
  connection.end(f.from).isn = own.base;
  connection.end(other(f.from)).isn = peer.base;
  if (f.has(kSyn)) note_syn(connection, flows, f);
  f.window = f.has(kSyn) ? f.raw_window
                         : std::uint32_t{f.raw_window}
                               << connection.end(f.from).scale.value_or(std::uint8_t{0});
  note_kind(f);
  if (is_reused) f.set(Event::PortsReused);
  judge(f, flows, sack_of(capture_, f, peer));
  finish(connection, flows, f);
  if (connection.frames.empty()) connection.first_ns = f.time_ns;
  connection.last_ns = f.time_ns;
  connection.frames.push_back(f);
  ++capture_.tcp_frames;
  return true;
}

}  // namespace glasstcp::report
