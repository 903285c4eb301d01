// See view_stream.h.
#include "tun/view/view_stream.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "generated/version.h"
#include "stack/trace/packet_event_words.h"
#include "tun/view/view_hub.h"

namespace glasstcp {
namespace {

// What a row of the table takes, at least: less room than that is kept for something else.
constexpr std::size_t kLeastRoom = 1000;
// A connection takes the place of another in the table if it did something so much later.
constexpr Duration kLater = 1s;
constexpr std::size_t kMostReplaced = 10;  // in a batch, so that the table can be read
constexpr Duration kCountersEvery = 1s;
// A connection that did nothing for so long is not busy: all that waits of it can be told in turn.
constexpr Duration kBusyFor = 1s;

std::string endpoint_text(const Endpoint& endpoint) {
  const std::string address = endpoint.address.to_string();
  const bool is_v4 = endpoint.address.is_v4();
  return (is_v4 ? address : "[" + address + "]") + ":" + std::to_string(number(endpoint.port));
}

// A request is the peer's text: what is no ASCII, or no character, becomes a question mark.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

std::string_view value_in(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=') {
      return item.substr(name.size() + 1);
    }
    query.remove_prefix(std::min(item.size() + 1, query.size()));
  }
  return {};
}

// Why a connection ended; empty: nobody saw it.
std::string ending_of(const ViewConnection& c, Language language) {
  if (!c.has_ended() || c.last_step.from == State::Closed) return {};
  TextBuffer words;
  add_step_words(words, c.last_step, language);
  if (c.close.cause != CloseCause::Unknown) {
    words.add("{}", either(language, "; ", "；"));
    add_close_words(words, c.close, language);
  }
  return std::string(words.view());
}

}  // namespace

Language language_of_query(std::string_view query, Language otherwise) {
  const std::string_view asked = value_in(query, "lang");
  return asked == "zh" ? Language::Chinese : asked == "en" ? Language::English : otherwise;
}

ViewRequest ViewRequest::from(std::string_view query, const IpAddress& client, Language language) {
  ViewRequest request{.client = client, .language = language_of_query(query, language)};
  const std::string_view watched = value_in(query, "c");
  request.wants_last = watched == "last";
  std::from_chars(watched.data(), watched.data() + watched.size(), request.watched);
  request.shows_own = value_in(query, "own") == "1";
  return request;
}

ViewStream::ViewStream(ViewHub& hub, const ViewRequest& request, const FourTuple& tuple,
                       Instant now)
    : hub_(hub),
      request_(request),
      tuple_(tuple),
      filled_at_(now),
      told_at_(now),
      told_(new Told[ViewMemory::kPlaces]),
      rows_(request.language, hub.start_) {
  if (request_.wants_last) request_.watched = hub_.last_of(request_.client);
  ViewConnection* const connection = hub_.memory_.by_id(request_.watched);
  if (connection == nullptr) request_.watched = 0;
  if (connection != nullptr) ++connection->watchers;
  hub_.streams_.push_back(this);
  hub_.note_who_watches();
}

ViewStream::~ViewStream() {
  std::erase(hub_.streams_, this);
  hub_.note_who_watches();
  ViewConnection* const connection = hub_.memory_.by_id(request_.watched);
  if (connection != nullptr) --connection->watchers;
}

// -- Bytes

std::size_t ViewStream::read(ByteSpan out) noexcept {
  const std::size_t n = std::min(out.size(), batch_.size() - taken_);
  std::memcpy(out.data(), batch_.data() + taken_, n);
  taken_ += n;
  return n;
}

void ViewStream::end() noexcept {
  if (is_ended_) return;
  is_ended_ = true;
  batch_.erase(0, taken_);
  taken_ = 0;
  add("bye", "{}");
  note_news();
}

void ViewStream::add(std::string_view event, const std::string& data) {
  batch_ += "event: ";
  batch_ += event;
  batch_ += "\ndata: ";
  batch_ += data;
  batch_ += "\n\n";
}

void ViewStream::give_up() noexcept {
  is_ended_ = true;
  batch_.clear();
  taken_ = 0;
  note_news();
}

