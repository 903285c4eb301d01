// What a SYN for a listener brings: a half-open record, with Fast Open a connection at once, or a
// cookie; and the ACK that brings a cookie back.
// RFC 9293 §3.10.7.2, RFC 4987 §3, RFC 7413 §4.2.2. See tcp_layer.h.
// Next: ../../ip/ip_layer.h.
#include <algorithm>

#include "stack/tcp/demux/tcp_layer.h"

namespace glasstcp {
namespace {

// RFC 7413 §5.1: for so long a pending place stays taken after a reset.
constexpr Duration kResetPlace = 60s;
// No cookie is good for longer (syn_cookie.h).
constexpr Duration kCookieLife = 2min;

}  // namespace

/// What was worked out about a SYN.
struct SynPlan {
  std::uint32_t listener = kNone;
  SeqNum iss;
  bool is_fast = false;  // RFC 7413: its cookie is good
  bool gives_cookie = false;
  FastOpenCookie cookie;
};

Verdict TcpLayer::arrives_at_listener(std::uint32_t listener, const Segment& seg, Instant now,
                                      std::optional<SeqNum> above, SegmentOutcome& outcome) {
  // RFC 9293 §3.10.7.2 R9293-P4: first RST, second ACK, third SYN; anything else is dropped.
  if (seg.flags.rst()) return Verdict::ResetNoConnection;
  if (seg.flags.ack()) {
    if (const auto verdict = arrives_with_cookie(listener, seg, now, outcome)) return *verdict;
    if (const auto reply = reset_for(seg, SendReason::RstNoConnection))
      context_.replies.push(*reply);
    return Verdict::ListenBadAck;
  }
  if (!seg.flags.syn()) return Verdict::ListenIgnored;
  if (context_.opens_nothing(seg.flags)) return Verdict::SynWithFin;
  // RFC 9293 §3.9.2.3 MUST-57, MUST-63: the IP layer lets neither a broadcast nor an invalid source
  // come this far.
  SynPlan plan;
  plan.listener = listener;
  plan.iss = context_.isn.generate(seg.tuple, now);
  // RFC 1122 §4.2.2.13: a tuple used again starts above the numbers it used last, even after a fast
  // transfer.
  if (above && !context_.config.fixed_iss && plan.iss <= *above) plan.iss = *above + 65536;
  judge_fast_open(seg, now, plan);
  if (plan.is_fast) {
    if (const auto verdict = open_fast(seg, now, plan, outcome)) return *verdict;
  }
  // RFC 4987 §3.6 R4987-04: with no room to remember it, the SYN is answered all the same.
  const SynCookieUse cookies = context_.config.syn_cookies;
  const auto has_room = [&] {
    return half_open_.size() != half_open_.capacity_limit() && syn_gate_.may_remember(now);
  };
  if (cookies == SynCookieUse::Only || (cookies == SynCookieUse::WhenFull && !has_room())) {
    return send_cookie(seg, now, plan);
  }
  const Verdict verdict = make_half_open(seg, now, plan);
  // The system has no memory for the record.
  const bool is_remembered = verdict == Verdict::SynAccepted;
  if (!is_remembered && cookies == SynCookieUse::WhenFull) return send_cookie(seg, now, plan);
  return verdict;
}

const ConnectionSettings& TcpLayer::settings_of(std::uint32_t listener) const {
  const auto& own = listeners_[listener].settings;
  return own ? *own : context_.default_settings;
}

// What a SYN for a listener and the listener's settings agree on.
Agreement TcpLayer::agree(const Segment& syn, const SynPlan& plan, Instant now) const {
  const ConnectionSettings& settings = settings_of(plan.listener);
  Agreement agreed = Agreement::from_syn(syn, context_.config, context_.rcv_shift);
  agreed.iss = plan.iss;
  if (agreed.timestamps) agreed.ts_offset = context_.timestamp_offset(syn.tuple, now);
  agreed.ecn = answer_ecn_syn(settings.ecn, syn.flags, ip_ecn(syn.traffic_class));
  agreed.buffer = std::min(context_.next_buffer(), settings.receive_buffer);
  return agreed;
}

Verdict TcpLayer::make_half_open(const Segment& seg, Instant now, const SynPlan& plan) {
  // RFC 4987 §3.2 R4987-01; §3.5 R4987-03: one keyed table, so that nobody can aim at a bucket.
  make_half_open_room(now);
  const std::uint32_t index =
      half_open_.acquire(agree(seg, plan, now), settings_of(plan.listener), plan.listener);
  if (index == kNone) return Verdict::SynBacklogFull;
  if (!note_half_open_peer(index)) {
    half_open_.release(index);
    return Verdict::OutOfMemory;
  }
  if (!table_.insert(seg.hash, value_of(Kind::HalfOpen, index))) {
    if (half_open_peers_.has(index)) half_open_peers_.remove(index);
    half_open_.release(index);
    return Verdict::ConnectionTableFull;
  }
  HalfOpen& half_open = half_open_[index];
  if (plan.gives_cookie) half_open.give_cookie(plan.cookie, seg.options.fast_open_experimental);
  half_open_ready_.push_back(half_open);
  half_open_ages_.push_back(half_open);
  tell_state(seg.tuple, {State::Listen, State::SynReceived}, StateCause::PeerSyn, now);
  // RFC 9293 §3.10.7.2: data and controls on the SYN may be ignored here: the peer sends them
  // again.
  return Verdict::SynAccepted;
}

// What the SYN-ACK of a record would say, in a segment that leaves no record: the window is one
// that a connection will have in any case, and options are agreed on only as far as the timestamp
// can carry them.
Verdict TcpLayer::send_cookie(const Segment& seg, Instant now, const SynPlan& plan) {
  const Agreement agreed = agree(seg, plan, now);
  const std::uint16_t own_mss = settings_of(plan.listener).mss;
  const SynCookies& cookies = context_.syn_cookies;
  Reply reply;
  reply.tuple = seg.tuple;
  reply.seq = cookies.make(seg.tuple, seg.seq, agreed.peer_mss, now);
  reply.ack = seg.seq + 1;
  reply.flags.bits = TcpFlags::kSyn | TcpFlags::kAck;
  const std::uint32_t window = std::min(context_.least_buffer(), agreed.buffer);
  reply.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window, 65535));
  reply.reason = SendReason::SynAckCookie;
  ReplyOptions options;
  options.mss = context_.offered_mss(seg.tuple.remote_address, now);
  if (own_mss != 0) options.mss = std::min(options.mss, own_mss);
  if (agreed.timestamps) {
    SynCookieOptions kept;
    kept.sack = options.sack_permitted = agreed.sack;
    if (agreed.scaled) {
      kept.window_scale = agreed.snd_shift;
      options.window_scale = agreed.rcv_shift;
    }
    const std::uint32_t clock = raw(Timestamps::clock(agreed.ts_offset, now));
    reply.timestamps = TimestampsOption{TsVal{SynCookies::stamp(clock, kept)}, agreed.ts_recent};
  }
  reply.of_syn = options;
  last_cookie_ = now;
  return context_.replies.push(reply) ? Verdict::SynCookieSent : Verdict::SynBacklogFull;
}

