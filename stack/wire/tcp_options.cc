// One reader and one writer for all TCP options (RFC 9293 §3.1, §3.2).
#include "stack/wire/tcp_options.h"

#include <algorithm>

namespace glasstcp {
namespace {

constexpr std::uint8_t kind_byte(TcpOptionKind kind) {
  return static_cast<std::uint8_t>(kind);
}

// Lengths with kind and length byte.
constexpr std::size_t kMssLength = 4, kWindowScaleLength = 3, kSackPermittedLength = 2,
                      kTimestampsLength = 10, kUserTimeoutLength = 4, kSackBlockLength = 8,
                      kCounterLength = 3;

// A SYN with all that it may offer but a user timeout: its data may not go without its cookie (RFC
// 7413 §4.2.1), so there must be room for that.
constexpr std::size_t kSynLength =
    kMssLength + kSackPermittedLength + kTimestampsLength + kWindowScaleLength + 1;
constexpr std::size_t kLongestCookie = 16, kExperimentLength = 4;
static_assert(kSynLength + kExperimentLength + kLongestCookie <= TcpOptions::kMaxBytes,
              "the longest cookie fits into a SYN, in either form");

TimestampsOption load_timestamps(const std::uint8_t* p) {
  return {TsVal{load_be32(p)}, TsVal{load_be32(p + 4)}};
}

// RFC 2018 §3: 1 to 4 blocks of two sequence numbers.
bool read_sack(ByteView value, TcpOptions& options) {
  const std::size_t count = value.size() / kSackBlockLength;
  if (value.size() % kSackBlockLength != 0 || count == 0 || count > TcpOptions::kMaxSackBlocks) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* p = value.data() + i * kSackBlockLength;
    options.sack[i] = {SeqNum(load_be32(p)), SeqNum(load_be32(p + 4))};
  }
  options.sack_count = static_cast<std::uint8_t>(count);
  return true;
}

// RFC 7413 §4.1.1 R7413-02: a cookie has 4 to 16 bytes and an even length; none at all asks for
// one. Anything else is as if the option were absent, not an error.
void read_fast_open(ByteView value, TcpOptions& options) {
  const bool is_request = value.empty();
  const bool is_cookie = value.size() >= 4 && value.size() <= 16 && value.size() % 2 == 0;
  if (!is_request && !is_cookie) return;
  options.fast_open = true;
  options.fast_open_experimental = false;
  options.fast_open_cookie = value;
}

// RFC 9768 §3.2.3 R9768-21: whole fields that fit are taken, whatever the length; the rest is
// padding.
void read_accurate_ecn(ByteView value, bool ect1_first, TcpOptions& options) {
  AccurateEcnOption option;
  option.ect1_first = ect1_first;
  std::uint32_t* const order0[] = {&option.ect0_bytes, &option.ce_bytes, &option.ect1_bytes};
  while (option.fields < 3 && value.size() >= kCounterLength) {
    const std::uint32_t counter =
        static_cast<std::uint32_t>(value[0]) << 16 | load_be16(value.data() + 1);
    *order0[ect1_first ? 2 - option.fields : option.fields] = counter;
    ++option.fields;
    value = value.subspan(kCounterLength);
  }
  options.accurate_ecn = option;
}

// RFC 6994 §2: the shared experimental kinds name their experiment in two bytes. Fast Open's were
// deployed before it had a kind of its own.
constexpr std::uint16_t kFastOpenExperiment = 0xf989;

void read_experiment(ByteView value, TcpOptions& options) {
  if (value.size() < 2 || load_be16(value.data()) != kFastOpenExperiment) return;
  if (options.fast_open) return;  // RFC 7413's own kind counts
  read_fast_open(value.subspan(2), options);
  options.fast_open_experimental = options.fast_open;
}

// Reads one option whose length byte was checked against the header. False: its length is not what
// its kind has.
bool read_option(std::uint8_t kind, ByteView value, TcpOptions& options) {
  const std::size_t length = value.size() + 2;
  switch (static_cast<TcpOptionKind>(kind)) {
    case TcpOptionKind::MaximumSegmentSize:
      if (length != kMssLength) return false;
      options.mss = load_be16(value.data());
      return true;
    case TcpOptionKind::WindowScale:
      if (length != kWindowScaleLength) return false;
      // RFC 7323 §2.3 R7323-06: a shift above 14 is handed up as it came; the connection treats it
      // as 14.
      options.window_scale = value[0];
      return true;
    case TcpOptionKind::SackPermitted:
      options.sack_permitted = true;
      return length == kSackPermittedLength;
    case TcpOptionKind::Sack:
      return read_sack(value, options);
    case TcpOptionKind::Timestamps:
      if (length != kTimestampsLength) return false;
      options.timestamps = load_timestamps(value.data());
      return true;
    case TcpOptionKind::UserTimeout:
      if (length != kUserTimeoutLength) return false;
      options.user_timeout = load_be16(value.data());
      return true;
    case TcpOptionKind::FastOpenCookie:
      read_fast_open(value, options);
      return true;
    case TcpOptionKind::AccurateEcn0:
    case TcpOptionKind::AccurateEcn1:
      read_accurate_ecn(value, kind == kind_byte(TcpOptionKind::AccurateEcn1), options);
      return true;
    case TcpOptionKind::Experiment:
      read_experiment(value, options);
      return true;
    // RFC 9293 §3.1 MUST-6: kinds that we do not know are stepped over by their length, without
    // complaint.
    default:
      return true;
  }
}

// The common case after the handshake: NOP, NOP, timestamps and nothing else (RFC 7323 appendix A).
constexpr std::uint32_t kAlignedTimestamps = 0x0101080aU;

}  // namespace

