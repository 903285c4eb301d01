// The loop of a scenario: arrivals, actions that are due, then a turn of each host. See lab.h.
#include "stack/lab/lab.h"

#include <algorithm>

#include "stack/lab/bystanders.h"
#include "stack/lab/forge.h"

namespace glasstcp::lab {
namespace {

constexpr std::uint64_t kMostStepsAtAnInstant = 10'000;

std::uint32_t connections_in(const Scenario& scenario) {
  std::uint32_t most = 1;
  for (const Statement& s : scenario.statements) {
    most = std::max({most, s.who.connection, s.action.actor.connection});
  }
  return most;
}

}  // namespace

std::string run_of(const Scenario& scenario) {
  std::string text = "glasstcp lab " + scenario.name + " --seed " + std::to_string(scenario.seed);
  for (const auto& [key, value] : scenario.overrides) text += " --set " + key + '=' + value;
  for (const std::string& line : scenario.edit_lines) text += " --edit '" + line + '\'';
  return text;
}

std::string command_of(const Scenario& scenario, Side end, Language language) {
  if (scenario.is_quiz) return {};
  std::string text = run_of(scenario);
  text += " --end ";
  text += name_of(end);
  text += language == Language::Chinese ? " --lang zh" : " --lang en";
  return text;
}

std::string section_comment_of(const Scenario& scenario, Side end, Language language) {
  // A comment has 65535 bytes at most.
  constexpr std::size_t kMostOwnText = 60'000;
  std::string text = command_of(scenario, end, language);
  const std::string& own = scenario.own_text;
  if (!text.empty() && !own.empty() && own.size() <= kMostOwnText) text += '\n' + own;
  return text;
}

Lab::Lab(const Scenario& scenario, const LabOptions& options)
    : scenario_(scenario),
      now_(kStart),
      end_(scenario.until > Duration::zero() ? kStart + scenario.until : kStart + kLongest),
      journal_(scenario, options.language, kStart),
      fired_(scenario.statements.size()) {
  SeededRandom random(scenario.chance, "lab link");
  for (const Side side : {Side::Client, Side::Server}) {
    std::vector<Edit> edits;
    std::ranges::copy_if(scenario.edits, std::back_inserter(edits),
                         [side](const Edit& edit) { return edit.from == side; });
    channels_.emplace_back(scenario.paths[index_of(side)], std::move(edits),
                           SeededRandom(random.next()));
    found(side, options);
  }
  for (std::size_t i = 0; i < scenario.statements.size(); ++i) {
    const Statement& statement = scenario.statements[i];
    if (statement.trigger != Trigger::Time) continue;
    appoint(kStart + statement.delay, i);
    fired_[i] = true;
  }
}

Lab::~Lab() {
  finish();
}

void Lab::found(Side side, const LabOptions& options) {
  Host& host = hosts_[index_of(side)];
  host.side = side;
  host.stack = std::make_unique<Stack>(scenario_.configs[index_of(side)], now_);
  host.annotator = std::make_unique<Annotator>(
      Annotator::Options{.wait = true, .wait_written = true, .connections = 1024});
  host.annotator->add(journal_.sink(side));
  if (BlockSink* const sink = options.captures[index_of(side)]; sink != nullptr) {
    CaptureOptions how;
    how.language = options.language;
    how.wall_offset = kWallOffset;
    how.comments = options.comments;
    how.application = options.application;
    how.interface_name = name_of(side);
    const std::string comment = section_comment_of(scenario_, side, options.language);
    how.section_comment = comment;
    host.capture = std::make_unique<CaptureSink>(*sink, how);
    host.annotator->add(*host.capture);
  }
  if (options.sinks[index_of(side)] != nullptr) {
    host.annotator->add(*options.sinks[index_of(side)]);
  }
  host.stack->set_observer(host.annotator.get());
  for (std::uint32_t n = 1; n <= connections_in(scenario_); ++n) {
    host.applications.emplace_back(Actor{side, n});
  }
}

Ending Lab::run() {
  while (step()) {
  }
  return ending_;
}

void Lab::finish() {
  if (over_) return;
  over_ = true;
  for (Host& host : hosts_) {
    host.annotator->flush(now_);
    if (host.capture) host.capture->finish(now_);
    host.stack->set_observer(nullptr);
  }
}

Instant Lab::next_time() const {
  Instant next = appointments_.empty() ? kNever : appointments_.front().when;
  for (const Channel& channel : channels_) next = std::min(next, channel.next_arrival());
  for (const Host& host : hosts_) {
    next = std::min(next, host.stack->next_deadline());
    if (host.stack->has_output()) next = now_;
    for (const Application& one : host.applications) {
      next = std::min(next, one.is_ready() ? now_ : one.wake());
    }
  }
  return next == kNever ? kNever : std::max(next, now_);
}

bool Lab::step() {
  if (over_) return false;
  const Instant next = next_time();
  steps_at_now_ = next == now_ ? steps_at_now_ + 1 : 0;
  const bool is_endless = steps_at_now_ > kMostStepsAtAnInstant || packets_ > kMostPackets;
  if (next == kNever || next > end_ || is_endless) {
    const bool is_too_long = is_endless || scenario_.until == Duration::zero();
    if (next != kNever) ending_ = is_too_long ? Ending::TooLong : Ending::TimeOver;
    finish();
    return false;
  }
  now_ = next;
  deliver(Side::Server);
  deliver(Side::Client);
  act_on_due();
  for (Host& host : hosts_) wake(host);
  // What an application answers at once leaves together with what the stack answers.
  fire_triggers();
  act_on_due();
  for (Host& host : hosts_) finish_turn(host);
  return true;
}

// In the order of their times; at one time, in the order in which they were made.
void Lab::appoint(Instant when, std::size_t statement) {
  const auto place = std::ranges::upper_bound(appointments_, when, {}, &Appointment::when);
  appointments_.insert(place, {when, statement});
}

void Lab::act_on_due() {
  while (!appointments_.empty() && appointments_.front().when <= now_) {
    const std::size_t due = appointments_.front().statement;
    appointments_.erase(appointments_.begin());
    act(scenario_.statements[due].action);
  }
}

// One packet: each that comes has a turn of its own.
void Lab::deliver(Side to) {
  Host& host = this->host(to);
  Channel& channel = channels_[index_of(other(to))];
  if (channel.next_arrival() > now_) return;
  const Parcel& parcel = channel.front();
  journal_.note_arrival(
      rows_of_entries_[index_of(other(to))][static_cast<std::size_t>(parcel.entry - 1)], now_);
  host.annotator->on_read(now_);
  host.stack->receive(parcel.packet, parcel.meta, now_);
  channel.pop();
}

// -- Actions

void Lab::act(const Action& action) {
  Host& host = this->host(action.actor.side);
  if (!Application::is_order(action.deed)) journal_.note_action(action, now_);
  switch (action.deed) {
    case Deed::Listen:
      if (const auto id = host.stack->listen({IpAddress::v4(0, 0, 0, 0), Port(80)}, 16)) {
        host.listener = *id;
        journal_.set_base(host.side, State::Listen);
      }
      return;
    case Deed::CloseListener:
      if (host.listener) host.stack->close_listener(*host.listener);
      host.listener.reset();
      return journal_.set_base(host.side, State::Closed);
    case Deed::Connect:
      return connect(host, action);
    case Deed::Reboot:
      host.stack = std::make_unique<Stack>(scenario_.configs[index_of(host.side)], now_);
      host.stack->set_observer(host.annotator.get());
      host.annotator->forget_states();
      host.listener.reset();
      for (Application& one : host.applications) one.forget();
      return journal_.forget(host.side);
    case Deed::ForgeReset:
      return forge_reset(host, action);
    case Deed::ForgeSyns:
      return forge_syns(host, action);
    case Deed::Ping:
      return receive_forged(host, ping_packet(action));
    default:
      return application(action.actor).order(action, journal_, now_);
  }
}

void Lab::connect(Host& host, const Action& action) {
  ConnectOptions options;
  options.remote = {address_of(other(host.side)), Port(action.target)};
  if (action.amount != 0) options.local_port = Port(static_cast<std::uint16_t>(action.amount));
  const auto id = host.stack->connect(options, now_);
  if (!id) return;
  const std::uint16_t own = number(host.stack->tuple(*id)->local_port);
  const bool is_client = host.side == Side::Client;
  journal_.name_ports(is_client ? own : action.target, is_client ? action.target : own,
                      action.actor.connection);
  application(action.actor).attach(*id, false);
}

void Lab::forge_reset(Host& host, const Action& action) {
  const ConnectionId id = application(action.actor).id();
  const auto tuple = host.stack->tuple(id);
  const auto tcb = host.stack->status(id);
  if (!tuple || !tcb) return;
  TcpHeader header;
  header.source = tuple->remote_port;
  header.destination = tuple->local_port;
  header.seq = tcb->rcv.nxt + static_cast<std::uint32_t>(action.amount);
  header.flags.bits = TcpFlags::kRst;
  receive_forged(host, forged_segment(tuple->remote_address, tuple->local_address, header));
}

void Lab::forge_syns(Host& host, const Action& action) {
  SeededRandom random(scenario_.chance, "forged SYNs");
  for (std::uint64_t i = 0; i < action.amount; ++i) {
    TcpHeader header;
    header.source = Port(static_cast<std::uint16_t>(1024 + i % 60'000));
    header.destination = Port(80);
    header.seq = SeqNum(static_cast<std::uint32_t>(random.next()));
    header.flags.bits = TcpFlags::kSyn;
    header.window = 65535;
    const IpAddress from = IpAddress::v4(198, 51, 100, static_cast<std::uint8_t>(1 + i % 250));
    receive_forged(host, forged_segment(from, address_of(host.side), header));
  }
}

void Lab::receive_forged(Host& host, const std::vector<std::uint8_t>& packet) {
  journal_.note_forged(host.side, summarize(ByteView(packet)), now_);
  host.annotator->on_read(now_);
  host.stack->receive(packet, {}, now_);
}

// -- A host's turn

void Lab::wake(Host& host) {
  host.stack->advance(now_);
  while (const auto event = host.stack->next_event()) {
    for (Application& one : host.applications) {
      if (one.id() == event->connection && !event->is_listener) one.on_event(*host.stack, *event);
    }
  }
  accept_all(host);
  for (Application& one : host.applications) one.read(*host.stack, now_);
}

void Lab::finish_turn(Host& host) {
  for (Application& one : host.applications) one.carry_out_orders(*host.stack, journal_, now_);
  host.annotator->on_application_done();
  send_all(host);
  host.annotator->on_turn_done(now_);
}

void Lab::accept_all(Host& host) {
  while (host.listener && host.stack->has_acceptable(*host.listener)) {
    const auto id = host.stack->accept(*host.listener);
    const auto tuple = id ? host.stack->tuple(*id) : std::nullopt;
    if (!tuple) return;
    application({host.side, journal_.connection_of(*tuple, host.side)}).attach(*id, true);
  }
}

void Lab::send_all(Host& host) {
  OutPacket out;
  while (packets_ <= kMostPackets && host.stack->transmit(now_, out)) {
    ++packets_;
    send(host, out);
  }
}

void Lab::send(Host& host, const OutPacket& out) {
  std::array<ByteView, OutPacket::kMaxSlices + 1> pieces;
  pieces[0] = ByteView(out.header.data(), out.header_length);
  std::copy_n(out.payload.begin(), out.payload_slices, pieces.begin() + 1);
  const std::span<const ByteView> packet(pieces.data(), out.payload_slices + 1U);
  const std::size_t side = index_of(host.side);
  const std::size_t row = journal_.note_departure(host.side, 1, now_);
  Crossing crossing;
  const IpAddress destination = summarize(packet).destination;
  if (is_bystander(destination)) {
    // It is there at once, and nothing comes of it.
  } else if (destination != address_of(other(host.side))) {
    crossing.lost = {"nobody answers from that address", "该地址没有主机应答"};
  } else {
    crossing = channels_[side].enter(packet, out.reason, now_);
    rows_of_entries_[side].resize(static_cast<std::size_t>(channels_[side].entered()), row);
  }
  if (crossing.is_marked) journal_.note_mark(row);
  if (crossing.lost.english.empty()) {
    host.annotator->on_written(now_);
  } else {
    journal_.note_loss(row, crossing.lost);
    host.annotator->on_lost(now_, crossing.lost);
  }
  if (crossing.message.empty()) return;
  const std::size_t far = index_of(other(host.side));
  const std::size_t answer =
      journal_.note_message(other(host.side), summarize(ByteView(crossing.message)), now_);
  channels_[far].enter_message(crossing.message, now_);
  rows_of_entries_[far].resize(static_cast<std::size_t>(channels_[far].entered()), answer);
}

void Lab::fire_triggers() {
  for (std::size_t i = 0; i < scenario_.statements.size(); ++i) {
    const Statement& statement = scenario_.statements[i];
    if (fired_[i]) continue;
    if (!application(statement.who).has_reached(stack(statement.who.side), statement)) continue;
    fired_[i] = true;
    appoint(now_ + statement.delay, i);
  }
}

}  // namespace glasstcp::lab
