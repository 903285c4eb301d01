// One request and its answer, from the SYN to the end of the close; it knows no system call.
//
// RFC 9112 §6.3 (where an answer ends), RFC 9293 §3.6 (closing). Bytes go from the transport to the
// output without being kept: what the output does not take stays unread, and the window closes.
//
// Invariants:
//   1. ending() is decided once; the first cause wins.
//   2. After an answer, the close is waited for at most kCloseTime; after an abort, kLastWords.
//   3. The stall clock runs only while the server is the one who is waited for.
//
// Leaves out redirects: their target is told.
// Next: get.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "stack/trace/narrate.h"
#include "tun/get/ending.h"
#include "tun/get/output.h"
#include "tun/get/progress.h"
#include "tun/get/transport.h"
#include "tun/loop/application.h"

namespace glasstcp {

/// What to fetch.
struct FetchPlan {
  std::vector<Endpoint> candidates;  ///< tried in this order until one answers; at least one
  std::string request;               ///< as it goes over the wire
  bool to_head = false;              ///< the request is HEAD: its answer's head is the output
  bool has_range = false;
  bool fail = false;               ///< 400 and above are errors, and their pages are not written
  Duration connect_timeout = 30s;  ///< for each candidate
  Duration stall_timeout = 60s;    ///< without a byte
};

/// Where a fetch tells what it does; all borrowed, null: nobody listens.
struct FetchListeners {
  LineSink* notes = nullptr;  ///< what the user should know
  LineSink* story = nullptr;  ///< connection, request head and answer head (--verbose)
  ProgressBar* progress = nullptr;
};

/// Runs one fetch.
class Fetch final : public Application {
 public:
  Fetch(FetchPlan plan, Transport& transport, GetOutput& output, FetchListeners listeners)
      : plan_(std::move(plan)),
        transport_(transport),
        output_(output),
        listeners_(listeners),
        reader_(plan_.to_head) {}

  /// The first SYN.
  void start(Instant now) { open_next(now); }

  void turn(Instant now, Timers timers) noexcept override;
  void flush(Instant) noexcept override {}
  [[nodiscard]] Instant next_deadline() const noexcept override;
  /// Interrupted: resets the connection.
  void stop(Instant now) noexcept override;
  [[nodiscard]] bool is_finished() const noexcept override { return stage_ == Stage::Over; }

  [[nodiscard]] const Ending& ending() const { return ending_; }
  /// The output's reader is what is waited for.
  [[nodiscard]] bool is_output_blocked() const { return blocked_; }
  /// Where the connection led, or should have.
  [[nodiscard]] const Endpoint& remote() const { return plan_.candidates[candidate_ - 1]; }
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  enum class Stage : std::uint8_t { Connecting, Receiving, Closing, LastWords, Over };

  static constexpr Duration kCloseTime = 2s;
  // A peer whose view of the sequence numbers differs answers a RST with a challenge ACK (RFC 5961
  // §3.2), which must still be answered.
  static constexpr Duration kLastWords = 100ms;

  void open_next(Instant now);
  void connecting(Instant now);
  void receiving(Instant now);
  void closing(Instant now);
  void send_request(Instant now);
  [[nodiscard]] bool read_more(Instant now);
  void feed(ByteView bytes, Instant now);
  void mark(MessageMark::Kind kind, MessageRole role, Instant now);
  void mark_response_head(Instant now);
  void on_head(Instant now);
  void on_end_of_stream(Instant now);
  [[nodiscard]] bool write_head(Instant now);
  [[nodiscard]] bool write_content(Instant now);
  [[nodiscard]] std::optional<std::size_t> put(ByteView bytes, Instant now);
  void after_content(Instant now);
  void complete(Instant now);
  void fail(Ending ending, Instant now);
  void note(const std::string& text);
  void tell_story(const std::string& line);
  void tell_lines(std::string_view mark, std::string_view text);
  [[nodiscard]] std::optional<std::uint64_t> promised() const;

  FetchPlan plan_;
  Transport& transport_;
  GetOutput& output_;
  FetchListeners listeners_;
  http::ResponseReader reader_;
  Stage stage_ = Stage::Connecting;
  Ending ending_;
  std::size_t candidate_ = 0;  // how many were tried
  std::size_t sent_ = 0;       // bytes of the request
  Instant waiting_since_{};    // for the server
  Instant deadline_ = kNever;
  bool heard_ = false;          // at least one byte of an answer
  bool head_told_ = false;      // on_head() was called
  bool answer_ended_ = false;   // the reader is done
  bool stream_ended_ = false;   // released: the server's FIN was seen
  bool blocked_ = false;        // the output takes nothing now
  std::string_view head_left_;  // of a head that is the output
  std::size_t content_left_ =
      0;  // at the front of the unread bytes: read by the reader, not written
  std::size_t behind_content_ = 0;  // bytes of framing behind those
  std::uint64_t received_ = 0;      // content
};

}  // namespace glasstcp