// RFC 9293 §3.1 MUST-4, MUST-5: end of list, NOP and MSS are understood on any segment, SYN or not
// (what an option means on a segment where it does not belong is for the connection to say).
std::expected<TcpOptions, Verdict> read_tcp_options(ByteView bytes) {
  TcpOptions options;
  if (bytes.size() == 12 && load_be32(bytes.data()) == kAlignedTimestamps) {
    options.timestamps = load_timestamps(bytes.data() + 4);
    return options;
  }
  // RFC 9293 §3.2 MUST-64: options begin wherever the one before ends; nothing here wants
  // alignment.
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint8_t kind = bytes[at];
    if (kind == kind_byte(TcpOptionKind::EndOfList))
      break;  // what follows is padding, never looked at
    if (kind == kind_byte(TcpOptionKind::NoOperation)) {
      ++at;
      continue;
    }
    // RFC 9293 §3.1 MUST-68: every other kind has a length byte, which counts itself and the kind.
    // RFC 9293 §3.1 MUST-7: a length of 0 or 1, or one past the header, must hurt nobody: the
    // segment is dropped. We do not reset, as the RFC suggests: a forged segment could then end a
    // connection without guessing a sequence number.
    if (at + 1 >= bytes.size()) return std::unexpected(Verdict::BadTcpOption);
    const std::size_t length = bytes[at + 1];
    if (length < 2 || length > bytes.size() - at) return std::unexpected(Verdict::BadTcpOption);
    if (!read_option(kind, bytes.subspan(at + 2, length - 2), options)) {
      return std::unexpected(Verdict::BadTcpOption);
    }
    at += length;
  }
  return options;
}

namespace {

// Appends options within 40 bytes. What does not fit is left out whole.
class OptionWriter {
 public:
  explicit OptionWriter(ByteSpan out) : out_(out) {}

