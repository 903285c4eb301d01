// The model as JSON. README.md of this folder tells the keys.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "generated/version.h"
#include "tun/report/view/json_writer.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/report.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/utf8.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

constexpr std::array<std::string_view, 30> kEvents = {
    "syn",
    "syn-ack",
    "handshake-ack",
    "data",
    "pure-ack",
    "piggyback",
    "fin",
    "fin-acknowledged",
    "reset",
    "push",
    "message-end",
    "fills-window",
    "zero-window",
    "window-update",
    "retransmission",
    "fast-retransmission",
    "spurious-retransmission",
    "duplicate-ack",
    "out-of-order",
    "lost-before",
    "acks-unseen",
    "keep-alive",
    "keep-alive-ack",
    "zero-window-probe",
    "zero-window-probe-ack",
    "ports-reused",
    "offloaded",
    "cut-by-snap-length",
    "never-arrived",
    "reassembled",
};
static_assert(kEvents.size() == static_cast<std::size_t>(Event::Reassembled) + 1);
constexpr std::array<std::string_view, 24> kFindings = {
    "three-handshakes",
    "seq-zero",
    "four-closes",
    "three-closes",
    "no-orderly-close",
    "two-msl",
    "push",
    "window-update",
    "partial-content",
    "not-modified",
    "second-connection",
    "not-requested",
    "reset",
    "retransmission",
    "pure-ack-first",
    "small-writes",
    "syn-without-data",
    "mss",
    "segments",
    "initial-window",
    "fewer-acks",
    "nagle",
    "mime-type",
    "persistent",
};
static_assert(kFindings.size() == static_cast<std::size_t>(FindingKind::WhyPersistent) + 1);
constexpr std::array<std::string_view, 7> kEndings = {
    "open",  "half-closed",       "closed", "closed-unacknowledged",
    "reset", "reset-after-close", "refused"};
constexpr std::array<std::string_view, 4> kFates = {"requested", "reused", "not-visible",
                                                    "other-server"};

template <typename Names, typename Kind>
std::string_view in_table(const Names& names, Kind kind) {
  const auto i = static_cast<std::size_t>(kind);
  return i < names.size() ? names[i] : "other";
}

std::string_view side(Side s) {
  return s == Side::Client ? "client" : "server";
}

class Writer {
 public:
  explicit Writer(const View& view) : view_(view) {}

  std::string text() {
    const Capture& c = view_.capture;
    json_.begin_object();
    json_.text("schema", "glasstcp-report/1");
    json_.text("version", kVersion);
    capture(c);
    json_.begin_array("connections");
    for (const Connection& one : c.connections) {
      if (std::ranges::count(view_.shown, &one) != 0) connection(one);
    }
    json_.end_array();
    json_.begin_array("resources");
    for (const NamedResource& one : c.resources) resource(one);
    json_.end_array();
    json_.begin_array("findings");
    for (const Finding& one : c.findings) finding(one);
    json_.end_array();
    json_.end_object();
    return json_.take();
  }

 private:
  void count(std::string_view key, std::uint64_t n) {
    json_.number(key, static_cast<std::int64_t>(n));
  }
  // A frame's number, or null.
  void frame_number(std::string_view key, FrameNumber n) {
    if (n == 0) return json_.null(key);
    json_.number(key, n);
  }
  template <typename Value>
  void optional(std::string_view key, const std::optional<Value>& value) {
    if (!value) return json_.null(key);
    json_.number(key, static_cast<std::int64_t>(*value));
  }

  void capture(const Capture& c) {
    json_.begin_object("capture");
    json_.text("file", c.file_name);
    json_.text("sha256", c.sha256);
    count("bytes", c.file_bytes);
    json_.text("format", c.is_pcapng ? "pcapng" : "pcap");
    json_.text("application", c.application);
    json_.boolean("by_glasstcp", c.is_ours);
    if (c.stopped) {
      json_.text("stopped", glasstcp::name_of(*c.stopped));
    } else {
      json_.null("stopped");
    }
    json_.number("first_ns", c.first_ns);
    json_.number("last_ns", c.last_ns);
    count("frames", c.frames);
    count("tcp_frames", c.tcp_frames);
    count("cut_frames", c.cut_frames);
    count("connections", c.connections.size());
    json_.end_object();
  }

  void end(const End& e) {
    json_.begin_object(&e == &ends_->front() ? "client" : "server");
    json_.text("endpoint", endpoint_text(e.endpoint));
    optional("isn", e.isn);
    json_.boolean("isn_is_shown", e.isn_is_shown);
    optional("mss", e.mss);
    optional("window_scale", e.scale);
    json_.boolean("sack_permitted", e.sack_permitted);
    json_.boolean("timestamps", e.timestamps);
    count("frames", e.frames);
    count("bytes", e.bytes);
    count("bytes_sent", e.bytes_sent);
    count("missing", e.missing);
    count("retransmissions", e.retransmissions);
    count("duplicate_acks", e.duplicate_acks);
    json_.end_object();
  }