// An ACK for a listener, of which there is no record: perhaps the third segment of a handshake that
// was answered by a cookie. Empty: it is not.
std::optional<Verdict> TcpLayer::arrives_with_cookie(std::uint32_t listener, const Segment& seg,
                                                     Instant now, SegmentOutcome& outcome) {
  const bool is_off = context_.config.syn_cookies == SynCookieUse::Off;
  if (is_off || !last_cookie_ || now - *last_cookie_ > kCookieLife || seg.flags.syn()) {
    return std::nullopt;
  }
  const SeqNum irs = seg.seq - 1;
  const SeqNum iss = seg.ack - 1;
  const auto mss = context_.syn_cookies.check(seg.tuple, irs, iss, now);
  if (!mss) return std::nullopt;
  // The SYN as far as it can be told from the cookie and the echoed timestamp.
  Segment syn;
  syn.tuple = seg.tuple;
  syn.hash = seg.hash;
  syn.seq = irs;
  syn.flags.bits = TcpFlags::kSyn;
  syn.options.mss = *mss;
  if (seg.options.timestamps) {
    const auto kept = SynCookies::options_in(raw(seg.options.timestamps->ecr));
    syn.options.timestamps = seg.options.timestamps;
    syn.options.window_scale = kept.window_scale;
    syn.options.sack_permitted = kept.sack;
  }
  SynPlan plan;
  plan.listener = listener;
  plan.iss = iss;
  Agreement agreed = agree(syn, plan, now);
  agreed.syn_ack_again = true;  // when it was sent is not known
  return complete({listener, kNone, agreed}, seg, now, outcome);
}

