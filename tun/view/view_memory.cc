// See view_memory.h.
#include "tun/view/view_memory.h"

#include <algorithm>
#include <new>
#include <utility>

namespace glasstcp {
namespace {

bool begins_connection(const AnnotatedPacket& packet) {
  if (packet.kind != AnnotatedPacket::Kind::Received) return false;
  switch (packet.verdict) {
    case Verdict::SynAccepted:
    case Verdict::FastOpenAccepted:
    case Verdict::SynCookieSent:
    case Verdict::TimeWaitReused:
      return true;
    default:
      return false;
  }
}

// What somebody sends to nobody, and our answer to it, make no connection.
bool is_of_connection(const AnnotatedPacket& packet) {
  if (!packet.has_packet()) return !packet.steps.empty();
  if (packet.summary.has(PacketSummary::kRst)) return false;
  return packet.kind == AnnotatedPacket::Kind::Received || packet.is_outgoing();
}

// "GET /a HTTP/1.1" without its end.
std::string_view without_version(std::string_view line) {
  const std::size_t end = line.rfind(" HTTP/");
  return end == std::string_view::npos ? line : line.substr(0, end);
}

std::string_view target_of(std::string_view request) {
  const std::size_t space = request.find(' ');
  const std::string_view target = space == std::string_view::npos ? "" : request.substr(space + 1);
  return target.substr(0, target.find('?'));
}

bool asks_for_page(std::string_view request) {
  const std::string_view target = target_of(request);
  return target.ends_with('/') || target.ends_with(".html") || target.ends_with(".htm");
}

void learn_request(ViewConnection& connection, const AnnotatedPacket& packet) {
  if (packet.is_outgoing()) return;
  for (const MessagePart& part : packet.messages.all()) {
    if (part.role != MessageRole::Request || part.label.empty()) continue;
    const std::string_view request = without_version(part.label);
    // Of a connection that brought a page the table goes on naming that, and not the view.
    const bool is_views = target_of(request).starts_with("/_glass/");
    if (is_views && connection.brought_page) continue;
    connection.request_size =
        static_cast<std::uint8_t>(std::min(request.size(), connection.request_text.size()));
    std::copy_n(request.begin(), connection.request_size, connection.request_text.begin());
    connection.brought_page = connection.brought_page || (!is_views && asks_for_page(request));
  }
}

}  // namespace

// -- What is kept

void ViewRow::keep(const AnnotatedPacket& from) {
  packet = from;
  packet.pieces = {};
  packet.before.reset();
  byte_count = 0;
  for (const ByteView piece : from.pieces) {
    const std::size_t n = std::min(piece.size(), bytes.size() - byte_count);
    std::copy_n(piece.begin(), n, bytes.begin() + byte_count);
    byte_count = static_cast<std::uint8_t>(byte_count + n);
  }
  label_size = 0;
  MessageParts parts;
  for (MessagePart part : from.messages.all()) {
    if (parts.empty()) {
      label_size = static_cast<std::uint8_t>(std::min(part.label.size(), label.size()));
      std::copy_n(part.label.begin(), label_size, label.begin());
    }
    part.label = {};
    parts.add(part);
  }
  packet.messages = parts;
}

AnnotatedPacket ViewRow::annotated(ByteView& piece) const {
  AnnotatedPacket whole = packet;
  piece = ByteView(bytes).first(byte_count);
  whole.pieces = std::span(&piece, 1);
  MessageParts parts;
  for (MessagePart part : packet.messages.all()) {
    if (parts.empty()) part.label = {label.data(), label_size};
    parts.add(part);
  }
  whole.messages = parts;
  return whole;
}

bool ViewConnection::learn(const TcbSnapshot& tcb) {
  const bool is_synchronized_now = is_synchronized(tcb.state);
  const std::uint64_t was_sent = sent, was_received = received;
  if (!has_numbers_ && is_synchronized_now) {
    has_numbers_ = true;
    snd_nxt_ = tcb.snd.iss + 1;
    rcv_nxt_ = tcb.rcv.irs + 1;
  }
  // Numbers go around after 4 GiB: what is behind is nothing new.
  const auto add = [](std::uint64_t& sum, SeqNum& seen, SeqNum now) {
    if (now <= seen) return;
    sum += static_cast<std::uint32_t>(now - seen);
    seen = now;
  };
  if (has_numbers_) {
    add(sent, snd_nxt_, tcb.snd.nxt);
    add(received, rcv_nxt_, tcb.rcv.nxt);
  }
  const bool is_same = was_sent == sent && was_received == received && state == tcb.state &&
                       cwnd == tcb.cwnd && flight == tcb.flight && unsent == tcb.unsent &&
                       unread == tcb.unread && srtt == tcb.srtt && rto == tcb.rto;
  state = tcb.state;
  cwnd = tcb.cwnd;
  flight = tcb.flight;
  unsent = tcb.unsent;
  unread = tcb.unread;
  srtt = tcb.srtt;
  rto = tcb.rto;
  return !is_same;
}

// -- Connections

// FNV-1a. Who aims at a place only makes the view forget, so the hash needs no key.
ViewConnection* ViewMemory::group_of(const FourTuple& tuple) noexcept {
  std::uint32_t hash = 2166136261U;
  const auto mix = [&hash](std::uint32_t value) { hash = (hash ^ value) * 16777619U; };
  for (const std::uint8_t b : tuple.remote_address.bytes()) mix(b);
  for (const std::uint8_t b : tuple.local_address.bytes()) mix(b);
  mix(number(tuple.remote_port));
  mix(number(tuple.local_port));
  return &places_[(hash ^ hash >> 16) % (kPlaces / kWays) * kWays];
}

ViewConnection* ViewMemory::find(const FourTuple& tuple) noexcept {
  if (places_ == nullptr) return nullptr;
  ViewConnection* const group = group_of(tuple);
  ViewConnection* latest = nullptr;
  for (ViewConnection* c = group; c != group + kWays; ++c) {
    if (c->id != 0 && c->tuple == tuple && (latest == nullptr || c->id > latest->id)) latest = c;
  }
  return latest;
}

ViewConnection* ViewMemory::by_id(std::uint64_t id) noexcept {
  if (places_ == nullptr || id == 0) return nullptr;
  ViewConnection& connection = places_[place_of(id)];
  return connection.id == id ? &connection : nullptr;
}

ViewConnection* ViewMemory::add(const FourTuple& tuple, Instant now, Room room) noexcept {
  if (places_ == nullptr) {
    places_.reset(new (std::nothrow) ViewConnection[kPlaces]);
    if (places_ == nullptr) return nullptr;
  }
  ViewConnection* const group = group_of(tuple);
  ViewConnection* chosen = nullptr;
  // A free place, or that of one that has ended, or of the one that was silent longest.
  const auto rank = [](const ViewConnection& c) { return c.id == 0 ? 0 : c.has_ended() ? 1 : 2; };
  for (ViewConnection* c = group; c != group + kWays; ++c) {
    if (c->watchers > 0 || (room == Room::OfEnded && rank(*c) == 2)) continue;
    if (chosen == nullptr || rank(*c) < rank(*chosen) ||
        (rank(*c) == rank(*chosen) && c->active < chosen->active)) {
      chosen = c;
    }
  }
  if (chosen == nullptr) return nullptr;
  drop_rows(*chosen);
  *chosen = ViewConnection();
  chosen->tuple = tuple;
  chosen->active = now;
  chosen->version = 1;
  chosen->id = ++serial_ * kPlaces + static_cast<std::size_t>(chosen - places_.get()) + 1;
  return chosen;
}

void ViewMemory::end(ViewConnection& connection, Instant at) noexcept {
  if (connection.has_ended()) return;
  connection.ended = connection.active = at;
  connection.state = State::Closed;
  connection.connection = {};
  connection.flight = connection.unsent = connection.unread = 0;
  ++connection.version;
}

void ViewMemory::mark_own(const FourTuple& tuple, Instant now) noexcept {
  ViewConnection* connection = find(tuple);
  if (connection == nullptr) connection = add(tuple, now);
  if (connection == nullptr || connection->is_own) return;
  connection->is_own = true;
  ++connection->version;
  // A browser asks for the view on a connection that has brought it a page: how it came is kept.
  if (!keeps_own_ && !connection->brought_page) drop_rows(*connection);
}

// The one that a packet belongs to; null: to none, or there is no place.
ViewConnection* ViewMemory::connection_of(const AnnotatedPacket& packet) noexcept {
  ViewConnection* connection = find(packet.tuple);
  const std::uint32_t stream = packet.stream.value_or(ViewConnection::kNoStream);
  const bool is_another =
      connection != nullptr && begins_connection(packet) &&
      (connection->has_ended() ||
       (connection->stream != ViewConnection::kNoStream && connection->stream != stream));
  if (connection != nullptr && !is_another) {
    connection->stream = stream;
    return connection;
  }
  if (is_another) end(*connection, packet.at);
  if (!is_another && !is_of_connection(packet)) return nullptr;
  connection = add(packet.tuple, packet.at);
  if (connection == nullptr) {
    ++untold_;
    return nullptr;
  }
  connection->stream = stream;
  if (begins_connection(packet)) connection->opened = packet.at;
  return connection;
}

void ViewMemory::take(const AnnotatedPacket& packet) noexcept {
  if (packet.has_packet() ? !packet.summary.is_tcp() : packet.tuple == FourTuple{}) return;
  ViewConnection* const connection = connection_of(packet);
  if (connection == nullptr) return;
  connection->active = std::max(connection->active, packet.at);
  ++connection->version;
  // What was sent before the end may be told after it, since it waited to be written.
  if (!connection->has_ended()) {
    if (!packet.connection.is_none()) connection->connection = packet.connection;
    if (packet.after) connection->learn(*packet.after);
    if (packet.state) connection->state = *packet.state;
  }
  if (packet.is_outgoing() && is_retransmission(packet.reason)) ++connection->retransmissions;
  learn_request(*connection, packet);
  const bool is_kept = !connection->is_own || keeps_own_;
  if (is_kept && (packet.has_packet() || !packet.steps.empty())) keep_row(*connection, packet);
  if (packet.close.cause != CloseCause::Unknown) connection->close = packet.close;
  if (!packet.steps.empty() && packet.steps.all().back().to == State::Closed) {
    connection->last_step = packet.steps.all().back();
    end(*connection, packet.at);
  }
}

// -- Rows

void ViewMemory::keep_row(ViewConnection& connection, const AnnotatedPacket& packet) noexcept {
  const std::uint64_t number = connection.next_number++;
  if (connection.rows >= kMostRowsOfOne) drop_oldest(connection);
  const std::uint32_t index = take_row();
  if (index == ViewRow::kNone) return;
  ViewRow& row = at(index);
  row.keep(packet);
  row.number = number;
  row.next = ViewRow::kNone;
  if (connection.last == ViewRow::kNone) {
    connection.first = index;
  } else {
    at(connection.last).next = index;
  }
  connection.last = index;
  ++connection.rows;
  if (connection.rows <= kFirstRows) connection.pivot = index;
}

std::uint32_t ViewMemory::take_row() noexcept {
  if (free_ == ViewRow::kNone && !grow()) make_room();
  const std::uint32_t index = free_;
  if (index == ViewRow::kNone) return index;
  free_ = at(index).next;
  ++used_rows_;
  return index;
}

bool ViewMemory::grow() noexcept {
  const std::uint32_t had = room();
  if (had + kRowsOfChunk > most_rows_) return false;
  std::unique_ptr<ViewRow[]> chunk(new (std::nothrow) ViewRow[kRowsOfChunk]);
  if (chunk == nullptr) return false;
  chunks_.push_back(std::move(chunk));
  for (std::uint32_t i = kRowsOfChunk; i-- > 0;) {
    at(had + i).next = free_;
    free_ = had + i;
  }
  return true;
}

// An eighth at a time, since looking for it takes a while.
void ViewMemory::make_room() noexcept {
  if (used_rows_ > 0) reduce_to(used_rows_ - used_rows_ / 8 - 1);
}

// Of those that ended longest ago all go, else of the one that has most its oldest half.
void ViewMemory::reduce_to(std::uint32_t most) noexcept {
  if (places_ == nullptr) return;
  while (used_rows_ > most) {
    ViewConnection* ended = nullptr;
    ViewConnection* largest = nullptr;
    for_each([&](ViewConnection& c) {
      if (c.rows == 0) return;
      if (largest == nullptr || c.rows > largest->rows) largest = &c;
      const bool may_go = c.has_ended() && c.watchers == 0;
      if (may_go && (ended == nullptr || c.active < ended->active)) ended = &c;
    });
    if (ended != nullptr) {
      drop_rows(*ended);
    } else if (largest == nullptr) {
      return;
    } else if (largest->rows <= kFirstRows) {
      drop_rows(*largest);
    } else {
      for (std::uint32_t n = (largest->rows - kFirstRows) / 2 + 1; n > 0; --n) {
        drop_oldest(*largest);
      }
    }
  }
}

void ViewMemory::set_most_rows(std::uint32_t most) noexcept {
  most_rows_ = most;
  const std::size_t chunks = most / kRowsOfChunk;
  if (chunks_.size() <= chunks) return;
  const auto end = static_cast<std::uint32_t>(chunks) * kRowsOfChunk;
  reduce_to(end);
  if (used_rows_ > end) return;
  move_rows_below(end);
  chunks_.resize(chunks);
}

// There are free ones enough.
void ViewMemory::move_rows_below(std::uint32_t end) noexcept {
  for (std::uint32_t index = std::exchange(free_, ViewRow::kNone); index != ViewRow::kNone;) {
    const std::uint32_t next = at(index).next;
    if (index < end) {
      at(index).next = free_;
      free_ = index;
    }
    index = next;
  }
  for_each([&](ViewConnection& c) {
    for (std::uint32_t* link = &c.first; *link != ViewRow::kNone; link = &at(*link).next) {
      if (*link < end) continue;
      const std::uint32_t from = *link;
      const std::uint32_t to = std::exchange(free_, at(free_).next);
      at(to) = at(from);
      *link = to;
      if (c.pivot == from) c.pivot = to;
      if (c.last == from) c.last = to;
    }
  });
}

// The oldest behind the first ones.
void ViewMemory::drop_oldest(ViewConnection& connection) noexcept {
  if (connection.rows <= kFirstRows) return;
  ViewRow& pivot = at(connection.pivot);
  const std::uint32_t index = pivot.next;
  pivot.next = at(index).next;
  if (connection.last == index) connection.last = connection.pivot;
  --connection.rows;
  ++connection.version;
  give_back(index);
}

void ViewMemory::drop_rows(ViewConnection& connection) noexcept {
  if (connection.rows > 0) ++connection.version;
  while (connection.first != ViewRow::kNone) {
    const std::uint32_t index = connection.first;
    connection.first = at(index).next;
    give_back(index);
  }
  connection.pivot = connection.last = ViewRow::kNone;
  connection.rows = 0;
}

void ViewMemory::give_back(std::uint32_t index) noexcept {
  at(index).next = free_;
  free_ = index;
  --used_rows_;
}

}  // namespace glasstcp
