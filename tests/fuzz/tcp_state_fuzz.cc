// libFuzzer: user calls, time, and segments around the edges of the window, on one connection, with
// the invariants checked after each step.
//
// Two stacks live through the same, one of them without the fast path: every verdict and every byte
// must be the same. The input is a list of steps of eight bytes; numbers are taken relative to
// where the connection stands, so that most segments mean something.
//
// Inputs have at most 121 bytes.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "stack/base/bytes.h"
#include "stack/socket/stack.h"
#include "tests/fuzz/support/byte_source.h"
#include "tests/support/raw_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace glasstcp;
using test::kAck;
using test::kRst;
using test::kSyn;

constexpr std::size_t kStep = 8;

// One stack with a listener on port 80, and a peer that is the fuzzer.
class End {
 public:
  End(std::uint8_t choice, bool fast) : stack_(config_for(choice, fast), now_) {
    listener_ = *stack_.listen({*IpAddress::parse("2001:db8::2"), Port{80}}, 4);
  }

  Verdict arrive(const std::vector<std::uint8_t>& packet) {
    PacketMeta meta;
    meta.checksum_valid = true;
    const Verdict verdict = stack_.receive(packet, meta, now_);
    if (const auto accepted = stack_.accept(listener_)) {
      if (!id_.is_none()) stack_.close(id_, now_);
      id_ = *accepted;
    }
    return verdict;
  }

  void call(std::uint8_t kind, std::uint16_t amount) {
    static const std::array<std::uint8_t, 65536> text{};
    switch (kind) {
      case 0:
        static_cast<void>(stack_.send(id_, ByteView(text).first(amount),
                                      {(amount & 1) != 0, (amount & 6) == 6}, now_));
        break;
      case 1:
        read(amount);
        break;
      case 2:
        static_cast<void>(stack_.shutdown_send(id_, now_));
        break;
      case 3:
        stack_.close(id_, now_);
        id_ = {};
        break;
      default:
        now_ += std::chrono::milliseconds(amount);
        stack_.advance(now_);
        break;
    }
  }

  // Everything that leaves, as bytes.
  const std::vector<std::uint8_t>& let_leave() {
    left_.clear();
    OutPacket out;
    while (stack_.transmit(now_, out)) {
      left_.insert(left_.end(), out.header.begin(), out.header.begin() + out.header_length);
      note_numbers(out);
    }
    while (stack_.next_event()) {
    }
    stack_.check_invariants();
    return left_;
  }

  // Where the peer stands: what we expect next, and what of ours it may acknowledge.
  [[nodiscard]] std::uint32_t expected() const { return expected_; }
  [[nodiscard]] std::uint32_t sent() const { return sent_; }
  [[nodiscard]] std::uint32_t acknowledged() const {
    const auto status = stack_.status(id_);
    return status ? status->snd.una.raw() : sent_;
  }
  [[nodiscard]] std::uint32_t window() const { return window_; }

 private:
  static StackConfig config_for(std::uint8_t choice, bool fast) {
    StackConfig config;
    config.addresses = {*Cidr::parse("2001:db8::2/64")};
    config.memory = 8ULL << 20;
    config.seed = Seed::from_number(1);
    config.tcp.use_fast_path = fast;
    config.tcp.receive_buffer = (choice & 1) != 0 ? 65536 : 4096;
    config.tcp.initial_receive_buffer = 4096;
    config.tcp.use_sack = (choice & 2) != 0;
    config.tcp.use_timestamps = (choice & 4) != 0;
    config.tcp.delayed_ack = (choice & 8) != 0 ? Duration(40ms) : Duration::zero();
    config.tcp.blind_attack_defence = (choice & 16) == 0;
    config.tcp.use_rack = (choice & 32) == 0;
    config.tcp.max_connections = config.tcp.max_half_open = config.tcp.max_time_wait = 4;
    config.tcp.fixed_iss = 0xffffff00U;
    return config;
  }

  void read(std::size_t amount) {
    const auto bytes = stack_.peek(id_);
    if (bytes && !bytes->empty()) stack_.consume(id_, std::min(amount, bytes->size()), now_);
  }

