// A structured conversation: valid packets of four peers with fields changed, forged ICMP,
// fragments, groups, time, and all that an application can ask, against a whole stack; and the
// rules of wire_rules.h, which it may never break:
//   no reset in answer to a reset, no ICMP error about one or about a packet to a group; at most
//   one answer to a packet without a connection; no octet beyond the peer's window, no ACK of what
//   it did not send; no right edge moved left; each octet that passes is the one that was sent; no
//   deadline that stays.
//
// A step is an operation and what it takes from the input, see operate().
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/support/byte_source.h"
#include "tests/fuzz/support/peer_packets.h"
#include "tests/fuzz/support/wire_rules.h"

namespace glasstcp::fuzz {

using test::kAck;
using test::kFin;
using test::kRst;
using test::kSyn;

inline constexpr std::size_t kPeers = 4;
inline constexpr std::uint32_t kMtu = 1500;
inline constexpr std::uint32_t kMostOutput = 4096;  // packets at one time

// One peer: an endpoint that talks to our port 80, and may be called by us.
struct Peer {
  FourTuple tuple;                // local: the peer
  ConnectionId id;                // the application's, if it has one
  std::uint32_t expected = 1000;  // what we said we expect next of it
  std::uint32_t window = 0;
  std::uint32_t una = 0, end = 0;  // of ours, as the peer saw it
  std::uint32_t stamp = 0;         // our last timestamp
  std::uint64_t fed = 0;
  std::uint32_t queued = 0;  // octets that the application sent
  test::Bytes last;          // header of our last packet to it
};

inline TcpConfig tcp_config(ByteSource& in) {
  TcpConfig tcp;
  const std::uint16_t a = in.u16();
  const std::uint8_t b = in.u8();
  tcp.receive_buffer = (a & 1) != 0 ? 65536 : 4096;
  tcp.initial_receive_buffer = 4096;
  tcp.send_buffer = (a & 2) != 0 ? 65536 : 4096;
  tcp.use_sack = (a & 4) == 0;
  tcp.use_timestamps = (a & 8) == 0;
  tcp.delayed_ack = (a & 16) != 0 ? Duration::zero() : Duration(40ms);
  tcp.blind_attack_defence = (a & 32) == 0;
  tcp.use_rack = (a & 64) == 0;
  tcp.pacing = (a & 128) == 0;
  tcp.congestion = static_cast<CongestionAlgorithm>((a >> 8) % 3);
  tcp.syn_cookies = (a & 0x400) != 0 ? SynCookieUse::Only : SynCookieUse::WhenFull;
  tcp.nagle = (a & 0x800) == 0;
  tcp.use_fast_path = (a & 0x1000) == 0;
  tcp.use_window_scale = (a & 0x2000) == 0;
  tcp.window_follows_buffer = (b & 1) != 0;
  tcp.accepts_whole_buffer = (b & 2) != 0;
  tcp.probes_without_data = (b & 4) != 0;
  tcp.answers_unsent_ack = (b & 8) == 0;
  tcp.time_wait_reset = static_cast<TimeWaitReset>((b >> 4) % 3);
  tcp.max_connections = tcp.max_time_wait = 8;
  tcp.max_half_open = 3;
  return tcp;
}

inline StackConfig config_of(ByteSource& in) {
  StackConfig config;
  config.addresses = {{IpAddress::v4(192, 0, 2, 2), 24}, *Cidr::parse("2001:db8::2/64")};
  config.seed = Seed::from_number(1);
  config.mtu = kMtu;
  const std::uint8_t limits = in.u8();
  config.memory = (limits & 1) != 0 ? 256 << 10 : 8 << 20;
  config.checksum_offload = (limits & 2) != 0;
  config.gso_max = (limits & 6) == 6 ? 65535 : 0;
  config.tcp = tcp_config(in);
  return config;
}

class Conversation {
 public:
  /// `observer`: may be null.
  Conversation(ByteSource& in, Observer* observer) : in_(in), stack_(config_of(in), now_) {
    stack_.set_observer(observer);
    const std::array<IpAddress, 4> ours = {IpAddress::v4(192, 0, 2, 2),
                                           *IpAddress::parse("2001:db8::2")};
    const std::array<IpAddress, 4> theirs = {
        IpAddress::v4(192, 0, 2, 1), IpAddress::v4(198, 51, 100, 9),
        *IpAddress::parse("2001:db8::1"), *IpAddress::parse("2001:db8:7::9")};
    for (std::size_t i = 0; i < kPeers; ++i) {
      const auto port = static_cast<std::uint16_t>(5000 + i);
      peers_[i].tuple = {theirs[i], ours[i / 2], Port{port}, Port{80}};
    }
    for (std::size_t i = 0; i < 2; ++i) {
      listeners_[i] = *stack_.listen({ours[i], Port{80}}, 3);
      stack_.set_listener_fast_open(listeners_[i], {});
    }
  }

