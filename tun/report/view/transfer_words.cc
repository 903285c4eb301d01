// The sentences about what travels: SYNs, segments, pace, and what HTTP makes of them.
#include "tun/report/view/finding_words.h"

namespace glasstcp::report {
namespace {

using enum FindingKind;

constexpr std::uint32_t kTcpHeader = 20;
constexpr std::uint32_t kLongestPacket = 65535;
constexpr std::uint32_t kTimestamps = 12;  // with the two bytes that pad them

class TransferWords : private FindingWords {
 public:
  TransferWords(const View& view, const Finding& finding) : FindingWords(view, finding) {}

  AnswerParts parts() {
    AnswerParts out{general(), {}};
    if (finding_.is_shown) {
      out.here = here();
    } else {
      out.here.push_back(not_shown());
    }
    return out;
  }

 private:
  [[nodiscard]] std::vector<std::string> general() const {
    switch (finding_.kind) {
      case WhySynWithoutData:
        return {say(
            "It may: the receiver keeps the data back until the handshake is complete "
            "(RFC 9293 §3.5), or takes it at once if both ends use TCP Fast Open (RFC 7413). "
            "That a SYN usually has none is a habit, not a rule. It takes one sequence number "
            "all the same, so that it can be acknowledged.",
            "可以：接收方先保留这些数据，等三次握手完成后才交付（RFC 9293 §3.5）；如果双方使用 "
            "TCP Fast Open（RFC 7413），则立即交付。SYN "
            "通常不带数据，这是惯例而不是规定。即使不带数据，SYN 也占一个序号，这样才能被确认。")};
      case WhyMss:
        return {
            say("The MSS counts the data of a segment alone. Each end announces in its SYN "
                "what it can receive: the MTU of its interface less the IP header (20 bytes "
                "in IPv4, 40 in IPv6) and the TCP header (20 bytes), options not counted "
                "(RFC 9293 §3.7.1).",
                "MSS 只计报文段中的数据。双方各在 SYN 中通告自己能接收的最大长度：接口的 MTU "
                "减去 IP 首部（IPv4 为 20 字节，IPv6 为 40 字节）和 TCP 首部（20 "
                "字节），不计选项（RFC 9293 §3.7.1）。")};
      case WhySegments:
        return {
            say("TCP carries a byte stream without boundaries of messages. The sender cuts it "
                "into segments of an MSS at most (less the options), and the receiver puts it "
                "together by the sequence numbers; Wireshark shows that as a reassembled PDU.",
                "TCP 传送的是字节流，没有报文边界。发送方把它分成不超过 MSS "
                "的报文段（还要减去选项），接收方按序号重组；Wireshark 把结果显示为 "
                "reassembled PDU。")};
      default:
        return theory_of_exchanges();
    }
  }

  [[nodiscard]] std::vector<std::string> theory_of_exchanges() const {
    switch (finding_.kind) {
      case WhyInitialWindow:
        return {
            say("The congestion window of today's systems begins with about 10 segments "
                "(RFC 6928). In slow start it grows by a segment for each one that is "
                "acknowledged, so it doubles in a round trip, until a loss is found or "
                "ssthresh is reached; then congestion avoidance adds about one segment in a "
                "round trip (RFC 5681 §3.1). In flight is never more than min(cwnd, rwnd).",
                "现在的系统中，拥塞窗口的初始值约为 10 个报文段（RFC "
                "6928）。慢开始阶段每确认一个报文段就增大一个报文段，因此每经过一个往返时间加倍"
                "，直到发现丢失或达到慢开始门限；之后进入拥塞避免阶段，每个往返时间约增大一个报"
                "文段（RFC 5681 §3.1）。在途数据量始终不超过 min(cwnd, rwnd)。")};
      case WhyFewerAcks:
        return {
            say("An acknowledgment is cumulative: its number says that everything before it "
                "has come. So not every segment needs one: the receiver may wait for a second "
                "segment, or a short while (delayed acknowledgment, 500 ms at most; RFC 9293 "
                "§3.8.6.3), or let it ride on data.",
                "确认是累积确认：确认号表示它之前的所有字节都已收到。所以不必每个报文段都确认："
                "接收方可以等第二个报文段，或稍等一会儿（延迟确认，最多 500 ms；RFC 9293 "
                "§3.8.6.3），或让确认捎带在数据上。")};
      case WhyNagle:
        return {
            say("Nagle's algorithm (RFC 9293 §3.7.4) lets a short segment wait while data is "
                "unacknowledged, so that many small writes become one segment. With delayed "
                "acknowledgment at the other end the two wait for each other, so servers often "
                "switch it off (TCP_NODELAY).",
                "Nagle 算法（RFC 9293 "
                "§3.7.4）规定：还有数据未被确认时，短报文段要等待，这样许多小的写入可以合成一个"
                "报文段。它与对方的延迟确认会互相等待，所以服务器常把它关闭（TCP_NODELAY）。")};
      case WhyMimeType:
        return {
            say("The media type (MIME) tells the browser what the body is, and so whether to "
                "show it as a page or a picture, or to play it. The header decides, not the "
                "ending of the name.",
                "媒体类型（MIME）告诉浏览器实体主体是什么，从而决定显示为网页、图片，还是播放。"
                "以首部为准，与文件名的后缀无关。")};
      case WhyPersistent:
        return {
            say("HTTP/1.1 connections are persistent unless one end says Connection: close "
                "(RFC 9112 §9.3): the next request needs no new handshake, and the congestion "
                "window has grown already. In HTTP/1.0 the response ends with the connection "
                "unless keep-alive was agreed on.",
                "HTTP/1.1 的连接默认是持续连接，除非一方声明 Connection: close（RFC 9112 "
                "§9.3）：下一个请求不必重新握手，拥塞窗口也已增大。HTTP/1.0 "
                "在响应结束时就关闭连接，除非双方约定了 keep-alive。")};
      default:
        return {};
    }
  }

