// The event loop of a world: the earliest of arrivals, deadlines, openings and applications' wishes
// comes next.
#include "tests/sim/world.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

#include "stack/trace/annotator.h"
#include "stack/trace/narrate.h"
#include "tests/support/packet_tap.h"

namespace glasstcp::sim {
namespace {

constexpr Instant kStart{500s};
constexpr Duration kStorm = 15s;         // phase 1
constexpr Duration kAfterwards = 15min;  // phase 2 must be over by then
constexpr Port kService{80};
// Worlds that choose among all that the stack has learned since, and the others, which are as they
// were: the salt is one that leaves alone the seeds kept before there was this choice.
constexpr std::uint64_t kNewerSalt = 12541;
constexpr std::uint64_t kNewerPerMille = 600;

// More than these is a storm, not a conversation.
constexpr std::uint32_t kMostPacketsInAStep = 20'000;
constexpr int kMostStepsAtAnInstant = 10'000;
constexpr std::uint64_t kMostPacketsPerConnection = 3000;  // whatever it says: probes, retries
constexpr std::uint64_t kMostPacketsPerSegment = 40;       // of 200 bytes

// One connection as the seed planned it.
struct Appointment {
  Instant when;
  IpVersion version = IpVersion::V4;
  bool from_b = false;        ///< host B opens it
  bool simultaneous = false;  ///< both open it, from and to fixed ports
  Plan caller;
  Plan callee;
  std::uint16_t number = 0;
};

// Counts what it is told, so that the compiler cannot leave the snapshots out.
class Witness : public Observer {
 public:
  void on_packet_sent(const PacketSentEvent& event) noexcept override {
    seen_ +=
        static_cast<std::uint64_t>(event.reason) + (event.after != nullptr ? event.after->cwnd : 0);
  }
  void on_packet_received(const PacketReceivedEvent& event) noexcept override {
    seen_ += static_cast<std::uint64_t>(event.verdict);
  }
  void on_state_changed(const StateChangedEvent& event) noexcept override {
    if (!is_transition(event.from, event.to, event.cause)) illegal_ = true;
  }
  [[nodiscard]] bool saw_illegal_transition() const { return illegal_; }

 private:
  std::uint64_t seen_ = 0;
  bool illegal_ = false;
};

// What a host tells of itself, with its letter in front (--verbose).
class Lines : public LineSink {
 public:
  void write(std::string_view line) noexcept override {
    std::printf("%c %.*s", letter, static_cast<int>(line.size()), line.data());
  }
  char letter = '?';
};

std::string describe(const TcbSnapshot& tcb) {
  return std::string(name_of(tcb.state)) + " snd.una " + std::to_string(tcb.snd.una.raw()) +
         " snd.nxt " + std::to_string(tcb.snd.nxt.raw()) + " snd.wnd " +
         std::to_string(tcb.snd.wnd) + " unsent " + std::to_string(tcb.unsent) + " rcv.nxt " +
         std::to_string(tcb.rcv.nxt.raw()) + " rcv.wnd " + std::to_string(tcb.rcv.wnd) +
         " unread " + std::to_string(tcb.unread) + " shifts " + std::to_string(tcb.snd_shift) +
         '/' + std::to_string(tcb.rcv_shift) + " cwnd " + std::to_string(tcb.cwnd) + " mss " +
         std::to_string(tcb.effective_mss) + " rto " + std::to_string(to_ms(tcb.rto)) + " ms";
}

struct Host {
  std::unique_ptr<Stack> stack;
  /// also those that are done: their loans may still be out
  std::vector<std::unique_ptr<Talker>> all;
  std::map<std::uint32_t, Talker*> talkers;  ///< the others, by connection index
  ListenerId listener_v4, listener_v6;
  Witness witness;
  Lines lines;
  std::unique_ptr<Narrator> narrator;
  std::unique_ptr<Annotator> annotator;
  std::unique_ptr<test::PacketTap> tap;
  std::set<std::uint16_t> answered;  ///< appointments
  bool repeats_numbers = false;      ///< its initial sequence number is always the same
  char letter = '?';
};

class World {
 public:
  explicit World(const WorldOptions& options);
  /// Throws Violation with the state of everything.
  WorldResult run();

