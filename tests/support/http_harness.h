// A client's view of one HttpConnection: text goes in, whole or byte by byte; what would go on the
// wire comes out as text.
//
// Invariants:
//   1. Bytes that the connection does not take are offered again after each answer, as a server
//      does it.
//   2. Everything handed out is released when its bytes have been copied, so that a leak shows as
//      references left over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/http_connection.h"
#include "http/memory_store.h"

namespace glasstcp::test {

/// 2026-01-02 03:04:05 UTC.
inline constexpr std::int64_t kSomeSecond = 1767323045;

/// A site in memory with the services that connections need.
struct HttpWorld {
  explicit HttpWorld(http::SiteConfig site_config = {}, std::size_t pool_budget = 16u << 20)
      : pool(pool_budget), site(store, pool, types, std::move(site_config)) {}

  void put(std::string_view path, std::string_view text, std::int64_t mtime = kSomeSecond - 1000) {
    store.put(path, http::as_bytes(text), mtime);
  }

  http::MemoryStore store;
  http::BufferPool pool;
  http::MediaTypes types;
  http::Site site;
  http::ConnectionConfig config;
  http::PartialHeads heads{1u << 20};
  http::LimitCounters counters;
  http::ConnectionServices services{
      .site = site, .config = config, .heads = heads, .counters = counters};
};

/// One connection and its peer.
class HttpPeer {
 public:
  explicit HttpPeer(HttpWorld& world)
      : connection_(world.services, http::Moment{Instant{}, kSomeSecond}) {}

  /// Offers `text` as it would arrive in one segment.
  void send(std::string_view text) {
    pending_ += text;
    pump();
  }
  /// Offers each byte on its own.
  void send_slowly(std::string_view text) {
    for (const char c : text) send({&c, 1});
  }
  void close() {
    peer_closed_ = true;
    pump();
  }
  /// Lets time pass; deadlines happen on the way.
  void wait(Duration duration) {
    const Instant end = at_.now + duration;
    while (connection_.next_deadline() <= end) {
      at_.now = std::max(at_.now, connection_.next_deadline());
      connection_.on_deadline(moment());
      pump();
    }
    at_.now = end;
  }
  /// Everything handed out so far is acknowledged.
  void acknowledge_all() {
    connection_.on_all_acknowledged(moment());
    pump();
  }
  /// What came out since the last call.
  std::string take_output() { return std::exchange(output_, {}); }
  /// Whether the server sent FIN, or ended the connection.
  bool is_closing() const { return connection_.wants() != http::Want::KeepOpen; }
  http::Want wants() const { return connection_.wants(); }
  http::HttpConnection& connection() { return connection_; }
  std::size_t unread() const { return pending_.size(); }
  std::size_t pieces() const { return pieces_; }
  std::size_t largest_piece() const { return largest_piece_; }
  void shut_down() {
    connection_.begin_shutdown(moment());
    pump();
  }
  /// Hands nothing out while stopped, as if TCP had no room.
  void stop_output(bool stopped) {
    output_stopped_ = stopped;
    if (!stopped) pump();
  }
  http::Moment moment() const {
    return {
        at_.now,
        kSomeSecond +
            std::chrono::duration_cast<std::chrono::seconds>(at_.now.time_since_epoch()).count()};
  }

 private:
  void pump() {
    bool moved = true;
    while (moved) {
      moved = false;
      while (!output_stopped_ && connection_.front_piece(moment()) != nullptr) {
        const http::OwnedBytes piece = connection_.take_piece(moment());
        output_ += http::as_text(piece.bytes);
        ++pieces_;
        largest_piece_ = std::max(largest_piece_, piece.bytes.size());
        moved = true;
      }
      if (!connection_.is_reading()) return;
      const std::size_t taken = connection_.on_bytes(http::as_bytes(pending_), moment());
      pending_.erase(0, taken);
      moved = moved || taken > 0;
      if (pending_.empty() && peer_closed_ && !moved && connection_.is_reading()) {
        connection_.on_peer_closed(moment());
        peer_closed_ = false;
        moved = true;
      }
    }
  }

  http::HttpConnection connection_;
  http::Moment at_{Instant{}, kSomeSecond};
  std::string pending_;
  std::string output_;
  std::size_t pieces_ = 0;
  std::size_t largest_piece_ = 0;
  bool peer_closed_ = false;
  bool output_stopped_ = false;
};

/// A response taken apart by the simplest means.
struct ParsedResponse {
  int status = 0;
  std::string head;  // with the empty line
  std::string body;

  /// The value of a field; "(absent)" when it is not there.
  std::string field(std::string_view name) const {
    std::size_t at = 0;
    while ((at = head.find("\r\n", at)) != std::string::npos) {
      at += 2;
      if (!http::equals_ignoring_case(std::string_view(head).substr(at, name.size()), name))
        continue;
      if (head.compare(at + name.size(), 2, ": ") != 0) continue;
      const std::size_t begin = at + name.size() + 2;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    return "(absent)";
  }
  bool has(std::string_view name) const { return field(name) != "(absent)"; }
};

/// Cuts responses apart by their Content-Length. `to_head`: the answers have no content (HEAD).
inline std::vector<ParsedResponse> parse_responses(std::string_view text, bool to_head = false) {
  std::vector<ParsedResponse> all;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos || !text.starts_with("HTTP/1.1 ")) {
      all.push_back({.status = -1, .head = std::string(text), .body = {}});
      return all;
    }
    ParsedResponse r;
    r.head = text.substr(0, end + 4);
    r.status = std::stoi(r.head.substr(9, 3));
    text.remove_prefix(end + 4);
    const bool has_length = r.has("Content-Length") && !to_head && r.status != 304;
    const std::size_t length = has_length ? std::stoul(r.field("Content-Length")) : 0;
    r.body = text.substr(0, length);
    if (r.body.size() < length) r.status = -2;  // cut short
    text.remove_prefix(r.body.size());
    all.push_back(std::move(r));
  }
  return all;
}

}  // namespace glasstcp::test
