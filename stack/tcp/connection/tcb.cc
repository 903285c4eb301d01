// What is known of a connection, as others have to see it. See tcb.h; STATUS is in status.cc.
#include "stack/tcp/connection/tcb.h"

#include <algorithm>

namespace glasstcp {
namespace {

// RFC 7413 §4.2.1: kept free beside the data, so that a path that adds options does not break it.
constexpr std::uint32_t kOptionSpace = 40;

}  // namespace

Tcb::Tcb(TcpContext& context, const FourTuple& tuple, std::uint64_t hash, std::uint32_t buffer,
         Instant now)
    : context_(context),
      tuple_(tuple),
      hash_(hash),
      receiver_(buffer),
      recovery_(context.default_settings.rto),
      last_data_sent_ms_(milliseconds_of(now)) {
  intent_.set_nagle(context.config.nagle);
}

// What recovery/ sees of this connection.
SenderFacts Tcb::sender_facts(Instant now) const {
  const PathSearch* const search = path_search();
  const bool has_probe = search != nullptr && search->has_probe();
  return {.context = context_,
          .congestion = congestion(),
          .snd = snd,
          .timestamps = timestamps_,
          .settings = settings(),
          .ecn = ecn_ == kNone ? nullptr : &context_.ecn[ecn_],
          .now = now,
          .unsent = unsent(),
          .max_payload = max_payload(),
          .mss = size_.mss(),
          .full_segment = size_.full(),
          .mtu_probe_begin = has_probe ? search->probe_begin() : SeqNum(),
          .mtu_probe_end = has_probe ? search->probe_end() : SeqNum(),
          .armed_timer = timers_.loss_timer(),
          .sack = sack_,
          .is_synchronized = is_synchronized(state_),
          .uses_gso = context_.limits.gso_max > 0};
}

PathFacts Tcb::path_facts(Instant now) const {
  PathFacts facts;
  facts.version = tuple_.local_address.version();
  facts.has_timestamps = timestamps_.enabled();
  facts.may_be_cut = context_.ip.path_mtu().may_be_cut(tuple_.remote_address, now);
  facts.path_mss = context_.send_mss(tuple_.remote_address, now);
  facts.chosen_mss = settings().mss;
  facts.lets_cut = settings().may_fragment;
  return facts;
}

DataOptions Tcb::data_options() const {
  DataOptions options;
  options.timestamps = timestamps_.enabled();
  options.sack = sack_ && receiver_.has_sack_blocks();
  if (ecn_ != kNone) options.ecn_fields = ecn()->option_fields();
  return options;
}

// The buffer as it is now.
SendBufferLimit Tcb::send_buffer_limit() const {
  SendBufferFacts facts;
  facts.queued = tx_.size();
  facts.unsent = unsent();
  facts.cwnd = recovery_.cwnd();
  if (!counts_memory()) return {context_.config, settings(), facts, nullptr};
  const std::int32_t usable = snd.una + snd.wnd - snd.nxt;
  facts.flight = flight();
  facts.cwnd_space = cwnd_space();
  facts.usable_window = usable > 0 ? static_cast<std::uint32_t>(usable) : 0;
  facts.most_of_window = size_.most_of_window();
  facts.full_segment = max_payload();
  facts.peer_mss = size_.peer_mss();
  facts.is_window_known = state_ != State::SynSent;
  return {context_.config, settings(), facts, &context_.extras[extras_].send_space};
}

FastOpenPlan Tcb::fast_open_plan() const {
  if (extras_ == kNone || state_ != State::SynSent || snd.nxt != snd.iss) return {};
  const FastOpenUse use = context_.extras[extras_].fast_open.use;
  return context_.fast_open_cache.plan(use, tuple_.remote_address);
}

std::uint32_t Tcb::fast_open_room() const {
  const bool has_room = fast_open_plan().data && size_.mss() > kOptionSpace;
  return has_room ? size_.mss() - kOptionSpace : 0;
}

}  // namespace glasstcp