  // Our segments are judged a little: an ACK's number and the window's edge never move back.
  void note_numbers(const OutPacket& out) {
    const test::SentTcp segment = test::read_sent(out);
    if (segment.has(kRst) || !segment.has(kAck)) return;
    if (!segment.has(kSyn) && static_cast<std::int32_t>(segment.ack - expected_) < 0) std::abort();
    expected_ = segment.ack;
    window_ = segment.window;
    const std::uint32_t end =
        segment.seq + segment.text + (segment.has(kSyn | test::kFin) ? 1U : 0U);
    if (segment.has(kSyn) || static_cast<std::int32_t>(end - sent_) > 0) sent_ = end;
  }

  Instant now_{1000s};
  Stack stack_;
  ListenerId listener_;
  ConnectionId id_;
  std::vector<std::uint8_t> left_;
  std::uint32_t expected_ = 0, sent_ = 0, window_ = 0;
};

// Options: timestamps and one or two SACK blocks, as the step chooses.
test::Bytes options_of(const End& end, const std::uint8_t* step, std::uint32_t stamp) {
  test::Bytes options;
  const auto append = [&](std::initializer_list<std::uint8_t> bytes) {
    options.insert(options.end(), bytes.begin(), bytes.end());
  };
  const auto append_number = [&](std::uint32_t n) {
    options.resize(options.size() + 4);
    store_be32(&options[options.size() - 4], n);
  };
  const std::uint8_t choice = step[7];
  if ((step[1] & kSyn) != 0) append({2, 4, 4, 0xb0, 1, 1, 4, 2, 1, 3, 3, 2});
  if ((choice & 1) == 0) {
    append({1, 1, 8, 10});
    append_number(stamp + (choice & 2U) - (choice & 4U));
    append_number(0);
  }
  if ((choice & 8) != 0 && (step[1] & kSyn) == 0) {
    const bool with_duplicate = (step[6] & 128) != 0;
    append({1, 1, 5, static_cast<std::uint8_t>(with_duplicate ? 18 : 10)});
    if (with_duplicate) {  // RFC 2883: something acknowledged came once more
      append_number(end.acknowledged() - 8U);
      append_number(end.acknowledged() - 4U);
    }
    const std::uint32_t left =
        fuzz::near(static_cast<std::uint8_t>(choice & 0xf0), end.acknowledged(), end.sent());
    append_number(left);
    append_number(left + (step[6] & 63U) * ((step[6] & 64) != 0 ? 256U : 1U));
  }
  return options;
}

void write(const End& end, const std::uint8_t* step, std::uint32_t stamp, test::Bytes& packet) {
  static const FourTuple tuple{*IpAddress::parse("2001:db8::1"), *IpAddress::parse("2001:db8::2"),
                               Port{5000}, Port{80}};
  test::RawTcp raw;
  raw.tuple = tuple;
  raw.seq = fuzz::near(step[2], end.expected(), end.expected() + end.window());
  raw.ack = (step[1] & kAck) != 0 ? fuzz::near(step[3], end.acknowledged(), end.sent()) : 0;
  raw.flags = step[1];
  raw.window = static_cast<std::uint16_t>(step[5] * 17);
  raw.urgent = step[6];
  raw.options = options_of(end, step, stamp);
  raw.text = step[4] < 128 ? step[4] : (step[4] - 127U) * 16U;
  raw.fill = step[2];
  test::write_raw_packet(raw, packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  End fast(data[0], true), slow(data[0], false);
  std::uint32_t stamp = 0xfffffff0U;
  test::Bytes packet;
  for (std::size_t at = 1; at + kStep <= size && at < 1 + 200 * kStep; at += kStep) {
    const std::uint8_t* step = data + at;
    if ((step[0] & 3) == 0) {
      const std::uint16_t amount = load_be16(step + 2);
      fast.call(step[1] % 6, amount);
      slow.call(step[1] % 6, amount);
    } else {
      write(fast, step, stamp, packet);
      if (fast.arrive(packet) != slow.arrive(packet)) std::abort();
      stamp += step[0] >> 4;
    }
    if (fast.let_leave() != slow.let_leave()) std::abort();
  }
  return 0;
}
