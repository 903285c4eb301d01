// Findings as questions and answers: those of one kind together, and only the close that happened.
#include <algorithm>

#include "tun/report/view/answer_words.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

using enum FindingKind;

std::string question_text(const View& view, FindingKind kind) {
  switch (kind) {
    case WhyThreeHandshakes:
      return view.say("Why does opening take three segments?", "为什么建立连接需要三次握手？");
    case WhySeqZero:
      return view.say("Why is Seq=0 not the initial sequence number?",
                      "为什么 Seq=0 不是初始序列号？");
    case WhyFourCloses:
      return view.say("Why does closing take four segments?", "为什么释放连接需要四次挥手？");
    case WhyThreeCloses:
      return view.say("Why does closing take four segments, and why here three?",
                      "为什么释放连接需要四次挥手，而这里只用了三个报文段？");
    case WhyNoOrderlyClose:
      return view.say("Why is there no close by FIN here?", "为什么这里没有用 FIN 释放连接？");
    case WhyTwoMsl:
      return view.say("Why wait 2 MSL, and who waits?", "为什么要等待 2MSL？由谁等待？");
    case WhyPush:
      return view.say("Why does the last segment have PSH?", "为什么最后一个报文段带 PSH？");
    case WhyWindowUpdate:
      return view.say("Why this window update?", "为什么会有这个窗口更新？");
    case WhyPartialContent:
      return view.say("Why 206, though all bytes came?",
                      "为什么全部字节都传送了，状态码却是 206？");
    case WhyNotModified:
      return view.say("Why 304?", "为什么是 304？");
    case WhySecondConnection:
      return view.say("Why a second connection?", "为什么会有第二条连接？");
    case WhyNotRequested:
      return view.say("Why is there no request for a resource that the page names?",
                      "网页引用的资源为什么没有请求？");
    case WhyReset:
      return view.say("Why this RST?", "为什么会有这个 RST？");
    case WhyRetransmission:
      return view.say("Why was a segment sent again?", "为什么重传报文段？");
    case WhyPureAckFirst:
      return view.say("Why does the ACK of a request come before the response?",
                      "为什么对请求的 ACK 先于响应单独发出？");
    case WhySmallWrites:
      return view.say("Why does a small response take several segments?",
                      "为什么很小的响应也用了几个报文段？");
    case WhySynWithoutData:
      return view.say("May a SYN carry data?", "SYN 报文段可以携带数据吗？");
    case WhyMss:
      return view.say("Why this MSS?", "为什么 MSS 是这个值？");
    case WhySegments:
      return view.say("Why does a response take several segments?",
                      "一个响应为什么要分成几个报文段？");
    case WhyInitialWindow:
      return view.say("How much may leave before the first ACK?",
                      "收到第一个确认之前可以发送多少数据？");
    case WhyFewerAcks:
      return view.say("Why are there fewer ACKs than segments?", "确认为什么比报文段少？");
    case WhyNagle:
      return view.say("Is Nagle's algorithm at work?", "Nagle 算法起作用了吗？");
    case WhyMimeType:
      return view.say("What does Content-Type (the MIME type) say?",
                      "Content-Type（MIME 类型）说明什么？");
    case WhyPersistent:
      return view.say("Why are several requests on one connection?",
                      "为什么一条连接上有几个请求？");
  }
  return {};
}

constexpr std::size_t kMostOfAKind = 4;  // findings of one kind that are told

bool is_about_closing(FindingKind kind) {
  return kind == WhyFourCloses || kind == WhyThreeCloses || kind == WhyNoOrderlyClose;
}

// "Connection 2: ", before what is told of it; empty where there is only one.
std::string connection_of(const View& view, const Finding& finding) {
  const auto& all = view.capture.connections;
  if (!finding.connection || *finding.connection >= all.size() || all.size() < 2) return {};
  return strong(view.say("Connection {}", "连接 {}", all[*finding.connection].number))
      .append(view.in(": ", "："));
}

}  // namespace

Answer answer_of(const View& view, const Finding& finding) {
  return answer_of_group(view, {&finding});
}

Answer answer_of_group(const View& view, const std::vector<const Finding*>& group) {
  Answer answer;
  answer.question = question_text(view, group.front()->kind);
  answer.is_shown = false;
  for (const Finding* finding : group) {
    AnswerParts parts = parts_of_answer(view, *finding);
    if (finding == group.front()) answer.paragraphs = std::move(parts.general);
    answer.is_shown |= finding->is_shown;
    // One connection may close in three segments, and the next one in four.
    const bool is_one_of_several =
        group.size() > 1 || finding->kind == WhyFourCloses || finding->kind == WhyThreeCloses;
    const std::string of = is_one_of_several ? connection_of(view, *finding) : std::string();
    for (std::size_t i = 0; i < parts.here.size(); ++i) {
      answer.paragraphs.push_back(i == 0 ? of + parts.here[i] : parts.here[i]);
    }
    if (finding->alike > 0) {
      answer.paragraphs.push_back(view.say("{} more of this kind are in the capture.",
                                           "抓包中还有 {} 处同类情况。", finding->alike));
    }
  }
  return answer;
}

std::vector<std::vector<const Finding*>> grouped_findings(const View& view) {
  std::vector<std::vector<const Finding*>> groups;
  const auto& all = view.capture.findings;
  const bool tells_a_close = std::ranges::any_of(
      all, [](const Finding& f) { return f.is_shown && is_about_closing(f.kind); });
  for (const Finding& finding : all) {
    const bool is_beside = is_about_closing(finding.kind) && !finding.is_shown &&
                           (tells_a_close || finding.kind != WhyFourCloses);
    if (is_beside) continue;
    const auto group = std::ranges::find_if(
        groups, [&](const auto& g) { return g.front()->kind == finding.kind; });
    if (group == groups.end()) {
      groups.push_back({&finding});
    } else if (group->size() < kMostOfAKind) {
      group->push_back(&finding);
    }
  }
  return groups;
}

Question question_of(const View& view, const std::vector<const Finding*>& group) {
  Question question;
  question.text = question_text(view, group.front()->kind);
  for (const Finding* finding : group) {
    std::vector<FrameNumber> numbers;
    for (const Evidence& one : finding->frames) numbers.push_back(one.frame);
    if (!finding->is_shown || numbers.empty()) continue;
    if (!question.look_at.empty()) question.look_at += view.in("; ", "；");
    if (group.size() > 1) question.look_at += connection_of(view, *finding);
    question.look_at += frames_text(numbers, view.language);
  }
  question.look_at =
      question.look_at.empty()
          ? view.say("This capture does not show it: answer from theory, or make one that does.",
                     "这个抓包中看不到：请从原理上回答，或另外抓一次包。")
          : view.say("Look at: {}.", "请看：{}。", question.look_at);
  return question;
}

Blocks answer_blocks(const View& view) {
  Blocks blocks;
  for (const auto& group : grouped_findings(view)) blocks.push_back(answer_of_group(view, group));
  if (blocks.empty()) {
    blocks.push_back(Paragraph{view.say("There is no TCP connection in this capture to ask about.",
                                        "这个抓包中没有可供提问的 TCP 连接。")});
  }
  return blocks;
}

}  // namespace glasstcp::report
