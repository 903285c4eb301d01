// The table of reasons: the only place where a reason is put into words.
#include "stack/trace/reason.h"

#include <array>

namespace glasstcp {
namespace {

using enum SendReason;

constexpr std::array kTable = {
    // Opening.
    ReasonInfo{Syn, "Syn", "RFC 9293 §3.5",
               "active open: the SYN announces our initial sequence number and our options",
               "主动打开：SYN 报文段通告本端的初始序列号和选项"},
    ReasonInfo{
        SynAck, "SynAck", "RFC 9293 §3.5",
        "acknowledges their SYN (ack = their initial sequence number + 1) and announces our "
        "initial sequence number",
        "确认对方的 SYN（确认号 = 对方初始序列号 + 1），并发送本端的 SYN，通告本端的初始序列号"},
    ReasonInfo{HandshakeAck, "HandshakeAck", "RFC 9293 §3.5",
               "third segment of the three-way handshake: acknowledges their SYN, and the "
               "connection is established",
               "三次握手的第三个报文段：确认对方的 SYN，连接建立"},
    ReasonInfo{SynRetransmit, "SynRetransmit", "RFC 6298 §5",
               "our SYN was not answered within the retransmission timeout, so it is sent again",
               "在超时重传时间内没有收到对 SYN 的应答，重传 SYN"},
    ReasonInfo{
        SynAckRetransmit, "SynAckRetransmit", "RFC 6298 §5",
        "our SYN-ACK was not acknowledged in time, or their SYN came again, so it is sent again",
        "SYN-ACK 未按时得到确认，或对方的 SYN 再次到达，重传 SYN-ACK"},
    ReasonInfo{
        SynFastOpen, "SynFastOpen", "RFC 7413 §3",
        "active open with Fast Open: the SYN carries the first data, and the server's cookie "
        "if it gave one",
        "快速打开（TFO）：SYN 携带首批数据，以及服务器先前给出的 Cookie"},
    ReasonInfo{SynCookieRequest, "SynCookieRequest", "RFC 7413 §3",
               "active open: the SYN asks for a Fast Open cookie, to have data in the next one",
               "主动打开：SYN 请求快速打开 Cookie，以便下次用 SYN 携带数据"},
    ReasonInfo{SynAckFastOpen, "SynAckFastOpen", "RFC 7413 §3",
               "answer to a SYN with a good cookie: its data is taken before the handshake ends",
               "应答带有有效 Cookie 的 SYN：握手结束之前就接收其中的数据"},
    ReasonInfo{SynAckCookie, "SynAckCookie", "RFC 4987 §3.6",
               "answer to a SYN of which nothing is kept: what matters is coded into our initial "
               "sequence number (SYN cookie)",
               "应答 SYN 而不保存任何状态：必要信息编码在本端的初始序列号中（SYN Cookie）"},
    // Data and close.
    ReasonInfo{NewData, "NewData", "RFC 9293 §3.8",
               "bytes of the application, sent for the first time, as far as both windows allow",
               "应用程序的数据首次发送，发送量受发送窗口和拥塞窗口限制"},
    ReasonInfo{
        NewDataUrgent, "NewDataUrgent", "RFC 9293 §3.8.5",
        "new bytes of the application, and the urgent pointer says where its urgent data ends",
        "应用程序的新数据，紧急指针指出紧急数据的末尾"},
    ReasonInfo{Fin, "Fin", "RFC 9293 §3.6",
               "the application closed: FIN says that no more bytes will come from us",
               "应用程序关闭了连接：FIN 表示本端不再发送数据"},
    ReasonInfo{NewDataFin, "NewDataFin", "RFC 9293 §3.6",
               "the last bytes of the application, and the FIN in the same segment",
               "应用程序的最后一批数据，FIN 在同一报文段中"},
    // Acknowledgments.
    ReasonInfo{AckEverySecondSegment, "AckEverySecondSegment", "RFC 9293 §3.8.6.3",
               "two full-sized segments came: the second is acknowledged without delay",
               "收到两个最大长度的报文段：收到第二个时立即确认"},
    ReasonInfo{AckDelayTimer, "AckDelayTimer", "RFC 9293 §3.8.6.3",
               "delayed acknowledgment: no data of ours went out in time for the ACK to ride on",
               "延迟确认到时：期间没有可捎带确认的数据"},
    ReasonInfo{
        AckImmediate, "AckImmediate", "RFC 9293 §3.8.6.3",
        "acknowledged at once: early in a connection, or when the application asks for it, an ACK "
        "is not delayed",
        "立即确认：连接刚开始或应用程序有此要求时，不延迟确认"},
    ReasonInfo{AckOutOfOrder, "AckOutOfOrder", "RFC 5681 §3.2",
               "a segment came out of order: a duplicate ACK names the byte that is missing",
               "收到失序报文段：用重复确认指出仍缺少的字节"},
    ReasonInfo{AckGapFilled, "AckGapFilled", "RFC 5681 §3.2",
               "a segment filled a gap, wholly or in part: the sender should hear of it at once",
               "收到的报文段填补了（部分）缺口：立即告知发送方"},
    ReasonInfo{AckDuplicateData, "AckDuplicateData", "RFC 9293 §3.10.7.4",
               "all these bytes had come before: the ACK tells the sender what we have",
               "收到的都是已有的数据：用确认告诉发送方已收到哪里"},
    ReasonInfo{AckFin, "AckFin", "RFC 9293 §3.10.7.4",
               "acknowledges their FIN: it takes one sequence number, and nothing comes after it",
               "确认对方的 FIN：FIN 占一个序号，此后对方不再发送数据"},
    ReasonInfo{AckCongestionMark, "AckCongestionMark", "RFC 3168 §6.1.3",
               "a router marked the segment instead of dropping it (CE): the sender should hear of "
               "the congestion without delay",
               "路由器没有丢弃而是标记了报文段（CE）：立即把拥塞告知发送方"},
    ReasonInfo{WindowUpdate, "WindowUpdate", "RFC 9293 §3.8.6.2.2",
               "the application read, and the receive window grew by enough to be worth a segment",
               "应用程序读取了数据，接收窗口已增大到值得通告"},
    // Probes.
    ReasonInfo{ZeroWindowProbe, "ZeroWindowProbe", "RFC 9293 §3.8.6.1",
               "their window is closed and the persist timer expired: ask whether it has opened",
               "对方窗口为零，持续计时器到时：探测窗口是否已打开"},
    ReasonInfo{
        KeepAlive, "KeepAlive", "RFC 9293 §3.8.4",
        "nothing was heard for the keep-alive interval: ask whether the other end is still there",
        "在保活时间内没有收到任何报文段：探测对方是否还在"},
    // Loss recovery.
    ReasonInfo{
        RetransmitTimeout, "RetransmitTimeout", "RFC 6298 §5",
        "the retransmission timer expired: the earliest unacknowledged segment is sent again",
        "重传计时器到时：重传最早的未被确认的报文段"},
    ReasonInfo{
        RetransmitAfterTimeout, "RetransmitAfterTimeout", "RFC 5681 §3.1",
        "after a timeout what was in flight is taken for lost, and sent again under slow start",
        "超时后，认为在途数据已丢失，按慢开始逐步重传"},
    ReasonInfo{
        FastRetransmit, "FastRetransmit", "RFC 5681 §3.2",
        "third duplicate ACK: the segment that it asks for is taken for lost, before any timeout",
        "第三个重复确认：认定它所期望的报文段已丢失，不等超时就重传"},
    ReasonInfo{PartialAckRetransmit, "PartialAckRetransmit", "RFC 6582 §3.2",
               "a partial ACK in fast recovery shows that the next segment was lost as well",
               "快速恢复中的部分确认表明下一个报文段也已丢失"},
    ReasonInfo{RackRetransmit, "RackRetransmit", "RFC 8985 §6.2",
               "a segment sent later was delivered, and more than the reordering window ago: this "
               "one is lost",
               "较晚发送的报文段已送达，且已超过失序等待时间：认定此报文段丢失"},
    ReasonInfo{SackHole, "SackHole", "RFC 6675 §4",
               "selective acknowledgments lie around this hole: it is the next to be sent again",
               "选择确认显示此处有缺口：接下来重传这一段"},
    ReasonInfo{TailLossProbe, "TailLossProbe", "RFC 8985 §7.3",
               "no ACK came for the end of the flight: one segment probes for a loss that no "
               "duplicate ACK would show",
               "最后发出的数据一直没有得到确认：发送一个报文段探测尾部丢失（其后没有报文段，不会产"
               "生重复确认）"},
    ReasonInfo{LimitedTransmit, "LimitedTransmit", "RFC 3042 §2",
               "first or second duplicate ACK: a segment left the network, so a new one may enter",
               "第一或第二个重复确认：有报文段离开了网络，可再发送一个新的"},
    ReasonInfo{MtuRetransmit, "MtuRetransmit", "RFC 8201 §5.4",
               "the segment was too big for the path: the same bytes go again in smaller segments",
               "报文段超过路径 MTU：改用较小的报文段重传同样的数据"},
    ReasonInfo{
        MtuBlackHole, "MtuBlackHole", "RFC 4821 §7.7",
        "full-sized segments vanish without a word, perhaps for their size: the same bytes go "
        "again in smaller segments",
        "最大长度的报文段接连丢失又没有任何通知，可能是过大：改用较小的报文段重传同样的数据"},
    ReasonInfo{
        FastOpenRetransmit, "FastOpenRetransmit", "RFC 7413 §4.2.1",
        "the SYN-ACK did not acknowledge the data of our SYN: it goes again at once, and this "
        "is no sign of congestion",
        "SYN-ACK 没有确认 SYN 携带的数据：立即重传这些数据，但这并不表示拥塞"},
    ReasonInfo{
        SwsOverride, "SwsOverride", "RFC 9293 §3.8.6.2.1",
        "less than a full segment, held back against silly windows, is sent because the override "
        "timer expired",
        "为避免糊涂窗口综合征而推迟的小报文段，等待时限已到，现在发送"},
    ReasonInfo{MtuProbe, "MtuProbe", "RFC 4821 §7",
               "a larger segment than confirmed so far, to see whether the path lets it pass",
               "发送比已证实的更大的报文段，探测路径能否通过"},
    // Defence.
    ReasonInfo{
        ChallengeReset, "ChallengeReset", "RFC 5961 §3.2",
        "challenge ACK: a RST lay in the window but not at its exact start, so it may be forged",
        "挑战 ACK：RST 的序号在窗口内但不等于期望的序号，可能是伪造的"},
    ReasonInfo{ChallengeSyn, "ChallengeSyn", "RFC 5961 §4.2",
               "challenge ACK: a SYN came on a synchronized connection, so it may be forged",
               "挑战 ACK：连接同步之后又收到 SYN，可能是伪造的"},
    ReasonInfo{
        ChallengeAck, "ChallengeAck", "RFC 5961 §5.2",
        "challenge ACK: the acknowledgment number is older than any that an honest peer would send",
        "挑战 ACK：确认号过旧，正常的对方不会发送"},
    ReasonInfo{AckOutsideWindow, "AckOutsideWindow", "RFC 9293 §3.10.7.4",
               "a segment lay outside our receive window: the ACK says what we expect",
               "报文段在接收窗口之外：用 ACK 说明期望的序号"},
    ReasonInfo{AckOfUnsentData, "AckOfUnsentData", "RFC 9293 §3.10.7.4",
               "a segment acknowledged what we have not sent yet: the ACK says where we are",
               "对方确认了尚未发送的数据：用 ACK 说明当前的序号"},
    ReasonInfo{AckOldTimestamp, "AckOldTimestamp", "RFC 7323 §5.3",
               "a segment carried an older timestamp than the recent one (PAWS): dropped and "
               "answered by an ACK",
               "报文段的时间戳比最近的旧（防止序号绕回）：丢弃，并用 ACK 应答"},
    ReasonInfo{
        TimeWaitAck, "TimeWaitAck", "RFC 9293 §3.10.7.4",
        "TIME-WAIT: their FIN, or another old segment, came again, so our last ACK may be lost",
        "TIME-WAIT：对方的 FIN 或其他旧报文段再次到达，最后的 ACK 可能已丢失"},
    // Resets.
    ReasonInfo{
        RstNoConnection, "RstNoConnection", "RFC 9293 §3.10.7.1",
        "a segment came for a connection that does not exist, and nobody listens on that port",
        "报文段所属的连接不存在，该端口也无人收听"},
    ReasonInfo{RstUnacceptableAck, "RstUnacceptableAck", "RFC 9293 §3.5.2",
               "before the connection is synchronized, a segment acknowledged something that we "
               "never sent",
               "连接尚未同步，而对方确认了本端从未发送过的内容"},
    ReasonInfo{RstAborted, "RstAborted", "RFC 9293 §3.10.5",
               "the application aborted the connection", "应用程序中止了连接"},
    ReasonInfo{RstUnreadData, "RstUnreadData", "RFC 9293 §3.6.1",
               "the application closed and bytes that had come, or come now, will never be read",
               "应用程序已关闭，已收到或刚收到的数据不会再被读取"},
    ReasonInfo{RstTimeout, "RstTimeout", "RFC 9293 §3.8.3",
               "the other end was silent for too long: we give the connection up",
               "对方长时间没有应答：放弃连接"},
    ReasonInfo{RstOutOfMemory, "RstOutOfMemory", "RFC 9293 §3.5.2",
               "a limit of this stack is reached: the connection cannot be kept",
               "已达到本协议栈的资源上限：无法保持连接"},
    ReasonInfo{RstEvicted, "RstEvicted", "RFC 9293 §3.5.2",
               "evicted: the memory of its class is used up, and this peer holds most of it",
               "被收回：这一类连接的内存已用完，而该对方占用最多"},
    ReasonInfo{RstEcnAmbiguous, "RstEcnAmbiguous", "RFC 9768 §3.1.5",
               "SYNs or SYN-ACKs of one connection named different kinds of congestion feedback",
               "同一连接的两个 SYN 或 SYN-ACK 带有不同的显式拥塞通知方式：无法确定采用哪一种"},
    // Not TCP.
    ReasonInfo{EchoReply, "EchoReply", "RFC 1122 §3.2.2.6", "answer to a ping, with the same data",
               "应答 ping，原样送回数据"},
    ReasonInfo{IcmpPortUnreachable, "IcmpPortUnreachable", "RFC 1122 §3.2.2.1",
               "a UDP datagram came for a port on which nobody listens",
               "UDP 数据报到达无人使用的端口"},
    ReasonInfo{IcmpProtocolUnreachable, "IcmpProtocolUnreachable", "RFC 1122 §3.2.2.1",
               "a datagram came for a transport protocol that is not supported here",
               "数据报所用的运输层协议本机不支持"},
    ReasonInfo{IcmpParameterProblem, "IcmpParameterProblem", "RFC 4443 §3.4",
               "an IPv6 header or option cannot be processed: the pointer shows the place",
               "IPv6 首部或选项无法处理：指针指出位置"},
    ReasonInfo{IcmpTimeExceeded, "IcmpTimeExceeded", "RFC 1122 §3.3.2",
               "fragments of a datagram were missing when the time for reassembly ended",
               "重组时限已到，数据报的分片仍不齐全"},
};

constexpr bool rows_are_complete_and_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    const ReasonInfo& row = kTable[i];
    if (static_cast<std::size_t>(row.reason) != i || row.name.empty() || row.rfc.empty())
      return false;
    if (row.sentence.empty() || row.sentence_zh.empty()) return false;
  }
  return kTable.size() == kSendReasonCount;
}
static_assert(rows_are_complete_and_in_order());

}  // namespace

const ReasonInfo& info(SendReason reason) {
  return kTable[static_cast<std::size_t>(reason)];
}

std::string_view name_of(SendReason reason) {
  return info(reason).name;
}

std::span<const ReasonInfo> all_reasons() {
  return kTable;
}

}  // namespace glasstcp
