// What a capture says, as plain values: the model that `glasstcp report` analyses and shows.
//
// The reading half (capture_file, frame_parser, analysis) fills it; the view half renders it. No
// sentence is in here: a finding is a kind and its values, and the view words it in either
// language. No type of libtins either.
//
// Invariants:
//   1. Frame numbers are Wireshark's: counted from 1 over all interfaces and sections of the file.
//   2. Sequence numbers are kept as they were on the wire (raw) and as offsets that do not wrap
//      (relative): the ISN is 0, the first byte of data 1, as Wireshark shows them.
//   3. Views (comments, payload) point into the file's bytes, which Capture keeps alive.
//   4. What the capture does not show is empty or Unknown, never a guess that looks like a fact.
//
// Next: http_model.h, findings.h, figures.h; analyze.h fills the model.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/base/addresses.h"
#include "stack/base/bytes.h"
#include "stack/base/tcp_state.h"
#include "stack/trace/pcapng_reader.h"
#include "tun/report/findings.h"
#include "tun/report/http_model.h"

namespace glasstcp::report {

/// The flag bits of a TCP header (RFC 9293 §3.1; AE: RFC 9768).
enum Flag : std::uint16_t {
  kFin = 1,
  kSyn = 2,
  kRst = 4,
  kPsh = 8,
  kAck = 16,
  kUrg = 32,
  kEce = 64,
  kCwr = 128,
  kAe = 256,
};

/// What a frame is or did, one bit each in Frame::events. The second group is judged as Wireshark's
/// tcp.analysis.* flags are.
enum class Event : std::uint8_t {
  Syn,           ///< opens: SYN alone
  SynAck,        ///< SYN with ACK
  HandshakeAck,  ///< the ACK that completes the handshake
  Data,          ///< carries payload
  PureAck,       ///< an ACK without payload, SYN, FIN or RST
  Piggyback,     ///< the ACK of new bytes rides on payload or FIN
  Fin,
  FinAcknowledged,  ///< acknowledges the other end's FIN for the first time
  Reset,
  Push,                    ///< PSH is set
  MessageEnd,              ///< the last byte of an HTTP message is in it
  FillsWindow,             ///< tcp.analysis.window_full
  ZeroWindow,              ///< tcp.analysis.zero_window
  WindowUpdate,            ///< tcp.analysis.window_update
  Retransmission,          ///< tcp.analysis.retransmission (fast and spurious ones too)
  FastRetransmission,      ///< tcp.analysis.fast_retransmission
  SpuriousRetransmission,  ///< tcp.analysis.spurious_retransmission
  DuplicateAck,            ///< tcp.analysis.duplicate_ack; Frame::duplicate_ack says which
  OutOfOrder,              ///< tcp.analysis.out_of_order
  LostBefore,              ///< tcp.analysis.lost_segment: a gap before it
  AcksUnseen,              ///< tcp.analysis.ack_lost_segment: acknowledges what was not captured
  KeepAlive,               ///< tcp.analysis.keep_alive
  KeepAliveAck,            ///< tcp.analysis.keep_alive_ack
  ZeroWindowProbe,         ///< tcp.analysis.zero_window_probe
  ZeroWindowProbeAck,      ///< tcp.analysis.zero_window_probe_ack
  PortsReused,             ///< tcp.analysis.reused_ports
  Offloaded,               ///< longer than the MSS allows: cut or merged by the network card
  CutBySnapLength,         ///< the file holds only its beginning
  NeverArrived,            ///< on our "-dropped" interface: lost by the link, or not used by us
  Reassembled,             ///< put together from IP fragments; numbered by the last of them
};

/// How well a state is known.
enum class Certainty : std::uint8_t {
  Unknown,   ///< nothing in the capture tells
  Shown,     ///< the end's own frames show it (it sent SYN or FIN, acknowledged one)
  Inferred,  ///< follows if the frame arrived and nothing else happened
  Either,    ///< `state` or `other`; what has arrived does not tell which
};

/// The state of one end.
struct EndState {
  State state = State::Closed;
  State other = State::Closed;  ///< with Certainty::Either
  Certainty certainty = Certainty::Unknown;
  friend bool operator==(const EndState&, const EndState&) = default;
};

/// One TCP segment, in a frame of the capture.
struct Frame {
  FrameNumber number = 0;
  std::uint32_t connection = 0;  ///< index into Capture::connections
  std::int64_t time_ns = 0;      ///< since 1970-01-01 UTC
  std::int64_t seq = 0;          ///< relative
  std::int64_t ack = 0;          ///< relative; 0 without ACK
  std::uint32_t raw_seq = 0;
  std::uint32_t raw_ack = 0;
  std::uint32_t length = 0;       ///< payload bytes, as the IP header says
  std::uint32_t captured = 0;     ///< payload bytes that the file holds
  std::uint32_t wire_length = 0;  ///< bytes of the frame on the wire
  std::uint32_t window = 0;       ///< scaled where the scale is known (Connection::End::scale)
  std::uint16_t raw_window = 0;   ///< as in the header
  std::uint16_t flags = 0;        ///< of Flag
  std::uint8_t ip_header = 0;     ///< bytes, with options; with IPv6 extension headers
  std::uint8_t tcp_header = 0;    ///< bytes, with options
  Side from = Side::Client;
  std::uint8_t hop_limit = 0;        ///< TTL
  std::uint16_t interface = 0;       ///< index into Capture::interfaces
  std::uint16_t duplicate_ack = 0;   ///< 1: the first duplicate; 0: none
  std::uint32_t events = 0;          ///< a bit for each Event
  std::uint32_t newly_acked = 0;     ///< bytes (SYN and FIN count) acknowledged for the first time
  FrameNumber acks_frame = 0;        ///< the last frame whose end this acknowledges; 0: none
  std::uint32_t flight = 0;          ///< bytes outstanding of the sender after this frame
  std::int64_t rtt_ns = -1;          ///< from that frame to this acknowledgment; -1: none (Karn)
  std::array<EndState, 2> before{};  ///< of Side::Client and Side::Server
  std::array<EndState, 2> after{};   ///< the receiver's: when the frame has arrived
  Direction direction = Direction::Unknown;  ///< as the file says, seen from who captured
  std::uint32_t comment = 0;                 ///< index into Capture::comments; 0: none
  std::uint32_t options_at = 0;        ///< where its TCP options stand in Capture::option_bytes
  const std::uint8_t* data = nullptr;  ///< `captured` bytes of payload