void ViewStream::tick(Instant now) {
  const Duration passed = std::min<Duration>(now - filled_at_, 1s);
  filled_at_ = now;
  const auto earned = static_cast<std::uint64_t>(passed.count()) * kBytesPerSecond / 1'000'000'000;
  tokens_ = std::min(tokens_ + earned, kMostAtOnce);
  if (is_ended_ || !is_taken()) return;
  batch_.clear();
  taken_ = 0;
  room_ = static_cast<std::size_t>(tokens_);
  if (!has_begun_) tell_hello(now);
  tell_switches();
  tell_gap();
  if (now >= counted_at_ + kCountersEvery) tell_counters(now);
  // Many connections take half of it; where there are few, packets have nearly all.
  tell_connections(now, room() / 2);
  tell_packets(now, room());
  if (batch_.empty() && now >= told_at_ + kHeartbeat) tell_beat(now);
  if (batch_.empty()) return;
  tokens_ -= std::min<std::uint64_t>(tokens_, batch_.size());
  told_at_ = now;
  note_news();
}

// -- What is told

void ViewStream::tell_hello(Instant now) {
  has_begun_ = true;
  Json json;
  json.begin('{');
  json.count("version", 1);
  json.field("program", "glasstcp " + std::string(kVersion));
  json.key("address").begin('[');
  for (const std::string& address : hub_.facts_.addresses) json.string(address);
  json.end(']');
  json.count("port", hub_.facts_.port);
  json.field("client", request_.client.to_string());
  json.key("control").boolean(hub_.switches_->may_change());
  json.key("offload").boolean(hub_.facts_.has_offload);
  json.field("language", request_.language == Language::Chinese ? "zh" : "en");
  json.count("now", (now - hub_.start_).count());
  json.count("wall", (now.time_since_epoch().count() + hub_.wall_offset_ns_) / 1'000'000);
  json.count("watched", request_.watched);
  json.end('}');
  add("hello", json.text());
}

void ViewStream::tell_switches() {
  if (switches_version_ == hub_.switches_->version()) return;
  switches_version_ = hub_.switches_->version();
  Json json;
  hub_.switches_->write(json, request_.language);
  add("switches", json.text());
}

void ViewStream::tell_gap() {
  if (gap_ == 0) return;
  Json json;
  json.begin('{');
  json.count("lost", gap_);
  json.end('}');
  add("gap", json.text());
  gap_ = 0;
}

// A page that hears nothing for longer knows that the server is gone, though no FIN came.
void ViewStream::tell_beat(Instant now) {
  Json json;
  json.begin('{');
  json.count("now", (now - hub_.start_).count());
  json.end('}');
  add("beat", json.text());
}

void ViewStream::tell_counters(Instant now) {
  counted_at_ = now;
  const Status& status = hub_.counted(now);
  Json json;
  json.begin('{');
  std::size_t n = 0;
  bool has_any = false;
  const auto tell = [&](std::string_view key, std::initializer_list<std::string_view> sections) {
    json.key(key).begin('[');
    for (const StatusSection& section : status.sections) {
      if (std::ranges::find(sections, section.key) == sections.end()) continue;
      for (const StatusRow& row : section.rows) {
        const auto* const value = std::get_if<std::uint64_t>(&row.value);
        const bool is_of_limits = section.key != "connections" || row.key.starts_with("evicted");
        if (value == nullptr || !is_of_limits) continue;
        if (n == counted_.size()) counted_.push_back(0);
        if (std::exchange(counted_[n++], *value) == *value) continue;
        has_any = true;
        json.begin('[');
        json.string(row.key);
        const Words& words = row.note.english.empty() ? row.label : row.note;
        json.string(words.in(request_.language));
        json.number(*value);
        json.end(']');
      }
    }
    json.end(']');
  };
  tell("verdicts", {"received"});
  tell("reasons", {"sent"});
  tell("limits", {"limits", "lost", "connections", "view"});
  json.end('}');
  if (has_any) add("counters", json.text());
}

// -- The watched connection

