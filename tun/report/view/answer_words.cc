// One finding in words: what holds in general, then what this capture's frames show.
#include "tun/report/view/answer_words.h"

#include <algorithm>

#include "tun/report/view/finding_words.h"

namespace glasstcp::report {
namespace {

using enum FindingKind;

// One finding, and the words for it.
class Words : private FindingWords {
 public:
  Words(const View& view, const Finding& finding) : FindingWords(view, finding) {}

  AnswerParts parts() {
    switch (finding_.kind) {
      case WhyThreeHandshakes:
        return three_handshakes();
      case WhySeqZero:
        return seq_zero();
      case WhyFourCloses:
      case WhyThreeCloses:
        return closes();
      case WhyNoOrderlyClose:
        return no_orderly_close();
      case WhyTwoMsl:
        return two_msl();
      case WhyPush:
        return push();
      case WhyWindowUpdate:
        return window_update();
      case WhyPartialContent:
        return partial_content();
      case WhyNotModified:
        return not_modified();
      case WhySecondConnection:
        return second_connection();
      case WhyNotRequested:
        return not_requested();
      case WhyReset:
        return reset();
      case WhyRetransmission:
        return retransmission();
      case WhyPureAckFirst:
        return pure_ack();
      case WhySmallWrites:
        return small_writes();
      default:
        return parts_about_transfer(view_, finding_);
    }
  }

 private:
  AnswerParts three_handshakes() {
    AnswerParts out{
        {say("Each end chooses an initial sequence number, must tell it to the other and must "
             "learn "
             "that it arrived: two announcements and two acknowledgments. The server's "
             "acknowledgment and its own announcement share one segment, so three are enough "
             "(RFC 9293 §3.5).",
             "双方各选一个初始序列号，都要告诉对方，并且都要得知对方已收到：两次通告，两次确认。服"
             "务"
             "器的确认"
             "与它自己的通告合在一个报文段里，所以三个报文段就够了（RFC 9293 §3.5）。"),
         say("Two would not do: an old duplicate SYN that wandered in the network would open a "
             "connection that nobody wants, and the server would wait on it. Only the third "
             "segment "
             "shows that the client means this one.",
             "两次握手不行：滞留在网络中的失效的连接请求一旦到达，服务器就会建立一条无人需要的连接"
             "并"
             "一直等待。"
             "只有第三个报文段能表明客户端确实要建立这条连接。")},
        {}};
    if (!finding_.is_shown) {
      out.here.push_back(absent());
      return out;
    }
    out.here.push_back(
        say("Here {} announces the client's ISN {}; {} acknowledges it (+ 1) and announces the "
            "server's ISN {}; {} acknowledges that (+ 1).",
            "本次抓包中，{}通告客户端的初始序列号 {}；{}确认它（+ 1），并通告服务器的初始序列号 "
            "{}；{}再确认后者"
            "（+ 1）。",
            at(Role::Syn), raw(ValueName::ClientIsn), at(Role::SynAck), raw(ValueName::ServerIsn),
            at(Role::Ack)));
    return out;
  }

  AnswerParts seq_zero() {
    AnswerParts out{
        {say("The 0 is a relative number: Wireshark subtracts the initial sequence number, so that "
             "numbers are easy to read.",
             "0 是相对序号：Wireshark 减去了初始序列号，便于阅读。"),
         say("An initial sequence number must be hard to guess and must not repeat soon "
             "(RFC 9293 §3.4.1): an attacker who knows it could forge segments, and an old "
             "segment could be taken for a new one.",
             "初始序列号必须难以猜测，并且短期内不重复（RFC 9293 "
             "§3.4.1）：否则攻击者可以伪造报文段，旧连接的"
             "报文段也可能被误认为是新的。")},
        {}};
    out.here.push_back(finding_.is_shown ? say("On the wire {} carries {} and {} carries {}.",
                                               "线路上{}的序号是 {}，{}的序号是 {}。",
                                               at(Role::Syn), raw(ValueName::ClientIsn),
                                               at(Role::SynAck), raw(ValueName::ServerIsn))
                                         : absent());
    return out;
  }

  // The theory stands with them then.
  [[nodiscard]] bool tells_four_closes() const {
    return std::ranges::any_of(view_.capture.findings, [](const Finding& one) {
      return one.kind == WhyFourCloses && one.is_shown;
    });
  }

