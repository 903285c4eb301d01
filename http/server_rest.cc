// Connections at rest: between requests a slot keeps no more than its deadline. See server.h.
//
// Next: server_pressure.cc.
#include "http/server_slot.h"

namespace glasstcp::http {

/// Of a slot that is not at rest.
HttpConnection& HttpServer::http_of(const Slot& slot) noexcept {
  return states_[slot.state].http;
}

const HttpConnection& HttpServer::http_of(const Slot& slot) const noexcept {
  return states_[slot.state].http;
}

/// False: no memory.
bool HttpServer::make_state(Slot& slot, const Moment& at) noexcept {
  slot.state = states_.acquire(services_, at);
  if (slot.state == kNone) {
    put_to_rest();
    slot.state = states_.acquire(services_, at);
  }
  if (slot.state == kNone) return false;
  http_of(slot).set_tag(slot.index);
  return true;
}

/// Before anything is asked of a slot that may be at rest. False: no memory, and it has ended.
bool HttpServer::wake_up(Slot& slot, const Moment& at) noexcept {
  if (slot.state != kNone) return true;
  if (!make_state(slot, at)) {
    ++counters_.refused;
    stack_.abort(slot.id, at.now);
    drop(slot);
    return false;
  }
  // Without a timer it has just ended: that is why this is asked.
  http_of(slot).resume(slot.deadline() == kNever ? at.now : slot.deadline());
  return true;
}

void HttpServer::put_to_rest() noexcept {
  states_.for_each([this](std::uint32_t index, HttpState& state) {
    if (state.lent > 0 || !state.http.is_at_rest()) return;
    Slot& slot = slots_[state.http.tag()];
    wheel_.schedule(slot, state.http.next_deadline());
    slot.state = kNone;
    states_.release(index);
  });
}

}  // namespace glasstcp::http
