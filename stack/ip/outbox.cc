// A ring of bytes in which each message lies in one piece, and the cutting of it into packets.
#include "stack/ip/outbox.h"

#include <algorithm>

#include "stack/base/assert.h"
#include "stack/wire/ipv6.h"

namespace glasstcp {

FragmentIds::FragmentIds(const Seed& seed) : hash_(derive_key(seed, "fragment identification")) {
  const std::uint64_t start = hash_(ByteView(seed.bytes));
  count_v4_ = static_cast<std::uint32_t>(start);
  count_v6_ = static_cast<std::uint32_t>(start >> 32);
}

// A Feistel network over two halves is a permutation whatever its round function is: no number
// repeats before all have been used (RFC 8200 §4.5 R8200-12, RFC 6864 §4.3 R6864-02), and the keyed
// hash makes the order unpredictable.
std::uint32_t FragmentIds::permute(std::uint32_t number, unsigned half_bits) const {
  const std::uint32_t mask = (1U << half_bits) - 1;
  std::uint32_t left = (number >> half_bits) & mask;
  std::uint32_t right = number & mask;
  for (std::uint8_t round = 0; round < 4; ++round) {
    std::uint8_t input[6] = {round, static_cast<std::uint8_t>(half_bits)};
    store_be32(input + 2, right);
    const std::uint32_t mixed = left ^ (static_cast<std::uint32_t>(hash_(ByteView(input))) & mask);
    left = right;
    right = mixed;
  }
  return left << half_bits | right;
}

Outbox::Outbox(const Limits& limits)
    : size_(limits.bytes),
      ring_(std::make_unique_for_overwrite<std::uint8_t[]>(limits.bytes)),
      slots_(std::max<std::size_t>(limits.messages, 1)) {}

ByteSpan Outbox::reserve(std::size_t length) {
  if (count_ == slots_.size() || length == 0 || length > size_) return {};
  const auto wanted = static_cast<std::uint32_t>(length);
  // Used bytes run from the oldest message to write_at_, perhaps around the end. A message never
  // wraps; write_at_ may reach the oldest byte only when nothing is used, so that full and empty
  // differ.
  const std::uint32_t oldest = count_ == 0 ? 0 : front().at;
  if (count_ == 0) write_at_ = 0;
  if (write_at_ >= oldest) {
    const bool fits_at_end = wanted <= size_ - write_at_;
    const bool fits_at_start = count_ != 0 && wanted < oldest;
    if (!fits_at_end && !fits_at_start) return {};
    reserved_at_ = fits_at_end ? write_at_ : 0;
  } else {
    if (wanted >= oldest - write_at_) return {};
    reserved_at_ = write_at_;
  }
  reserved_length_ = wanted;
  return {ring_.get() + reserved_at_, length};
}

void Outbox::commit(const OutboxMessage& message) {
  STACK_ASSERT(count_ < slots_.size() && reserved_length_ > 0);
  slots_[(first_ + count_) % slots_.size()] = {
      .message = message, .at = reserved_at_, .length = reserved_length_, .sent = 0};
  ++count_;
  write_at_ = reserved_at_ + reserved_length_;
  reserved_length_ = 0;
}

void Outbox::drop_sent() {
  if (!front_is_sent_) return;
  front_is_sent_ = false;
  first_ = (first_ + 1) % slots_.size();
  --count_;
}

const IpAddress& Outbox::next_destination() {
  drop_sent();
  STACK_ASSERT(count_ > 0);
  return front().message.destination;
}

void Outbox::transmit(OutPacket& out, const OutboxPath& path, std::uint8_t hop_limit) {
  drop_sent();
  STACK_ASSERT(count_ > 0);
  Slot& slot = front();
  const OutboxMessage& message = slot.message;
  const std::uint16_t mtu = path.mtu;
  const bool is_v4 = message.source.is_v4();
  const std::size_t ip_size = ip_header_size(message.source.version());
  const std::size_t left = slot.length - slot.sent;
  const bool is_fragment = slot.sent > 0 || ip_size + left > mtu;
  const std::size_t header_length =
      ip_size + (is_fragment && !is_v4 ? Ipv6FragmentHeader::kSize : 0);

  // All fragments but the last hold a multiple of 8 bytes (RFC 791 §3.2, RFC 8200 §4.5 R8200-07).
  std::size_t length = left;
  if (header_length + left > mtu) {
    length =
        std::max<std::size_t>((std::max<std::size_t>(mtu, header_length) - header_length) / 8, 1) *
        8;
    length = std::min(length, left);
  }
  const bool more = length < left;

  IpHeaderFields fields{.source = message.source, .destination = message.destination};
  fields.protocol = message.protocol;
  fields.traffic_class = message.traffic_class;
  fields.hop_limit = hop_limit;
  // One that got no number when it was queued cannot be cut.
  const bool may_be_cut = is_fragment || (path.may_be_cut && message.identification != 0);
  fields.dont_fragment = !may_be_cut;
  if (may_be_cut && is_v4) {
    fields.identification = static_cast<std::uint16_t>(message.identification);
    fields.fragment_offset = static_cast<std::uint16_t>(slot.sent);
    fields.more_fragments = more;
  }
  if (is_fragment && !is_v4) {
    fields.protocol = IpProtocol::kFragment;
    write_ipv6_fragment_header(ByteSpan(out.header).subspan(ip_size),
                               {.next_header = message.protocol,
                                .offset = static_cast<std::uint16_t>(slot.sent),
                                .more_fragments = more,
                                .identification = message.identification});
  }
  write_ip_header(out.header, fields, static_cast<std::uint32_t>(header_length - ip_size + length));

  out.header_length = static_cast<std::uint16_t>(header_length);
  out.payload_slices = 1;
  out.payload_length = static_cast<std::uint32_t>(length);
  out.payload[0] = ByteView(ring_.get() + slot.at + slot.sent, length);
  out.checksum_partial = false;
  out.checksum_start = 0;
  out.checksum_offset = 0;
  out.gso_size = 0;
  out.transport_header_end = out.header_length;
  out.is_v6 = !is_v4;
  out.reason = message.reason;
  out.connection = {};

  slot.sent += static_cast<std::uint32_t>(length);
  front_is_sent_ = slot.sent == slot.length;
}

}  // namespace glasstcp
