// Blocks, options and records of foreign files, each length checked before it is believed.
#include "stack/trace/pcapng_reader.h"

#include <algorithm>
#include <limits>

namespace glasstcp {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3, kEnhancedPacket = 6;
// Blocks that Wireshark numbers as frames, though they are no packets.
constexpr std::uint32_t kJournalExport = 9, kCustomCopied = 0xbad, kCustomKept = 0x40000bad;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kPcapMicroseconds = 0xa1b2c3d4, kPcapNanoseconds = 0xa1b23c4d;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1, kFlags = 2;
constexpr std::uint16_t kUserApplication = 4, kName = 2, kTimeResolution = 9, kTimeOffset = 14;
constexpr std::size_t kPcapFileHeader = 24, kPcapRecordHeader = 16;
constexpr std::uint64_t kBillion = 1'000'000'000;

constexpr std::size_t padded(std::size_t n) {
  return (n + 3) & ~std::size_t{3};
}

std::string_view text_of(ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.substr(0, text.find('\0'));  // some writers count a final zero
}

// Nanoseconds of a time stamp in units of 10^-n or 2^-n seconds. Absurd times come out as some
// other absurd time.
std::int64_t to_ns(std::uint64_t ticks, const CapturedInterface& interface) {
  const unsigned n = interface.resolution & 0x7fU;
  std::uint64_t ns = 0;
  if ((interface.resolution & 0x80U) != 0) {
    const std::uint64_t seconds = n < 64 ? ticks >> n : 0;
    std::uint64_t fraction = n < 64 ? ticks & ((std::uint64_t{1} << n) - 1) : ticks;
    const unsigned surplus = n > 30 ? n - 30 : 0;  // bits beyond a nanosecond, which would overflow
    fraction = surplus < 64 ? fraction >> surplus : 0;
    ns = seconds * kBillion + (fraction * kBillion >> (n - surplus));
  } else {
    ns = ticks;
    for (unsigned i = n; i < 9; ++i) ns *= 10;
    for (unsigned i = 9; i < n && ns != 0; ++i) ns /= 10;
  }
  return static_cast<std::int64_t>(ns +
                                   static_cast<std::uint64_t>(interface.offset_seconds) * kBillion);
}

}  // namespace

std::string_view name_of(CaptureError error) {
  switch (error) {
    case CaptureError::NotACapture:
      return "neither a pcapng nor a pcap file";
    case CaptureError::Truncated:
      return "the file ends within a block";
    case CaptureError::BadBlock:
      return "a block's lengths contradict each other";
    case CaptureError::UnknownInterface:
      return "a packet of an interface that was not described";
    case CaptureError::TooManyInterfaces:
      return "too many interfaces";
  }
  return "";
}

CaptureReader::CaptureReader(ByteView file) : rest_(file) {
  if (file.size() < 12) {
    error_ = CaptureError::NotACapture;
    return;
  }
  if (load_be32(file.data()) == kSectionHeader) {
    format_ = Format::Pcapng;
    return;
  }
  for (const bool big : {false, true}) {
    big_endian_ = big;
    const std::uint32_t magic = get32(file, 0);
    nanoseconds_ = magic == kPcapNanoseconds;
    if (magic != kPcapMicroseconds && magic != kPcapNanoseconds) continue;
    read_pcap_header();
    return;
  }
  error_ = CaptureError::NotACapture;
}

std::optional<CapturedPacket> CaptureReader::next() {
  if (error_ || rest_.empty()) return std::nullopt;
  return format_ == Format::Pcap ? next_pcap() : next_pcapng();
}

std::uint16_t CaptureReader::get16(ByteView bytes, std::size_t at) const {
  const std::uint16_t value = load_be16(bytes.data() + at);
  return big_endian_ ? value : std::byteswap(value);
}

std::uint32_t CaptureReader::get32(ByteView bytes, std::size_t at) const {
  const std::uint32_t value = load_be32(bytes.data() + at);
  return big_endian_ ? value : std::byteswap(value);
}

