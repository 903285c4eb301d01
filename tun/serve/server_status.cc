// See server_status.h.
#include "tun/serve/server_status.h"

#include <fmt/format.h>
#include <unistd.h>

#include "generated/version.h"
#include "stack/base/tcp_state.h"
#include "stack/socket/settings.h"
#include "stack/trace/reason.h"
#include "stack/trace/verdict.h"

namespace glasstcp {
namespace {

std::uint64_t seconds(Duration d) {
  return static_cast<std::uint64_t>(d / 1s);
}

std::string switch_of(bool on) {
  return on ? "on" : "off";
}

StatusSection about_server(const ServerIdentity& server, Instant now) {
  const ServeOptions& o = server.options;
  StatusSection s{"server", {"server", "服务器"}, false};
  s.add("version", {"version", "版本"}, std::string(kVersion));
  s.add("process", {"process", "进程"}, fmt::format("{}", ::getpid()));
  s.add("interface", {"interface", "接口"}, o.tun);
  s.add("urls", {"serves", "网址"}, server.urls.substr(server.urls.find_first_not_of(' ')));
  s.add("uptime_s", {"seconds since the start", "启动以来的秒数"}, seconds(now - server.start));
  return s;
}

StatusSection about_connections(const Stack& stack) {
  StatusSection s{"connections", {"connections", "连接"}};
  const StackCounters& c = stack.counters();
  s.add("accepted", {"accepted since the start", "启动以来接受的连接"}, c.connections_accepted);
  s.add("open", {"open now", "当前打开"}, std::uint64_t{stack.connection_count()});
  const auto add_evicted = [&](const char* key, Words words, MemoryClass of) {
    s.add(key, words, c.evicted[static_cast<std::size_t>(of)]);
  };
  add_evicted("evicted_half_open", {"handshakes evicted", "被收回的握手"}, MemoryClass::HalfOpen);
  add_evicted("evicted_idle", {"idle ones evicted", "被收回的空闲连接"}, MemoryClass::Idle);
  add_evicted("evicted_reading", {"evicted while data waited", "数据待读时被收回的连接"},
              MemoryClass::Reading);
  add_evicted("evicted_sending",
              {"evicted while the peer took nothing", "对方不接收时被收回的连接"},
              MemoryClass::Sending);
  const StateCounts states = stack.states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::string_view name = name_of(static_cast<State>(i));
    s.add(std::string(name), {name, name}, std::uint64_t{states[i]});
  }
  return s;
}

StatusSection about_packets(const Stack& stack, const BesideCounters& beside) {
  StatusSection s{"packets", {"packets", "分组"}};
  const StackCounters& c = stack.counters();
  s.add("packets_in", {"packets received", "收到的分组"}, c.packets_in);
  s.add("packets_out", {"packets sent", "发送的分组"}, c.packets_out);
  s.add("bytes_in", {"bytes received", "收到的字节"}, c.bytes_in);
  s.add("bytes_out", {"bytes sent", "发送的字节"}, c.bytes_out);
  s.add("segments_in", {"segments received", "收到的报文段"}, c.segments_in);
  s.add("segments_out", {"segments sent", "发送的报文段"}, c.segments_out);
  s.add("segments_retransmitted", {"segments retransmitted", "重传的报文段"},
        c.retransmitted_segments);
  s.add("answers_dropped",
        {"answers that found no room to wait (resets, SYN cookies)",
         "因队列已满而丢弃的应答（复位、SYN Cookie）"},
        c.answers_dropped);
  s.add("reassembly_evictions",
        {"datagrams whose fragments made room for those of others", "为他人让位而丢弃的分片数据报"},
        c.reassembly_evictions);
  s.add("reassembly_timeouts",
        {"datagrams whose fragments did not all come in time", "分片未能按时到齐的数据报"},
        c.reassembly_timeouts);
  s.add("device_refused", {"writes that the device refused for a moment", "设备暂时拒绝的写入"},
        beside.pump.refused);
  s.add("device_failed", {"packets that the device never took", "设备始终不接收的分组"},
        beside.pump.failed);
  s.add("device_unread", {"packets that could not be read", "无法读取的分组"}, beside.pump.unread);
  return s;
}

StatusSection about_verdicts(const Stack& stack) {
  StatusSection s{"received", {"received packets, by verdict", "收到的分组，按处理结果"}};
  for (const VerdictInfo& row : all_verdicts()) {
    s.add(std::string(row.name), {row.name, row.name},
          stack.counters().verdicts[static_cast<std::size_t>(row.verdict)],
          {row.sentence, row.sentence_zh});
  }
  return s;
}

StatusSection about_reasons(const Stack& stack) {
  StatusSection s{"sent", {"sent packets, by reason", "发送的分组，按原因"}};
  for (const ReasonInfo& row : all_reasons()) {
    s.add(std::string(row.name), {row.name, row.name},
          stack.counters().reasons[static_cast<std::size_t>(row.reason)],
          {row.sentence, row.sentence_zh});
  }
  return s;
}

StatusSection about_losses(const BesideCounters& beside) {
  StatusSection s{"lost", {"not written", "未写出"}};
  s.add("log_lines", {"lines of the access log", "访问日志的行"}, beside.lost_log_lines);
  s.add("capture_packets", {"packets of the capture", "抓包中的分组"}, beside.lost_capture_packets);
  s.add("messages", {"lines on stderr", "stderr 上的行"}, beside.lost_error_lines);
  return s;
}

StatusSection about_limits(const http::HttpServer& http, const BesideCounters& beside) {
  StatusSection s{"limits", {"ended or refused by a limit of HTTP", "因 HTTP 的上限而结束或拒绝"}};
  const http::LimitCounters& c = http.counters();
  s.add("slow_readers",
        {"clients that took too little while memory was short", "内存不足时接收太慢的客户"},
        c.slow_readers);
  s.add("slow_senders",
        {"clients that sent too little while memory was short", "内存不足时发送太慢的客户"},
        c.slow_senders);
  s.add(
      "partial_heads",
      {"requests that had not come whole, ended for newer ones", "为接收新请求而结束的不完整请求"},
      c.partial_heads);
  s.add("no_room", {"requests answered with 503 for want of room", "因资源不足而得到 503 的请求"},
        c.no_room);
  s.add("no_descriptor", {"files that found no file descriptor", "没有文件描述符可用的文件"},
        beside.refused_for_descriptors);
  s.add("idle_closed", {"idle connections closed for new ones", "为新连接而关闭的空闲连接"},
        c.idle_closed);
  s.add("refused", {"connections refused: there were too many", "因连接过多而拒绝的连接"},
        c.refused);
  return s;
}

StatusSection about_view(const BesideCounters& beside) {
  StatusSection s{"view", {"live view", "实时视图"}};
  s.add("open_views", {"open now", "当前打开"}, beside.views);
  s.add("refused_views", {"views refused: there were too many", "因过多而拒绝的视图"},
        beside.view.refused);
  s.add("unobserved",
        {"packets that passed unobserved, since there were too many to look at each",
         "因过多而未逐个观察的分组"},
        beside.view.unobserved);
  return s;
}

StatusSection about_memory(const Stack& stack, const http::HttpServer& http,
                           const BesideCounters& beside) {
  StatusSection s{"memory", {"memory in bytes", "内存（字节）"}, false};
  const StackMemory tcp = stack.memory();
  s.add("tcp", {"TCP: connections and windows", "TCP：连接和窗口"}, tcp.used);
  s.add("tcp_most", {"TCP: at most", "TCP：上限"}, tcp.limit);
  s.add("tcp_held", {"TCP: held from the system", "TCP：向系统申请的内存"}, stack.memory_bytes());
  s.add("tcp_given_back", {"TCP: given back after peaks", "TCP：高峰后归还的内存"},
        stack.counters().memory_given_back);
  s.add("http", {"HTTP: heads and pieces of files", "HTTP：首部和文件片段"},
        std::uint64_t{http.pool().in_use()});
  s.add("http_most", {"HTTP: at most", "HTTP：上限"}, beside.most_http_bytes);
  s.add("http_requests", {"HTTP: requests that are not whole", "HTTP：不完整的请求"},
        std::uint64_t{http.partial_heads().pool().in_use()});
  s.add("files", {"files kept in memory", "内存中的文件"}, beside.cached_file_bytes);
  s.add("files_most", {"files: at most", "文件：上限"}, beside.most_cached_file_bytes);
  return s;
}

// The options that are in force, whoever chose them.
StatusSection about_options(const ServerIdentity& server) {
  const ServeOptions& o = server.options;
  StatusSection s{"options", {"options in force", "生效的选项"}, false};
  const auto add = [&s](std::string_view name, std::string value) {
    s.add(std::string(name), {name, name}, std::move(value));
  };
  add("--site", o.site.empty() ? "(built in)" : o.site);
  add("--port", fmt::format("{}", o.port));
  add("--mtu", fmt::format("{}", server.config.mtu));
  add("--offload", switch_of(server.config.checksum_offload));
  add("--publish", switch_of(o.publish));
  add("--min-rate", fmt::format("{}", o.min_rate));
  add("--min-rate-after", fmt::format("{}", seconds(o.min_rate_after)));
  add("--memory", fmt::format("{}", o.memory));
  add("--recent", fmt::format("{}", o.recent));
  add("--no-view", switch_of(!o.has_view));
  add("--control", switch_of(o.control));
  add("--capture", o.capture.empty() ? "(none)" : o.capture);
  add("--access-log", o.access_log.empty() ? "(none)" : o.access_log);
  add("--impair", switch_of(o.impair.has_value()));
  for (const Setting& one : settings()) {
    if (one.option.empty() || one.read == nullptr) continue;
    add(one.option, text_of(one, one.read(server.config)));
  }
  return s;
}

}  // namespace

Status status_of(const ServerIdentity& server, const Stack& stack, const http::HttpServer& http,
                 const BesideCounters& beside, Instant now) {
  return {{about_server(server, now), about_connections(stack), about_packets(stack, beside),
           about_verdicts(stack), about_reasons(stack), about_limits(http, beside),
           about_losses(beside), about_view(beside), about_memory(stack, http, beside),
           about_options(server)}};
}

ControlAnswer control_with_status(const Status& status, std::string_view words) {
  ControlAnswer answer;
  if (words == "json") {
    answer.text = json_of(status);
  } else if (words == "text en" || words == "text zh") {
    answer.text = text_of(status, words == "text zh" ? Language::Chinese : Language::English);
  } else {
    answer.error = "status takes 'json', 'text en' or 'text zh'";
  }
  return answer;
}

}  // namespace glasstcp