  AnswerParts closes() {
    AnswerParts out{
        {say("A connection is two streams, and each is closed for itself: a FIN says \"I send no "
             "more\", and takes a sequence number, so it is acknowledged. Two FINs and two "
             "acknowledgments are four segments. The receiver of the first FIN may still have data "
             "to send (half-close), so its own FIN need not come with the acknowledgment.",
             "一条连接是两个方向的字节流，各自关闭：FIN "
             "表示“本端不再发送数据”，它占一个序号，因此要被确认。两个 "
             "FIN、两个确认，共四个报文段。收到第一个 FIN "
             "的一方可能还有数据要发（半关闭），所以它的 FIN 不必与"
             "确认同时发出。")},
        {}};
    if (finding_.kind == WhyThreeCloses && tells_four_closes()) out.general.clear();
    if (!finding_.is_shown) {
      out.here.push_back(absent());
    } else if (finding_.kind == WhyThreeCloses) {
      out.here.push_back(
          say("Here three suffice: {} is the first FIN (by the {}), {} acknowledges it and carries "
              "the second FIN as well, since that end had nothing more to send and closed at once; "
              "{} acknowledges the second.",
              "本次抓包三个就够了：{}是第一个 FIN（由{}发出），{}既确认它又带上第二个 "
              "FIN，因为那一端已没有数据"
              "要发，立即关闭；{}确认第二个 FIN。",
              at(Role::FirstFin), side(ValueName::ActiveSide), at(Role::SecondFin),
              at(Role::AckOfSecondFin)));
    } else {
      out.here.push_back(say(
          "Here four: {} is the first FIN (by the {}), {} acknowledges it, {} is the "
          "second FIN, {} acknowledges that. {} passed between the FINs, {}.",
          "本次抓包是四个：{}是第一个 FIN（由{}发出），{}确认它；{}是第二个 FIN，{}确认它。两个 "
          "FIN 相隔 {}，{}。",
          at(Role::FirstFin), side(ValueName::ActiveSide), at(Role::AckOfFirstFin),
          at(Role::SecondFin), at(Role::AckOfSecondFin),
          milliseconds(number(ValueName::HalfClosedNs)),
          number(ValueName::BytesBetween) == 0
              ? say("without data", "其间没有数据")
              : say("with {} of data", "其间还有 {}数据", bytes(ValueName::BytesBetween))));
    }
    return out;
  }

  AnswerParts no_orderly_close() {
    const Connection* c = connection();
    const Ending ending = c != nullptr ? c->close.ending : Ending::Open;
    return {{},
            {say("Connection {} does not end by two FINs and their acknowledgments here: {}.",
                 "连接 {} 在这里不是以两个 FIN 及其确认结束的：{}。", c != nullptr ? c->number : 0,
                 ending_text(ending, view_.language))}};
  }

  AnswerParts two_msl() {
    AnswerParts out{
        {say("The end that closes first sends the last ACK, and then waits twice the maximum "
             "segment "
             "lifetime in TIME-WAIT. First, that ACK may be lost: the other end then sends its FIN "
             "again, somebody must be there to answer, and the timer restarts. Second, segments "
             "of this connection that are still under way must have died before the same addresses "
             "and ports are used again (RFC 9293 §3.6.1). The reason is the lifetime of segments, "
             "not the odds that two are lost.",
             "先关闭的一方发出最后的 ACK，然后在 TIME-WAIT 状态等待 "
             "2MSL（最长报文段寿命的两倍）。第一，这个 ACK "
             "可能丢失：对方会重传 "
             "FIN，必须有人应答，计时器随之重新开始。第二，本连接仍在途中的报文段必须在同样的"
             "地址和端口再次使用之前消失（RFC 9293 "
             "§3.6.1）。理由是报文段的寿命，而不是连续丢失的概率。")},
        {}};
    if (!finding_.is_shown) {
      out.here.push_back(absent());
      return out;
    }
    out.here.push_back(
        say("Here the {} waits, from {} on. The waiting itself is not in a capture: "
            "nothing is sent.",
            "本次抓包中等待的是{}，从{}开始。等待本身在抓包中看不到：期间不发送任何报文段。",
            side(ValueName::WaitingSide), at(Role::LastAck)));
    if (finding_.frame(Role::FinAgain) != 0) {
      out.here.push_back(say("The FIN came again in {}: the last ACK had been lost.",
                             "{}重传了 FIN：最后的 ACK 丢失了。", at(Role::FinAgain)));
    }
    return out;
  }