std::optional<CapturedPacket> CaptureReader::fail(CaptureError error) {
  error_ = error;
  return std::nullopt;
}

void CaptureReader::read_pcap_header() {
  if (rest_.size() < kPcapFileHeader) {
    error_ = CaptureError::Truncated;
    return;
  }
  CapturedInterface interface;
  interface.snap_length = get32(rest_, 16);
  interface.link_type =
      static_cast<std::uint16_t>(get32(rest_, 20));  // the upper bits say how frames end
  interface.resolution = nanoseconds_ ? 9 : 6;
  interfaces_.push_back(interface);
  rest_ = rest_.subspan(kPcapFileHeader);
  format_ = Format::Pcap;
}

std::optional<CapturedPacket> CaptureReader::next_pcap() {
  if (rest_.size() < kPcapRecordHeader) return fail(CaptureError::Truncated);
  const std::size_t captured = get32(rest_, 8);
  if (captured > rest_.size() - kPcapRecordHeader) return fail(CaptureError::Truncated);
  CapturedPacket packet;
  packet.link_type = interfaces_[0].link_type;
  packet.time_ns = static_cast<std::int64_t>(
      get32(rest_, 0) * kBillion + get32(rest_, 4) * std::uint64_t{nanoseconds_ ? 1U : 1000U});
  packet.original_length = get32(rest_, 12);
  packet.data = rest_.subspan(kPcapRecordHeader, captured);
  packet.number = ++frames_;
  rest_ = rest_.subspan(kPcapRecordHeader + captured);
  return packet;
}

// The body of the next block, between its two lengths; empty at an error.
std::optional<ByteView> CaptureReader::next_block(std::uint32_t& type) {
  if (rest_.size() < 12) return (void)fail(CaptureError::Truncated), std::nullopt;
  if (load_be32(rest_.data()) == kSectionHeader && !begin_section()) return std::nullopt;
  type = get32(rest_, 0);
  const std::size_t length = get32(rest_, 4);
  if (length < 12 || length % 4 != 0) return (void)fail(CaptureError::BadBlock), std::nullopt;
  if (length > rest_.size()) return (void)fail(CaptureError::Truncated), std::nullopt;
  if (get32(rest_, length - 4) != length) return (void)fail(CaptureError::BadBlock), std::nullopt;
  const ByteView body = rest_.subspan(8, length - 12);
  rest_ = rest_.subspan(length);
  return body;
}

// A section chooses its byte order anew; its header's type reads the same in both.
bool CaptureReader::begin_section() {
  const std::uint32_t magic = load_be32(rest_.data() + 8);
  big_endian_ = magic == kByteOrderMagic;
  if (big_endian_ || std::byteswap(magic) == kByteOrderMagic) return true;
  error_ = CaptureError::BadBlock;
  return false;
}

std::optional<CapturedPacket> CaptureReader::next_pcapng() {
  while (!rest_.empty()) {
    std::uint32_t type = 0;
    const std::optional<ByteView> body = next_block(type);
    if (!body) return std::nullopt;
    switch (type) {
      case kSectionHeader:
        if (!read_section(*body)) return fail(CaptureError::BadBlock);
        break;
      case kInterfaceDescription:
        if (!read_interface(*body)) return std::nullopt;
        break;
      case kJournalExport:
      case kCustomCopied:
      case kCustomKept:
        ++frames_;
        break;
      case kEnhancedPacket:
      case kObsoletePacket:
        return read_packet(*body, type == kObsoletePacket);
      case kSimplePacket:
        return read_simple_packet(*body);
      default:
        break;
    }
  }
  return std::nullopt;
}

// Calls f(code, value) for each option as far as they are well formed.
template <typename F>
void CaptureReader::for_each_option(ByteView options, F f) const {
  while (options.size() >= 4) {
    const std::uint16_t code = get16(options, 0);
    const std::size_t length = get16(options, 2);
    if (code == kEndOfOptions || length > options.size() - 4) return;
    f(code, options.subspan(4, length));
    options = options.subspan(std::min(4 + padded(length), options.size()));
  }
}

