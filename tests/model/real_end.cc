// See real_end.h.
//
// Next: world.h.
#include "tests/model/real_end.h"

#include <array>
#include <cstring>

#include "stack/base/bytes.h"
#include "tests/support/raw_packet.h"

namespace glasstcp::model {
namespace {

using namespace test;  // NOLINT: the flags

constexpr std::uint16_t kOurPort = 80, kPeerPort = 5000;
constexpr std::size_t kPeriod = 8192;  // of the stream's octets

const IpAddress& ours() {
  static const IpAddress address = *IpAddress::parse("2001:db8::2");
  return address;
}
const IpAddress& theirs() {
  static const IpAddress address = *IpAddress::parse("2001:db8::1");
  return address;
}
FourTuple tuple() {
  return {ours(), theirs(), Port{kOurPort}, Port{kPeerPort}};
}

StackConfig config_for(const Terms& terms) {
  StackConfig config;
  config.addresses = {*Cidr::parse("2001:db8::2/64")};
  config.memory = 64ULL << 20;
  config.tcp.receive_buffer = config.tcp.initial_receive_buffer = terms.buffer;
  config.tcp.use_window_scale = false;
  config.tcp.delayed_ack = terms.delayed_ack;
  config.tcp.blind_attack_defence = terms.blind_attack_defence;
  config.tcp.fixed_iss = terms.iss;
  config.tcp.max_connections = config.tcp.max_half_open = config.tcp.max_time_wait = 16;
  if (terms.adjust != nullptr) terms.adjust(config.tcp);
  return config;
}

// Two periods of octets, so that any run can be copied in one piece.
const std::array<std::uint8_t, 2 * kPeriod>& stream() {
  static const auto octets = [] {
    std::array<std::uint8_t, 2 * kPeriod> made{};
    for (std::size_t i = 0; i < made.size(); ++i) {
      const std::size_t j = i % kPeriod;
      made[i] = static_cast<std::uint8_t>((j * 2654435761U) >> 13);
    }
    return made;
  }();
  return octets;
}

// ECN in the IP header and in the flags.
void choose_ecn(const Arriving& seg, Terms::Ecn ecn, RawTcp& raw) {
  const auto add = [&raw](int flags) { raw.flags = static_cast<std::uint16_t>(raw.flags | flags); };
  if (seg.has_syn) {
    add(kEce | kCwr | (ecn == Terms::Ecn::Accurate ? kAe : 0));
    return;
  }
  raw.ecn = seg.text % 2 == 1 ? 3 : 2;  // CE, else ECT(0)
  if (seg.ack % 2 == 1) add(kEce);
  if (seg.text % 4 == 3) add(kCwr);
}

Bytes options_of(const Arriving& seg, const Terms& terms) {
  Bytes options;
  if (seg.timestamp) {
    options = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};
    store_be32(&options[4], *seg.timestamp);
  }
  if (terms.uses_sack && seg.has_syn) options.insert(options.end(), {1, 1, 4, 2});
  return options;
}

}  // namespace

void write_packet(const Arriving& seg, const Terms& terms, Packet& packet) {
  RawTcp raw;
  raw.tuple = reversed(tuple());
  raw.seq = seg.seq;
  raw.ack = seg.ack;
  raw.flags = static_cast<std::uint16_t>((seg.has_fin ? kFin : 0) | (seg.has_syn ? kSyn : 0) |
                                         (seg.has_rst ? kRst : 0) | (seg.has_psh ? kPsh : 0) |
                                         (seg.has_ack ? kAck : 0) | (seg.has_urg ? kUrg : 0));
  raw.window = static_cast<std::uint16_t>(seg.window);
  raw.urgent = static_cast<std::uint16_t>(seg.urgent);
  if (terms.ecn != Terms::Ecn::None) choose_ecn(seg, terms.ecn, raw);
  raw.options = options_of(seg, terms);
  raw.text = seg.text;
  const ByteSpan text = write_raw_packet(raw, packet);
  const Number offset = seg.seq + (seg.has_syn ? 1U : 0U) - terms.irs;
  std::copy_n(stream().data() + offset % kPeriod, seg.text, text.data());
}

Leaving read_packet(const OutPacket& out) {
  const SentTcp sent = read_sent(out);
  Leaving seg;
  seg.seq = sent.seq;
  seg.ack = sent.ack;
  seg.window = sent.window;
  seg.has_fin = sent.has(kFin);
  seg.has_syn = sent.has(kSyn);
  seg.has_rst = sent.has(kRst);
  seg.has_ack = sent.has(kAck);
  seg.text = sent.text;
  if (sent.options.size() >= 12 && sent.options[2] == 8) seg.echo = load_be32(&sent.options[8]);
  return seg;
}

