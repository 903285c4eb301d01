// One line for each row that they differ in (config.h says what it does).
#include "stack/tcp/personality/personality.h"

namespace glasstcp {

void adopt_habits(TcpConfig& config, Habits habits) {
  const bool linux_habits = habits == Habits::Linux;
  const bool bsd_habits = habits == Habits::Bsd;
  config.window_follows_buffer = config.accepts_whole_buffer = config.repeats_fin = bsd_habits;
  config.updates_at_quarter = bsd_habits;
  config.offered_mss = linux_habits ? OfferedMss::Path
                       : bsd_habits ? OfferedMss::PathV6
                                    : OfferedMss::Device;
  config.acks_second_segment = config.acks_overlap_at_once = bsd_habits;
  config.push_superpackets = config.min_rto_is_variance = linux_habits;
  config.probes_without_text = linux_habits;
  config.more_ends_with_ack = config.counts_send_memory = linux_habits;
  config.answers_unsent_ack = !linux_habits;
  config.answers_late_data_as_nobody = linux_habits;
  config.tolerates_missing_timestamps = config.reset_may_repeat_fin = !bsd_habits;
  config.time_wait_answers_syn = !bsd_habits;
  config.time_wait_reset = linux_habits ? TimeWaitReset::Exact : TimeWaitReset::AfterSyn;
  if (!linux_habits) return;
  config.pacing = false;  // as where no packet scheduler paces
  config.sws_override = Duration::zero();
  config.loss_timer_floor = std::chrono::milliseconds(8);  // two ticks of 4 ms
  config.slow_start_segments = 0;
}

}  // namespace glasstcp