bool CaptureReader::read_section(ByteView body) {
  if (body.size() < 16) return false;
  interfaces_.clear();
  ++sections_;
  section_comment_ = application_ = {};
  for_each_option(body.subspan(16), [this](std::uint16_t code, ByteView value) {
    if (code == kComment && section_comment_.empty()) section_comment_ = text_of(value);
    if (code == kUserApplication) application_ = text_of(value);
  });
  return true;
}

bool CaptureReader::read_interface(ByteView body) {
  if (body.size() < 8) return fail(CaptureError::BadBlock).has_value();
  if (interfaces_.size() == kMaxInterfaces)
    return fail(CaptureError::TooManyInterfaces).has_value();
  CapturedInterface interface;
  interface.link_type = get16(body, 0);
  interface.snap_length = get32(body, 4);
  for_each_option(body.subspan(8), [&](std::uint16_t code, ByteView value) {
    if (code == kName) interface.name = text_of(value);
    if (code == kTimeResolution && value.size() == 1) interface.resolution = value[0];
    if (code == kTimeOffset && value.size() == 8) {
      const std::uint64_t first = get32(value, 0), second = get32(value, 4);
      interface.offset_seconds =
          static_cast<std::int64_t>(big_endian_ ? first << 32 | second : second << 32 | first);
    }
  });
  interfaces_.push_back(interface);
  return true;
}

// Enhanced packets have 32 bits of interface number; obsolete ones 16, and 16 of a drop count.
std::optional<CapturedPacket> CaptureReader::read_packet(ByteView body, bool is_obsolete) {
  if (body.size() < 20) return fail(CaptureError::BadBlock);
  CapturedPacket packet;
  packet.interface = is_obsolete ? get16(body, 0) : get32(body, 0);
  if (packet.interface >= interfaces_.size()) return fail(CaptureError::UnknownInterface);
  const CapturedInterface& interface = interfaces_[packet.interface];
  const std::size_t captured = get32(body, 12);
  if (captured > body.size() - 20) return fail(CaptureError::BadBlock);
  packet.number = ++frames_;
  packet.link_type = interface.link_type;
  packet.time_ns = to_ns(std::uint64_t{get32(body, 4)} << 32 | get32(body, 8), interface);
  packet.original_length = get32(body, 16);
  packet.data = body.subspan(20, captured);
  read_packet_options(packet, body.subspan(std::min(20 + padded(captured), body.size())));
  return packet;
}

std::optional<CapturedPacket> CaptureReader::read_simple_packet(ByteView body) {
  if (body.size() < 4) return fail(CaptureError::BadBlock);
  if (interfaces_.empty()) return fail(CaptureError::UnknownInterface);
  CapturedPacket packet;
  packet.number = ++frames_;
  packet.link_type = interfaces_[0].link_type;
  packet.original_length = get32(body, 0);
  std::size_t captured = std::min<std::size_t>(packet.original_length, body.size() - 4);
  if (interfaces_[0].snap_length != 0)
    captured = std::min<std::size_t>(captured, interfaces_[0].snap_length);
  packet.data = body.subspan(4, captured);
  return packet;
}

void CaptureReader::read_packet_options(CapturedPacket& packet, ByteView options) const {
  for_each_option(options, [&](std::uint16_t code, ByteView value) {
    if (code == kComment && packet.comment_count < CapturedPacket::kMaxComments) {
      packet.comment_texts[packet.comment_count++] = text_of(value);
    }
    if (code == kFlags && value.size() == 4) {
      const std::uint32_t direction = get32(value, 0) & 3U;
      packet.direction = direction == 3 ? Direction::Unknown : static_cast<Direction>(direction);
    }
  });
}

}  // namespace glasstcp
