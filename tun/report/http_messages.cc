// See http_messages.h.
#include "tun/report/http_messages.h"

#include <algorithm>
#include <optional>

#include "http/body_decoder.h"
#include "tun/report/http_head.h"
#include "tun/report/streams.h"

namespace glasstcp::report {
namespace {

constexpr std::size_t kMostHead = 65536, kBodyBegin = 4096, kMostMessages = 100'000;

// A message that is being read, and what is kept of its content.
struct Draft {
  Message message;
  std::string html;
  bool ends_stream = false;  // nothing behind it is HTTP/1.x: 101, or an answer to CONNECT
};

// Reads the messages of one stream, in order.
class StreamReader {
 public:
  StreamReader(const Connection& connection, Side from)
      : connection_(connection), from_(from), runs_(stream_of(connection, from)) {}

  // `requests`: of the other stream, which responses answer in order; empty for requests.
  std::vector<Draft> read(const std::vector<Draft>& requests) {
    std::vector<Draft> all;
    while (at_ < runs_.size() && all.size() < kMostMessages) {
      skip_empty_lines();
      if (at_ == runs_.size()) break;
      auto draft = read_one(requests);
      if (!draft) {
        to_next_run();
        continue;
      }
      const bool is_last = draft->ends_stream;
      all.push_back(*std::move(draft));
      if (is_last) break;
    }
    return all;
  }

 private:
  [[nodiscard]] const Frame& frame() const { return connection_.frames[runs_[at_].frame]; }
  [[nodiscard]] ByteView here() const {
    const Run& run = runs_[at_];
    if (run.data == nullptr) return {};
    return {run.data + used_, static_cast<std::size_t>(run.length - used_)};
  }
  [[nodiscard]] std::uint64_t offset() const { return runs_[at_].begin + used_; }
  [[nodiscard]] bool is_gap_before() const {
    return used_ == 0 && at_ > 0 && runs_[at_ - 1].end() != runs_[at_].begin;
  }
  void to_next_run() {
    ++at_;
    used_ = 0;
  }

  // RFC 9112 §2.2: an empty line before a request is skipped.
  void skip_empty_lines() {
    while (at_ < runs_.size()) {
      const ByteView bytes = here();
      if (bytes.empty() || (bytes[0] != '\r' && bytes[0] != '\n')) return;
      move(1);
    }
  }

  void move(std::uint64_t n) {
    used_ += n;
    if (used_ == runs_[at_].length) to_next_run();
  }

  // Takes up to `n` bytes of the present run into the message.
  void take(Draft& draft, std::uint64_t n) {
    Message& m = draft.message;
    const std::uint64_t begin = offset() - m.stream_begin;
    const FrameNumber number = frame().number;
    if (!m.pieces.empty() && m.pieces.back().frame == number && m.pieces.back().end == begin) {
      m.pieces.back().end = begin + n;
    } else {
      m.pieces.push_back({number, begin, begin + n});
    }
    if (m.first_frame == 0) {
      m.first_frame = number;
      m.first_ns = frame().time_ns;
    }
    // What came late fills a gap: the message was whole when the last of its bytes was there.
    if (number >= m.last_frame) {
      m.last_frame = number;
      m.last_ns = frame().time_ns;
    }
    move(n);
  }

  void keep(Draft& draft, ByteView content) {
    Message& m = draft.message;
    const auto add = [content](std::string& to, std::size_t most) {
      const std::size_t n = std::min(content.size(), most - std::min(most, to.size()));
      to.append(reinterpret_cast<const char*>(content.data()), n);
    };
    add(m.body_begin, kBodyBegin);
    const bool is_html = m.media_type == "text/html" || m.media_type == "application/xhtml+xml";
    if (is_html && m.coding.empty() && m.status != 206) add(draft.html, Page::kMostHtml);
  }

  // The text from here on without a gap, until a head has ended or is too long.
  std::string text_ahead() const {
    std::string text;
    std::uint64_t from = used_;
    for (std::size_t i = at_; i < runs_.size() && text.size() < kMostHead; ++i) {
      const Run& run = runs_[i];
      if (run.data == nullptr || (i > at_ && runs_[i - 1].end() != run.begin)) break;
      const std::uint64_t n = std::min<std::uint64_t>(run.length - from, kMostHead);
      text.append(reinterpret_cast<const char*>(run.data) + from, n);
      from = 0;
      if (head_length(text) != std::string::npos) break;
    }
    return text;
  }

