// What a connection tells: the access log, and where its messages lie, for those who watch packets.
// See http_connection.h.
#include <algorithm>

#include "http/connection_side.h"
#include "http/http_connection.h"

namespace glasstcp::http {
namespace {

/// Each logged byte takes up to four when it is escaped.
constexpr std::size_t kLogLineSize =
    4 * (LoggedRequest::kLongestLine + 2 * LoggedRequest::kLongestValue) + 256;

}  // namespace

// -- For those who watch

void HttpConnection::tell_request(const Request& request) const noexcept {
  if (services_->messages == nullptr) return;
  const std::string_view line = request.bytes.substr(0, request.bytes.find('\r'));
  services_->messages->on_request_line(tag_, line.substr(0, line.find('\n')));
}

void HttpConnection::tell_request_end() const noexcept {
  if (services_->messages != nullptr) services_->messages->on_request_end(tag_);
}

void HttpConnection::tell_closing(const CloseNote& note) const noexcept {
  if (services_->messages != nullptr) services_->messages->on_closing(tag_, note);
}

// -- The log

void HttpConnection::log_answer(const Reply& reply, const LoggedRequest& logged,
                                const Moment& at) noexcept {
  std::uint8_t memory[kLogLineSize];
  TextWriter line(memory, sizeof memory);
  const std::size_t before_number = write_log_line(
      line, logged,
      {.peer = services_->peers->tuple_of(tag_).remote_address,
       .unix_seconds = at.unix_seconds,
       .status = reply.status,
       .bytes = reply.transfer ? std::nullopt : std::optional(reply.content_length)});
  if (reply.transfer) {
    // How much of a long answer is sent is known at its end; until then the line waits in the side
    // block.
    side_ = Pooled<Side>::make(services_->site.pool(), line.size());
    if (side_) {
      std::ranges::copy(as_bytes(line.written()), side_.extra().begin());
      side_->stored = line.size();
      side_->first_cut = before_number;
      return;
    }
    // No memory: a line that does not know the number is better than none.
  }
  services_->access_log->write(line.written());
}

/// Writes the line of a long answer that ended, one way or the other.
void HttpConnection::finish_log() noexcept {
  if (phase_ != Phase::Sending || !transfer_ || !side_ || side_->stored == 0) return;
  std::uint8_t memory[kLogLineSize];
  TextWriter line(memory, sizeof memory);
  const std::string_view waiting = as_text(ByteView(side_.extra()).first(side_->stored));
  line.text(waiting.substr(0, side_->first_cut));
  line.number(transfer_->handed_out()).text(waiting.substr(side_->first_cut + 1));
  services_->access_log->write(line.written());
  side_->stored = 0;
}

}  // namespace glasstcp::http