void ViewStream::tell_packets(Instant now, std::size_t most) {
  const ViewConnection* const connection = hub_.memory_.by_id(request_.watched);
  if (connection == nullptr || most < kLeastRoom) return;
  Json rows, moments;
  rows.begin('[');
  moments.begin('[');
  const std::uint32_t waiting = add_rows(*connection, rows, moments, most, now);
  // Behind the last row: before it is told, the variables may belong to one that follows.
  const bool has_tcb = waiting == 0 && add_tcb(*connection, moments, now);
  tell_timers(*connection, now);
  if (rows.text().size() == 1 && !has_tcb) return;
  rows.end(']');
  moments.end(']');
  Json json;
  json.begin('{');
  json.count("id", connection->id);
  json.count("now", (now - hub_.start_).count());
  json.count("lost", std::exchange(lost_rows_, 0));
  json.count("waiting", waiting);
  if (waiting == 0) json.field("state", name_of(connection->state));
  json.key("rows").raw(rows.text());
  json.key("moments").raw(moments.text());
  json.end('}');
  add("packets", json.text());
}

// As they run now, however many packets still wait to be told: in a fast transfer some always do.
void ViewStream::tell_timers(const ViewConnection& connection, Instant now) {
  std::vector<RunningTimer> timers;
  if (!connection.has_ended()) timers = hub_.stack_->timers(connection.tuple);
  std::string text = lab::timers_text(timers, hub_.start_);
  if (text == told_timers_) return;
  told_timers_ = std::move(text);
  add("timers", timers_event(connection.id, timers, now));
}

std::uint32_t ViewStream::add_rows(const ViewConnection& connection, Json& rows, Json& moments,
                                   std::size_t most, Instant now) {
  const ViewMemory& memory = hub_.memory_;
  const ViewRow* row = memory.row(connection.first);
  while (row != nullptr && row->number < next_row_) row = memory.row(row->next);
  std::uint32_t waiting = 0;
  for (const ViewRow* r = row; r != nullptr; r = memory.row(r->next)) ++waiting;
  const bool is_busy = !connection.has_ended() && now < connection.active + kBusyFor;
  for (; row != nullptr; row = memory.row(row->next), --waiting) {
    lost_rows_ += row->number - next_row_;
    next_row_ = row->number + 1;
    // More come than can be told: what is like all others goes first.
    if (is_busy && waiting > kMostBehind && lab::is_plain_packet(row->packet, true)) {
      ++lost_rows_;
      continue;
    }
    rows_.write(*row, rows, moments);
    if (rows.text().size() + moments.text().size() + kLeastRoom > most) return waiting - 1;
  }
  return waiting;
}

bool ViewStream::add_tcb(const ViewConnection& connection, Json& moments, Instant now) {
  const auto tcb = hub_.stack_->status(connection.connection);
  const std::vector<RunningTimer> timers = hub_.stack_->timers(connection.tuple);
  const Instant deadline = timers.empty() ? kNever : timers.front().deadline;
  std::string tcb_now =
      tcb && !connection.has_ended() ? lab::tcb_text(*tcb, deadline, hub_.start_) : "null";
  std::string timers_now = connection.has_ended() ? "[]" : lab::timers_text(timers, hub_.start_);
  std::string marks_now =
      connection.has_ended() ? "[]" : lab::marks_text(hub_.stack_->outstanding(connection.tuple));
  if (tcb_now == last_tcb_ && timers_now == last_timers_ && marks_now == last_marks_) return false;
  moments.begin('[');
  moments.string("tcb");
  moments.number(-1);
  moments.number(static_cast<int>(lab::Side::Server));
  moments.number(1);
  moments.number((now - hub_.start_).count());
  moments.raw(tcb_now);
  moments.raw(timers_now);
  moments.raw(marks_now);
  moments.end(']');
  last_tcb_ = std::move(tcb_now);
  last_timers_ = std::move(timers_now);
  last_marks_ = std::move(marks_now);
  return true;
}

std::string ViewStream::timers_event(std::uint64_t id, const std::vector<RunningTimer>& timers,
                                     Instant now) const {
  Json json;
  json.begin('{');
  json.count("id", id);
  json.count("now", (now - hub_.start_).count());
  json.key("timers").begin('[');
  for (const RunningTimer& timer : timers) {
    const TimerInfo& words = info(timer.name);
    json.begin('[');
    json.string(words.name);
    json.number((timer.deadline - hub_.start_).count());
    json.string(either(request_.language, words.sentence, words.sentence_zh));
    json.end(']');
  }
  json.end(']');
  json.end('}');
  return json.text();
}

