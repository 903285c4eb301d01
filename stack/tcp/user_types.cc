// See user_types.h.
#include "stack/tcp/user_types.h"

#include "stack/tcp/config.h"

namespace glasstcp {

ConnectionSettings default_settings_of(const TcpConfig& config) {
  ConnectionSettings settings;
  settings.keep_alive_idle = config.keep_alive_idle;
  settings.keep_alive_interval = config.keep_alive_interval;
  settings.keep_alive_probes = config.keep_alive_probes;
  settings.fin_wait_2_timeout = config.fin_wait_2_timeout;
  settings.user_timeout = config.user_timeout;
  settings.delayed_ack = config.delayed_ack;
  settings.rto = {config.initial_rto, config.min_rto, config.max_rto, config.min_rto_is_variance};
  settings.syn_retries = config.syn_retries;
  settings.send_buffer = config.send_buffer;
  settings.unsent_low = config.unsent_low;
  settings.receive_buffer = config.receive_buffer;
  settings.initial_window_segments = config.initial_window_segments;
  settings.hop_limit = config.hop_limit;
  settings.ecn = config.ecn;
  settings.congestion = config.congestion;
  settings.may_fragment = config.may_fragment;
  settings.hystart = config.hystart;
  settings.pacing = config.pacing;
  settings.use_rack = config.use_rack;
  settings.use_tail_loss_probe = config.use_tail_loss_probe;
  return settings;
}

}  // namespace glasstcp
