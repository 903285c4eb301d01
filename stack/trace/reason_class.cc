// The table of classes: the only place where a colour is chosen.
#include "stack/trace/reason_class.h"

#include <array>

namespace glasstcp {
namespace {

using enum ReasonClass;

constexpr std::array kTable = {
    ReasonClassInfo{Opening, "opening", "opening", "建立连接", "▲", "#0569d5", "#4a93ff", "#dbe9fb",
                    33, ""},
    ReasonClassInfo{Data, "data", "data", "数据", "■", "#17834f", "#4fe3a4", "#dcf3e6", 35, ""},
    ReasonClassInfo{Acknowledgment, "acknowledgment", "acknowledgment", "确认", "○", "#4c5767",
                    "#a9b4c2", "#eceff3", 245, "5 3"},
    ReasonClassInfo{FlowControl, "flow-control", "flow control", "流量控制", "◇", "#a42499",
                    "#ee5cc6", "#f8e1f3", 170, "8 3 2 3"},
    ReasonClassInfo{LossRecovery, "loss-recovery", "loss recovery", "丢失恢复", "↻", "#cc4600",
                    "#ff8a4c", "#ffe3d1", 208, "9 4"},
    ReasonClassInfo{Closing, "closing", "closing", "连接释放", "▼", "#54460a", "#f3df86", "#f6efcd",
                    178, ""},
    ReasonClassInfo{Reset, "reset", "reset", "复位", "✕", "#111418", "#ffffff", "#c9ced6", 196,
                    "2 3"},
    ReasonClassInfo{Defence, "defence", "defence", "防御", "◆", "#2a1b8f", "#b79bff", "#e4defa", 99,
                    "8 3 2 3 2 3"},
    ReasonClassInfo{NotTcp, "not-tcp", "not TCP", "非 TCP", "·", "#8490a0", "#6c7787", "#f5f6f8",
                    242, "1 3"},
};

constexpr bool rows_are_complete_and_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].reason_class) != i) return false;
  }
  return kTable.size() == kReasonClassCount;
}
static_assert(rows_are_complete_and_in_order());

}  // namespace

const ReasonClassInfo& info(ReasonClass reason_class) {
  return kTable[static_cast<std::size_t>(reason_class)];
}

std::span<const ReasonClassInfo> all_reason_classes() {
  return kTable;
}

ReasonClass class_of(SendReason r) {
  using enum SendReason;
  if (r <= SynAckCookie) return Opening;
  if (r == Fin || r == NewDataFin || r == AckFin || r == TimeWaitAck) return Closing;
  if (r == SwsOverride || r == MtuProbe || r <= NewDataUrgent) return ReasonClass::Data;
  if (r == AckOutOfOrder || r == AckGapFilled || r == AckDuplicateData || is_retransmission(r) ||
      r == LimitedTransmit) {
    return LossRecovery;
  }
  if (r == WindowUpdate || r == ZeroWindowProbe) return FlowControl;
  if (r <= AckCongestionMark || r == KeepAlive) return Acknowledgment;
  if (r >= ChallengeReset && r < RstNoConnection) return Defence;
  return r >= EchoReply ? NotTcp : ReasonClass::Reset;
}

ReasonClass class_of(Verdict v) {
  using enum Verdict;
  switch (v) {
    case Accepted:
      return ReasonClass::Data;
    case AcceptedOutOfOrder:
    case AcceptedDuplicate:
      return LossRecovery;
    case SynAccepted:
    case SynDuplicate:
    case FastOpenAccepted:
    case SynCookieSent:
    case HandshakeComplete:
    case TimeWaitReused:
      return Opening;
    case ResetAccepted:
    case ResetNoConnection:
    case TimeWaitResetIgnored:
    case NoConnection:
    case ListenBadAck:
      return ReasonClass::Reset;
    case TimeWaitOldDuplicate:
      return Closing;
    default:
      return v < BadTcpHeader ? NotTcp : Defence;
  }
}

ReasonClass class_of(PacketEvent event) {
  using enum PacketEvent;
  switch (event) {
    case PeerSyn:
    case PeerSynAck:
    case PeerSynAgain:
    case AckOfSyn:
      return Opening;
    case DataInOrder:
      return ReasonClass::Data;
    case AckOfRetransmission:
    case DuplicateAck:
    case SackReport:
    case DuplicateReport:
    case DataOutOfOrder:
    case DataFillsGap:
    case DataDuplicate:
    case DuplicateAckSent:
    case DataFillsPart:
    case DataSentAgain:
    case Retransmission:
    case Recovery:
      return LossRecovery;
    case WindowUpdate:
    case WindowClosed:
    case WindowStaysClosed:
    case WindowOpened:
    case ProbeAnswered:
    case OurWindowFull:
    case OurWindowClosed:
    case WindowUpdateSent:
    case AnswersProbe:
    case PeerWindowProbe:
    case PeerWindowFull:
      return FlowControl;
    case PeerFin:
    case PeerFinEarly:
    case PeerFinAgain:
    case AckOfFin:
    case FinAcknowledgesFin:
      return Closing;
    case PeerReset:
      return ReasonClass::Reset;
    default:
      return Acknowledgment;
  }
}

ReasonClass class_of(const AnnotatedPacket& packet) {
  if (packet.is_outgoing()) return class_of(packet.reason);
  const bool is_plain = packet.verdict == Verdict::Accepted ||
                        packet.verdict == Verdict::AcceptedDuplicate ||
                        packet.verdict == Verdict::AcceptedOutOfOrder;
  if (packet.kind == AnnotatedPacket::Kind::LostReceived) return LossRecovery;
  if (!is_plain) return class_of(packet.verdict);
  // From what is rare to what every packet does.
  static constexpr std::array kOrder = {ReasonClass::Reset, Closing,     Opening,
                                        LossRecovery,       FlowControl, ReasonClass::Data,
                                        Acknowledgment};
  for (const ReasonClass wanted : kOrder) {
    for (const PacketEventValue& event : packet.events.all()) {
      if (class_of(event.what) == wanted) return wanted;
    }
  }
  return Acknowledgment;
}

}  // namespace glasstcp
