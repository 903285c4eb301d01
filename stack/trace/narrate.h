// The stack tells what it does, one line per event, in English or Chinese.
//
//   0.000123 OUT SYN-ACK seq 0 ack 1 win 65535 <mss 1460,sackOK,ts,ws 7>  SynAck (RFC 9293 §3.5):
//   answer to a SYN: ...
//
// Invariants:
//   1. One write per line, no allocation; a line that is too long is cut (text_buffer.h).
//   2. Sequence numbers are relative to the connection's first, or marked "raw".
//
// Next: pcapng.h.
#pragma once

#include <string_view>

#include "stack/trace/language.h"
#include "stack/trace/observer.h"
#include "stack/trace/relative_numbers.h"
#include "stack/trace/text_buffer.h"

namespace glasstcp {

/// Where lines of text go.
class LineSink {
 public:
  LineSink() = default;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;
  virtual ~LineSink() = default;
  /// One whole line in UTF-8, with its line feed. Borrowed during the call.
  virtual void write(std::string_view line) noexcept = 0;
};

/// An observer that writes a line for each event. The sink must outlive it.
class Narrator final : public Observer {
 public:
  /// Times are printed as seconds since `origin`.
  Narrator(LineSink& sink, Language language, Instant origin)
      : sink_(sink), language_(language), origin_(origin) {}

  void on_packet_sent(const PacketSentEvent& event) noexcept override;
  void on_packet_received(const PacketReceivedEvent& event) noexcept override;
  void on_state_changed(const StateChangedEvent& event) noexcept override;
  void on_timer_fired(const TimerFiredEvent& event) noexcept override;

  /// A packet that an impaired link lost, in either direction.
  void note_lost(Instant at, ByteView packet, bool out, std::string_view why) noexcept;

 private:
  void begin(Instant at, ConnectionId connection);
  void end();

  LineSink& sink_;
  Language language_;
  Instant origin_;
  TextBuffer line_;
  RelativeNumbers numbers_;
};

}  // namespace glasstcp
