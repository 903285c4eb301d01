// One page that watches: what it is told, as Server-Sent Events.
//
// WHATWG HTML §9.2 (the format). Four times a second there is a batch, made from what has changed
// since the one before; what is made and not taken yet is one batch at most.
//
// Invariants:
//   1. A reader that stops holds one batch, and nothing is made for it until it has taken that.
//   2. On average kBytesPerSecond are made at most; what does not fit waits, and what has waited
//   too long is left out and counted.
//
// Next: view_hub.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/body_stream.h"
#include "tun/control/status.h"
#include "tun/view/view_rows.h"

namespace glasstcp {

class ViewHub;

/// What a page asked to be told.
struct ViewRequest {
  IpAddress client;
  std::uint64_t watched = 0;  ///< id of a connection; 0: none
  bool wants_last = false;    ///< the one that brought a page to this client
  bool shows_own = false;     ///< connections below /_glass/, too
  Language language = Language::English;

  /// From the query of /_glass/events.
  static ViewRequest from(std::string_view query, const IpAddress& client, Language language);
};

/// The language that a query asks for by lang=en or lang=zh.
[[nodiscard]] Language language_of_query(std::string_view query, Language otherwise);

/// The stream of one page. The hub must outlive it.
class ViewStream final : public http::BodyStream {
 public:
  static constexpr std::uint64_t kBytesPerSecond = 96'000;
  static constexpr std::uint64_t kMostAtOnce = 24'000;  ///< in a batch
  static constexpr std::size_t kMostShown = 200;        ///< connections
  /// Rows that wait for their turn while more come: what can be told in a second.
  static constexpr std::uint32_t kMostBehind = 96;
  static constexpr Duration kHeartbeat = 15s;

  /// `tuple`: the connection that asks.
  ViewStream(ViewHub& hub, const ViewRequest& request, const FourTuple& tuple, Instant now);
  ~ViewStream() override;

  /// Makes the next batch, if the one before was taken. Throws std::bad_alloc.
  void tick(Instant now);
  /// Ends without another word: there was no memory for one.
  void give_up() noexcept;

  [[nodiscard]] const IpAddress& client() const { return request_.client; }
  [[nodiscard]] const FourTuple& tuple() const { return tuple_; }
  [[nodiscard]] std::size_t read(ByteSpan out) noexcept override;
  [[nodiscard]] bool is_over() const noexcept override { return is_ended_ && is_taken(); }
  void end() noexcept override;

  /// Packets passed that nobody observed.
  void note_gap(std::uint64_t packets) noexcept { gap_ += packets; }
  [[nodiscard]] bool shows_own() const { return request_.shows_own; }

 private:
  // What was told of the connection at a place last.
  struct Told {
    std::uint64_t id = 0;
    std::uint32_t version = 0;
  };

  [[nodiscard]] bool is_taken() const { return taken_ == batch_.size(); }
  [[nodiscard]] std::size_t room() const {
    return room_ > batch_.size() ? room_ - batch_.size() : 0;
  }
  void add(std::string_view event, const std::string& data);
  void tell_hello(Instant now);
  void tell_switches();
  void tell_connections(Instant now, std::size_t most);
  void tell_packets(Instant now, std::size_t most);
  void tell_counters(Instant now);
  void tell_gap();
  void tell_beat(Instant now);
  [[nodiscard]] std::string timers_event(std::uint64_t id, const std::vector<RunningTimer>& timers,
                                         Instant now) const;
  // How many still wait.
  std::uint32_t add_rows(const ViewConnection& connection, Json& rows, Json& moments,
                         std::size_t most, Instant now);
  void tell_timers(const ViewConnection& connection, Instant now);
  bool add_tcb(const ViewConnection& connection, Json& moments, Instant now);
  void choose_shown(std::vector<std::uint64_t>& gone);
  void write_connection(Json& json, const ViewConnection& connection) const;

  ViewHub& hub_;
  ViewRequest request_;
  const FourTuple tuple_;
  std::string batch_;
  std::size_t taken_ = 0;
  std::size_t room_ = 0;  // of this batch
  std::uint64_t tokens_ = kMostAtOnce;
  Instant filled_at_;
  Instant told_at_;
  Instant counted_at_ = Instant::min();
  bool has_begun_ = false;
  bool is_ended_ = false;
  std::uint32_t switches_version_ = 0;
  std::uint32_t total_ = 0xffffffffU;
  std::unique_ptr<Told[]> told_;
  std::vector<std::uint64_t> shown_;  // ids of the connections in the table
  std::size_t next_shown_ = 0;
  ViewRows rows_;
  std::uint64_t next_row_ = 0;
  std::uint64_t lost_rows_ = 0;
  std::uint64_t gap_ = 0;  // packets that nobody observed
  std::string last_tcb_, last_timers_, last_marks_, told_timers_;
  std::vector<std::uint64_t> counted_;  // values that were told
};

}  // namespace glasstcp