// -- The table

void ViewStream::choose_shown(std::vector<std::uint64_t>& gone) {
  ViewMemory& memory = hub_.memory_;
  const auto may_show = [this](const ViewConnection& c) {
    return !c.is_own || request_.shows_own || c.id == request_.watched;
  };
  std::erase_if(shown_, [&](std::uint64_t id) {
    const ViewConnection* const c = memory.by_id(id);
    const bool stays = c != nullptr && may_show(*c);
    if (!stays) gone.push_back(id);
    return !stays;
  });
  std::vector<const ViewConnection*> others;
  memory.for_each([&](const ViewConnection& c) {
    const bool is_shown = told_[ViewMemory::place_of(c.id)].id == c.id;
    if (!is_shown && may_show(c)) others.push_back(&c);
  });
  std::ranges::sort(others, std::greater<>(), &ViewConnection::active);
  std::size_t replaced = 0;
  for (const ViewConnection* const c : others) {
    if (shown_.size() >= kMostShown) {
      const auto oldest = std::ranges::min_element(shown_, {}, [&](std::uint64_t id) {
        const ViewConnection* const one = memory.by_id(id);
        return std::pair(one->watchers > 0, one->active);
      });
      if (memory.by_id(*oldest)->active + kLater > c->active) break;
      if (++replaced > kMostReplaced) break;
      gone.push_back(*oldest);
      told_[ViewMemory::place_of(*oldest)] = {};
      *oldest = c->id;
    } else {
      shown_.push_back(c->id);
    }
    told_[ViewMemory::place_of(c->id)] = {c->id, 0};
  }
}

void ViewStream::tell_connections(Instant now, std::size_t most) {
  if (most < kLeastRoom) return;
  std::vector<std::uint64_t> gone;
  choose_shown(gone);
  const auto total = hub_.stack_->connection_count();
  Json shown;
  shown.begin('[');
  bool has_any = total != std::exchange(total_, total) || !gone.empty();
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    // Who had no turn in the last batch comes first in this one.
    const std::size_t n = (next_shown_ + i) % shown_.size();
    const ViewConnection& c = *hub_.memory_.by_id(shown_[n]);
    Told& told = told_[ViewMemory::place_of(c.id)];
    if (told.version == c.version) continue;
    if (shown.text().size() + kLeastRoom > most) {
      next_shown_ = n;
      break;
    }
    told.version = c.version;
    write_connection(shown, c);
    has_any = true;
  }
  if (!has_any) return;
  shown.end(']');
  Json json;
  json.begin('{');
  json.count("now", (now - hub_.start_).count());
  json.count("total", total);
  json.key("shown").raw(shown.text());
  json.key("gone").begin('[');
  for (const std::uint64_t id : gone) json.number(id);
  json.end(']');
  json.end('}');
  add("connections", json.text());
}

void ViewStream::write_connection(Json& json, const ViewConnection& c) const {
  const auto since = [this](Instant at) { return (at - hub_.start_).count(); };
  json.begin('{');
  json.count("id", c.id);
  json.field("peer", endpoint_text(c.tuple.remote()));
  json.field("local", endpoint_text(c.tuple.local()));
  json.field("state", name_of(c.state));
  json.count("opened", c.opened == Instant::min() ? 0 : since(c.opened));
  json.count("sent", c.sent);
  json.count("received", c.received);
  json.count("cwnd", c.cwnd);
  json.count("srtt", to_us(c.srtt));
  json.count("rto", to_us(c.rto));
  json.count("flight", c.flight);
  json.count("unsent", c.unsent);
  json.count("unread", c.unread);
  json.count("retransmissions", c.retransmissions);
  json.count("packets", c.rows);
  json.field("request", printable(c.request()));
  json.count("ended", c.has_ended() ? since(c.ended) : 0);
  const std::string ending = ending_of(c, request_.language);
  if (!ending.empty()) json.field("ending", ending);
  json.count("own", c.is_own ? 1 : 0);
  json.end('}');
}

}  // namespace glasstcp
