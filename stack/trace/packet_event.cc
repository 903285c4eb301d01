// The table of events. Their sentences stand in packet_event_words.cc.
#include "stack/trace/packet_event.h"

namespace glasstcp {
namespace {

using enum PacketEvent;

constexpr std::array kTable = {
    PacketEventInfo{PeerSyn, "PeerSyn", "RFC 9293 §3.5"},
    PacketEventInfo{PeerSynAck, "PeerSynAck", "RFC 9293 §3.5"},
    PacketEventInfo{PeerSynAgain, "PeerSynAgain", "RFC 9293 §3.8.1"},
    PacketEventInfo{AckOfSyn, "AckOfSyn", "RFC 9293 §3.5"},
    PacketEventInfo{AckOfData, "AckOfData", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{AckOfRetransmission, "AckOfRetransmission", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{AckOfFin, "AckOfFin", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{DuplicateAck, "DuplicateAck", "RFC 5681 §2"},
    PacketEventInfo{OldAck, "OldAck", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{SackReport, "SackReport", "RFC 2018 §3"},
    PacketEventInfo{DuplicateReport, "DuplicateReport", "RFC 2883 §4"},
    PacketEventInfo{WindowUpdate, "WindowUpdate", "RFC 9293 §3.8.6"},
    PacketEventInfo{WindowClosed, "WindowClosed", "RFC 9293 §3.8.6"},
    PacketEventInfo{WindowStaysClosed, "WindowStaysClosed", "RFC 9293 §3.8.6"},
    PacketEventInfo{WindowOpened, "WindowOpened", "RFC 9293 §3.8.6"},
    PacketEventInfo{ProbeAnswered, "ProbeAnswered", "RFC 9293 §3.8.6.1"},
    PacketEventInfo{KeepAliveAnswered, "KeepAliveAnswered", "RFC 9293 §3.8.4"},
    PacketEventInfo{DataInOrder, "DataInOrder", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{DataOutOfOrder, "DataOutOfOrder", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{DataFillsGap, "DataFillsGap", "RFC 5681 §4.2"},
    PacketEventInfo{DataFillsPart, "DataFillsPart", "RFC 5681 §4.2"},
    PacketEventInfo{DataDuplicate, "DataDuplicate", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{DataAfterFin, "DataAfterFin", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{DataSentAgain, "DataSentAgain", "RFC 9293 §3.8.1"},
    PacketEventInfo{OurWindowFull, "OurWindowFull", "RFC 9293 §3.8.6"},
    PacketEventInfo{PeerFin, "PeerFin", "RFC 9293 §3.6"},
    PacketEventInfo{PeerFinEarly, "PeerFinEarly", "RFC 9293 §3.10.7.4"},
    PacketEventInfo{PeerFinAgain, "PeerFinAgain", "RFC 9293 §3.8.1"},
    PacketEventInfo{PeerReset, "PeerReset", "RFC 9293 §3.5.3"},
    PacketEventInfo{PeerKeepAlive, "PeerKeepAlive", "RFC 9293 §3.8.4"},
    PacketEventInfo{PeerWindowProbe, "PeerWindowProbe", "RFC 9293 §3.8.6.1"},
    PacketEventInfo{Retransmission, "Retransmission", "RFC 9293 §3.8.1"},
    PacketEventInfo{AckOnData, "AckOnData", "RFC 9293 §3.8.6.3"},
    PacketEventInfo{PushEndOfMessage, "PushEndOfMessage", "RFC 9293 §3.9.1.2"},
    PacketEventInfo{PushEndOfQueue, "PushEndOfQueue", "RFC 9293 §3.9.1.2"},
    PacketEventInfo{DuplicateAckSent, "DuplicateAckSent", "RFC 5681 §4.2"},
    PacketEventInfo{WindowUpdateSent, "WindowUpdateSent", "RFC 9293 §3.8.6.2.2"},
    PacketEventInfo{AnswersKeepAlive, "AnswersKeepAlive", "RFC 9293 §3.8.4"},
    PacketEventInfo{AnswersProbe, "AnswersProbe", "RFC 9293 §3.8.6.1"},
    PacketEventInfo{OurWindowClosed, "OurWindowClosed", "RFC 9293 §3.8.6"},
    PacketEventInfo{FinAcknowledgesFin, "FinAcknowledgesFin", "RFC 9293 §3.6"},
    PacketEventInfo{PeerWindowFull, "PeerWindowFull", "RFC 9293 §3.8.6"},
    PacketEventInfo{CwndFull, "CwndFull", "RFC 5681 §3.1"},
    PacketEventInfo{SlowStart, "SlowStart", "RFC 5681 §3.1"},
    PacketEventInfo{CongestionAvoidance, "CongestionAvoidance", "RFC 5681 §3.1"},
    PacketEventInfo{Recovery, "Recovery", "RFC 5681 §3.2"},
};

constexpr bool rows_are_complete_and_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    const PacketEventInfo& row = kTable[i];
    if (static_cast<std::size_t>(row.event) != i || row.name.empty() || row.rfc.empty())
      return false;
  }
  return kTable.size() == kPacketEventCount;
}
static_assert(rows_are_complete_and_in_order());

}  // namespace

const PacketEventInfo& info(PacketEvent event) {
  return kTable[static_cast<std::size_t>(event)];
}

std::span<const PacketEventInfo> all_packet_events() {
  return kTable;
}

}  // namespace glasstcp