  [[nodiscard]] bool is(Event event) const {
    return (events >> static_cast<unsigned>(event) & 1U) != 0;
  }
  void set(Event event) { events |= 1U << static_cast<unsigned>(event); }
  void clear(Event event) { events &= ~(1U << static_cast<unsigned>(event)); }
  [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
  /// The numbers that the segment takes: payload, and one each for SYN and FIN.
  [[nodiscard]] std::uint32_t span() const {
    return length + (has(kSyn) ? 1U : 0U) + (has(kFin) ? 1U : 0U);
  }
  /// next seq = seq + len + SYN + FIN, relative.
  [[nodiscard]] std::int64_t next_seq() const { return seq + span(); }
  [[nodiscard]] std::uint32_t raw_next_seq() const { return raw_seq + span(); }
  [[nodiscard]] const EndState& before_of(Side side) const {
    return before[static_cast<std::size_t>(side)];
  }
  [[nodiscard]] const EndState& after_of(Side side) const {
    return after[static_cast<std::size_t>(side)];
  }
  [[nodiscard]] ByteView payload() const { return {data, captured}; }
};

/// The comments of a frame, as they stand in the file. UTF-8 that may be broken, and control
/// characters of foreign files: escape before showing.
struct FrameComment {
  std::string_view sentence;            ///< the first comment that is no machine line
  std::string_view machine;             ///< behind "glasstcp/1: "; empty: none
  std::vector<std::string_view> notes;  ///< further ones: changes of state, timers
};

/// One TCP option of a header (RFC 9293 §3.2 and others).
struct TcpOption {
  std::uint8_t kind = 0;    ///< 2 MSS, 3 window scale, 4 SACK permitted, 5 SACK, 8 timestamps ...
  std::uint8_t length = 1;  ///< bytes, with kind and length
  std::vector<std::uint32_t> values;  ///< MSS | shift | edges in pairs (raw) | TSval, TSecr
  ByteView bytes;                     ///< behind the length
};

/// One end of a connection.
struct End {
  Endpoint endpoint;
  std::optional<std::uint32_t> isn;  ///< raw; of the SYN, else one less than the first number
  bool isn_is_shown = false;         ///< the SYN is in the capture
  std::optional<std::uint16_t> mss;  ///< as its SYN says
  std::optional<std::uint8_t> offered_scale;  ///< of its SYN
  std::optional<std::uint8_t> scale;  ///< in use for its windows: both offered; empty: unknown
  bool sack_permitted = false;        ///< in its SYN
  bool timestamps = false;            ///< in its SYN
  std::uint32_t frames = 0;
  std::uint64_t bytes = 0;            ///< payload, each number once
  std::uint64_t bytes_sent = 0;       ///< payload with retransmissions
  std::uint64_t missing = 0;          ///< bytes of its stream that the capture does not hold
  std::uint32_t retransmissions = 0;  ///< frames
  std::uint32_t duplicate_acks = 0;   ///< frames
  FrameNumber syn = 0;                ///< its first SYN or SYN-ACK
  FrameNumber fin = 0;                ///< its first FIN
  FrameNumber fin_acknowledged = 0;   ///< the other end's first frame that acknowledges it
  FrameNumber reset = 0;              ///< its first RST
};

/// How a connection ended, as far as the capture goes.
enum class Ending : std::uint8_t {
  Open,                  ///< neither FIN nor RST in the capture
  HalfClosed,            ///< one end's FIN only
  Closed,                ///< both FINs, both acknowledged
  ClosedUnacknowledged,  ///< both FINs, the last ACK is not in the capture
  Reset,                 ///< RST, before both ends had closed
  ResetAfterClose,       ///< RST that answers a late segment of a connection that had closed
  Refused,               ///< RST instead of a SYN-ACK
};

/// The close, frame by frame. A number is 0 where there is none.
struct Close {
  Ending ending = Ending::Open;
  std::optional<Side> first;  ///< who closed actively: the first FIN (else the first RST)
  FrameNumber first_fin = 0;
  FrameNumber ack_of_first_fin = 0;
  FrameNumber second_fin = 0;
  FrameNumber ack_of_second_fin = 0;
  std::uint8_t segments = 0;        ///< 3 where the second FIN also acknowledges the first, else 4
  bool is_simultaneous = false;     ///< both FINs crossed: CLOSING, and TIME-WAIT on both sides
  std::optional<Side> time_wait;    ///< who waits 2 MSL; empty: nobody (reset) or both or not shown
  std::int64_t half_closed_ns = 0;  ///< between the two FINs
};

/// Why a RST may have been sent.
enum class ResetCause : std::uint8_t {
  Told,               ///< the comment of our stack says why: Reset::comment
  PortClosed,         ///< it answers a SYN
  AnswersLateFin,     ///< the end had closed; its system answers the late FIN
  AnswersLateData,    ///< the end had closed or was gone; data came after that
  UnreadData,         ///< closed while received bytes were unread (RFC 2525 §2.17)
  Aborted,            ///< SO_LINGER 0, or the process was ended
  UnknownConnection,  ///< the end never knew this connection (half-open, or restarted)
  AnswersOldSegment,  ///< the ACK number is outside: RFC 9293 §3.10.7
  Timeout,            ///< given up after retransmissions without answer
  Middlebox,          ///< TTL differs from that end's other frames
  Refused,            ///< handshake ACK refused (backlog full)
};

/// One RST, with its cause or what may be the cause, likeliest first.
struct Reset {
  FrameNumber frame = 0;
  Side from = Side::Client;
  bool is_certain = false;  ///< told by our comment; else `causes` are candidates
  FrameNumber answers = 0;  ///< the frame that it answers, by its numbers; 0: none
  std::vector<ResetCause> causes;
  std::uint64_t unread_at_most = 0;  ///< bytes that had come to that end behind its last ACK or all
};

/// A TCP connection as the capture shows it.
struct Connection {
  std::uint32_t number = 0;      ///< from 1, for the reader
  std::uint32_t stream = 0;      ///< Wireshark's tcp.stream, from 0
  std::array<End, 2> ends{};     ///< of Side::Client and Side::Server
  bool roles_are_shown = false;  ///< a SYN says who opened; else the lower port is the server
  bool is_simultaneous_open = false;
  FrameNumber handshake_syn = 0, handshake_syn_ack = 0, handshake_ack = 0;  ///< 0: not captured
  bool is_complete = false;       ///< from the SYN to the end, without a gap
  bool is_idle = false;           ///< opened, and no request: a pre-connection
  std::uint32_t first_frame = 0;  ///< index into `frames` of the first, 0
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  std::vector<Frame> frames;
  Close close;
  std::vector<Reset> resets;
  std::vector<Message> messages;  ///< HTTP/1.x, in the order of their first bytes
  bool is_http = false;

