// The table of verdicts: the only place where the fate of a received packet is put into words.
#include "stack/trace/verdict.h"

#include <array>

namespace glasstcp {
namespace {

using enum Verdict;

constexpr std::array kTable = {
    // Accepted.
    VerdictInfo{Accepted, "Accepted", "RFC 9293 §3.10.7.4",
                "the segment was acceptable and was processed in full", "报文段可接受，已全部处理"},
    VerdictInfo{AcceptedOutOfOrder, "AcceptedOutOfOrder", "RFC 9293 §3.10.7.4",
                "an out-of-order segment: kept until the bytes before it come",
                "失序报文段：先缓存，等待前面的字节到达"},
    VerdictInfo{AcceptedDuplicate, "AcceptedDuplicate", "RFC 9293 §3.10.7.4",
                "no new bytes in it, but its acknowledgment and window were used",
                "没有新数据，但采用了其中的确认号和窗口"},
    VerdictInfo{SynAccepted, "SynAccepted", "RFC 9293 §3.10.7.2",
                "a SYN for a listening port: the handshake begins",
                "收到发往收听端口的 SYN：握手开始"},
    VerdictInfo{SynDuplicate, "SynDuplicate", "RFC 9293 §3.8.1",
                "the same SYN came again, so our SYN-ACK may be lost",
                "同一个 SYN 再次到达，SYN-ACK 可能已丢失"},
    VerdictInfo{FastOpenAccepted, "FastOpenAccepted", "RFC 7413 §3",
                "a SYN with a good Fast Open cookie: the connection and its data are there at once",
                "SYN 带有有效的快速打开 Cookie：立即建立连接状态并接收数据"},
    VerdictInfo{
        SynCookieSent, "SynCookieSent", "RFC 4987 §3.6",
        "a SYN that is answered but not remembered: the third segment must bring the cookie "
        "back",
        "应答该 SYN，但不保存状态：须由握手的第三个报文段带回 Cookie"},
    VerdictInfo{HandshakeComplete, "HandshakeComplete", "RFC 9293 §3.5",
                "it acknowledges our SYN: the three-way handshake is complete",
                "对方确认了本端的 SYN：三次握手完成"},
    VerdictInfo{TimeWaitReused, "TimeWaitReused", "RFC 9293 §3.6.1",
                "a new SYN, certainly later than the old connection, replaced its TIME-WAIT",
                "新的 SYN 确定晚于旧连接，取代了旧连接的 TIME-WAIT"},
    VerdictInfo{ResetAccepted, "ResetAccepted", "RFC 9293 §3.5.3",
                "a valid RST: the other end aborted the connection", "有效的 RST：对方中止了连接"},
    VerdictInfo{EchoAnswered, "EchoAnswered", "RFC 1122 §3.2.2.6", "a ping, which is answered",
                "收到 ping：发送应答"},
    VerdictInfo{IcmpErrorUsed, "IcmpErrorUsed", "RFC 5927 §4.1",
                "an ICMP error that quotes a segment of ours in flight: it was believed",
                "ICMP 差错报告引用了本端在途的报文段：予以采信"},
    VerdictInfo{FragmentKept, "FragmentKept", "RFC 791 §3.2",
                "a fragment: kept until the rest of the datagram comes",
                "分片：先保存，等待数据报的其余部分"},
    VerdictInfo{
        QuietlyIgnored, "QuietlyIgnored", "RFC 4861 §6.1.1",
        "for routers or multicast groups, such as a router solicitation: no error, but not for us",
        "发给路由器或多播组的报文（如路由器请求）：没有错误，但与本机无关"},
    // IP: dropped.
    VerdictInfo{TruncatedPacket, "TruncatedPacket", "RFC 791 §3.1",
                "fewer bytes came than the headers claim", "收到的字节数少于首部声明的长度"},
    VerdictInfo{BadIpVersion, "BadIpVersion", "RFC 1122 §3.2.1.1",
                "the version field is neither 4 nor 6", "版本字段既不是 4 也不是 6"},
    VerdictInfo{BadIpHeaderLength, "BadIpHeaderLength", "RFC 791 §3.1",
                "the IPv4 header length is less than 20 bytes or more than there is",
                "IPv4 首部长度小于 20 字节或超出数据报"},
    VerdictInfo{BadIpChecksum, "BadIpChecksum", "RFC 1122 §3.2.1.2",
                "the IPv4 header checksum is wrong", "IPv4 首部检验和错误"},
    VerdictInfo{BadIpOption, "BadIpOption", "RFC 1122 §3.2.1.8", "an IPv4 option is malformed",
                "IPv4 选项格式错误"},
    VerdictInfo{NotForUs, "NotForUs", "RFC 1122 §3.2.1.3",
                "the destination is not one of our addresses", "目的地址不是本机地址"},
    VerdictInfo{BadSourceAddress, "BadSourceAddress", "RFC 1122 §3.2.1.3",
                "no honest host sends from this source: broadcast, multicast, unspecified, "
                "loopback or our own address",
                "源地址不合法：广播、多播、未指定、环回或本机地址"},
    VerdictInfo{SourceRouted, "SourceRouted", "RFC 1122 §3.3.5",
                "the packet is source-routed, and this host does not forward",
                "分组带有源路由，而本机不转发"},
    VerdictInfo{BadExtensionHeader, "BadExtensionHeader", "RFC 8200 §4",
                "an IPv6 extension header is malformed, misplaced, or must not be accepted",
                "IPv6 扩展首部格式错误、位置不当或不可接受"},
    VerdictInfo{TooManyExtensionHeaders, "TooManyExtensionHeaders", "RFC 8504 §5.3",
                "more IPv6 extension headers or options than any honest packet needs",
                "IPv6 扩展首部或选项过多，超出正常分组所需"},
    VerdictInfo{UnknownProtocol, "UnknownProtocol", "RFC 1122 §3.2.2.1",
                "a transport protocol that is not supported here", "本机不支持的运输层协议"},
    VerdictInfo{BadFragment, "BadFragment", "RFC 8200 §4.5",
                "the offset or length of a fragment cannot be right",
                "分片的片偏移或长度不可能正确"},
    VerdictInfo{FragmentOverlap, "FragmentOverlap", "RFC 8200 §4.5",
                "fragments overlap: the whole datagram is discarded", "分片重叠：丢弃整个数据报"},
    VerdictInfo{FragmentTableFull, "FragmentTableFull", "RFC 1122 §3.3.2",
                "the bounded memory for fragments is full", "保存分片的有限内存已满"},
    VerdictInfo{ReassemblyTimeout, "ReassemblyTimeout", "RFC 1122 §3.3.2",
                "the rest of the datagram did not come in time", "数据报的其余分片没有按时到达"},
    // ICMP and UDP: dropped.
    VerdictInfo{BadIcmpChecksum, "BadIcmpChecksum", "RFC 4443 §2.3", "the ICMP checksum is wrong",
                "ICMP 检验和错误"},
    VerdictInfo{BadIcmpMessage, "BadIcmpMessage", "RFC 1122 §3.2.2",
                "the ICMP message is too short or malformed", "ICMP 报文过短或格式错误"},
    VerdictInfo{IcmpUnknownType, "IcmpUnknownType", "RFC 1122 §3.2.2",
                "an ICMP type that means nothing here: silently discarded",
                "类型未知的 ICMP 报文：静默丢弃"},
    VerdictInfo{IcmpErrorNotOurs, "IcmpErrorNotOurs", "RFC 9293 §3.9.2.2",
                "the ICMP error quotes a packet of no connection of ours",
                "ICMP 差错报告引用的分组不属于本机的任何连接"},
    VerdictInfo{IcmpErrorImplausible, "IcmpErrorImplausible", "RFC 5927 §4.1",
                "the ICMP error quotes a sequence number not in flight, or claims a size that must "
                "not be believed",
                "ICMP 差错报告引用的序号不在途，或所报的长度不可信"},
    VerdictInfo{UdpPortClosed, "UdpPortClosed", "RFC 1122 §4.1.3.1",
                "a UDP datagram for a port on which nobody listens",
                "UDP 数据报发往无人使用的端口"},
    // TCP form: dropped.
    VerdictInfo{BadTcpHeader, "BadTcpHeader", "RFC 9293 §3.1",
                "the data offset is less than 20 bytes or points beyond the segment",
                "数据偏移小于 20 字节或超出报文段"},
    VerdictInfo{BadTcpChecksum, "BadTcpChecksum", "RFC 9293 §3.1",
                "the TCP checksum is wrong: some bits changed on the way",
                "TCP 检验和错误：传输中有比特改变"},
    VerdictInfo{BadTcpOption, "BadTcpOption", "RFC 9293 §3.1", "an option's length cannot be right",
                "选项的长度不可能正确"},
    VerdictInfo{BadTcpPort, "BadTcpPort", "RFC 6335 §6", "port zero is reserved and names nobody",
                "端口 0 是保留的，不代表任何进程"},
    // TCP, no connection.
    VerdictInfo{NoConnection, "NoConnection", "RFC 9293 §3.10.7.1",
                "no connection has these addresses and ports, and nobody listens",
                "没有这样的连接，也无人收听"},
    VerdictInfo{ResetNoConnection, "ResetNoConnection", "RFC 9293 §3.10.7.1",
                "a RST for no connection of ours: a RST is never answered",
                "RST 不属于任何连接：对 RST 从不应答"},
    VerdictInfo{ListenBadAck, "ListenBadAck", "RFC 9293 §3.10.7.2",
                "LISTEN: nothing was sent yet that this ACK could acknowledge",
                "LISTEN：尚未发送过任何内容，此确认没有对象"},
    VerdictInfo{ListenIgnored, "ListenIgnored", "RFC 9293 §3.10.7.2",
                "LISTEN: without SYN, a segment cannot begin a connection",
                "LISTEN：没有 SYN 的报文段不能开始连接"},
    VerdictInfo{SynWithFin, "SynWithFin", "RFC 9293 §3.10.7.2",
                "LISTEN: a SYN that also has FIN is sent by port scanners alone",
                "LISTEN：同时带有 SYN 和 FIN 的报文段只有端口扫描器才会发送"},
    VerdictInfo{SynToMulticast, "SynToMulticast", "RFC 9293 §3.9.2.3",
                "a SYN to a broadcast or multicast address: TCP connects two hosts only",
                "发往广播或多播地址的 SYN：TCP 连接只有两个端点"},
    VerdictInfo{SynBacklogFull, "SynBacklogFull", "RFC 4987 §2",
                "too many handshakes are unfinished: perhaps a SYN flood",
                "未完成的握手过多：可能是 SYN 洪泛"},
    VerdictInfo{
        SynDropped, "SynDropped", "RFC 4987 §2",
        "more SYNs come than are answered, perhaps a flood: dropped unread; the client will "
        "try again",
        "到达的 SYN 多于所能应答的，可能是 SYN 洪泛：不读即丢弃；客户端会再次尝试"},
    VerdictInfo{AcceptQueueFull, "AcceptQueueFull", "RFC 9293 §3.9.1.1",
                "the application has not yet accepted the connections that wait",
                "应用程序尚未接受正在等待的连接"},
    VerdictInfo{ConnectionTableFull, "ConnectionTableFull", "RFC 9293 §3.10.1",
                "the limit of connections is reached", "连接数已达上限"},
    VerdictInfo{OutOfMemory, "OutOfMemory", "RFC 9293 §3.10.1",
                "the memory budget of this stack is spent", "本协议栈的内存预算已用完"},
    // TCP, a connection: dropped.
    VerdictInfo{SynSentBadAck, "SynSentBadAck", "RFC 9293 §3.10.7.3",
                "SYN-SENT: it acknowledges something other than our SYN",
                "SYN-SENT：所确认的不是本端的 SYN"},
    VerdictInfo{SynSentBadReset, "SynSentBadReset", "RFC 9293 §3.5.3",
                "SYN-SENT: a RST counts only if it acknowledges our SYN",
                "SYN-SENT：只有确认了本端 SYN 的 RST 才有效"},
    VerdictInfo{SynSentNothing, "SynSentNothing", "RFC 9293 §3.10.7.3",
                "SYN-SENT: neither SYN nor RST, so there is nothing to do",
                "SYN-SENT：既无 SYN 也无 RST，无可处理"},
    VerdictInfo{SynAsksForOtherEcn, "SynAsksForOtherEcn", "RFC 9768 §3.1.5",
                "the SYN or SYN-ACK came again with another kind of congestion feedback: reset",
                "SYN 或 SYN-ACK 再次到达，却带有另一种显式拥塞通知方式：复位连接"},
    VerdictInfo{PawsRejected, "PawsRejected", "RFC 7323 §5.3",
                "its timestamp is older than the recent one: an old duplicate (PAWS)",
                "时间戳比最近的旧：失效的重复报文段（防止序号绕回）"},
    VerdictInfo{TimestampMissing, "TimestampMissing", "RFC 7323 §3.2",
                "timestamps were agreed on, but the segment has none",
                "双方已约定使用时间戳选项，而报文段没有"},
    VerdictInfo{OutsideWindow, "OutsideWindow", "RFC 9293 §3.10.7.4",
                "no part of it lies in the receive window", "报文段完全在接收窗口之外"},
    VerdictInfo{ResetOutsideWindow, "ResetOutsideWindow", "RFC 5961 §3.2",
                "a RST outside the receive window: silently dropped",
                "RST 在接收窗口之外：静默丢弃"},
    VerdictInfo{ResetChallenged, "ResetChallenged", "RFC 5961 §3.2",
                "a RST in the window but not at its exact start: the sender must prove it by "
                "answering our ACK",
                "RST 在窗口内但序号不精确：以挑战 ACK 要求对方证实"},
    VerdictInfo{SynChallenged, "SynChallenged", "RFC 5961 §4.2",
                "a SYN on a synchronized connection: the sender must prove it by answering our ACK",
                "连接已同步时的 SYN：以挑战 ACK 要求对方证实"},
    VerdictInfo{NoAckFlag, "NoAckFlag", "RFC 9293 §3.10.7.4",
                "once synchronized, every segment but a RST or SYN must carry an ACK",
                "连接同步后，除 RST 和 SYN 外，报文段都必须带 ACK"},
    VerdictInfo{AckTooOld, "AckTooOld", "RFC 5961 §5.2",
                "the acknowledgment number lies further back than any window we were offered",
                "确认号过旧，早于对方曾通告的最大窗口的范围"},
    VerdictInfo{AckOfUnsent, "AckOfUnsent", "RFC 9293 §3.10.7.4",
                "it acknowledges bytes that we have not sent yet", "所确认的字节尚未发送"},
    VerdictInfo{DataAfterClose, "DataAfterClose", "RFC 9293 §3.6.1",
                "bytes came after the application had closed: nobody will read them",
                "应用程序关闭后又收到数据：无人读取"},
    VerdictInfo{TimeWaitOldDuplicate, "TimeWaitOldDuplicate", "RFC 9293 §3.10.7.4",
                "TIME-WAIT: a late segment of the connection that has ended",
                "TIME-WAIT：已结束的连接的迟到报文段"},
    VerdictInfo{TimeWaitResetIgnored, "TimeWaitResetIgnored", "RFC 1337 §3",
                "TIME-WAIT: a RST must not end it early", "TIME-WAIT：RST 不得使其提前结束"},
    VerdictInfo{ReassemblyFull, "ReassemblyFull", "RFC 9293 §3.10.7.4",
                "out-of-order bytes beyond what is kept for one connection: they must come again",
                "失序数据超出单个连接的缓存上限：需由对方重传"},
};

constexpr bool rows_are_complete_and_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    const VerdictInfo& row = kTable[i];
    if (static_cast<std::size_t>(row.verdict) != i || row.name.empty() || row.rfc.empty())
      return false;
    if (row.sentence.empty() || row.sentence_zh.empty()) return false;
  }
  return kTable.size() == kVerdictCount;
}
static_assert(rows_are_complete_and_in_order());

}  // namespace

const VerdictInfo& info(Verdict verdict) {
  return kTable[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(Verdict verdict) {
  return info(verdict).name;
}

std::span<const VerdictInfo> all_verdicts() {
  return kTable;
}

}  // namespace glasstcp
