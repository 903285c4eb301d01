// Events in order, time from deadline to deadline.
#include "tests/script/runner.h"

#include <charconv>
#include <sstream>

#include "tests/script/icmp_message.h"
#include "tests/script/raw_packet.h"
#include "tests/support/segment_codec.h"

namespace glasstcp::test {
namespace {

constexpr Instant kStart{1000s};     // any origin will do; zero would hide mistakes
constexpr Duration kPatience = 24h;  // how long "*" waits, in virtual time
constexpr int kSpinLimit = 200'000;
constexpr Key128 kPresentKey = {1, 2, 3}, kKeyBefore = {4, 5, 6};  // of Fast Open cookies

Bytes bytes_of_hex(const std::string& text) {
  Bytes bytes;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(word, nullptr, 16)));
  }
  return bytes;
}

bool is_plain_tcp(const Bytes& packet) {
  constexpr std::uint8_t kTcp = 6;
  if (packet.size() < 20) return true;  // judge() says what is wrong with it
  return packet[packet[0] >> 4 == 6 ? 6 : 9] == kTcp;
}

std::string sentence_of(SendReason reason) {
  const ReasonInfo& row = info(reason);
  return std::string(row.name) + " (" + std::string(row.rfc) + "): " + std::string(row.sentence);
}

}  // namespace

Runner::Runner(Script script, const World& world, const std::string& capture)
    : script_(std::move(script)), world_(world), start_(kStart), now_(kStart), previous_(kStart) {
  auto settings = settings_of(script_, world);
  if (!settings) {
    setup_error_ = settings.error();
    return;
  }
  settings_ = *settings;
  stack_ = std::make_unique<Stack>(settings_.stack, start_);
  stack_->set_fast_open_keys(kPresentKey, kKeyBefore);
  fill_in_cookies();
  user_ = std::make_unique<User>(*stack_, world);
  tap_ = std::make_unique<PacketTap>(capture);
  if (!tap_->is_good()) setup_error_ = "cannot write " + capture;
  user_->let_watch(&tap_->observer());
}

Runner::~Runner() = default;

// Cookies stand in scripts by name (script.h).
void Runner::fill_in_cookies() {
  const FourTuple tuple{our_address(world_.version), peer_address(world_.version), {}, {}};
  const auto minted_by = [&](const Key128& key) {
    FastOpenKeys keys(Seed{}, Duration::zero());
    keys.choose(key, std::nullopt);
    const auto cookie = keys.mint(tuple, start_);
    const ByteView bytes = cookie.view();
    return Bytes(bytes.begin(), bytes.end());
  };
  const std::map<std::uint32_t, Bytes> cookies = {{kGoodCookie, minted_by(kPresentKey)},
                                                  {kOlderCookie, minted_by(kKeyBefore)},
                                                  {kTheirCookie, Bytes(6, 0xab)},
                                                  {kLongestCookie, Bytes(16, 0xcd)}};
  for (ScriptEvent& event : script_.events) {
    auto* segment = std::get_if<ScriptSegment>(&event.action);
    if (segment == nullptr) continue;
    for (ScriptOption& option : segment->options) {
      const bool has_name = option.kind == kOptionFastOpen || option.kind == kOptionExperiment;
      if (has_name && !option.numbers.empty()) option.raw = cookies.at(option.numbers[0]);
    }
  }
}

std::optional<std::string> Runner::run() {
  if (!setup_error_.empty()) return setup_error_;
  const ScriptEvent* current = nullptr;
  try {
    for (const ScriptEvent& event : script_.events) {
      current = &event;
      perform(event);
    }
    if (pending_) fail("the call never returned: " + pending_->text);
    forbid_unexpected(kNever);
  } catch (const Failure& failure) {
    return report(*current, failure.what);
  }
  return std::nullopt;
}

std::string Runner::report(const ScriptEvent& event, const std::string& what) const {
  return "script line " + std::to_string(event.line) + " in " + world_.name() + "\n    " +
         event.text + "\n  " + what + "\n  the conversation so far:\n" + conversation_;
}