  [[nodiscard]] const End& end(Side side) const { return ends[static_cast<std::size_t>(side)]; }
  [[nodiscard]] End& end(Side side) { return ends[static_cast<std::size_t>(side)]; }
  /// The frame of this number; null: not of this connection.
  [[nodiscard]] const Frame* find(FrameNumber number) const;
  /// Whether windows are shown scaled: false: "window scale unknown".
  [[nodiscard]] bool knows_scales() const {
    return ends[0].scale.has_value() && ends[1].scale.has_value();
  }
};

/// A network interface of the capture.
struct Interface {
  std::string name;  ///< may be empty
  std::uint16_t link_type = 0;
  std::uint32_t snap_length = 0;
  std::uint32_t frames = 0;
  bool holds_dropped = false;  ///< ours, "-dropped": what was lost or not used
};

/// Why a frame is in no connection.
enum class Unused : std::uint8_t {
  NotIp,
  NotTcp,              ///< UDP, ICMP ...
  Fragment,            ///< an IP fragment, part of a segment that stands with the last one
  FragmentIncomplete,  ///< of a segment of which other fragments are missing
  TooShort,            ///< cut before the end of its TCP header
  Malformed,           ///< lengths that contradict each other
  UnknownLinkType,
  BeyondLimit,  ///< the report covers a bounded number of frames and connections
};
struct UnusedFrames {
  Unused why;
  std::uint32_t count = 0;
  FrameNumber first = 0;
};

/// A capture, read and analysed.
struct Capture {
  std::string file_name;  ///< without its folder
  std::string sha256;     ///< 64 hexadecimal digits
  std::uint64_t file_bytes = 0;
  bool is_pcapng = false;
  std::string application;  ///< that wrote it, as the file says
  std::string section_comment;
  bool is_ours = false;                 ///< written by glasstcp: comments tell reasons
  std::optional<CaptureError> stopped;  ///< reading ended before the file did
  std::vector<Interface> interfaces;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  FrameNumber frames = 0;      ///< of all kinds
  FrameNumber tcp_frames = 0;  ///< in the connections
  FrameNumber cut_frames = 0;  ///< cut by the snap length
  std::vector<UnusedFrames> unused;
  std::vector<Connection> connections;
  std::vector<NamedResource> resources;
  std::vector<Finding> findings;
  std::vector<FrameComment> comments{1};  ///< [0]: none
  std::vector<std::uint8_t> option_bytes;
  std::shared_ptr<const void> bytes;        ///< the file, for the views
  std::shared_ptr<const void> reassembled;  ///< datagrams put together from fragments, likewise

  [[nodiscard]] const FrameComment& comment_of(const Frame& f) const { return comments[f.comment]; }
};

/// The options of a frame, in the order of its header; stops at the first that cannot be right.
[[nodiscard]] std::vector<TcpOption> options_of(const Capture& capture, const Frame& frame);
/// The value of a key in a machine line ("cwnd"), percent-decoded; empty: not there.
[[nodiscard]] std::optional<std::string> machine_value(std::string_view machine,
                                                       std::string_view key);
/// "Ethernet", "Linux cooked" ...; empty: unknown.
[[nodiscard]] std::string_view name_of_link_type(std::uint16_t link_type);

}  // namespace glasstcp::report