// RFC 7413 §4.2.2: whether the SYN's data may be taken, and whether the client gets a cookie.
void TcpLayer::judge_fast_open(const Segment& seg, Instant now, SynPlan& plan) {
  Listener& listener = listeners_[plan.listener];
  const bool asks = seg.options.fast_open;
  if (listener.fast_open().limit == 0 || (!asks && seg.data.empty())) return;
  // RFC 7413 §4.2 R7413-04: above the limit every SYN is a plain one.
  if (!listener.has_fast_open_place(now)) return;
  // A FIN behind the data would end a connection that has not begun: that one goes the plain way.
  const bool can_be_fast = !seg.flags.fin() && !listener.is_full();
  if (!listener.fast_open().needs_cookie) {
    plan.is_fast = can_be_fast;
    return;
  }
  if (!asks) return;
  FastOpenKeys& keys =
      listener.fast_open().keys ? *listener.fast_open().keys : context_.fast_open_keys;
  const ByteView cookie = seg.options.fast_open_cookie;
  const FastOpenCheck check =
      cookie.empty() ? FastOpenCheck::Bad : keys.check(cookie, seg.tuple, now);
  plan.is_fast = can_be_fast && check != FastOpenCheck::Bad;
  // A plain SYN-ACK for a bad cookie brings a good one; so does one for a cookie that grows old.
  plan.gives_cookie = check != FastOpenCheck::Current || !plan.is_fast;
  if (plan.gives_cookie) plan.cookie = keys.mint(seg.tuple, now);
}

// RFC 7413 §4.2.2: a connection from the SYN on. Empty: it cannot be had; the plain way is open.
std::optional<Verdict> TcpLayer::open_fast(const Segment& seg, Instant now, const SynPlan& plan,
                                           SegmentOutcome& outcome) {
  Listener& listener = listeners_[plan.listener];
  Agreement agreed = agree(seg, plan, now);
  agreed.syn_ack_again = true;  // no round-trip time is known yet
  if (!reserve_window(agreed.buffer, seg.tuple.remote_address, now)) return std::nullopt;
  const std::uint32_t index = connections_.acquire(context_, agreed, now);
  if (index == kNone) {
    context_.budget.release(agreed.buffer);
    return std::nullopt;
  }
  Connection& connection = connections_[index];
  connection.set_id({index, connections_.generation(index)});
  if (listener.settings) connection.inherit(*listener.settings, now);
  FastOpenPassive how;
  how.listener = plan.listener;
  how.generation = listeners_.id_of(plan.listener).generation;
  how.gives_cookie = plan.gives_cookie;
  how.experimental = seg.options.fast_open_experimental;
  std::copy_n(plan.cookie.bytes.begin(), how.new_cookie.size(), how.new_cookie.begin());
  if (!connection.begin_fast_open(seg, how, now) ||
      !peers_.add(index, stands_for_many(seg.tuple.remote_address))) {
    connections_.release(index);
    return std::nullopt;
  }
  if (!table_.insert(seg.hash, value_of(Kind::Connection, index))) {
    peers_.remove(index);
    connections_.release(index);
    return std::nullopt;
  }
  connection.demux.in_table = connection.demux.fast_open_place = true;
  ++open_connections_;
  listener.take_fast_open_place();
  listener.push(connection.id());
  signal_listener(plan.listener);
  outcome.connection = connection.id();
  tell_state(seg.tuple, {State::Listen, State::SynReceived}, StateCause::PeerSyn, now);
  outcome.observed = context_.observer != nullptr;
  if (outcome.observed) outcome.before = outcome.after = connection.status();
  return Verdict::FastOpenAccepted;
}

void TcpLayer::free_fast_open_place(Connection& connection, Instant now) {
  connection.demux.fast_open_place = false;
  const FastOpenPassive& how = connection.fast_open()->passive;
  Listener* listener = listeners_.get({how.listener, how.generation});
  if (listener == nullptr) return;
  const bool was_reset = connection.error() == StreamError::ResetByPeer;
  listener->free_fast_open_place(was_reset ? std::optional(now + kResetPlace) : std::nullopt);
}

}  // namespace glasstcp