  // The request that the next response answers: the first without one that came before it.
  std::optional<std::uint32_t> awaited(const std::vector<Draft>& requests) const {
    if (answered_ >= requests.size()) return std::nullopt;
    if (requests[answered_].message.first_frame > frame().number) return std::nullopt;
    return answered_;
  }

  std::optional<Draft> read_one(const std::vector<Draft>& requests) {
    const ByteView bytes = here();
    const bool is_request = begins_request(bytes);
    if (bytes.empty() || (!is_request && !begins_response(bytes))) return std::nullopt;
    if (offset() < no_head_before_) return std::nullopt;
    const std::string text = text_ahead();
    const std::size_t length = head_length(text);
    if (length == std::string::npos) {
      no_head_before_ = offset() + text.size();  // nor does one that begins later end there
      return std::nullopt;
    }
    std::optional<std::uint32_t> partner;
    if (!is_request) partner = awaited(requests);
    const Message* const request = partner ? &requests[*partner].message : nullptr;
    auto head = read_head(std::string_view(text).substr(0, length), is_request, request);
    if (!head) return std::nullopt;
    Draft draft{*std::move(head), {}, false};
    Message& m = draft.message;
    m.from = from_;
    m.stream_begin = offset();
    m.partner = partner;
    const bool is_final = m.status >= 200 || m.status == 101;
    if (partner && is_final) ++answered_;
    const bool is_tunnel =
        request != nullptr && request->method == "CONNECT" && m.status / 100 == 2;
    draft.ends_stream = m.status == 101 || is_tunnel;
    take_all(draft, length);
    if (!draft.ends_stream) read_body(draft);
    return draft;
  }

  void take_all(Draft& draft, std::uint64_t n) {
    while (n > 0) {
      const std::uint64_t part = std::min(n, runs_[at_].length - used_);
      take(draft, part);
      n -= part;
    }
  }

  void read_body(Draft& draft) {
    Message& m = draft.message;
    switch (m.framing) {
      case BodyFraming::None:
        m.is_complete = true;
        break;
      case BodyFraming::Length:
        m.is_complete = read_counted(draft, *m.announced);
        break;
      case BodyFraming::Chunked:
        m.is_complete = read_chunked(draft);
        break;
      case BodyFraming::UntilClose:
        read_counted(draft, UINT64_MAX);
        m.is_complete = !m.has_gap && connection_.end(from_).fin != 0;
        break;
    }
  }

  // Counts over gaps: what is missing in the middle has its place. Whether the end is there.
  bool read_counted(Draft& draft, std::uint64_t left) {
    Message& m = draft.message;
    while (left > 0 && at_ < runs_.size()) {
      if (is_gap_before() || runs_[at_].data == nullptr) m.has_gap = true;
      const std::uint64_t at = offset() - m.stream_begin - m.head_bytes;
      const std::uint64_t skipped = at - m.body_bytes;  // a gap
      if (skipped >= left && left != UINT64_MAX) return false;
      m.body_bytes = at;
      if (left != UINT64_MAX) left -= skipped;
      const std::uint64_t n = std::min(left, runs_[at_].length - used_);
      keep(draft, here().first(std::min<std::size_t>(here().size(), n)));
      take(draft, n);
      m.body_bytes += n;
      m.content_bytes += n;
      if (left != UINT64_MAX) left -= n;
    }
    return left == 0;
  }

  bool read_chunked(Draft& draft) {
    Message& m = draft.message;
    http::BodyDecoder decoder(http::Framing::Chunked, 0, http::BodyDecoder::Padding::Skipped);
    while (at_ < runs_.size()) {
      if (is_gap_before() || runs_[at_].data == nullptr) {
        m.has_gap = true;
        return false;
      }
      const auto step = decoder.decode(here());
      keep(draft, step.content);
      m.content_bytes += step.content.size();
      m.body_bytes += step.consumed;
      if (step.consumed > 0) take(draft, step.consumed);
      if (step.status == http::BodyDecoder::Status::Done) return true;
      if (step.status == http::BodyDecoder::Status::Failed) return false;
    }
    return false;
  }