  AnswerParts push() {
    AnswerParts out{
        {say(
            "PSH tells the receiver to hand over at once what has come. A sender sets it on the "
            "last segment of what the application wrote: it ends a write into the send buffer, "
            "which need not be the whole response.",
            "PSH "
            "要求接收方立即把已收到的数据交给应用程序。发送方在应用程序一次写入的最后一个报文段上置"
            "位 PSH：它"
            "表示发送缓存中这批数据到此为止，不一定是整个响应的结尾。")},
        {}};
    if (!finding_.is_shown) {
      out.here.push_back(absent());
      return out;
    }
    const std::int64_t segments = number(ValueName::SegmentsOfMessage);
    out.here.push_back(
        segments == 1 ? say("Here a response of {} took one segment, {}, and it has PSH.",
                            "本次抓包中，一个 {}的响应只用了一个报文段，即{}，带有 PSH。",
                            bytes(ValueName::BytesOfMessage), at(Role::LastSegment))
                      : say("Here a response of {} took {} segments; {} is the last and has PSH.",
                            "本次抓包中，一个 {}的响应用了 {} 个报文段，最后一个是{}，带有 PSH。",
                            bytes(ValueName::BytesOfMessage), segments, at(Role::LastSegment)));
    if (const std::int64_t middle = number(ValueName::PushedInMiddle); middle > 0) {
      out.here.push_back(middle == 1
                             ? say("An earlier segment of it has PSH too: it ends a write.",
                                   "其中还有 1 个较早的报文段也带 PSH：它是一次写入的结尾。")
                             : say("{} earlier segments of it have PSH too: each ends a write.",
                                   "其中还有 {} 个较早的报文段也带 PSH：每一个都是一次写入的结尾。",
                                   middle));
    }
    return out;
  }

  AnswerParts window_update() {
    AnswerParts out{
        {say(
            "A window update is an ACK that acknowledges nothing new and only announces a larger "
            "receive window: the application read, and space became free. The receiver cannot know "
            "whether more data will come, so it is no mistake even after the last byte.",
            "窗口更新是只通告更大的接收窗口、不确认新数据的 "
            "ACK：应用程序读走了数据，缓存空出来了。接收方无法知道"
            "后面是否还有数据，所以即使在最后一个字节之后发出也不是多余的。")},
        {}};
    if (!finding_.is_shown) {
      out.here.push_back(absent());
      return out;
    }
    const bool is_scaled = number(ValueName::WindowScaleUnknown) == 0;
    out.here.push_back(
        say("Here {} opens the window from {} to {}{}.", "本次抓包中，{}把窗口从 {}增大到 {}{}。",
            at(Role::Update), bytes(ValueName::WindowBefore), bytes(ValueName::WindowAfter),
            is_scaled ? "" : say(" (fields; scale unknown)", "（字段值，扩大因子未知）")));
    if (finding_.frame(Role::Closed) != 0) {
      out.here.push_back(
          say("It had been closed by {}: without the update the sender could only probe.",
              "此前{}通告了零窗口：没有这个更新，发送方只能探测。", at(Role::Closed)));
    }
    if (number(ValueName::BehindLastData) != 0) {
      out.here.push_back(say("No data came after it.", "其后没有再来数据。"));
    }
    return out;
  }

  AnswerParts partial_content() {
    AnswerParts out{
        {say(
            "206 answers a request with Range, whatever the range is. A media element asks with an "
            "open range, bytes=0-, so that it can seek later; the server answers in kind, although "
            "the range is the whole file.",
            "只要请求带 Range，响应就是 206，与范围大小无关。媒体元素用不指定结尾的范围 bytes=0- "
            "请求，以便以后跳转；"
            "服务器照此应答，尽管这个范围就是整个文件。")},
        {}};
    if (!finding_.is_shown) {
      out.here.push_back(absent());
      return out;
    }
    out.here.push_back(say(
        "Here {} asks with Range: {}, and {} answers 206 with Content-Range: {}.",
        "本次抓包中，{}的请求带 Range: {}，{}以 206 应答，Content-Range: {}。", at(Role::Request),
        text(ValueName::Range), at(Role::Response), text(ValueName::ContentRange)));
    out.here.push_back(
        number(ValueName::IsWhole) != 0
            ? say("All bytes of the resource came: {} of {}.", "资源的全部字节都传送了：{} / {}。",
                  grouped(number(ValueName::RangeLast) - number(ValueName::RangeFirst) + 1),
                  grouped(number(ValueName::RangeTotal)))
            : say("Bytes {} to {} of {} were asked for.", "请求的是第 {} 至 {} 字节，共 {} 字节。",
                  grouped(number(ValueName::RangeFirst)), grouped(number(ValueName::RangeLast)),
                  grouped(number(ValueName::RangeTotal))));
    return out;
  }