  /// `on_turn` is called after each step, with its time.
  template <typename F>
  void run(F on_turn) {
    for (int step = 0; step < 250 && !in_.empty(); ++step) {
      operate();
      let_leave(kNothing);
      on_turn(now_);
    }
    stack_.check_invariants();
  }

 private:
  // One step. Each takes what it needs from the input.
  void operate() {
    const std::uint8_t what = in_.u8();
    Peer& peer = peers_[what / 16 % kPeers];
    switch (what % 16) {
      case 0:
      case 1:
        return honest(peer);
      case 2:
      case 3:
      case 4:
        return segment(peer, false);
      case 5:
        return segment(peer, true);
      case 6:
        return icmp_error(peer);
      case 7:
        return other_protocol(peer);
      case 8:
        return fragments(peer);
      case 9:
        return send(peer);
      case 10:
        return read(peer, in_.u16());
      case 11:
        return end(peer);
      case 12:
        return open(peer);
      case 13:
        return choose(peer);
      case 14:
        return pass_time();
      default:
        return raw();
    }
  }

  // -- What the peers do

  // The segment that a correct peer would send next.
  void honest(Peer& peer) {
    const std::uint8_t how = in_.u8();
    test::RawTcp raw = {.tuple = peer.tuple, .seq = peer.expected, .ack = peer.end};
    const auto status = stack_.status(peer.id);
    if (!status && (how & 0x80) == 0) raw.ack = 0;
    raw.flags = raw.ack == 0 ? kSyn : kAck;
    if ((how & 0x40) != 0) raw.flags |= kFin;
    raw.text = raw.flags == kSyn ? 0 : (how & 15U) * 97U;
    raw.window = (how & 0x10) != 0 ? 65535 : 8192;
    raw.options = options(peer, raw.flags, static_cast<std::uint8_t>(how & 0x20 ? 1 : 0));
    arrive(peer, raw, kNoChange);
  }

  void segment(Peer& peer, bool is_changed) {
    const std::uint8_t flags = in_.u8(), seq = in_.u8(), ack = in_.u8(), length = in_.u8();
    test::RawTcp raw = {.tuple = peer.tuple};
    raw.flags = flags;
    raw.seq = near(seq, peer.expected, peer.expected + peer.window);
    raw.ack = near(ack, peer.una, peer.end);
    raw.text = length < 128 ? length : (length - 127U) * 23U;
    raw.window = static_cast<std::uint16_t>(in_.u8() * 41);
    raw.urgent = (flags & 32) != 0 ? in_.u8() : 0;
    raw.ecn = static_cast<std::uint8_t>(seq >> 2 & 3);
    raw.options = options(peer, raw.flags, in_.u8());
    arrive(peer, raw, is_changed ? in_.u16() : kNoChange);
  }

