// See closing.h.
#include "tun/report/closing.h"

#include <algorithm>

namespace glasstcp::report {
namespace {

constexpr std::int64_t kLongSilenceNs = 3'000'000'000;

const Frame* first_fin_of(const Connection& c, Side side) {
  return c.find(c.end(side).fin);
}

void find_acknowledgment(Connection& c, Side side) {
  const Frame* const fin = first_fin_of(c, side);
  if (fin == nullptr) return;
  for (const Frame& f : c.frames) {
    if (f.number < fin->number || f.from == side || !f.has(kAck) || f.has(kRst)) continue;
    if (f.ack < fin->next_seq()) continue;
    c.end(side).fin_acknowledged = f.number;
    return;
  }
}

// RFC 9293 §3.6: the end that closed first waits, unless both FINs crossed: then both do.
void find_waiting(Connection& c) {
  const bool is_whole = c.close.ending == Ending::Closed ||
                        c.close.ending == Ending::ClosedUnacknowledged ||
                        c.close.ending == Ending::ResetAfterClose;
  if (!is_whole || c.close.is_simultaneous || !c.close.first) return;
  const Frame& last = c.frames.back();
  const EndState& state = last.after_of(*c.close.first);
  if (state.state == State::TimeWait) c.close.time_wait = c.close.first;
}

void find_fins(Connection& c) {
  Close& close = c.close;
  const FrameNumber one = c.ends[0].fin, two = c.ends[1].fin;
  if (one == 0 && two == 0) return;
  const bool client_first = one != 0 && (two == 0 || one < two);
  const Side first = client_first ? Side::Client : Side::Server;
  close.first = first;
  close.first_fin = c.end(first).fin;
  close.ack_of_first_fin = c.end(first).fin_acknowledged;
  close.second_fin = c.end(other(first)).fin;
  close.ack_of_second_fin = c.end(other(first)).fin_acknowledged;
  const Frame* const second = c.find(close.second_fin);
  if (second == nullptr) return;
  const Frame* const begin = c.find(close.first_fin);
  close.half_closed_ns = second->time_ns - begin->time_ns;
  close.is_simultaneous = second->ack < begin->next_seq();
  if (close.ack_of_first_fin != 0 && close.ack_of_second_fin != 0) {
    close.segments = close.ack_of_first_fin == close.second_fin ? 3 : 4;
  }
}

FrameNumber first_reset(const Connection& c) {
  const FrameNumber one = c.ends[0].reset, two = c.ends[1].reset;
  return one == 0 ? two : two == 0 ? one : std::min(one, two);
}

Ending ending_of(const Connection& c) {
  const Close& close = c.close;
  const FrameNumber reset = first_reset(c);
  const bool both = close.first_fin != 0 && close.second_fin != 0;
  const bool acknowledged = both && close.ack_of_first_fin != 0 && close.ack_of_second_fin != 0;
  if (reset != 0) {
    if (c.ends[1].syn == 0 && c.ends[0].syn != 0 && c.ends[1].reset != 0) return Ending::Refused;
    const bool is_after =
        acknowledged && reset > close.ack_of_second_fin && reset > close.ack_of_first_fin;
    return is_after ? Ending::ResetAfterClose : Ending::Reset;
  }
  if (acknowledged) return Ending::Closed;
  if (both) return Ending::ClosedUnacknowledged;
  return close.first_fin != 0 ? Ending::HalfClosed : Ending::Open;
}

// The frame that a RST answers. RFC 9293 §3.10.7.1: without ACK its number is their ACK number;
// with ACK it acknowledges what they sent.
FrameNumber answered_by(const Connection& c, std::size_t index) {
  const Frame& reset = c.frames[index];
  for (std::size_t i = index; i-- > 0;) {
    const Frame& f = c.frames[i];
    if (f.from == reset.from || f.has(kRst)) continue;
    if (reset.has(kAck) ? reset.ack == f.next_seq() : f.has(kAck) && reset.seq == f.ack) {
      return f.number;
    }
    if (index - i > 64) break;
  }
  return 0;
}

bool has_other_hop_limit(const Connection& c, const Frame& reset) {
  const auto is_usual = [&](const Frame& f) {
    return f.from == reset.from && !f.has(kRst) && f.hop_limit == reset.hop_limit;
  };
  const auto is_own = [&](const Frame& f) { return f.from == reset.from && !f.has(kRst); };
  return std::ranges::any_of(c.frames, is_own) && std::ranges::none_of(c.frames, is_usual);
}

// What the end may not have read yet: bytes that came since its application last sent anything.
std::uint64_t unread_at(const Connection& c, std::size_t index) {
  std::uint64_t bytes = 0;
  for (std::size_t i = index; i-- > 0;) {
    const Frame& f = c.frames[i];
    if (f.from == c.frames[index].from) {
      if (f.length > 0) break;
    } else if (!f.is(Event::Retransmission)) {
      bytes += f.length;
    }
  }
  return bytes;
}

class Causes {
 public:
  Causes(const Connection& c, std::size_t index, Reset& reset)
      : c_(c), index_(index), f_(c.frames[index]), reset_(reset) {}