  AnswerParts not_modified() {
    AnswerParts out{
        {say("The browser had the resource and asked whether it changed (conditional request). 304 "
             "says no, and carries no body: the copy in the cache is used. A copy that is still "
             "fresh is used without any request.",
             "浏览器已有该资源，询问它是否改变（条件请求）。304 "
             "表示没有，也不带实体主体：使用缓存中的副本。副本仍"
             "在有效期内时，根本不会发出请求。")},
        {}};
    out.here.push_back(finding_.is_shown
                           ? say("Here {} asks with {}, and {} answers 304.",
                                 "本次抓包中，{}带 {}，{}应答 304。", at(Role::Request),
                                 text(ValueName::Validator), at(Role::Response))
                           : absent());
    return out;
  }

  AnswerParts second_connection() {
    AnswerParts out{
        {say(
            "An HTTP/1.1 connection carries one exchange after the other. A browser opens several "
            "in parallel, so that a large resource does not hold up the others, and some in "
            "advance (preconnect). That is not pipelining, which sends several requests on one "
            "connection before the first response.",
            "一条 HTTP/1.1 "
            "连接上的请求和响应一个接一个。浏览器并行建立几条连接，免得大的资源挡住其他资源；有的是"
            "提前建立的（预连接）。这不是流水线方式：流水线方式是在同一条连接上，不等第一个响应就连"
            "续发出几个请求。")},
        {}};
    if (!finding_.is_shown) {
      out.here.push_back(absent());
      return out;
    }
    out.here.push_back(say("Here {} opens a second connection, {} after {}.",
                           "本次抓包中，{0}在{2}之后 {1} 建立了另一条连接。", at(Role::Syn),
                           milliseconds(number(ValueName::GapNs)), at(Role::Other)));
    out.here.push_back(
        number(ValueName::IsIdle) != 0
            ? say("It carried no request.", "它上面没有任何请求（空闲）。")
        : number(ValueName::Requests) == 1
            ? say("It carried one request.", "它上面有 1 个请求。")
            : say("It carried {} requests.", "它上面有 {} 个请求。", number(ValueName::Requests)));
    return out;
  }

  AnswerParts not_requested() {
    AnswerParts out;
    if (!finding_.is_shown) {
      out.here.push_back(
          say("Every resource that the HTML of this capture names was requested, or "
              "none is named.",
              "抓包中网页引用的资源都有请求，或没有引用任何资源。"));
      return out;
    }
    out.here.push_back(say("The page names {}, and no request for it follows.",
                           "网页引用了 {}，其后却没有对它的请求。", text(ValueName::Target)));
    out.here.push_back(
        finding_.frame(Role::AllowedBy) != 0
            ? say("The response in {} allowed the browser to reuse its copy without asking: no "
                  "request, and so no 304 either.",
                  "{}的响应允许浏览器不经询问就重用副本：没有请求，因此也没有 304。",
                  at(Role::AllowedBy))
            : say("The reason is not visible in this capture (a copy in the cache from an earlier "
                  "visit, or the capture ended before).",
                  "从抓包中看不出原因（可能是以前访问留下的缓存，也可能抓包已结束）。"));
    return out;
  }