  // `change`: which byte of the headers is something else, and what.
  void arrive(Peer& peer, const test::RawTcp& raw, std::uint32_t change) {
    write_segment(raw, packet_);
    peer.fed += raw.text;
    const bool is_reset = (raw.flags & kRst) != 0;
    if (change == kNoChange) return receive(is_reset ? kIsReset : kNothing);
    const std::size_t headers = packet_.size() - raw.text;
    packet_[change / 256 % headers] ^= static_cast<std::uint8_t>(change);
    finish_ipv4(packet_);
    // What is left of it may be a reset or not; its data may be another's.
    receive(kIsChanged);
  }

  test::Bytes options(const Peer& peer, std::uint16_t flags, std::uint8_t choice) {
    test::Bytes bytes;
    const auto add = [&](std::initializer_list<std::uint8_t> more) {
      bytes.insert(bytes.end(), more);
    };
    const auto add_number = [&](std::uint32_t n) {
      bytes.resize(bytes.size() + 4);
      store_be32(&bytes[bytes.size() - 4], n);
    };
    if ((flags & kSyn) != 0) {
      const std::uint8_t mss = (choice & 0x40) != 0 ? 0 : 5;
      add({2, 4, mss, 0x64, 1, 1, 4, 2});
      if ((choice & 0x20) == 0) add({1, 3, 3, static_cast<std::uint8_t>(choice & 15)});
    }
    if ((choice & 1) == 0) {
      add({1, 1, 8, 10});
      add_number(milliseconds_of(now_) + (choice & 2U) * 1000 - (choice & 4U) * 1000);
      add_number(peer.stamp);
    }
    const std::size_t blocks = (flags & kSyn) != 0 ? 0 : choice >> 6;
    if (blocks != 0) {
      add({1, 1, 5, static_cast<std::uint8_t>(2 + 8 * blocks)});
      for (std::size_t i = 0; i < blocks; ++i) {
        const std::uint32_t left = near(in_.u8(), peer.una, peer.end);
        add_number(left);
        add_number(left + in_.u8() * 11U);
      }
    }
    if (bytes.size() > 40) bytes.clear();
    return bytes;
  }

  // A router says that our last packet did not arrive.
  void icmp_error(Peer& peer) {
    const std::uint8_t type = in_.u8(), code = in_.u8();
    const std::uint16_t mtu = in_.u16();
    if (peer.last.size() < 28) return;
    test::Bytes quote = peer.last;
    const std::uint8_t change = in_.u8();
    if (change != 0) quote[change % quote.size()] ^= in_.u8();
    const bool is_v4 = peer.tuple.local_address.is_v4();
    const std::uint8_t named = is_v4 ? std::uint8_t{3} : std::uint8_t(type % 4 + 1);
    write_icmp({.source = peer.tuple.local_address,
                .destination = peer.tuple.remote_address,
                .type = (type & 0x80) != 0 ? type : named,
                .code = static_cast<std::uint8_t>(code % 16),
                .rest = mtu,
                .body = quote},
               packet_);
    receive(kIsIcmp);
  }

  // Echo, UDP, or whatever, to us or to a group.
  void other_protocol(Peer& peer) {
    const std::uint8_t how = in_.u8(), to = in_.u8();
    const bool is_v4 = peer.tuple.local_address.is_v4();
    IpAddress destination = peer.tuple.remote_address;
    const bool is_group = (to & 3) == 3;
    if (is_group && is_v4)
      destination = to & 4 ? IpAddress::v4(192, 0, 2, 255) : IpAddress::v4(224, 0, 0, 1);
    if (is_group && !is_v4) destination = *IpAddress::parse("ff02::1");
    const test::Bytes body(in_.u8() * 8U, static_cast<std::uint8_t>(to));
    if ((how & 3) == 0) {
      write_icmp({.source = peer.tuple.local_address,
                  .destination = destination,
                  .type = static_cast<std::uint8_t>(is_v4 ? 8 : 128),
                  .rest = how,
                  .body = body},
                 packet_);
    } else {
      const std::uint8_t protocol = (how & 3) == 1 ? std::uint8_t{17} : how;
      write_ip(peer.tuple.local_address, destination, protocol, body, packet_);
    }
    receive(is_group ? kIsGroup : kIsChanged);
  }

