// Answers to the questions that a laboratory report asks, from this capture: kinds and values.
//
// Each finding names the frames that show it. The view makes sentences of them.
//
// Invariants:
//   1. Every question has one finding at least: where the capture does not show the matter,
//      `is_shown` is false and there are no frames.
//
// Next: figures.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tun/report/http_model.h"

namespace glasstcp::report {

/// A question, or a variant of its answer.
enum class FindingKind : std::uint8_t {
  WhyThreeHandshakes,   ///< frames Syn, SynAck, Ack; values ClientIsn, ServerIsn
  WhySeqZero,           ///< frames Syn, SynAck; values ClientIsn, ServerIsn (raw)
  WhyFourCloses,        ///< four segments here; frames FirstFin, AckOfFirstFin, SecondFin,
                        ///< AckOfSecondFin; values HalfClosedNs, BytesBetween (of data)
  WhyThreeCloses,       ///< three here: the second FIN acknowledges the first
  WhyNoOrderlyClose,    ///< reset, or the capture ends before; value Ending
  WhyTwoMsl,            ///< frame LastAck; value WaitingSide (0 client, 1 server); FinAgain if seen
  WhyPush,              ///< frame LastSegment; values BytesOfMessage, SegmentsOfMessage,
                        ///< PushedInMiddle (frames with PSH before the last: ends of writes)
  WhyWindowUpdate,      ///< frame Update; values WindowBefore, WindowAfter; BehindLastData 1: no
                        ///< data came after it; Closed (zero-window frame) if it had been zero
  WhyPartialContent,    ///< 206; frames Request, Response; text Range, ContentRange;
                        ///< values RangeFirst, RangeLast, RangeTotal, IsWhole (1: all bytes)
  WhyNotModified,       ///< 304; frames Request, Response; text Validator (the condition's field)
  WhySecondConnection,  ///< a connection beside another; frames Syn (of it), Other (SYN of the
                        ///< earlier); values IsIdle, GapNs, Requests
  WhyNotRequested,      ///< named in HTML, not requested; text Target; frame AllowedBy if any
  WhyReset,             ///< frame Reset; see Connection::resets [value ResetIndex]
  WhyRetransmission,    ///< frame Repeated; frame Original; value GapNs; DuplicateAcks before it
  WhyPureAckFirst,      ///< a request's ACK went alone, before the response: frames Request, Ack,
                        ///< Response; value GapNs (ACK to response)
  WhySmallWrites,       ///< several short segments with PSH make one response; frames First, Last;
                        ///< values SegmentsOfMessage, BytesOfMessage
  WhySynWithoutData,    ///< frame Syn; value BytesOfSyn (0: without)
  WhyMss,               ///< frames Syn, SynAck; First: the longest data segment; value FullBytes
  WhySegments,          ///< a response took several; frames First, Last; values
                        ///< SegmentsOfMessage, BytesOfMessage, FullBytes, LastBytes
  WhyInitialWindow,     ///< what left before the first ACK of it, and more waited; frames First,
                        ///< Last, Ack; values SegmentsOfMessage, BytesOfMessage (of the flight)
  WhyFewerAcks,         ///< ACKs are fewer than segments; frame Ack (the one that says most);
                        ///< values SegmentsOfMessage, Acks, FullBytes (of that ACK), WaitingSide
  WhyNagle,             ///< a short segment left while data was in flight; frame First; values
                        ///< LastBytes (its), BytesBetween (in flight), IsCertain, ActiveSide
  WhyMimeType,          ///< frames Response and texts MediaType, one each for a type
  WhyPersistent,        ///< several requests on one connection; frames First, Last; Requests
};

/// The part that a frame plays in a finding.
enum class Role : std::uint8_t {
  Syn,
  SynAck,
  Ack,
  FirstFin,
  AckOfFirstFin,
  SecondFin,
  AckOfSecondFin,
  LastAck,
  FinAgain,
  LastSegment,
  Update,
  Closed,
  Request,
  Response,
  Other,
  AllowedBy,
  Reset,
  Answered,
  Repeated,
  Original,
  First,
  Last,
};

/// The name of a number or text of a finding. Bytes, ns, counts; sides 0 client, 1 server.
enum class ValueName : std::uint8_t {
  ClientIsn,
  ServerIsn,
  HalfClosedNs,
  BytesBetween,
  Ending,
  ActiveSide,
  WaitingSide,
  BytesOfMessage,
  SegmentsOfMessage,
  PushedInMiddle,
  WindowBefore,
  WindowAfter,
  WindowScaleUnknown,
  BehindLastData,
  Range,
  ContentRange,
  RangeFirst,
  RangeLast,
  RangeTotal,
  IsWhole,
  Validator,
  IsIdle,
  GapNs,
  Requests,
  Target,
  ResetIndex,
  DuplicateAcks,
  IsFast,
  StartLine,
  BytesOfSyn,
  FullBytes,
  LastBytes,
  Acks,
  IsCertain,
  MediaType,
};

struct Evidence {
  Role role;
  FrameNumber frame = 0;
};
struct Value {
  ValueName name;
  std::int64_t number = 0;
  std::string text;  ///< from the peer: escape before showing
};

/// One answer.
struct Finding {
  FindingKind kind;
  bool is_shown = false;                    ///< false: this capture does not show it
  std::optional<std::uint32_t> connection;  ///< index into Capture::connections
  std::optional<std::uint32_t> message;     ///< index into its messages
  std::uint32_t alike = 0;                  ///< further ones of the kind that are left out
  std::vector<Evidence> frames;
  std::vector<Value> values;

  /// 0: no such frame.
  [[nodiscard]] FrameNumber frame(Role role) const {
    for (const Evidence& one : frames) {
      if (one.role == role) return one.frame;
    }
    return 0;
  }
  /// Null: no such value.
  [[nodiscard]] const Value* value(ValueName name) const {
    for (const Value& one : values) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }
};

}  // namespace glasstcp::report
