// The layout of a narrated line: seconds, [connection], direction, packet, reason.
#include "stack/trace/narrate.h"

#include "stack/trace/explain.h"
#include "stack/trace/packet_summary.h"

namespace glasstcp {

// The connection's index tells lines of several connections apart; packets of none have a dash.
void Narrator::begin(Instant at, ConnectionId connection) {
  line_.clear();
  const std::int64_t us = to_us(at - origin_);
  line_.add("{}.{:06} ", us / 1'000'000, us % 1'000'000);
  if (connection.is_none()) {
    line_.add("[-] ");
  } else {
    line_.add("[{}] ", connection.index);
  }
}

void Narrator::end() {
  line_.end_line();
  sink_.write(line_.view());
}

void Narrator::on_packet_sent(const PacketSentEvent& event) noexcept {
  const PacketSummary packet = summarize(event.pieces);
  begin(event.at, event.connection);
  line_.add("OUT ");
  add_packet(line_, packet, true, numbers_.learn(packet, true, event.after));
  line_.add("  ");
  add_reason(line_, event, language_);
  end();
}

void Narrator::on_packet_received(const PacketReceivedEvent& event) noexcept {
  const PacketSummary packet = summarize(event.packet);
  begin(event.at, event.connection);
  line_.add("{} ", is_accepted(event.verdict) ? "IN " : "DROP");
  add_packet(line_, packet, false, numbers_.learn(packet, false, event.after));
  line_.add("  ");
  add_verdict(line_, event, language_);
  end();
}

void Narrator::on_state_changed(const StateChangedEvent& event) noexcept {
  begin(event.at, event.connection);
  line_.add("    ");
  add_state_change(line_, event.from, event.to);
  const bool v4 = event.tuple.remote_address.is_v4();
  line_.add(" ({}{}{}:{})", v4 ? "" : "[", event.tuple.remote_address.text().view(), v4 ? "" : "]",
            number(event.tuple.remote_port));
  end();
}

void Narrator::on_timer_fired(const TimerFiredEvent& event) noexcept {
  begin(event.at, event.connection);
  line_.add("    ");
  add_timer(line_, event, language_);
  end();
}

void Narrator::note_lost(Instant at, ByteView packet, bool out, std::string_view why) noexcept {
  const PacketSummary summary = summarize(packet);
  begin(at, {});
  line_.add("LOST {}", out ? "OUT " : "IN ");
  add_packet(line_, summary, out, numbers_.learn(summary, out, nullptr));
  line_.add("  {}", why);
  end();
}

}  // namespace glasstcp