  // A segment in two pieces of an IPv4 packet, in either order.
  void fragments(Peer& peer) {
    const std::uint8_t how = in_.u8();
    test::RawTcp raw = {.tuple = peer.tuple, .seq = peer.expected, .ack = peer.end, .flags = kAck};
    raw.text = 40U + how;
    write_segment(raw, packet_);
    peer.fed += raw.text;
    if (packet_[0] >> 4 != 4) return receive(kNothing);
    const std::size_t cut = 20 + 8 * (3U + how % 5U);
    test::Bytes first(packet_.begin(), packet_.begin() + static_cast<std::ptrdiff_t>(cut));
    test::Bytes second(packet_.begin(), packet_.begin() + 20);
    second.insert(second.end(),
                  packet_.begin() + static_cast<std::ptrdiff_t>(cut - (how & 0x40 ? 8 : 0)),
                  packet_.end());
    store_be16(&first[4], how);
    store_be16(&second[4], how);
    store_be16(&first[2], static_cast<std::uint16_t>(first.size()));
    store_be16(&second[2], static_cast<std::uint16_t>(second.size()));
    store_be16(&first[6], 0x2000);
    store_be16(&second[6], static_cast<std::uint16_t>((cut - 20) / 8 - (how & 0x40 ? 1 : 0)));
    finish_ipv4(first);
    finish_ipv4(second);
    for (const test::Bytes& each :
         how & 0x80 ? std::array{second, first} : std::array{first, second}) {
      packet_ = each;
      receive(kIsChanged);
    }
  }

  void raw() {
    const ByteView bytes = in_.take(in_.u8() % 80U);
    packet_.assign(bytes.begin(), bytes.end());
    finish_ipv4(packet_);
    receive(kIsChanged);
  }

  // -- What the application does

  void send(Peer& peer) {
    const std::uint16_t amount = in_.u16();
    const auto status = stack_.status(peer.id);
    if (!status) return;
    std::vector<std::uint8_t> bytes(amount % 9000 + 1U);
    std::uint32_t seq = status->snd.iss.raw() + 1 + peer.queued;
    for (std::uint8_t& byte : bytes) byte = byte_at(seq++);
    const auto taken = stack_.send(
        peer.id, bytes, {.more = (amount & 0x4000) != 0, .urgent = (amount & 0x8000) != 0}, now_);
    if (!taken) return;
    require(*taken > 0 && *taken <= bytes.size());
    peer.queued += static_cast<std::uint32_t>(*taken);
  }

  void read(Peer& peer, std::size_t amount) {
    const auto status = stack_.status(peer.id);
    const auto bytes = stack_.peek(peer.id);
    if (!status || !bytes || bytes->empty()) return;
    // Their FIN may have come, which takes a number, too.
    const bool is_over = status->state >= State::CloseWait || status->state == State::Closed;
    std::uint32_t seq = status->rcv.nxt.raw() - status->unread;
    if (!is_over && !is_changed_) {
      for (const std::uint8_t byte : *bytes) require(byte == byte_at(seq++));
    }
    stack_.consume(peer.id, std::min(amount, bytes->size()), now_);
  }

  void end(Peer& peer) {
    const std::uint8_t how = in_.u8();
    if (how % 4 == 0) {
      static_cast<void>(stack_.shutdown_send(peer.id, now_));
    } else if (how % 4 == 3) {
      FourTuple ours = {peer.tuple.remote_address, peer.tuple.local_address, peer.tuple.remote_port,
                        peer.tuple.local_port};
      static_cast<void>(stack_.drop(ours, now_));
    } else {
      how % 4 == 1 ? stack_.close(peer.id, now_) : stack_.abort(peer.id, now_);
      peer.id = {};
    }
  }

