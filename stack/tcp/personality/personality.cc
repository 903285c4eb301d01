// One line for each row that they differ in (config.h says what it does).
#include "stack/tcp/personality/personality.h"

namespace glasstcp {

void adopt_personality(TcpConfig& config, Personality personality) {
  const bool is_linux = personality == Personality::Linux;
  const bool is_bsd = personality == Personality::Bsd;
  config.window_follows_buffer = config.accepts_whole_buffer = config.repeats_fin = is_bsd;
  config.updates_at_quarter = is_bsd;
  config.offered_mss = is_linux ? OfferedMss::Path
                       : is_bsd ? OfferedMss::PathV6
                                : OfferedMss::Device;
  config.acks_second_segment = config.acks_overlap_at_once = is_bsd;
  config.push_superpackets = config.min_rto_is_variance = is_linux;
  config.probes_without_text = is_linux;
  config.more_ends_with_ack = config.counts_send_memory = is_linux;
  config.answers_unsent_ack = !is_linux;
  config.answers_late_data_as_nobody = is_linux;
  config.tolerates_missing_timestamps = config.reset_may_repeat_fin = !is_bsd;
  config.time_wait_answers_syn = !is_bsd;
  config.time_wait_reset = is_linux ? TimeWaitReset::Exact : TimeWaitReset::AfterSyn;
  if (!is_linux) return;
  config.pacing = false;  // as where no packet scheduler paces
  config.sws_override = Duration::zero();
  config.loss_timer_floor = std::chrono::milliseconds(8);  // two ticks of 4 ms
  config.slow_start_segments = 0;
}

}  // namespace glasstcp
