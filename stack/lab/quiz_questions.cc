// The table of questions; how each is answered is in quiz_answers.cc.
#include "stack/lab/quiz_questions.h"

#include <array>

#include "stack/lab/quiz_answers.h"

namespace glasstcp::lab {
namespace {

using enum AnswerForm;
using enum AnswerUnit;

constexpr std::array<Phrase, 4> kEnds = {
    {{"the client", "客户端"}, {"the server", "服务器"}, {"both", "两端"}, {"neither", "都不是"}}};
constexpr std::array<Phrase, 4> kCloses = {
    {{"with four segments: FIN, ACK, FIN, ACK", "四个报文段：FIN、ACK、FIN、ACK"},
     {"with three segments: the second FIN also acknowledges the first",
      "三个报文段：第二个 FIN 同时确认第一个 FIN"},
     {"both ends at once: neither FIN acknowledges the other",
      "两端同时关闭：两个 FIN 都没有确认对方"},
     {"by a reset (RST)", "以复位（RST）结束"}}};
constexpr std::array<Phrase, 5> kRepeats = {
    {{"its retransmission timer (RTO) ended", "重传计时器（RTO）到时"},
     {"three duplicate ACKs had come", "收到了三个重复确认"},
     {"SACK showed that later segments had arrived", "选择确认表明其后的报文段已到达"},
     {"it was a probe of the tail, sent before the timer ended", "在计时器到时之前对尾部的探测"},
     {"the network reported an error", "网络报告了差错"}}};
constexpr std::array<Phrase, 6> kResets = {
    {{"nobody listens on the port that the SYN asked for", "SYN 请求的端口上没有程序收听"},
     {"its application closed while received bytes were unread",
      "应用程序关闭时，收到的字节还没有读取"},
     {"its application aborted the connection", "应用程序中止了连接"},
     {"the segment that it answers belongs to no connection that this host knows",
      "它所应答的报文段不属于该主机所知的任何连接"},
     {"it gave up, since nothing was acknowledged", "一直没有得到确认，因此放弃"},
     {"the network was faulty or overloaded", "网络出错或过载"}}};

constexpr Question number(std::string_view key, AnswerUnit unit, std::uint64_t tolerance,
                          Phrase text, std::optional<Answer> (*answer)(const Evidence&)) {
  return {key, Number, unit, tolerance, false, text, {}, answer};
}
constexpr Question raw(std::string_view key, Phrase text,
                       std::optional<Answer> (*answer)(const Evidence&)) {
  return {key, Number, None, 0, true, text, {}, answer};
}
constexpr Question frames(std::string_view key, Phrase text,
                          std::optional<Answer> (*answer)(const Evidence&)) {
  return {key, Frames, None, 0, false, text, {}, answer};
}
constexpr Question choice(std::string_view key, Phrase text, std::span<const Phrase> options,
                          std::optional<Answer> (*answer)(const Evidence&)) {
  return {key, Choice, None, 0, false, text, options, answer};
}

constexpr std::uint64_t kFine = 200, kCoarse = 500;  // us

constexpr std::array kQuestions = {
    // In raw numbers.
    raw("client-isn",
        {"Which initial sequence number (ISN) did the client choose? The raw number, as it was "
         "sent.",
         "客户端选择的初始序列号（ISN）是多少？要原始值（raw），即实际发送的值，不是相对序号。"},
        answers::client_isn),
    raw("repeated-seq",
        {"Which raw sequence number does the first segment have that this end sends once more "
         "(data or FIN that it had sent before)?",
         "本端第一个重复发送的报文段（此前已发送过的数据或 FIN），其原始序号（raw）是多少？"},
        answers::repeated_seq),
    raw("duplicate-ack",
        {"Which raw acknowledgment number does the first duplicate ACK repeat?",
         "第一个重复确认所重复的原始确认号（raw）是多少？"},
        answers::duplicate_ack),
    raw("fin-ack",
        {"Which raw acknowledgment number has the first segment that acknowledges the first FIN?",
         "第一个确认了首个 FIN 的报文段，其原始确认号（raw）是多少？"},
        answers::fin_ack),
    raw("server-isn",
        {"Which initial sequence number (ISN) did the server choose? The raw number of its first "
         "SYN-ACK.",
         "服务器选择的初始序列号（ISN）是多少？要第一个 SYN-ACK 的原始值（raw）。"},
        answers::server_isn),
    raw("reset-seq",
        {"Which raw sequence number does the first RST have?",
         "第一个 RST 的原始序号（raw）是多少？"},
        answers::reset_seq),
    raw("client-port",
        {"From which port does the client open its (first) connection?",
         "客户端从哪个端口建立（第一个）连接？"},
        answers::client_port),
    raw("fin-seq",
        {"Which raw sequence number does the first segment with FIN have?",
         "第一个带 FIN 的报文段，其原始序号（raw）是多少？"},
        answers::fin_seq),
    raw("syn-ack-ack",
        {"Which raw acknowledgment number does the first SYN-ACK have?",
         "第一个 SYN-ACK 的原始确认号（raw）是多少？"},
        answers::syn_ack_ack),
    // What happened.
    choice("why-repeated",
           {"Why did this end send the first of the segments that it sent once more?",
            "本端为什么第一次重复发送报文段？"},
           kRepeats, answers::why_repeated),
    frames("lost",
           {"Which TCP frames of this end were lost on the way? The ACKs that came afterwards show "
            "it: they "
            "still ask for what these frames carried.",
            "本端发送的哪些 TCP 帧在途中丢失？此后到达的 ACK "
            "表明了这一点：它们仍在等待这些帧中的数据。"},
           answers::lost),
    frames("repeated",
           {"Which frames carry data, SYN or FIN that this end had sent before?",
            "哪些帧携带了本端此前已发送过的数据、SYN 或 FIN？"},
           answers::repeated),
    number("repeated-wait", Time, kCoarse,
           {"How long after it had last been sent was the first segment sent again that this end "
            "sent once more?",
            "本端第一个重复发送的报文段，距离上一次发送它过了多久？"},
           answers::repeated_wait),
    frames("duplicate-acks",
           {"Which frames are duplicate ACKs (no data, the same acknowledgment number as before, "
            "while data is in flight)?",
            "哪些帧是重复确认（不带数据、确认号与之前相同，且有数据在途）？"},
           answers::duplicate_acks),
    frames("zero-windows", {"Which frames offer a window of zero?", "哪些帧通告零窗口？"},
           answers::zero_windows),
    frames("probes", {"Which frames are zero-window probes?", "哪些帧是零窗口探测？"},
           answers::probes),
    number("zero-time", Time, kCoarse,
           {"How long is it from the first frame that offers a window of zero to the next one of "
            "the same end that offers more?",
            "从第一个通告零窗口的帧到同一端下一个通告非零窗口的帧，过了多久？"},
           answers::zero_time),
    frames("early",
           {"Which frames with data came before data that stands in front of theirs?",
            "哪些带数据的帧先于其前面的数据到达？"},
           answers::early),
    frames("sack", {"Which frames have SACK blocks?", "哪些帧带有 SACK 块？"}, answers::with_sack),
    choice("why-reset", {"Why was the first RST sent?", "第一个 RST 为什么发送？"}, kResets,
           answers::why_reset),
    frames("resets", {"Which frames are resets (RST)?", "哪些帧是复位（RST）？"}, answers::resets),
    frames("syns", {"Which frames have the flag SYN?", "哪些帧带有 SYN 标志？"}, answers::syns),
    choice("close", {"How is the connection closed?", "连接是怎样释放的？"}, kCloses,
           answers::close_kind),
    choice("time-wait", {"Which end is in TIME-WAIT afterwards?", "此后哪一端处于 TIME-WAIT？"},
           kEnds, answers::time_wait),
    number("round-trip", Time, kFine, {answers::kRoundTrip, answers::kRoundTripChinese},
           answers::round_trip),
    number("ack-wait", Time, kFine,
           {"How long is it, in this capture, from the first segment with data to the first one "
            "that acknowledges all of it?",
            "在此抓包中，从第一个带数据的报文段到第一个确认其全部数据的报文段，过了多久？"},
           answers::ack_wait),
    number("most-in-flight", Bytes, 0,
           {"How many bytes that this end sent are in flight (not acknowledged) at most?",
            "本端发送的在途数据量（尚未确认的字节）最多是多少？"},
           answers::most_in_flight),
    number("client-bytes", Bytes, 0,
           {"How many bytes of data does the client's application send in the first connection, "
            "each counted once?",
            "在第一个连接中，客户端的应用程序共发送多少字节数据（每个字节只计一次）？"},
           answers::client_bytes),
    number("server-bytes", Bytes, 0,
           {"How many bytes of data does the server's application send in the first connection, "
            "each counted once?",
            "在第一个连接中，服务器的应用程序共发送多少字节数据（每个字节只计一次）？"},
           answers::server_bytes),
    number("mss", Bytes, 0,
           {"Which maximum segment size (MSS) does the client announce?",
            "客户端通告的最大报文段长度（MSS）是多少？"},
           answers::client_mss),
    number("second-length", Bytes, 0,
           {"How many bytes of data does the second segment with data of the client have?",
            "客户端第二个带数据的报文段有多少字节数据？"},
           answers::second_length),
    frames("fins", {"Which frames have the flag FIN?", "哪些帧带有 FIN 标志？"}, answers::fins),
    number("data-frames", Count, 0,
           {"How many frames carry data (one octet or more)?",
            "有多少个帧带有数据（一个八位组或更多）？"},
           answers::data_frames),
    number("open-time", Time, kFine,
           {"How long is it, in this capture, from the first SYN to the first FIN or RST?",
            "在此抓包中，从第一个 SYN 到第一个 FIN 或 RST，过了多久？"},
           answers::open_time),
};

}  // namespace

std::span<const Question> all_questions() {
  return kQuestions;
}

}  // namespace glasstcp::lab