  void open(Peer& peer) {
    const std::uint8_t how = in_.u8();
    if (!peer.id.is_none()) stack_.close(peer.id, now_);
    peer.id = {};
    ConnectOptions options;
    options.remote = {peer.tuple.local_address, peer.tuple.local_port};
    options.local_address = peer.tuple.remote_address;
    if ((how & 1) != 0) options.local_port = Port{static_cast<std::uint16_t>(6000 + how / 32)};
    options.fast_open = static_cast<FastOpenUse>(how / 2 % 3);
    const auto id = stack_.connect(options, now_);
    if (!id) return;
    peer.id = *id;
    peer.queued = 0;
    peer.fed = 0;
    peer.tuple.remote_port = stack_.tuple(*id)->local_port;
  }

  void choose(Peer& peer) {
    const std::uint8_t what = in_.u8(), value = in_.u8();
    switch (what % 8) {
      case 0:
        return stack_.set_nagle(peer.id, value % 2 != 0, now_);
      case 1:
        return stack_.set_keep_alive(peer.id, value % 2 != 0, now_);
      case 2:
        return stack_.set_user_timeout(peer.id, std::chrono::seconds(value), now_);
      case 3:
        return stack_.set_traffic_class(peer.id, value);
      case 4:
        return stack_.push(peer.id, now_);
      case 5:
        return stack_.acknowledge_now(peer.id, now_);
      case 6: {
        ConnectionSettings settings = stack_.default_settings();
        settings.cork = (value & 1) != 0;
        settings.quick_ack = (value & 2) != 0;
        settings.receive_buffer = 4096U << (value >> 4);
        settings.send_buffer = 4096U << (value >> 4);
        settings.may_fragment = (value & 4) != 0;
        static_cast<void>(stack_.apply_settings(peer.id, settings, now_));
        return;
      }
      default:
        peer.tuple.remote_port = Port{80};
        return;
    }
  }

  void pass_time() {
    const std::uint16_t amount = in_.u16();
    if ((amount & 0x8000) == 0) {
      now_ += std::chrono::milliseconds(amount);
    } else {
      const Instant next = stack_.next_deadline();
      if (next == kNever) return;
      now_ = std::max(now_, next);
    }
    stack_.advance(now_);
    let_leave(kNothing);
    require(stack_.next_deadline() > now_);  // else a loop would spin
  }

  // -- The wire

  // What is known of the packet that came.
  static constexpr std::uint32_t kNothing = 0, kIsReset = 1, kIsIcmp = 2, kIsGroup = 4,
                                 kIsChanged = 8, kReceived = 16;
  static constexpr std::uint32_t kNoChange = 0xffffffffU;

  void receive(std::uint32_t what) {
    if ((what & kIsChanged) != 0) {  // what of it are data, and whose, is not known
      is_changed_ = true;
      for (Peer& peer : peers_) peer.fed += packet_.size();
    }
    note_windows();
    static_cast<void>(stack_.receive(packet_, {.checksum_valid = true}, now_));
    for (std::size_t i = 0; i < listeners_.size(); ++i) accept(i);
    note_windows();
    let_leave(what | kReceived);
  }

  void accept(std::size_t listener) {
    while (const auto id = stack_.accept(listeners_[listener])) {
      const auto tuple = stack_.tuple(*id);
      Peer* peer = nullptr;
      for (Peer& each : peers_) {
        if (tuple && each.tuple.local() == tuple->remote()) peer = &each;
      }
      if (peer == nullptr) {
        stack_.close(*id, now_);
        continue;
      }
      if (!peer->id.is_none()) stack_.close(peer->id, now_);
      peer->id = *id;
      peer->queued = 0;
    }
  }