  void connection(const Connection& c) {
    json_.begin_object();
    count("number", c.number);
    count("stream", c.stream);
    ends_ = &c.ends;
    for (const End& e : c.ends) end(e);
    json_.boolean("roles_are_shown", c.roles_are_shown);
    json_.boolean("is_idle", c.is_idle);
    json_.number("first_ns", c.first_ns);
    json_.number("last_ns", c.last_ns);
    json_.begin_object("handshake");
    frame_number("syn", c.handshake_syn);
    frame_number("syn_ack", c.handshake_syn_ack);
    frame_number("ack", c.handshake_ack);
    json_.end_object();
    close(c.close);
    json_.begin_array("resets");
    for (const Reset& r : c.resets) {
      json_.begin_object();
      frame_number("frame", r.frame);
      json_.text("from", side(r.from));
      json_.boolean("is_certain", r.is_certain);
      frame_number("answers", r.answers);
      json_.end_object();
    }
    json_.end_array();
    json_.begin_array("messages");
    for (const Message& m : c.messages) message(m);
    json_.end_array();
    json_.begin_array("frames");
    for (const Frame& f : c.frames) frame_row(f);
    json_.end_array();
    json_.end_object();
  }

  void close(const Close& c) {
    json_.begin_object("close");
    json_.text("ending", in_table(kEndings, c.ending));
    json_.text("first", c.first ? side(*c.first) : "");
    frame_number("first_fin", c.first_fin);
    frame_number("ack_of_first_fin", c.ack_of_first_fin);
    frame_number("second_fin", c.second_fin);
    frame_number("ack_of_second_fin", c.ack_of_second_fin);
    count("segments", c.segments);
    json_.text("time_wait", c.time_wait ? side(*c.time_wait) : "");
    json_.end_object();
  }

  void message(const Message& m) {
    json_.begin_object();
    json_.text("kind", m.is_request ? "request" : "response");
    json_.text("start_line", m.start_line);
    if (!m.is_request) count("status", m.status);
    json_.begin_array("headers");
    for (const auto& [name, value] : m.headers) {
      json_.begin_array();
      json_.text(name);
      json_.text(value);
      json_.end_array();
    }
    json_.end_array();
    count("head_bytes", m.head_bytes);
    count("body_bytes", m.body_bytes);
    count("content_bytes", m.content_bytes);
    json_.boolean("is_complete", m.is_complete);
    frame_number("first_frame", m.first_frame);
    frame_number("last_frame", m.last_frame);
    optional("partner", m.partner);
    json_.begin_array("pieces");
    for (const Piece& p : m.pieces) {
      json_.begin_array();
      json_.number(p.frame);
      json_.number(static_cast<std::int64_t>(p.begin));
      json_.number(static_cast<std::int64_t>(p.end));
      json_.end_array();
    }
    json_.end_array();
    json_.end_object();
  }

  void frame_row(const Frame& f) {
    json_.begin_object();
    json_.number("frame", f.number);
    json_.number("time_ns", f.time_ns);
    json_.text("from", side(f.from));
    json_.text("flags", flag_names(f.flags));
    json_.number("seq", f.seq);
    json_.number("raw_seq", f.raw_seq);
    json_.number("ack", f.ack);
    json_.number("raw_ack", f.raw_ack);
    json_.number("len", f.length);
    json_.number("next_seq", f.next_seq());
    json_.number("window", f.window);
    json_.number("flight", f.flight);
    if (f.rtt_ns >= 0) json_.number("rtt_ns", f.rtt_ns);
    json_.text("client_state", state_text(f.after_of(Side::Client)));
    json_.text("server_state", state_text(f.after_of(Side::Server)));
    json_.begin_array("events");
    for (std::size_t i = 0; i < kEvents.size(); ++i) {
      if (f.is(static_cast<Event>(i))) json_.text(kEvents[i]);
    }
    json_.end_array();
    const FrameComment& comment = view_.capture.comment_of(f);
    if (!comment.sentence.empty()) json_.text("comment", comment.sentence);
    json_.end_object();
  }

  void resource(const NamedResource& r) {
    json_.begin_object();
    json_.text("written", r.written);
    json_.text("target", r.target);
    json_.text("fate", in_table(kFates, r.fate));
    frame_number("requested", r.requested);
    frame_number("allowed_by", r.allowed_by);
    json_.end_object();
  }

  void finding(const Finding& f) {
    const Answer answer = answer_of(view_, f);
    json_.begin_object();
    json_.text("kind", in_table(kFindings, f.kind));
    json_.boolean("is_shown", f.is_shown);
    optional("connection", f.connection);
    json_.begin_array("frames");
    for (const Evidence& e : f.frames) {
      if (e.frame != 0) json_.number(e.frame);
    }
    json_.end_array();
    json_.text("question", to_plain(answer.question));
    json_.begin_array("answer");
    for (const std::string& paragraph : answer.paragraphs) json_.text(to_plain(paragraph));
    json_.end_array();
    json_.end_object();
  }

  const View& view_;
  const std::array<End, 2>* ends_ = nullptr;
  JsonWriter json_;
};

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    const char first = text[0];
    if (c.size == 0) {
      out += "\xef\xbf\xbd";
    } else if (first == '"' || first == '\\') {
      out += '\\', out += first;
    } else if (c.value < 0x20 || c.value == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c.value));
    } else {
      out += text.substr(0, c.size);
    }
    text.remove_prefix(std::max<std::size_t>(c.size, 1));
  }
  return out += '"';
}

std::string json_of(const Capture& capture, const ViewOptions& options) {
  View view{capture, options.language, {}, 0};
  for (const Connection& c : capture.connections) {
    if (!options.connection || c.number == *options.connection) view.shown.push_back(&c);
  }
  return Writer(view).text();
}

}  // namespace glasstcp::report
