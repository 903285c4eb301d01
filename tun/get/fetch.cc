// See fetch.h.
#include "tun/get/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "http/text.h"

namespace glasstcp {
namespace {

ByteView as_view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

// Control characters of a server must not reach a terminal.
std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

}  // namespace

// -- Opening

void Fetch::open_next(Instant now) {
  const Endpoint& remote = plan_.candidates[candidate_++];
  stage_ = Stage::Connecting;
  waiting_since_ = now;
  deadline_ = now + plan_.connect_timeout;
  tell_story("* connecting to " + remote.to_string());
  transport_.connect(remote, now);
}

// Its deadlines are seconds, and a stage looks at what came before it looks at its own.
void Fetch::turn(Instant now, Timers /*timers*/) noexcept {
  switch (stage_) {
    case Stage::Connecting:
      return connecting(now);
    case Stage::Receiving:
      return receiving(now);
    case Stage::Closing:
      return closing(now);
    case Stage::LastWords:
      if (now >= deadline_) stage_ = Stage::Over;
      return;
    case Stage::Over:
      return;
  }
}

void Fetch::connecting(Instant now) {
  std::optional<TransportError> failure = transport_.failure();
  if (!failure && now >= deadline_) failure = TransportError::TimedOut;
  if (failure) {
    Ending ending = connect_ending(*failure, {remote(), transport_.syns(), now - waiting_since_});
    if (candidate_ == plan_.candidates.size()) return fail(std::move(ending), now);
    note(ending.message + "; trying " + plan_.candidates[candidate_].to_string());
    transport_.abort(now);
    return open_next(now);
  }
  if (!transport_.is_connected()) return;
  const auto local = transport_.local();
  tell_story("* connected" + (local ? " from " + local->to_string() : std::string()));
  tell_lines("> ", plan_.request);
  stage_ = Stage::Receiving;
  waiting_since_ = now;
  send_request(now);
}

void Fetch::send_request(Instant now) {
  if (sent_ == plan_.request.size() || transport_.failure()) return;
  if (sent_ == 0) {
    mark(MessageMark::Kind::Begin, MessageRole::Request, now);
    MessageMark name;
    name.kind = MessageMark::Kind::Name;
    name.outgoing = true;
    name.length = plan_.request.size();
    name.label = first_line(plan_.request);
    transport_.note(name, now);
  }
  sent_ += transport_.send(as_view(plan_.request).subspan(sent_), now);
  if (sent_ == plan_.request.size()) mark(MessageMark::Kind::End, MessageRole::Request, now);
}

// -- For those who watch the packets

void Fetch::mark(MessageMark::Kind kind, MessageRole role, Instant now) {
  MessageMark mark;
  mark.kind = kind;
  mark.role = role;
  mark.outgoing = role == MessageRole::Request;
  transport_.note(mark, now);
}

// RFC 9112 §6.3: how long an answer is its head says, unless it comes in chunks or ends with the
// connection.
void Fetch::mark_response_head(Instant now) {
  MessageMark name;
  name.kind = MessageMark::Kind::Name;
  name.role = MessageRole::Response;
  name.label = first_line(reader_.head());
  if (reader_.ends_with_head()) {
    name.length = reader_.head().size();
  } else if (!reader_.field("transfer-encoding")) {
    const auto content = promised();
    if (content) name.length = reader_.head().size() + *content;
  }
  transport_.note(name, now);
}

// -- The answer

void Fetch::receiving(Instant now) {
  send_request(now);
  blocked_ = false;
  while (stage_ == Stage::Receiving && read_more(now)) continue;
  if (stage_ != Stage::Receiving) return;
  if (listeners_.progress != nullptr && head_told_) listeners_.progress->update(received_, now);
  if (blocked_) waiting_since_ = now;
  deadline_ = waiting_since_ + plan_.stall_timeout;
  if (now < deadline_) return;
  fail(transfer_ending(TransportError::TimedOut, received_, now - waiting_since_), now);
}

// One step; false: nothing more can be done now.
bool Fetch::read_more(Instant now) {
  if (!head_left_.empty()) return write_head(now);
  if (content_left_ > 0) return write_content(now);
  const std::optional<ByteView> bytes = transport_.peek();
  if (bytes && !bytes->empty()) {
    feed(*bytes, now);
  } else if (bytes) {
    on_end_of_stream(now);
  } else if (const auto failure = transport_.failure()) {
    fail(transfer_ending(*failure, received_, now - waiting_since_), now);
  } else {
    return false;
  }
  return true;
}

void Fetch::feed(ByteView bytes, Instant now) {
  if (!heard_) mark(MessageMark::Kind::Begin, MessageRole::Response, now);
  heard_ = true;
  waiting_since_ = now;
  const http::ResponseReader::Step step = reader_.feed(bytes);
  const std::size_t before = step.content.empty()
                                 ? step.consumed
                                 : static_cast<std::size_t>(step.content.data() - bytes.data());
  content_left_ = step.content.size();
  behind_content_ = step.consumed - before - content_left_;
  answer_ended_ = step.status == http::ResponseReader::Status::Done;
  transport_.consume(before, now);
  if (!head_told_ && reader_.has_head()) on_head(now);
  if (stage_ != Stage::Receiving) return;
  if (step.status == http::ResponseReader::Status::Failed) {
    fail(head_told_ ? Ending{get_exit::kReceiveFailed,
                             "the answer is broken, after " + bytes_text(received_)}
                    : Ending{get_exit::kWeirdReply, "this is no HTTP answer"},
         now);
  } else if (content_left_ == 0) {
    after_content(now);
  }
}

void Fetch::on_head(Instant now) {
  head_told_ = true;
  mark_response_head(now);
  tell_lines("< ", reader_.head());
  const int status = reader_.status();
  if (plan_.fail && status >= 400) {
    return fail({get_exit::kHttpError, fmt::format("the server answered with HTTP {}", status)},
                now);
  }
  if (const auto target = reader_.field("location"); target && status >= 300 && status < 400) {
    note("redirected to " + printable(*target) + " (not followed)");
  }
  if (plan_.has_range && status == 200) {
    note("the server does not do ranges here: it sends everything");
  }
  output_.begin();
  if (plan_.to_head) head_left_ = reader_.head();
  if (listeners_.progress != nullptr && !plan_.to_head) listeners_.progress->begin(promised(), now);
}

std::optional<std::uint64_t> Fetch::promised() const {
  const auto text = reader_.field("content-length");
  return text ? http::parse_decimal(*text) : std::nullopt;
}

bool Fetch::write_head(Instant now) {
  const auto written = put(as_view(head_left_), now);
  if (!written) return false;
  head_left_.remove_prefix(*written);
  if (head_left_.empty()) after_content(now);
  return true;
}

bool Fetch::write_content(Instant now) {
  const std::optional<ByteView> bytes = transport_.peek();
  if (!bytes || bytes->empty()) return false;  // TCP dropped them: a failure follows
  const auto written = put(bytes->first(std::min(content_left_, bytes->size())), now);
  if (!written) return false;
  transport_.consume(*written, now);
  received_ += *written;
  content_left_ -= *written;
  if (content_left_ == 0) after_content(now);
  return true;
}

// Empty: nothing was taken.
std::optional<std::size_t> Fetch::put(ByteView bytes, Instant now) {
  const auto written = output_.write(bytes);
  if (!written) {
    fail({get_exit::kWriteError,
          "cannot write " + output_.name() + ": " + std::strerror(written.error())},
         now);
    return std::nullopt;
  }
  blocked_ = *written == 0;
  return blocked_ ? std::nullopt : std::optional(*written);
}

void Fetch::after_content(Instant now) {
  transport_.consume(behind_content_, now);
  behind_content_ = 0;
  if (answer_ended_ && head_left_.empty()) complete(now);
}

void Fetch::on_end_of_stream(Instant now) {
  if (reader_.is_complete_at_close()) return complete(now);
  if (!heard_) return fail({get_exit::kEmptyReply, "the server closed without an answer"}, now);
  if (!head_told_) {
    return fail({get_exit::kReceiveFailed, "the server closed within the head of its answer"}, now);
  }
  fail(early_close_ending(received_, promised()), now);
}

// -- The end

void Fetch::complete(Instant now) {
  if (listeners_.progress != nullptr) listeners_.progress->end(received_, now);
  mark(MessageMark::Kind::End, MessageRole::Response, now);
  transport_.note(CloseNote{CloseCause::Finished, {}}, now);
  transport_.finish(now);
  stage_ = Stage::Closing;
  deadline_ = now + kCloseTime;
  closing(now);
}

void Fetch::closing(Instant now) {
  // Whatever still comes behind the answer is nobody's, and unread it would become a RST.
  while (!stream_ended_) {
    const std::optional<ByteView> bytes = transport_.peek();
    if (!bytes) break;
    if (bytes->empty()) {
      stream_ended_ = true;
      transport_.release(now);
    } else {
      transport_.consume(bytes->size(), now);
    }
  }
  const bool ended = stream_ended_ ? transport_.is_over() : transport_.failure().has_value();
  if (!ended && now < deadline_) return;
  // A server that keeps its side open must not wait for someone who is gone.
  if (!stream_ended_) transport_.abort(now);
  stage_ = Stage::Over;
}

void Fetch::fail(Ending ending, Instant now) {
  ending_ = std::move(ending);
  blocked_ = false;
  if (listeners_.progress != nullptr) listeners_.progress->end(received_, now);
  const bool peer_knows = transport_.is_connected() && !transport_.failure();
  transport_.abort(now);
  stage_ = peer_knows ? Stage::LastWords : Stage::Over;
  deadline_ = now + kLastWords;
}

void Fetch::stop(Instant now) noexcept {
  if (stage_ == Stage::LastWords || stage_ == Stage::Over) return;
  fail({}, now);
}

Instant Fetch::next_deadline() const noexcept {
  if (stage_ == Stage::Over) return kNever;
  const bool draws = listeners_.progress != nullptr && stage_ == Stage::Receiving;
  const Instant due = blocked_ ? kNever : deadline_;
  return draws ? std::min(due, listeners_.progress->next()) : due;
}

void Fetch::note(const std::string& text) {
  if (listeners_.notes != nullptr) listeners_.notes->write("glasstcp: " + text + "\n");
}

void Fetch::tell_story(const std::string& line) {
  if (listeners_.story != nullptr) listeners_.story->write(line + "\n");
}

void Fetch::tell_lines(std::string_view mark, std::string_view text) {
  while (listeners_.story != nullptr && !text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    tell_story(std::string(mark) + printable(line));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace glasstcp