  const Connection& connection_;
  Side from_;
  std::vector<Run> runs_;
  std::size_t at_ = 0;                // the present run
  std::uint64_t used_ = 0;            // bytes of it
  std::uint64_t no_head_before_ = 0;  // an offset
  std::uint32_t answered_ = 0;
};

std::uint32_t waiting_before(const std::vector<Message>& all, std::size_t index) {
  std::uint32_t waiting = 0;
  const Message& m = all[index];
  // Requests far before it are answered; looking back a little is enough.
  for (std::size_t i = index, seen = 0; i-- > 0 && seen < 64; ++seen) {
    const Message& before = all[i];
    if (!before.is_request) continue;
    const bool is_answered = before.partner && all[*before.partner].first_frame < m.first_frame;
    waiting += is_answered ? 0 : 1;
  }
  return waiting;
}

// The messages of both streams by their first frames, with the partners' places among them.
std::vector<std::size_t> join(Connection& c, std::vector<Draft>& requests,
                              std::vector<Draft>& responses) {
  const std::size_t count = requests.size() + responses.size();
  std::vector<std::size_t> order(count), place(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  const auto draft = [&](std::size_t i) -> Draft& {
    return i < requests.size() ? requests[i] : responses[i - requests.size()];
  };
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::pair(draft(i).message.first_frame, i); });
  for (std::size_t i = 0; i < count; ++i) place[order[i]] = i;
  for (const std::size_t i : order) {
    Message& m = draft(i).message;
    if (m.partner) m.partner = static_cast<std::uint32_t>(place[*m.partner]);
    c.messages.push_back(std::move(m));
  }
  for (std::size_t i = 0; i < count; ++i) {
    Message& m = c.messages[i];
    const bool is_final = m.status >= 200 || m.status == 101;
    if (!m.is_request && is_final && m.partner) {
      c.messages[*m.partner].partner = static_cast<std::uint32_t>(i);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (c.messages[i].is_request) c.messages[i].pipelined_behind = waiting_before(c.messages, i);
  }
  return place;
}

void mark_ends(Connection& c) {
  for (const Message& m : c.messages) {
    if (!m.is_complete || m.pieces.empty()) continue;
    const auto at = std::ranges::lower_bound(c.frames, m.pieces.back().frame, {}, &Frame::number);
    if (at != c.frames.end()) at->set(Event::MessageEnd);
  }
}

}  // namespace

bool begins_request(ByteView bytes) {
  const std::string_view text = http::as_text(bytes);
  const std::size_t space = text.substr(0, 32).find(' ');
  if (space == std::string_view::npos || !http::is_token(text.substr(0, space))) return false;
  if (text.substr(0, space).find_first_of("abcdefghijklmnopqrstuvwxyz") != text.npos) return false;
  const std::size_t end = text.substr(0, 16384).find('\n');
  return end == std::string_view::npos || text.substr(0, end).find(" HTTP/1.") != text.npos;
}

bool begins_response(ByteView bytes) {
  return http::as_text(bytes).starts_with("HTTP/1.");
}

std::vector<Page> read_messages(Connection& c) {
  const auto begins = [&](Side side) {
    return std::ranges::any_of(c.frames, [&](const Frame& f) {
      return f.from == side && (begins_request(f.payload()) || begins_response(f.payload()));
    });
  };
  const bool has_opened = c.handshake_syn_ack != 0 && c.handshake_ack != 0;
  c.is_idle = has_opened && c.end(Side::Client).bytes_sent == 0;
  if (!begins(Side::Client) && !begins(Side::Server)) return {};
  std::vector<Draft> requests = StreamReader(c, Side::Client).read({});
  std::vector<Draft> responses = StreamReader(c, Side::Server).read(requests);
  std::vector<std::string> html;
  for (Draft& one : responses) html.push_back(std::move(one.html));
  const std::size_t first = requests.size();
  const std::vector<std::size_t> place = join(c, requests, responses);
  c.is_http = !c.messages.empty();
  mark_ends(c);
  std::vector<Page> pages;
  for (std::size_t i = 0; i < html.size(); ++i) {
    if (html[i].empty()) continue;
    pages.push_back({static_cast<std::uint32_t>(place[first + i]), std::move(html[i])});
  }
  return pages;
}

}  // namespace glasstcp::report
