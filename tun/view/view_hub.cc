// See view_hub.h.
#include "tun/view/view_hub.h"

#include <algorithm>
#include <new>

#include "tun/glass/few_places.h"
#include "tun/glass/glass_service.h"
#include "tun/loop/system_clock.h"

namespace glasstcp {
namespace {

constexpr std::size_t kRemembered = 512;  // connections of which the annotator knows the past
constexpr std::uint32_t kUnwatchedPart = 8;
constexpr std::uint32_t kFewRows = 256;  // that some pages take
constexpr std::uint32_t kManyRetries = 3;

std::uint32_t rows_unwatched(std::uint32_t most) {
  return std::max(most / kUnwatchedPart, std::min(most, kFewRows));
}

}  // namespace

ViewHub::ViewHub(ViewFacts facts, std::uint64_t memory)
    : facts_(std::move(facts)),
      annotator_(
          {.wait = true, .wait_written = true, .heads_only = true, .connections = kRemembered}),
      most_rows_(static_cast<std::uint32_t>(memory / sizeof(ViewRow))),
      memory_(rows_unwatched(most_rows_)) {
  annotator_.add(*this);
  memory_.reserve(most_rows_);
  streams_.reserve(kMostViews);
}

ViewHub::~ViewHub() = default;

void ViewHub::join(Stack& stack, ViewSwitches& switches, Instant start,
                   std::function<Status()> look) {
  stack_ = &stack;
  switches_ = &switches;
  start_ = turned_at_ = start;
  wall_offset_ns_ = SystemClock::wall_offset().count();
  look_ = std::move(look);
}

// -- Packets

std::uint64_t ViewHub::passed() const {
  return stack_->counters().packets_in + stack_->counters().packets_out;
}

bool ViewHub::wants_packets(Instant now) noexcept {
  if (stack_ == nullptr) return false;
  if (now >= window_end_) {
    const std::uint64_t before = passed() - window_began_;
    const bool was_quiet = before <= kMostObserved || now >= window_end_ + kWindow;
    window_end_ = now + kWindow;
    window_began_ = passed();
    observed_ = 0;
    if (!observes_ && (was_quiet || !streams_.empty())) {
      observes_ = true;
      annotator_.note_gap();
      const std::uint64_t missed = passed() - looked_away_at_;
      counters_.unobserved += missed;
      for (ViewStream* const stream : streams_) stream->note_gap(missed);
    }
  }
  if (observes_ && observed_ > kMostObserved) {
    observes_ = false;
    looked_away_at_ = passed();
  }
  return observes_;
}

void ViewHub::on_annotated(const AnnotatedPacket& packet) noexcept {
  ++observed_;
  memory_.take(packet);
}

void ViewHub::note_own(const FourTuple& tuple) noexcept {
  memory_.mark_own(tuple, turned_at_);
}

void ViewHub::note_who_watches() noexcept {
  memory_.keep_own(std::ranges::any_of(streams_, &ViewStream::shows_own));
  if (streams_.empty()) {
    unwatched_since_ = turned_at_;
  } else {
    memory_.set_most_rows(most_rows_);
  }
}

void ViewHub::release_idle_memory(Instant now) noexcept {
  if (streams_.empty() && now >= unwatched_since_ + kKeptUnwatched)
    memory_.set_most_rows(rows_unwatched(most_rows_));
}

// -- Pages

http::ServiceAnswer ViewHub::open(const http::ServiceCall& call) {
  const auto request = ViewRequest::from(call.query, call.tuple.remote_address, facts_.language);
  if (streams_.size() >= kMostViews && !make_room_for(request.client)) {
    ++counters_.refused;
    return glass_error(503, "As many views as the server serves at once are open: close one.");
  }
  http::ServiceAnswer answer;
  answer.status = 200;
  answer.type = "text/event-stream";
  if (call.method == http::Method::Head) return answer;
  if (streams_.empty()) next_tick_ = turned_at_ + kWindow;
  if (turned_at_ >= next_poll_) poll(turned_at_);
  const Ref<ViewStream> stream(new ViewStream(*this, request, call.tuple, turned_at_));
  stream->tick(turned_at_);
  answer.stream = Ref<http::BodyStream>(stream.get());
  return answer;
}

bool ViewHub::make_room_for(const IpAddress& client) noexcept {
  ViewStream* const stream = whose_place(client);
  if (stream == nullptr) return false;
  stream->end();
  std::erase(streams_, stream);
  return true;
}

// The oldest of those that read nothing, else as anywhere (few_places.h). Null: nobody.
ViewStream* ViewHub::whose_place(const IpAddress& client) const noexcept {
  const auto unread = std::ranges::find_if(
      streams_, [this](const ViewStream* stream) { return reads_nothing(*stream); });
  if (unread != streams_.end()) return *unread;
  const auto client_of = [](const ViewStream& stream) { return std::optional(stream.client()); };
  return who_gives_way<ViewStream>(streams_, client, client_of);
}

// A page reads all the time: one whose window is closed, or that acknowledges nothing, shows
// nothing to anybody.
bool ViewHub::reads_nothing(const ViewStream& stream) const noexcept {
  const auto tcb = stack_->status(stream.tuple());
  return tcb.has_value() && (tcb->window_limited || tcb->retransmissions >= kManyRetries);
}

void ViewHub::on_time(Instant now) noexcept {
  turned_at_ = now;
  if (streams_.empty() || now < next_tick_) return;
  next_tick_ = now + kWindow;
  try {
    if (now >= next_poll_) poll(now);
  } catch (const std::bad_alloc&) {
    // The next look may find memory.
  }
  for (ViewStream* const stream : streams_) {
    try {
      stream->tick(now);
    } catch (const std::bad_alloc&) {
      stream->give_up();
    }
  }
}

const Status& ViewHub::counted(Instant now) {
  if (now >= status_at_ + kWindow || status_at_ == Instant::min()) {
    status_ = look_();
    status_at_ = now;
  }
  return status_;
}

// Looks at all connections; where there are many, less often.
void ViewHub::poll(Instant now) {
  next_poll_ = now + kWindow * (1 + stack_->connection_count() / kConnectionsPerWindow);
  ++poll_;
  for (const ConnectionId id : stack_->connections()) {
    const auto tuple = stack_->tuple(id);
    const auto tcb = stack_->status(id);
    if (!tuple || !tcb) continue;
    ViewConnection* const c = found(*tuple, now);
    if (c == nullptr) continue;
    c->connection = id;
    if (!c->learn(*tcb)) continue;
    ++c->version;
    c->active = now;
  }
  for (const ConnectionEntry& entry : stack_->entries()) {
    if (entry.state == State::Listen || entry.state == State::Closed) continue;
    const ViewConnection* const known = memory_.find(entry.tuple);
    if (known != nullptr && known->poll == poll_) continue;
    ViewConnection* const c = found(entry.tuple, now);
    if (c == nullptr || std::exchange(c->state, entry.state) == entry.state) continue;
    ++c->version;
    c->active = now;
  }
  memory_.for_each([&](ViewConnection& c) {
    if (!c.has_ended() && c.poll != poll_) memory_.end(c, now);
  });
}

ViewConnection* ViewHub::found(const FourTuple& tuple, Instant now) noexcept {
  ViewConnection* c = memory_.find(tuple);
  if (c == nullptr || c->has_ended()) c = memory_.add(tuple, now, ViewMemory::Room::OfEnded);
  if (c != nullptr) c->poll = poll_;
  return c;
}

// The connection that brought a page to the client last, also where it has brought the view since;
// where none is known, its latest.
std::uint64_t ViewHub::last_of(const IpAddress& client) noexcept {
  const ViewConnection* last = nullptr;
  memory_.for_each([&](const ViewConnection& c) {
    const bool is_views_alone = c.is_own && !c.brought_page;
    if (is_views_alone || c.tuple.remote_address != client) return;
    const auto rank = [](const ViewConnection& one) {
      return std::tuple(one.brought_page, one.rows > 0, one.active);
    };
    if (last == nullptr || rank(c) > rank(*last)) last = &c;
  });
  return last == nullptr ? 0 : last->id;
}

}  // namespace glasstcp