void Runner::perform(const ScriptEvent& event) {
  if (const auto* expected = std::get_if<ScriptSegment>(&event.action);
      expected != nullptr && !expected->is_inbound) {
    perform_outbound(event, *expected);
    return;
  }
  if (const auto* raw = std::get_if<ScriptRaw>(&event.action); raw != nullptr && !raw->is_inbound) {
    expect_raw(event, *raw);
    return;
  }
  if (const auto* icmp = std::get_if<ScriptIcmp>(&event.action);
      icmp != nullptr && !icmp->is_inbound) {
    expect_icmp(event, *icmp);
    return;
  }
  if (const auto* chosen = std::get_if<ScriptSettings>(&event.action)) {
    perform_settings(*chosen);
    return;
  }
  Instant when = now_;
  if (event.time.base != EventTime::Base::Any) {
    when = (event.time.base == EventTime::Base::Script ? start_ : previous_) + event.time.from;
  }
  if (when < now_) fail("this time has passed already");
  if (!in_batch_) advance_to(when);
  previous_ = when;
  forbid_unexpected(when - settings_.tolerance);
  if (const auto* segment = std::get_if<ScriptSegment>(&event.action)) {
    perform_inbound(event, *segment);
  } else if (const auto* raw = std::get_if<ScriptRaw>(&event.action)) {
    perform_raw(event, *raw);
  } else if (const auto* icmp = std::get_if<ScriptIcmp>(&event.action)) {
    perform_icmp(event, *icmp);
  } else if (const auto* call = std::get_if<ScriptCall>(&event.action)) {
    perform_call(event, *call);
  } else {
    perform_check(std::get<ScriptCheck>(event.action));
  }
}

// -- Time and output

void Runner::advance_to(Instant when) {
  for (int spins = 0; stack_->next_deadline() <= when; ++spins) {
    if (spins > kSpinLimit) fail("the stack asks to be woken again and again without progress");
    now_ = std::max(now_, stack_->next_deadline());
    settle();
  }
  now_ = when;
  settle();
}

void Runner::settle() {
  stack_->advance(now_);
  while (const auto event = stack_->next_event()) user_->on_event(*event);
  while (stack_->next_released()) {
  }
  pull_packets();
  stack_->check_invariants();
  try_pending_call();
  pull_packets();  // what a call that returned just now had to say
  tap_->on_turn_done(now_);
}

void Runner::pull_packets() {
  OutPacket out;
  for (int count = 0; stack_->transmit(now_, out); ++count) {
    if (count > kSpinLimit) fail("the stack never stops sending");
    take_packet(out);
  }
}

void Runner::take_packet(const OutPacket& out) {
  Bytes packet = flatten(out);
  // What is not plain TCP only a script can judge: it expects it byte by byte, or not at all.
  if (!is_plain_tcp(packet)) {
    log(">", "raw { " + hex_of(packet) + " }", std::string(name_of(out.reason)));
    sent_.push_back({now_, std::move(packet), {}, false, out.reason, tap_->field("event")});
    return;
  }
  auto judged = judge(packet);
  if (!judged) fail("the stack sent a packet that is not well-formed: " + judged.error());
  Flow& flow = flow_of_port(judged->destination_port);
  if (world_.version == IpVersion::V4) {
    ++identifications_[load_be16(&packet[4])];
  } else if (!flow.flow_label) {
    flow.flow_label = load_be32(packet.data()) & 0xfffffU;
  }
  if (judged->source != our_address(world_.version)) fail("a packet from an address not ours");
  log(">", segment_text(judged->segment, flow.outbound()), std::string(name_of(out.reason)));
  sent_.push_back(
      {now_, std::move(packet), std::move(*judged), true, out.reason, tap_->field("event")});
}

bool Runner::wait_for_packet(Instant limit) {
  for (int spins = 0; sent_.empty(); ++spins) {
    const Instant deadline = stack_->next_deadline();
    if (deadline > limit) return false;
    if (spins > kSpinLimit) fail("the stack asks to be woken again and again without progress");
    now_ = std::max(now_, deadline);
    settle();
  }
  return true;
}

void Runner::forbid_unexpected(Instant before) {
  if (sent_.empty() || sent_.front().at >= before) return;
  fail("the script does not expect this segment:\n" + describe(sent_.front()));
}

