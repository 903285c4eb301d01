// The timers in words.
#include "stack/trace/event.h"

#include <array>

namespace glasstcp {
namespace {

using enum TimerName;

constexpr std::array kTimers = {
    TimerInfo{Retransmit, "Retransmit", "RFC 6298 §5",
              "what is outstanding was not acknowledged in time", "已发送的数据未在时限内得到确认"},
    TimerInfo{Persist, "Persist", "RFC 9293 §3.8.6.1",
              "their window is still closed: a probe asks whether it has opened",
              "对方窗口仍为零：发送探测"},
    TimerInfo{SwsOverride, "SwsOverride", "RFC 9293 §3.8.6.2.1",
              "less than a full segment has waited long enough: it is sent",
              "不足一个报文段的数据等待已久：发送"},
    TimerInfo{MemoryRetry, "MemoryRetry", "",
              "there was no memory to remember what was to be sent: it is tried again",
              "此前内存不足，无法记录待发送的数据：重试"},
    TimerInfo{DelayedAck, "DelayedAck", "RFC 9293 §3.8.6.3", "a delayed ACK may wait no longer",
              "延迟的确认不能再等"},
    TimerInfo{KeepAlive, "KeepAlive", "RFC 9293 §3.8.4",
              "nothing was heard for the keep-alive interval", "在保活间隔内未收到任何报文段"},
    TimerInfo{FinWait2, "FinWait2", "",
              "the application has gone and the peer did not send its FIN: the connection ends",
              "应用程序已离开，而对方未发送 FIN：连接结束"},
    TimerInfo{TimeWait, "TimeWait", "RFC 9293 §3.6.1",
              "twice the maximum segment lifetime (2MSL) has passed",
              "已过两倍的最长报文段寿命（2MSL）"},
    TimerInfo{UserTimeout, "UserTimeout", "RFC 9293 §3.8.3",
              "data was not acknowledged for as long as the user allows: the connection ends",
              "数据超过用户时限仍未得到确认：连接结束"},
    TimerInfo{TailLossProbe, "TailLossProbe", "RFC 8985 §7.3",
              "nothing was heard for two round trips: a probe asks whether the tail was lost",
              "两个往返时间内没有消息：探测尾部是否丢失"},
    TimerInfo{RackReordering, "RackReordering", "RFC 8985 §6.2",
              "what might only have been reordered has had its time: it is lost",
              "可能只是失序的报文段已超过等待时间：认定已丢失"},
    TimerInfo{Pacing, "Pacing", "", "it is time for the next burst", "下一批数据的发送时间已到"},
};
static_assert(static_cast<std::size_t>(Pacing) + 1 == kTimers.size());

}  // namespace

const TimerInfo& info(TimerName timer) {
  return kTimers[static_cast<std::size_t>(timer)];
}

std::string_view name_of(TimerName timer) {
  return info(timer).name;
}

std::span<const TimerInfo> all_timers() {
  return kTimers;
}

}  // namespace glasstcp