  AnswerParts reset();
  AnswerParts retransmission();
  AnswerParts pure_ack();
  AnswerParts small_writes();
};

std::string cause_text(const View& view, ResetCause cause) {
  switch (cause) {
    case ResetCause::Told:
      return view.say("the sender's comment says why", "发送方的注释写明了原因");
    case ResetCause::PortClosed:
      return view.say("nobody listens on that port", "该端口无人收听");
    case ResetCause::AnswersLateFin:
      return view.say("the socket was gone already, and its system answers the late FIN",
                      "套接字已不存在，系统用 RST 应答迟到的 FIN");
    case ResetCause::AnswersLateData:
      return view.say("data came for a socket that was closed", "数据到达已关闭的套接字");
    case ResetCause::UnreadData:
      return view.say("the application closed with received bytes unread",
                      "应用程序关闭时，还有收到的数据没有读取");
    case ResetCause::Aborted:
      return view.say("the application aborted (SO_LINGER 0, or the process ended)",
                      "应用程序中止了连接（SO_LINGER 0，或进程结束）");
    case ResetCause::UnknownConnection:
      return view.say("that end does not know the connection (half-open, or restarted)",
                      "那一端不知道这条连接（半开连接，或重启过）");
    case ResetCause::AnswersOldSegment:
      return view.say("it answers an old segment", "应答旧的报文段");
    case ResetCause::Timeout:
      return view.say("given up after retransmissions without an answer", "多次重传无应答后放弃");
    case ResetCause::Middlebox:
      return view.say("a device on the path sent it: its TTL differs",
                      "由路径上的设备发出：TTL 不同");
    case ResetCause::Refused:
      return view.say("the listener's queue was full", "收听队列已满");
  }
  return {};
}

AnswerParts Words::reset() {
  const Connection* c = connection();
  const auto index = static_cast<std::size_t>(number(ValueName::ResetIndex));
  if (!finding_.is_shown || c == nullptr || index >= c->resets.size()) {
    return {{}, {say("No segment with RST is in this capture.", "这个抓包中没有 RST 报文段。")}};
  }
  const Reset& reset = c->resets[index];
  AnswerParts out{{say("RST ends a connection at once, without acknowledgment.",
                       "RST 使连接立即结束，不需要确认。")},
                  {say("Here {} is one, by the {}.", "本次抓包中，{}就是一个，由{}发出。",
                       view_.frame(reset.frame), view_.name(reset.from))}};
  if (reset.answers != 0)
    out.here.back() += say(" It answers {}.", "它应答的是{}。", view_.frame(reset.answers));
  const Frame* f = c->find(reset.frame);
  if (reset.is_certain && f != nullptr) {
    out.here.push_back(say("Its sender says why: {}", "发送方写明了原因：{}",
                           visible(view_.capture.comment_of(*f).sentence)));
    return out;
  }
  std::string causes;
  for (const ResetCause cause : reset.causes) {
    if (!causes.empty()) causes += view_.in("; ", "；");
    causes += cause_text(view_, cause);
  }
  out.here.push_back(say("A capture does not tell the cause; candidates, the likeliest first: {}.",
                         "抓包本身看不出原因；可能的原因（最可能的在前）：{}。", causes));
  return out;
}

AnswerParts Words::retransmission() {
  if (!finding_.is_shown) {
    return {{},
            {say("No segment was retransmitted in this capture.", "这个抓包中没有重传的报文段。")}};
  }
  AnswerParts out{
      {say(
          "A sender keeps what it sent until it is acknowledged. It sends it again when the "
          "retransmission timeout (RTO) expires, or earlier, when duplicate ACKs or SACK show that "
          "later segments arrived.",
          "发送方保留已发送的数据，直到得到确认。超时重传时间（RTO）到时就重传；如果重复确认或 "
          "SACK 表明后面的报文段"
          "已到达，则更早重传。")},
      {}};
  out.here.push_back(say(
      "Here {} repeats {}, {} later, after {} duplicate ACKs{}.",
      "本次抓包中，{}重传{}，相隔 {}，此前有 {} 个重复确认{}。", at(Role::Repeated),
      at(Role::Original), milliseconds(number(ValueName::GapNs)), number(ValueName::DuplicateAcks),
      number(ValueName::IsFast) != 0 ? say(": a fast retransmit", "：快速重传") : ""));
  return out;
}

AnswerParts Words::pure_ack() {
  AnswerParts out{
      {say("An acknowledgment rides on data (piggybacked) if there is some to send. Where the "
           "answer "
           "takes longer than the delayed ACK may wait, or the receiver acknowledges at once, it "
           "goes alone.",
           "如果有数据要发，确认就捎带在数据上。应答所需的时间超过延迟确认的时限，或接收方立即确认"
           "时，AC"
           "K 就单独"
           "发出。")},
      {}};
  out.here.push_back(
      finding_.is_shown
          ? say("Here the request in {} was acknowledged by {} alone; the response began "
                "{} later, in {}.",
                "本次抓包中，{}的请求由{}单独确认；响应在 {} 之后才开始，见{}。", at(Role::Request),
                at(Role::Ack), milliseconds(number(ValueName::GapNs)), at(Role::Response))
          : absent());
  return out;
}

AnswerParts Words::small_writes() {
  AnswerParts out{
      {say("A server that writes status line, headers and body one by one makes a segment of each, "
           "and each has PSH. One write would be one segment.",
           "服务器把状态行、首部和主体分几次写入，每次写入就成为一个报文段，各带 "
           "PSH。一次写入则只有一个报文段。")},
      {}};
  out.here.push_back(
      finding_.is_shown
          ? say("Here {} in {} segments, from {} to {}.",
                "本次抓包中，{}分成 {} 个报文段，从{}到{}。", bytes(ValueName::BytesOfMessage),
                number(ValueName::SegmentsOfMessage), at(Role::First), at(Role::Last))
          : absent());
  return out;
}

}  // namespace

AnswerParts parts_of_answer(const View& view, const Finding& finding) {
  return Words(view, finding).parts();
}

}  // namespace glasstcp::report
