// RFC 9293 §3.1: the fixed header, field by field.
#include "stack/wire/tcp.h"

namespace glasstcp {

std::expected<TcpView, Verdict> TcpView::parse(ByteView segment) {
  if (segment.size() < TcpHeader::kSize) return std::unexpected(Verdict::BadTcpHeader);
  const std::size_t header_length = (segment[12] >> 4) * 4U;
  if (header_length < TcpHeader::kSize || header_length > segment.size()) {
    return std::unexpected(Verdict::BadTcpHeader);
  }
  return TcpView(segment);
}

TcpHeader TcpView::header() const {
  const std::uint8_t* p = bytes_.data();
  return {
      .source = Port{load_be16(p)},
      .destination = Port{load_be16(p + 2)},
      .seq = SeqNum(load_be32(p + 4)),
      .ack = SeqNum(load_be32(p + 8)),
      // The three bits between data offset and AE are reserved: they are ignored, whatever they
      // hold.
      .flags = {static_cast<std::uint16_t>(load_be16(p + 12) & 0x01ffU)},
      .window = load_be16(p + 14),
      .urgent = load_be16(p + 18),
      .header_length = static_cast<std::uint8_t>((p[12] >> 4) * 4),
  };
}

ByteView TcpView::options() const {
  return bytes_.subspan(TcpHeader::kSize, (bytes_[12] >> 4) * 4U - TcpHeader::kSize);
}

ByteView TcpView::payload() const {
  return bytes_.subspan((bytes_[12] >> 4) * 4U);
}

void write_tcp_header(ByteSpan out, const TcpHeader& header) {
  std::uint8_t* p = out.data();
  store_be16(p, number(header.source));
  store_be16(p + 2, number(header.destination));
  store_be32(p + 4, header.seq.raw());
  store_be32(p + 8, header.ack.raw());
  store_be16(p + 12, static_cast<std::uint16_t>((header.header_length / 4U) << 12 |
                                                (header.flags.bits & 0x01ffU)));
  store_be16(p + 14, header.window);
  // RFC 9293 §3.1 MUST-2: the checksum follows once the data is known; every path that emits a
  // segment fills it in.
  store_be16(p + 16, 0);
  store_be16(p + 18, header.urgent);
}

}  // namespace glasstcp