std::string Runner::describe(const Sent& sent) {
  if (!sent.is_tcp) {
    return "    sent at " + seconds_text(elapsed(sent.at)) + "  > raw { " + hex_of(sent.packet) +
           " }";
  }
  const Flow& flow = flow_of_port(sent.datagram.destination_port);
  return "    sent at " + seconds_text(elapsed(sent.at)) + "  > " +
         segment_text(sent.datagram.segment, flow.outbound()) + "\n    because " +
         sentence_of(sent.reason);
}

// -- Outbound

void Runner::perform_outbound(const ScriptEvent& event, const ScriptSegment& expected) {
  const Sent sent = await_packet(event);
  if (!sent.is_tcp) fail("the script expects a segment, the stack sent\n" + describe(sent));
  compare(event, expected, sent);
  judge_time(event, sent);
}

void Runner::expect_raw(const ScriptEvent& event, const ScriptRaw& raw) {
  const Sent sent = await_packet(event);
  const PacketPattern expected = fill_in(raw, world_.version, flow_of(event), sent.packet);
  if (const std::string found = difference(expected, sent.packet); !found.empty()) {
    fail("the stack sent something else:\n      " + found + '\n' + describe(sent) + "\n    bytes " +
         hex_of(sent.packet));
  }
  judge_time(event, sent);
}

void Runner::expect_icmp(const ScriptEvent& event, const ScriptIcmp& icmp) {
  const Sent sent = await_packet(event);
  const std::string found = icmp_difference(icmp, world_.version, last_inbound_, sent.packet);
  if (!found.empty())
    fail("the stack sent something else:\n      " + found + '\n' + describe(sent));
  judge_time(event, sent);
}

Runner::Sent Runner::await_packet(const ScriptEvent& event) {
  const bool any_time = event.time.base == EventTime::Base::Any;
  const Instant base = event.time.base == EventTime::Base::Script ? start_ : previous_;
  const Instant to = any_time ? now_ + kPatience : base + event.time.to + settings_.tolerance;
  if (!wait_for_packet(to)) {
    fail("expected by " + seconds_text(elapsed(to)) + ", but the stack sent nothing");
  }
  Sent sent = std::move(sent_.front());
  sent_.pop_front();
  return sent;
}

void Runner::judge_time(const ScriptEvent& event, const Sent& sent) {
  const bool any_time = event.time.base == EventTime::Base::Any;
  const Instant base = event.time.base == EventTime::Base::Script ? start_ : previous_;
  const Instant from = any_time ? Instant::min() : base + event.time.from - settings_.tolerance;
  const Instant to = any_time ? Instant::max() : base + event.time.to + settings_.tolerance;
  if (sent.at < from || sent.at > to) {
    fail("at the wrong time: expected " + seconds_text(elapsed(from)) + " to " +
         seconds_text(elapsed(to)) + "\n" + describe(sent));
  }
  // Without a range the script's own time goes on, so that small differences do not add up.
  const bool exact = !any_time && event.time.from == event.time.to;
  previous_ = exact ? base + event.time.from : sent.at;
  if (previous_ > now_) advance_to(previous_);
}

// "[id new]" and "[flow same]": numbers that no script can know.
void Runner::compare_numbers_of_ip(const ScriptSegment& expected, const Bytes& packet,
                                   const Flow& flow, std::vector<std::string>& lines) const {
  const bool v4 = world_.version == IpVersion::V4;
  if (v4 && expected.new_identification) {
    const std::uint16_t id = load_be16(&packet[4]);
    if (identifications_.at(id) > 1)
      lines.push_back("identification used before: " + std::to_string(id));
  }
  if (v4 || !expected.same_flow_label) return;
  const std::uint32_t label = load_be32(packet.data()) & 0xfffffU;
  if (label == 0) lines.emplace_back("the flow label is zero");
  if (label != flow.flow_label) lines.emplace_back("another flow label than the flow had before");
}