  [[nodiscard]] std::vector<std::string> here() const {
    switch (finding_.kind) {
      case WhySynWithoutData:
        return {syn_data()};
      case WhyMss:
        return mss();
      case WhySegments:
        return {segments()};
      case WhyInitialWindow:
        return {initial_window()};
      case WhyFewerAcks:
        return {
            say("Here {} ACKs of the {} answered {} segments with data; {} alone acknowledges "
                "{}.",
                "本次抓包中，{1}用 {0} 个 ACK 确认了 {2} 个携带数据的报文段；仅{3}就确认了 "
                "{4}。",
                number(ValueName::Acks), side(ValueName::WaitingSide),
                number(ValueName::SegmentsOfMessage), at(Role::Ack), bytes(ValueName::FullBytes))};
      case WhyNagle:
        return {nagle()};
      case WhyMimeType:
        return {types()};
      case WhyPersistent:
        return {say("Here one connection carried {} requests, one after the other, from {} to {}.",
                    "本次抓包中，一条连接上先后有 {} 个请求，从{}到{}。",
                    number(ValueName::Requests), at(Role::First), at(Role::Last))};
      default:
        return {};
    }
  }

  [[nodiscard]] std::string not_shown() const {
    if (finding_.kind == WhyNagle) {
      return say(
          "No short segment left here while data was in flight: whether an end uses the "
          "algorithm cannot be seen.",
          "本次抓包中，没有短报文段在数据未被确认时发出：看不出哪一端使用该算法。");
    }
    if (finding_.kind == WhyPersistent) {
      return say("Every connection here carried one request at most.",
                 "本次抓包中，每条连接最多只有一个请求。");
    }
    return absent();
  }

  [[nodiscard]] std::string syn_data() const {
    const std::int64_t bytes_of_syn = number(ValueName::BytesOfSyn);
    if (bytes_of_syn > 0) {
      return say("Here {} carries {} of data.", "本次抓包中，{}携带了 {}数据。", at(Role::Syn),
                 bytes(ValueName::BytesOfSyn));
    }
    return say(
        "Here {} carries no data (Len=0), and the next sequence number is 0 + 1 all the "
        "same.",
        "本次抓包中，{}不携带数据（Len=0），但下一个序号仍是 0 + 1。", at(Role::Syn));
  }