  [[nodiscard]] std::size_t room() const { return TcpOptions::kMaxBytes - size_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  void nop() { byte(kind_byte(TcpOptionKind::NoOperation)); }

  void mss(std::uint16_t value) {
    start(TcpOptionKind::MaximumSegmentSize, kMssLength);
    be16(value);
  }
  void window_scale(std::uint8_t shift) {
    start(TcpOptionKind::WindowScale, kWindowScaleLength);
    byte(shift);
  }
  void sack_permitted() { start(TcpOptionKind::SackPermitted, kSackPermittedLength); }
  void timestamps(const TimestampsOption& t) {
    start(TcpOptionKind::Timestamps, kTimestampsLength);
    be32(raw(t.val));
    be32(raw(t.ecr));
  }
  void user_timeout(std::uint16_t value) {
    if (room() < kUserTimeoutLength) return;
    start(TcpOptionKind::UserTimeout, kUserTimeoutLength);
    be16(value);
  }
  void fast_open(ByteView cookie, bool experimental) {
    const std::size_t length = (experimental ? 4 : 2) + cookie.size();
    if (room() < length) return;
    start(experimental ? TcpOptionKind::Experiment : TcpOptionKind::FastOpenCookie, length);
    if (experimental) be16(kFastOpenExperiment);
    std::copy(cookie.begin(), cookie.end(), out_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += cookie.size();
    align();
  }
  void accurate_ecn(const AccurateEcnOption& o) {
    const std::size_t length = 2 + o.fields * kCounterLength;
    if (room() < length) return;
    start(o.ect1_first ? TcpOptionKind::AccurateEcn1 : TcpOptionKind::AccurateEcn0, length);
    const std::array fields = {o.ect1_first ? o.ect1_bytes : o.ect0_bytes, o.ce_bytes,
                               o.ect1_first ? o.ect0_bytes : o.ect1_bytes};
    for (std::size_t i = 0; i < o.fields; ++i) {
      byte(static_cast<std::uint8_t>(fields[i] >> 16));
      be16(static_cast<std::uint16_t>(fields[i]));
    }
  }
  // RFC 2018 §3: as many blocks as fit, in the order given (the first one matters most, RFC 2018 §4
  // R2018-02).
  void sack(std::span<const SackBlock> blocks) {
    constexpr std::size_t kPrefix = 4;  // two NOPs, kind, length
    if (room() < kPrefix + kSackBlockLength) return;
    // RFC 2018 §4 R2018-03: as many as there is room for; beside timestamps that is three.
    const std::size_t count = std::min(blocks.size(), (room() - kPrefix) / kSackBlockLength);
    nop();
    nop();
    start(TcpOptionKind::Sack, 2 + count * kSackBlockLength);
    for (const SackBlock& block : blocks.first(count)) {
      be32(block.left.raw());
      be32(block.right.raw());
    }
  }
  // To the next multiple of four, where more options follow.
  void align() {
    while (size_ % 4 != 0) nop();
  }
  // RFC 9293 §3.1 MUST-69: an end-of-list option, and zeros from there to the next multiple of
  // four.
  void end() {
    while (size_ % 4 != 0) byte(kind_byte(TcpOptionKind::EndOfList));
  }

 private:
  void start(TcpOptionKind kind, std::size_t length) {
    byte(kind_byte(kind));
    byte(static_cast<std::uint8_t>(length));
  }
  void byte(std::uint8_t value) { out_[size_++] = value; }
  void be16(std::uint16_t value) {
    store_be16(out_.data() + size_, value);
    size_ += 2;
  }
  void be32(std::uint32_t value) {
    store_be32(out_.data() + size_, value);
    size_ += 4;
  }

  ByteSpan out_;
  std::size_t size_ = 0;
};

// A SYN: the order in which Linux writes its options. The NOPs keep timestamps on a multiple of
// four.
void write_linux_syn(OptionWriter& writer, const TcpOptions& o) {
  if (o.mss) writer.mss(*o.mss);
  if (o.timestamps) {
    if (o.sack_permitted) {
      writer.sack_permitted();
    } else {
      writer.nop(), writer.nop();
    }
    writer.timestamps(*o.timestamps);
  } else if (o.sack_permitted) {
    writer.nop(), writer.nop();
    writer.sack_permitted();
  }
  if (o.window_scale) {
    writer.nop();
    writer.window_scale(*o.window_scale);
  }
}

// The same in the order of the BSDs.
void write_bsd_syn(OptionWriter& writer, const TcpOptions& o) {
  if (o.mss) writer.mss(*o.mss);
  if (o.window_scale) {
    writer.nop();
    writer.window_scale(*o.window_scale);
  }
  if (o.sack_permitted) writer.sack_permitted();
  if (o.timestamps) {
    while (writer.size() % 4 != 2) writer.nop();
    writer.timestamps(*o.timestamps);
  }
}

}  // namespace

std::size_t write_tcp_options(ByteSpan out, const TcpOptions& options, OptionLayout layout) {
  OptionWriter writer(out);
  // RFC 9293 §3.2 MUST-65: an MSS stands only where the caller put one, and only the makers of SYNs
  // do.
  const bool has_syn_options = options.mss || options.window_scale || options.sack_permitted;
  if (!has_syn_options && options.timestamps) {
    writer.nop(), writer.nop();
    writer.timestamps(*options.timestamps);
  } else if (layout == OptionLayout::Linux) {
    write_linux_syn(writer, options);
  } else {
    write_bsd_syn(writer, options);
  }
  if (options.user_timeout) writer.user_timeout(*options.user_timeout);
  if (options.fast_open) {
    writer.fast_open(options.fast_open_cookie, options.fast_open_experimental);
  }
  if (options.accurate_ecn) writer.accurate_ecn(*options.accurate_ecn);
  if (options.sack_count > 0) {
    writer.align();
    writer.sack(std::span(options.sack).first(options.sack_count));
  }
  writer.end();
  return writer.size();
}

}  // namespace glasstcp