void Runner::compare(const ScriptEvent& event, const ScriptSegment& expected, const Sent& sent) {
  Flow& flow = flow_of_port(sent.datagram.destination_port);
  std::vector<std::string> lines = differences(expected, sent.datagram.segment, flow);
  if (const std::string wanted = event.note("reason");
      !wanted.empty() && wanted != name_of(sent.reason)) {
    lines.push_back("reason: the script says " + wanted + ", the stack " +
                    std::string(name_of(sent.reason)));
  }
  if (const std::string wanted = event.note("event"); !wanted.empty() && wanted != sent.events)
    lines.push_back("event: the script says " + wanted + ", a capture " + sent.events);
  if (const std::string port = event.note("port");
      !port.empty() && port != std::to_string(sent.datagram.destination_port)) {
    lines.push_back("to port " + std::to_string(sent.datagram.destination_port));
  }
  if (expected.traffic_class && *expected.traffic_class != sent.datagram.traffic_class) {
    lines.push_back("traffic class: " + std::to_string(sent.datagram.traffic_class));
  }
  if (expected.hop_limit && *expected.hop_limit != sent.datagram.hop_limit) {
    lines.push_back("hop limit: " + std::to_string(sent.datagram.hop_limit));
  }
  for (std::string& line : ip_differences(expected, sent.packet)) lines.push_back(std::move(line));
  compare_numbers_of_ip(expected, sent.packet, flow, lines);
  if (lines.empty()) return;
  std::string what = "the stack sent something else:";
  for (const std::string& line : lines) what += "\n      " + line;
  fail(what + "\n" + describe(sent));
}

// -- Inbound

void Runner::perform_inbound(const ScriptEvent& event, const ScriptSegment& segment) {
  Flow& flow = flow_of(event);
  const auto from = named_address(event.note("from"), peer_address(world_.version));
  const auto to = named_address(event.note("to"), our_address(world_.version));
  if (!from || !to) fail(from ? to.error() : from.error());
  Datagram datagram;
  datagram.source = *from;
  datagram.destination = *to;
  datagram.source_port = flow.peer_port;
  datagram.destination_port = flow.our_port;
  datagram.traffic_class = segment.traffic_class.value_or(0);
  datagram.hop_limit = segment.hop_limit.value_or(64);
  if ((segment.flags & TcpFlags::kSyn) != 0 && flow.expects_our_syn) {
    flow.peer_first_byte = segment.seq + 1;
  }
  datagram.segment = to_wire(segment, flow);
  RawParts raw;
  raw.corrupt_checksum = event.notes.contains("corrupt");
  if (event.notes.contains("raw_options")) raw.options = bytes_of_hex(event.note("raw_options"));
  Bytes packet = encode(datagram, raw);
  write_ip_fields(segment, packet);
  hand_in(packet, event, segment_text(datagram.segment, flow.inbound()), flow, &segment);
}

void Runner::hand_in(const Bytes& packet, const ScriptEvent& event, const std::string& shown,
                     Flow& flow, const ScriptSegment* segment) {
  const Verdict verdict = stack_->receive(packet, {}, now_);
  last_inbound_ = packet;
  log("<", shown, std::string(name_of(verdict)));
  const std::string wanted = event.note("verdict");
  if (!wanted.empty() && wanted != name_of(verdict)) {
    const VerdictInfo& row = info(verdict);
    fail("the script says its verdict is " + wanted + ", the stack says " + std::string(row.name) +
         " (" + std::string(row.rfc) + "): " + std::string(row.sentence));
  }
  if (const std::string said = event.note("event"); !said.empty() && said != tap_->field("event"))
    fail("the script says it does " + said + ", a capture says " + tap_->field("event"));
  if (segment != nullptr &&
      (verdict == Verdict::SynAccepted || verdict == Verdict::TimeWaitReused)) {
    flow.expects_our_syn = true;
    flow.peer_first_byte = segment->seq + 1;
  }
  in_batch_ = event.notes.contains("batch");
  if (!in_batch_) settle();
}

void Runner::perform_raw(const ScriptEvent& event, const ScriptRaw& raw) {
  Flow& flow = flow_of(event);
  Bytes packet;
  for (const auto& byte : fill_in(raw, world_.version, flow)) packet.push_back(byte.value_or(0));
  hand_in(packet, event, "raw { " + hex_of(packet) + " }", flow, nullptr);
}

void Runner::perform_icmp(const ScriptEvent& event, const ScriptIcmp& icmp) {
  Flow& flow = flow_of(event);
  const std::string port = event.note("quoted_port");
  const auto our_port = port.empty() ? flow.our_port : static_cast<std::uint16_t>(std::stoul(port));
  const Bytes packet = icmp_packet(icmp, world_.version, flow, our_port);
  if (packet.empty()) fail("this IP version has no such ICMP message");
  hand_in(packet, event, event.text.substr(event.text.find("icmp")), flow, nullptr);
}