  [[nodiscard]] std::vector<std::string> mss() const {
    const Connection* const c = connection();
    if (c == nullptr || !c->ends[0].mss || !c->ends[1].mss) return {absent()};
    const bool is_v4 = c->end(Side::Client).endpoint.address.is_v4();
    const std::uint32_t ip_header = is_v4 ? 20 : 40;
    const auto sum = [&](std::uint32_t one) {
      return fmt::format("{} + {} + {} = {}", one, ip_header, kTcpHeader,
                         one + ip_header + kTcpHeader);
    };
    const std::uint32_t client = *c->ends[0].mss, server = *c->ends[1].mss;
    std::vector<std::string> out;
    if (client == server && client + ip_header + kTcpHeader == kLongestPacket) {
      out.push_back(
          say("Here {} and {} say {}: {}, the longest packet that IP allows. Such an MTU "
              "is that of a loopback interface.",
              "本次抓包中，{}和{}都是 {}：{}，即 IP 数据报的最大长度。这样的 MTU "
              "属于环回接口。",
              at(Role::Syn), at(Role::SynAck), client, sum(client)));
    } else if (client == server) {
      out.push_back(say("Here {} and {} say {}: {}, the MTU of the interface.",
                        "本次抓包中，{}和{}都是 {}：{}，即接口的 MTU。", at(Role::Syn),
                        at(Role::SynAck), client, sum(client)));
    } else {
      out.push_back(
          say("Here {} says {} ({}) and {} says {} ({}): each end sends no more than the "
              "other announced.",
              "本次抓包中，{}是 {}（{}），{}是 {}（{}）：各方发送时不得超过对方的通告。",
              at(Role::Syn), client, sum(client), at(Role::SynAck), server, sum(server)));
    }
    const bool has_timestamps = c->ends[0].timestamps && c->ends[1].timestamps;
    const auto longest = static_cast<std::uint32_t>(number(ValueName::FullBytes));
    if (has_timestamps && longest + kTimestamps == client) {
      out.push_back(
          say("The timestamps option takes {} bytes of each segment, so a full one "
              "carries {} − {} = {} bytes of data: see {}.",
              "时间戳选项在每个报文段中占 {} 字节，所以一个满的报文段携带 {} − {} = {} "
              "字节数据：见{}。",
              kTimestamps, client, kTimestamps, longest, at(Role::First)));
    } else if (longest == client) {
      out.push_back(say("A full segment carries {} bytes of data: see {}.",
                        "一个满的报文段携带 {} 字节数据：见{}。", longest, at(Role::First)));
    }
    return out;
  }

  [[nodiscard]] std::string segments() const {
    const std::int64_t count = number(ValueName::SegmentsOfMessage);
    const std::int64_t full = number(ValueName::FullBytes), last = number(ValueName::LastBytes);
    const bool is_plain = (count - 1) * full + last == number(ValueName::BytesOfMessage);
    if (is_plain) {
      return say(
          "Here a response of {} took {} segments, from {} to {}: {} of {} bytes and a last "
          "one of {}.",
          "本次抓包中，一个 {}的响应分成 {} 个报文段，从{}到{}：{} 个为 {} "
          "字节，最后一个为 {} 字节。",
          bytes(ValueName::BytesOfMessage), count, at(Role::First), at(Role::Last), count - 1, full,
          last);
    }
    return say(
        "Here a response of {} took {} segments, from {} to {}; the longest carries {} "
        "bytes.",
        "本次抓包中，一个 {}的响应分成 {} 个报文段，从{}到{}；最长的携带 {} 字节。",
        bytes(ValueName::BytesOfMessage), count, at(Role::First), at(Role::Last), full);
  }

  [[nodiscard]] std::string initial_window() const {
    return say(
        "Here {} segments with {} left, from {} to {}, before {} acknowledged the first of "
        "them, while more of the response waited.",
        "本次抓包中，收到{4}的第一个确认之前，从{2}到{3}发出了 {0} 个报文段，共 "
        "{1}，响应的其余部分还在等待。",
        number(ValueName::SegmentsOfMessage), bytes(ValueName::BytesOfMessage), at(Role::First),
        at(Role::Last), at(Role::Ack));
  }

  [[nodiscard]] std::string nagle() const {
    if (number(ValueName::IsCertain) != 0) {
      return say(
          "Here {} of the {} carries {} and left while {} were unacknowledged, a short "
          "segment among them: that end does not use the algorithm.",
          "本次抓包中，{}由{}发出，携带 {}，当时还有 {}"
          "未被确认，其中有短报文段：这一端没有使用该算法。",
          at(Role::First), side(ValueName::ActiveSide), bytes(ValueName::LastBytes),
          bytes(ValueName::BytesBetween));
    }
    return say(
        "Here {} of the {} carries {} and left while {} were unacknowledged. By the letter "
        "of the algorithm it would have waited: that end has it switched off, or, like Linux, "
        "holds a short segment back only while an earlier short one is unacknowledged.",
        "本次抓包中，{}由{}发出，携带 {}，当时还有 {}"
        "未被确认。按算法的原文它应当等待：这一端关闭了该算法，或者像 Linux "
        "那样只等待短报文段的确认。",
        at(Role::First), side(ValueName::ActiveSide), bytes(ValueName::LastBytes),
        bytes(ValueName::BytesBetween));
  }

  [[nodiscard]] std::string types() const {
    std::string list;
    for (std::size_t i = 0; i < finding_.values.size() && i < finding_.frames.size(); ++i) {
      if (i > 0) list += view_.in(", ", "、");
      list += say("{} in {}", "{}（{}）", code(finding_.values[i].text),
                  view_.frame(finding_.frames[i].frame));
    }
    return say("Here: {}.", "本次抓包：{}。", list);
  }
};

}  // namespace

AnswerParts parts_about_transfer(const View& view, const Finding& finding) {
  return TransferWords(view, finding).parts();
}

}  // namespace glasstcp::report