  void find() {
    const Frame* const answered = c_.find(reset_.answers);
    if (answered != nullptr && answered->is(Event::Syn)) {
      return add(ResetCause::PortClosed);
    }
    const bool has_closed = own_fin() != 0 && own_fin() < f_.number;
    if (answered != nullptr && answered->has(kFin)) {
      if (has_closed) return add(ResetCause::AnswersLateFin);
      add(ResetCause::AnswersLateFin);
    }
    if (answered != nullptr && answered->length > 0 && (has_closed || !f_.has(kAck))) {
      add(ResetCause::AnswersLateData);
    }
    if (reset_.unread_at_most > 0) add(ResetCause::UnreadData);
    if (answered != nullptr && answered->is(Event::SynAck)) add(ResetCause::UnknownConnection);
    if (was_silent_before()) add(ResetCause::Timeout);
    if (has_other_hop_limit(c_, f_)) add(ResetCause::Middlebox);
    if (c_.handshake_ack != 0 && previous_is_handshake()) add(ResetCause::Refused);
    if (!has_closed) add(ResetCause::Aborted);
    if (reset_.causes.empty()) add(ResetCause::AnswersOldSegment);
  }

 private:
  void add(ResetCause cause) {
    if (std::ranges::find(reset_.causes, cause) == reset_.causes.end()) {
      reset_.causes.push_back(cause);
    }
  }
  [[nodiscard]] FrameNumber own_fin() const { return c_.end(f_.from).fin; }
  [[nodiscard]] bool was_silent_before() const {
    return index_ > 0 && c_.frames[index_ - 1].is(Event::Retransmission) &&
           c_.frames[index_ - 1].from == f_.from &&
           f_.time_ns - c_.frames[index_ - 1].time_ns > kLongSilenceNs;
  }
  [[nodiscard]] bool previous_is_handshake() const {
    return f_.from == Side::Server && index_ > 0 && c_.frames[index_ - 1].is(Event::HandshakeAck);
  }

  const Connection& c_;
  std::size_t index_;
  const Frame& f_;
  Reset& reset_;
};

}  // namespace

void find_close(Connection& c) {
  find_acknowledgment(c, Side::Client);
  find_acknowledgment(c, Side::Server);
  find_fins(c);
  c.close.ending = ending_of(c);
  if (!c.close.first && first_reset(c) != 0) {
    c.close.first = c.find(first_reset(c))->from;
  }
  if (!c.frames.empty()) find_waiting(c);
}

void find_resets(const Capture& capture, Connection& c) {
  constexpr std::size_t kMostResets = 64;
  for (std::size_t i = 0; i < c.frames.size() && c.resets.size() < kMostResets; ++i) {
    const Frame& f = c.frames[i];
    if (!f.has(kRst)) continue;
    Reset reset;
    reset.frame = f.number;
    reset.from = f.from;
    reset.answers = answered_by(c, i);
    reset.unread_at_most = unread_at(c, i);
    const bool is_told =
        f.direction == Direction::Out && f.comment != 0 && !capture.comment_of(f).sentence.empty();
    if (is_told) {
      reset.is_certain = true;
      reset.causes = {ResetCause::Told};
    } else {
      Causes(c, i, reset).find();
    }
    c.resets.push_back(std::move(reset));
  }
}

}  // namespace glasstcp::report