// -- Calls and checks

void Runner::perform_call(const ScriptEvent& event, const ScriptCall& call) {
  if (pending_) fail("the call before has not returned yet: " + pending_->text);
  const auto outcome = user_->perform(call, now_);
  if (!outcome) fail(outcome.error());
  adopt_active_open();
  if (outcome->would_block && event.time.is_blocking) {
    pending_ = event;
    const Instant base =
        event.time.base == EventTime::Base::Script ? start_ : previous_ - Duration{};
    pending_until_ = base + event.time.to;
    log(" ", event.text, "blocks");
  } else {
    if (event.time.is_blocking) fail("the call returned at once");
    finish_call(event, call, *outcome);
  }
  settle();
}

void Runner::try_pending_call() {
  if (!pending_) return;
  const ScriptEvent event = *pending_;
  const auto& call = std::get<ScriptCall>(event.action);
  const auto outcome = user_->perform(call, now_);
  if (!outcome) fail(outcome.error());
  if (outcome->would_block) {
    if (now_ > pending_until_ + settings_.tolerance) fail("the call did not return: " + event.text);
    return;
  }
  pending_.reset();
  if (now_ < pending_until_ - settings_.tolerance || now_ > pending_until_ + settings_.tolerance) {
    fail("the call returned at " + seconds_text(elapsed(now_)) + " instead of " +
         seconds_text(elapsed(pending_until_)) + ": " + event.text);
  }
  finish_call(event, call, *outcome);
}

void Runner::finish_call(const ScriptEvent& event, const ScriptCall& call,
                         const CallOutcome& outcome) {
  log(" ", event.text, "returns " + std::to_string(outcome.result) + ' ' + outcome.error);
  if (call.result && *call.result != outcome.result) {
    fail("the call returned " + std::to_string(outcome.result) + ' ' + outcome.error);
  }
  if (!call.error.empty() && call.error != outcome.error) {
    fail("the call's error is " + outcome.error + ", the script says " + call.error);
  }
}

void Runner::perform_settings(const ScriptSettings& settings) {
  if (const auto done = user_->choose(settings, now_); !done) fail(done.error());
  for (const auto& [key, value] : settings) log(" ", key + '=' + value, "from here on");
  settle();
}

void Runner::perform_check(const ScriptCheck& check) {
  const Flow& flow = flows_[current_port_];
  const Lookup lookup = [this, &flow](std::string_view name) {
    return user_->lookup(name, flow.our_isn, flow.peer_isn);
  };
  for (const std::string& condition : check.conditions) {
    const auto found = violation(condition, lookup);
    if (!found) fail(found.error());
    if (!found->empty()) fail(*found);
  }
}

// -- Flows and the record

Flow& Runner::flow_of(const ScriptEvent& event) {
  const std::string port = event.note("port");
  if (port.empty()) return flow_of_port(current_port_);
  return flow_of_port(static_cast<std::uint16_t>(std::stoul(port)));
}

Flow& Runner::flow_of_port(std::uint16_t peer_port) {
  const auto [place, is_new] = flows_.try_emplace(peer_port);
  if (is_new) {
    place->second.peer_port = peer_port;
    place->second.our_isn = world_.our_isn;
    place->second.peer_isn = world_.peer_isn;
  }
  return place->second;
}

void Runner::adopt_active_open() {
  const auto& tuple = user_->active_tuple();
  if (!tuple) return;
  const std::uint16_t ours = number(tuple->local_port);
  const std::uint16_t theirs = number(tuple->remote_port);
  if (current_port_ == theirs && flow_of_port(theirs).our_port == ours) return;
  current_port_ = theirs;
  flows_.erase(theirs);  // another one to the same port begins anew
  flow_of_port(theirs).our_port = ours;
}

void Runner::log(const std::string& direction, const std::string& text, const std::string& note) {
  std::string line = "    " + seconds_text(elapsed(now_)) + "  " + direction + ' ' + text;
  constexpr std::size_t kNoteColumn = 72;
  line.resize(std::max(line.size() + 2, kNoteColumn), ' ');
  conversation_ += line + note + '\n';
}

}  // namespace glasstcp::test