RealEnd::RealEnd(const Terms& terms) : terms_(terms), stack_(config_for(terms), now_) {
  if (terms.is_listening) listener_ = *stack_.listen({ours(), Port{kOurPort}}, 4);
}

void RealEnd::open() {
  ConnectOptions options;
  options.remote = {theirs(), Port{kPeerPort}};
  options.local_port = Port{kOurPort};
  id_ = *stack_.connect(options, now_);
}

void RealEnd::send(Number octets) {
  static const std::array<std::uint8_t, 4096> text{};
  static_cast<void>(stack_.send(id_, ByteView(text).first(octets), {}, now_));
}

void RealEnd::close() {
  static_cast<void>(stack_.shutdown_send(id_, now_));
}

void RealEnd::leave() {
  stack_.close(id_, now_);
  is_orphan_ = true;
}

Verdict RealEnd::arrive(const Packet& packet) {
  PacketMeta meta;
  meta.checksum_valid = true;
  const Verdict verdict = stack_.receive(packet, meta, now_);
  if (!terms_.is_listening) return verdict;
  if (const auto accepted = stack_.accept(listener_)) {
    if (!id_.is_none() && !is_orphan_) stack_.abort(id_, now_);  // it was in TIME-WAIT
    id_ = *accepted;
    is_orphan_ = false;
  }
  return verdict;
}

const std::vector<Leaving>& RealEnd::let_leave() {
  left_.clear();
  while (stack_.transmit(now_, out_)) {
    left_.push_back(read_packet(out_));
    bytes_.append(out_.header.begin(), out_.header.begin() + out_.header_length);
    bytes_ += std::to_string(out_.payload_length);
  }
  return left_;
}

void RealEnd::wait(Duration d) {
  now_ += d;
  stack_.advance(now_);
}

void RealEnd::watch() {
  while (stack_.next_event()) {
  }
  now_ += 1ms;
  has_variables_ = false;
  bytes_.clear();
  stack_.set_observer(this);
}

std::uint16_t RealEnd::events() {
  std::uint16_t mask = 0;
  while (const auto event = stack_.next_event()) {
    if (!event->is_listener) mask = static_cast<std::uint16_t>(mask | event->mask);
  }
  return mask;
}

void RealEnd::on_packet_received(const PacketReceivedEvent& event) noexcept {
  if (event.after == nullptr) return;
  variables_ = *event.after;
  has_variables_ = true;
}

void RealEnd::on_packet_sent(const PacketSentEvent& event) noexcept {
  if (event.after == nullptr) return;
  variables_ = *event.after;
  has_variables_ = true;
}

Stage RealEnd::stage() const {
  if (stack_.half_open_count() > 0) return Stage::SynReceived;
  if (stack_.time_wait_count() > 0) return Stage::TimeWait;
  if (stack_.connection_count() == 0) return Stage::Closed;
  if (!has_variables_) return Stage::Closed;
  switch (variables_.state) {
    case State::SynSent:
      return Stage::SynSent;
    case State::SynReceived:
      return Stage::SynReceived;
    case State::Established:
      return Stage::Established;
    case State::FinWait1:
      return Stage::FinWait1;
    case State::FinWait2:
      return Stage::FinWait2;
    case State::CloseWait:
      return Stage::CloseWait;
    case State::Closing:
      return Stage::Closing;
    case State::LastAck:
      return Stage::LastAck;
    default:
      return Stage::Closed;
  }
}

std::uint32_t RealEnd::unread() const {
  const auto status = stack_.status(id_);
  return status ? status->unread : 0;
}

bool RealEnd::has_octets(std::uint32_t from, std::uint32_t count, Number seq) const {
  std::array<std::uint8_t, kPeriod> got{};
  if (stack_.copy_unread(id_, from, ByteSpan(got.data(), count)) != count) return false;
  const std::uint8_t* wanted = stream().data() + (seq - terms_.irs) % kPeriod;
  return std::memcmp(got.data(), wanted, count) == 0;
}

void RealEnd::clean() {
  stack_.set_observer(nullptr);
  if (!id_.is_none() && !is_orphan_) stack_.abort(id_, now_);
  while (stack_.transmit(now_, out_)) {
  }
  static_cast<void>(stack_.drop(tuple(), now_));
  while (stack_.transmit(now_, out_)) {
  }
  while (stack_.next_event()) {
  }
  id_ = {};
  is_orphan_ = false;
}

}  // namespace glasstcp::model