  void note_windows() {
    for (const Peer& peer : peers_) {
      if (const auto status = stack_.status(peer.id)) rules_of(peer.id).note_window(*status);
    }
  }

  // Everything that leaves now; `what`: about the packet that came just before.
  void let_leave(std::uint32_t what) {
    OutPacket out;
    std::uint32_t count = 0, without_connection = 0;
    while (stack_.transmit(now_, out)) {
      require(++count < kMostOutput);
      const Sent sent = read_header(out, stack_, kMtu);
      if ((what & (kIsIcmp | kIsGroup)) != 0) require(!sent.is_icmp_error());
      if (out.connection.is_none() && !sent.is_fragment) ++without_connection;
      if (sent.is_tcp()) judge_segment(out, sent, what);
    }
    if ((what & kReceived) != 0) require(without_connection <= 1);
    while (stack_.next_event()) {
    }
    while (stack_.next_released()) {
    }
  }

  // GLASSTCP_TELL=1 in the environment: a line for each segment that leaves.
  void tell(const OutPacket& out, const test::SentTcp& seg) const {
    static const bool is_wanted = std::getenv("GLASSTCP_TELL") != nullptr;
    if (!is_wanted) return;
    std::fprintf(stderr, "%.3f s %s to %u: flags %x seq %u ack %u window %u data %u\n",
                 std::chrono::duration<double>(now_.time_since_epoch()).count(),
                 std::string(name_of(out.reason)).c_str(),
                 load_be16(&out.header[out.is_v6 ? 42 : 22]), unsigned{seg.flags}, seg.seq, seg.ack,
                 unsigned{seg.window}, seg.text);
  }

  void judge_segment(const OutPacket& out, const Sent& sent, std::uint32_t what) {
    const test::SentTcp seg = test::read_sent(out);
    tell(out, seg);
    if ((what & kIsReset) != 0) require(!seg.has(kRst));
    require(has_right_checksum(out, sent));
    Peer* peer = nullptr;
    for (Peer& each : peers_) {
      const bool is_to_it = each.tuple.local_address == sent.destination &&
                            load_be16(&sent.transport[2]) == number(each.tuple.local_port);
      if (is_to_it) peer = &each;
    }
    if (peer == nullptr) return;
    peer->last.assign(out.header.begin(), out.header.begin() + out.header_length);
    note(*peer, seg);
    const auto status = stack_.status(out.connection);
    if (status) rules_of(out.connection).judge(out, *status, peer->fed);
  }

  // What the peer learns of a segment.
  void note(Peer& peer, const test::SentTcp& seg) const {
    if (seg.has(kRst)) return;
    if (seg.has(kAck)) peer.expected = seg.ack, peer.window = seg.window;
    if (seg.has(kSyn)) peer.una = seg.seq + 1;
    const std::uint32_t end = seg.seq + seg.text + (seg.has(kSyn | kFin) ? 1U : 0U);
    if (seg.has(kSyn) || is_before(peer.end, end)) peer.end = end;
    for (std::size_t i = 0; i + 10 <= seg.options.size();) {
      if (seg.options[i] <= 1) {
        ++i;
        continue;
      }
      if (seg.options[i] == 8) peer.stamp = load_be32(&seg.options[i + 2]);
      i += std::max<std::size_t>(seg.options[i + 1], 2);
    }
  }

  ConnectionRules& rules_of(ConnectionId id) {
    ConnectionRules& rules = rules_[id.index % rules_.size()];
    if (rules.id() != id) rules.begin(id);
    return rules;
  }

  ByteSource& in_;
  Instant now_{1000s};
  Stack stack_;
  std::array<Peer, kPeers> peers_;
  std::array<ListenerId, 2> listeners_;
  std::array<ConnectionRules, 16> rules_;
  test::Bytes packet_;
  bool is_changed_ = false;  // a peer's bytes may be others than its numbers say
};

}  // namespace glasstcp::fuzz