 private:
  WorldResult run_to_the_end();
  void found(Host& host, const StackConfig& config);
  void plan_connections();
  [[nodiscard]] StackConfig config(const char* v4, const char* v6, std::uint8_t seed_byte);
  [[nodiscard]] TcpConfig tcp_config();
  void choose_newer(TcpConfig& tcp);
  [[nodiscard]] Instant next_time() const;
  [[nodiscard]] bool is_over() const;
  void step(Instant now);
  void open(const Appointment& appointment);
  void open_one(Host& host, const Appointment& a, bool from_b, const Plan& own, const Plan& other);
  void serve_events(Host& host);
  void accept_all(Host& host, ListenerId listener);
  void pump_wakers(Host& host);
  void dismiss_the_done(Host& host);
  void send_all(Host& host, Path& path);
  void add_talker(Host& host, ConnectionId id, const Plan& own, const Plan& other,
                  std::string name);
  void hash_in(const Bytes& packet);
  void check_work() const;
  [[nodiscard]] const Appointment* appointment_of(const FourTuple& tuple, bool caller_is_b) const;
  [[nodiscard]] std::string stuck() const;

  WorldOptions options_;
  Dice dice_;
  Dice newer_;
  bool is_newer_ = false;
  bool offload_ = false;
  std::uint32_t mtu_ = 1500;
  Instant now_ = kStart;
  std::array<Host, 2> hosts_;
  std::vector<Path> paths_;  ///< [0] from A, [1] from B
  WireJudge judge_;
  std::vector<Appointment> appointments_;
  std::size_t opened_ = 0;
  /// By the calling host: (IPv4?, its port) -> number of the appointment.
  std::map<std::pair<bool, std::uint16_t>, std::uint16_t> caller_ports_[2];
  bool healed_ = false;
  WorldResult result_;
};

World::World(const WorldOptions& options)
    : options_(options),
      dice_(options.seed * 0x2545f4914f6cdd1dULL + 99),
      newer_(options.seed * 0x2545f4914f6cdd1dULL + kNewerSalt),
      is_newer_(newer_.chance(kNewerPerMille)),
      judge_(Dice(options.seed)) {
  result_.hash = 0xcbf29ce484222325ULL;
  offload_ = dice_.chance(300);
  mtu_ = dice_.pick<std::uint32_t>({1280, 1500, 1500, 9000});
  if (options_.connections == 0) {
    options_.connections = dice_.pick<std::uint32_t>({3, 8, 12, 12, 16, 40});
  }
  hosts_[0].letter = 'A';
  hosts_[1].letter = 'B';
  found(hosts_[0], config("192.0.2.1/24", "2001:db8::1/64", 1));
  found(hosts_[1], config("192.0.2.2/24", "2001:db8::2/64", 2));
  for (Host& host : hosts_) {
    host.listener_v4 = *host.stack->listen({*IpAddress::parse("0.0.0.0"), kService}, 1024);
    host.listener_v6 = *host.stack->listen({*IpAddress::parse("::"), kService}, 1024);
    if (options.observed) host.stack->set_observer(&host.witness);
    if (options.verbose) {
      host.lines.letter = host.letter;
      host.narrator = std::make_unique<Narrator>(host.lines, Language::English, kStart);
      host.annotator = std::make_unique<Annotator>();
      host.annotator->add(*host.narrator);
      host.stack->set_observer(host.annotator.get());
    }
    if (!options.capture.empty() && host.letter == 'A') {
      host.tap = std::make_unique<test::PacketTap>(options.capture);
      if (!host.tap->is_good()) throw Violation("cannot write " + options.capture);
      host.stack->set_observer(&host.tap->observer());
    }
    Weather weather = Weather::by(dice_, kStart);
    if (is_newer_) weather.add_silence_and_marks(newer_, kStart);
    paths_.emplace_back(weather, dice_.next());
  }
  plan_connections();
}

void World::found(Host& host, const StackConfig& config) {
  host.stack = std::make_unique<Stack>(config, kStart);
  host.repeats_numbers = config.tcp.fixed_iss.has_value();
}

StackConfig World::config(const char* v4, const char* v6, std::uint8_t seed_byte) {
  StackConfig config;
  config.addresses = {*Cidr::parse(v4), *Cidr::parse(v6)};
  config.mtu = mtu_;
  config.checksum_offload = offload_;
  config.gso_max = offload_ ? 65535 : 0;
  config.memory = 1ULL << 30;
  config.seed = Seed::from_number(options_.seed * 2 + seed_byte);
  config.tcp = tcp_config();
  return config;
}

// The two hosts need not be alike.
TcpConfig World::tcp_config() {
  TcpConfig tcp;
  tcp.mss = dice_.pick<std::uint16_t>({0, 0, 0, 216, 536});
  tcp.receive_buffer = dice_.pick<std::uint32_t>({4096, 20'000, 65'536, 4U << 20});
  tcp.initial_receive_buffer = std::min(tcp.initial_receive_buffer, tcp.receive_buffer);
  tcp.send_buffer = dice_.pick<std::uint32_t>({4096, 100'000, 1U << 20});
  tcp.keep_alive_idle = 20s;
  tcp.keep_alive_interval = 5s;
  tcp.msl = dice_.pick<Duration>({1s, 30s});
  tcp.use_timestamps = !dice_.chance(250);
  tcp.use_sack = !dice_.chance(250);
  tcp.use_window_scale = !dice_.chance(250);
  tcp.slow_start_after_idle = !dice_.chance(300);
  tcp.slow_start_segments = dice_.pick<std::uint32_t>({0, 1, 8});
  tcp.use_rack = !dice_.chance(250);
  tcp.use_tail_loss_probe = !dice_.chance(250);
  tcp.use_frto = !dice_.chance(250);
  tcp.initial_window_segments = dice_.pick<std::uint32_t>({3, 10, 10});
  tcp.delayed_ack = dice_.pick<Duration>({0ms, 40ms, 200ms});
  tcp.quick_acks = dice_.pick<std::uint32_t>({0, 0, 16});
  if (dice_.chance(400)) {
    tcp.fixed_iss = dice_.pick<std::uint32_t>({0xffffff00U, 0x7fffff00U});
  }
  if (is_newer_) choose_newer(tcp);
  return tcp;
}

void World::choose_newer(TcpConfig& tcp) {
  tcp.congestion = newer_.pick(kCongestionAlgorithms);
  tcp.hystart = !newer_.chance(250);
  tcp.pacing = !newer_.chance(250);
  tcp.ecn.use = newer_.pick({EcnUse::Off, EcnUse::Passive, EcnUse::On, EcnUse::On});
  tcp.ecn.accurate = !newer_.chance(300);
  tcp.mtu_probing = newer_.pick({MtuProbing::AfterBlackHole, MtuProbing::Always});
  tcp.use_fast_path = !newer_.chance(100);
  // Who was not answered may find a black hole late, and must then still be awaited.
  tcp.syn_ack_retries = 9;
}

void World::plan_connections() {
  for (std::uint16_t i = 0; i < options_.connections; ++i) {
    Appointment a;
    a.number = i;
    a.when = kStart + std::chrono::microseconds(dice_.between(0, 5'000'000));
    a.version = dice_.chance(500) ? IpVersion::V4 : IpVersion::V6;
    a.from_b = dice_.chance(300);
    a.simultaneous = dice_.chance(100);
    a.caller = Plan::by(dice_, 2U * i + 1);
    a.callee = Plan::by(dice_, 2U * i + 2);
    // One of them has to end first, or both would wait for the other.
    if (!a.callee.finishes_early) a.caller.finishes_early = true;
    appointments_.push_back(a);
  }
  std::ranges::sort(appointments_, [](const Appointment& a, const Appointment& b) {
    return a.when != b.when ? a.when < b.when : a.number < b.number;
  });
}

Instant World::next_time() const {
  Instant next = healed_ ? kNever : kStart + kStorm;
  if (opened_ < appointments_.size()) next = std::min(next, appointments_[opened_].when);
  for (const Path& path : paths_) next = std::min(next, path.next_arrival());
  for (const Host& host : hosts_) {
    next = std::min(next, host.stack->next_deadline());
    for (const auto& [index, talker] : host.talkers) next = std::min(next, talker->wake());
  }
  return std::max(next, now_);
}

bool World::is_over() const {
  if (opened_ < appointments_.size()) return false;
  return std::ranges::all_of(hosts_, [](const Host& host) {
    return host.talkers.empty() && host.stack->connection_count() == 0 &&
           host.stack->half_open_count() == 0 && host.stack->time_wait_count() == 0;
  });
}

WorldResult World::run() {
  try {
    return run_to_the_end();
  } catch (const Violation& violation) {
    throw Violation(std::string(violation.what()) + "\n  at " +
                    std::to_string(to_us(now_ - kStart)) + " us:" + stuck());
  }
}

WorldResult World::run_to_the_end() {
  int idle_steps = 0;
  while (!is_over()) {
    const Instant next = next_time();
    if (next > kStart + kStorm + kAfterwards) throw Violation("not over in time");
    // A deadline that is due again and again at the same instant would be a busy loop.
    idle_steps = next == now_ ? idle_steps + 1 : 0;
    if (idle_steps > kMostStepsAtAnInstant) throw Violation("time stands still");
    step(next);
  }
  for (Host& host : hosts_) {
    if (host.witness.saw_illegal_transition())
      throw Violation("a state change that Figure 5 does not have");
    for (const auto& talker : host.all) talker->check_loans_returned();
    result_.retransmitted += host.stack->counters().retransmitted_segments;
  }
  check_work();
  result_.virtual_time = now_ - kStart;
  result_.connections = options_.connections;
  return result_;
}

void World::step(Instant now) {
  now_ = now;
  if (!healed_ && now_ >= kStart + kStorm) {
    for (Path& path : paths_) path.heal();
    healed_ = true;
  }
  for (std::size_t to = 0; to < 2; ++to) {
    Path& path = paths_[1 - to];
    while (path.next_arrival() <= now_) {
      const Parcel& parcel = path.front();
      hosts_[to].stack->receive(parcel.packet, parcel.meta, now_);
      path.pop();
    }
  }
  while (opened_ < appointments_.size() && appointments_[opened_].when <= now_) {
    open(appointments_[opened_++]);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    Host& host = hosts_[i];
    host.stack->advance(now_);
    serve_events(host);
    pump_wakers(host);
    dismiss_the_done(host);
    send_all(host, paths_[i]);
    if (host.tap != nullptr) host.tap->on_turn_done(now_);
    host.stack->check_invariants();
  }
}

void World::open(const Appointment& a) {
  const std::size_t caller = a.from_b ? 1 : 0;
  open_one(hosts_[caller], a, a.from_b, a.caller, a.callee);
  if (a.simultaneous) open_one(hosts_[1 - caller], a, a.from_b, a.callee, a.caller);
}

void World::open_one(Host& host, const Appointment& a, bool from_b, const Plan& own,
                     const Plan& other) {
  const bool is_caller = (host.letter == 'B') == from_b;
  const bool v4 = a.version == IpVersion::V4;
  const char* remote =
      host.letter == 'A' ? (v4 ? "192.0.2.2" : "2001:db8::2") : (v4 ? "192.0.2.1" : "2001:db8::1");
  ConnectOptions options;
  options.remote = {*IpAddress::parse(remote), kService};
  if (a.simultaneous) {
    // Ports that nobody else uses: caller 1000 + n, callee 2000 + n.
    const auto caller_port = static_cast<std::uint16_t>(1000 + a.number);
    const auto callee_port = static_cast<std::uint16_t>(2000 + a.number);
    options.local_port = Port{is_caller ? caller_port : callee_port};
    options.remote.port = Port{is_caller ? callee_port : caller_port};
  }
  const auto id = host.stack->connect(options, now_);
  if (!id)
    throw Violation("connect failed at once: " + std::to_string(static_cast<int>(id.error())));
  if (!a.simultaneous) {
    const auto port = number(host.stack->tuple(*id)->local_port);
    caller_ports_[host.letter == 'B' ? 1 : 0][{v4, port}] = a.number;
  }
  add_talker(host, *id, own, other,
             std::string(1, host.letter) + " calls " + std::to_string(a.number));
}

const Appointment* World::appointment_of(const FourTuple& tuple, bool caller_is_b) const {
  const auto& ports = caller_ports_[caller_is_b ? 1 : 0];
  const auto found = ports.find({tuple.remote_address.is_v4(), number(tuple.remote_port)});
  if (found == ports.end()) return nullptr;
  const auto same = std::ranges::find(appointments_, found->second, &Appointment::number);
  return same == appointments_.end() ? nullptr : &*same;
}

void World::add_talker(Host& host, ConnectionId id, const Plan& own, const Plan& other,
                       std::string name) {
  host.all.push_back(std::make_unique<Talker>(*host.stack, id, own, other, std::move(name)));
  Talker* talker = host.all.back().get();
  talker->set_cookies(host.all.size() << 32);
  talker->set_options(now_);
  host.talkers[id.index] = talker;
}

void World::accept_all(Host& host, ListenerId listener) {
  while (const auto id = host.stack->accept(listener)) {
    const auto tuple = host.stack->tuple(*id);
    if (!tuple) throw Violation("an accepted connection without addresses");
    const Appointment* a = appointment_of(*tuple, host.letter == 'A');
    if (a == nullptr) throw Violation("a connection that nobody opened: " + tuple->to_string());
    if (!host.answered.insert(a->number).second) {
      // RFC 9293 §3.4.1: what keeps an old SYN and the old ACK that follows it from opening a
      // connection with nobody is that initial numbers differ. Where they do not, an application
      // gives up whom it never hears of.
      if (!host.repeats_numbers) throw Violation("answered twice: " + tuple->to_string());
      host.stack->abort(*id, now_);
      continue;
    }
    add_talker(host, *id, a->callee, a->caller,
               std::string(1, host.letter) + " answers " + std::to_string(a->number));
    host.talkers[id->index]->pump(now_);
  }
}

void World::serve_events(Host& host) {
  while (const auto event = host.stack->next_event()) {
    if (event->is_listener) {
      accept_all(host, event->listener);
      continue;
    }
    const auto found = host.talkers.find(event->connection.index);
    if (found == host.talkers.end() || found->second->id() != event->connection) continue;
    found->second->on_event(*event, now_);
  }
  while (const auto cookie = host.stack->next_released()) {
    const std::uint64_t ordinal = *cookie >> 32;
    if (ordinal == 0 || ordinal > host.all.size()) throw Violation("a cookie that nobody lent");
    host.all[ordinal - 1]->on_released(*cookie);
  }
}

void World::dismiss_the_done(Host& host) {
  for (auto it = host.talkers.begin(); it != host.talkers.end();) {
    const bool is_done = it->second->is_done();
    if (is_done) ++(it->second->has_aborted() ? result_.aborted : result_.finished);
    it = is_done ? host.talkers.erase(it) : std::next(it);
  }
}

void World::pump_wakers(Host& host) {
  for (const auto& [index, talker] : host.talkers) {
    if (talker->wake() <= now_) talker->pump(now_);
  }
}

void World::send_all(Host& host, Path& path) {
  OutPacket out;
  std::uint32_t count = 0;
  while (host.stack->transmit(now_, out)) {
    const Bytes packet = test::flatten(out);
    if (packet.size() > mtu_ && out.gso_size == 0) throw Violation("larger than the MTU");
    if (!offload_ && (out.checksum_partial || out.gso_size != 0)) throw Violation("offload is off");
    hash_in(packet);
    judge_.judge(packet, out.checksum_partial);
    ++result_.packets;
    if (++count > kMostPacketsInAStep) throw Violation("a storm of packets in one step");
    const PacketMeta meta{out.checksum_partial, false, out.gso_size};
    const std::optional<Bytes> complaint = path.carry(packet, meta, now_);
    // The router stands at the beginning of this direction; its answer takes the other one.
    if (complaint) paths_[host.letter == 'A' ? 1 : 0].carry(*complaint, {}, now_);
  }
}

void World::hash_in(const Bytes& packet) {
  const auto mix = [this](std::uint64_t value) {
    result_.hash = (result_.hash ^ value) * 0x100000001b3ULL;
  };
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  std::size_t at = 0;
  for (; at + 8 <= packet.size(); at += 8) {
    mix(std::uint64_t{load_be32(&packet[at])} << 32 | load_be32(&packet[at + 4]));
  }
  for (; at < packet.size(); ++at) mix(packet[at]);
}

void World::check_work() const {
  std::uint64_t said = 0;
  for (const Appointment& a : appointments_) said += a.caller.says + a.callee.says;
  const std::uint64_t most =
      kMostPacketsPerConnection * appointments_.size() + kMostPacketsPerSegment * (said / 200);
  if (result_.packets > most) {
    throw Violation(std::to_string(result_.packets) + " packets for " + std::to_string(said) +
                    " bytes");
  }
}

std::string World::stuck() const {
  std::string text;
  for (const Host& host : hosts_) {
    text += "\n  " + std::string(1, host.letter) + ": " +
            std::to_string(host.stack->connection_count()) + " connections, " +
            std::to_string(host.stack->half_open_count()) + " half open, " +
            std::to_string(host.stack->time_wait_count()) + " in TIME-WAIT, next deadline in " +
            std::to_string(host.stack->next_deadline() == kNever
                               ? -1
                               : to_ms(host.stack->next_deadline() - now_)) +
            " ms";
    for (const auto& [index, talker] : host.talkers) text += "\n    " + talker->describe();
    for (const ConnectionId id : host.stack->connections()) {
      if (const auto tcb = host.stack->status(id)) text += "\n    " + describe(*tcb);
    }
  }
  return text;
}

}  // namespace

WorldResult run_world(const WorldOptions& options) {
  return World(options).run();
}

}  // namespace glasstcp::sim
