// The congestion control algorithms by name (RFC 9293 §3.8.2 MAY-18): one object of each, with and
// without HyStart++ (RFC 9406), which all connections of a stack share.
//
// Next: ../connection/stack_context.h.
#pragma once

#include "stack/tcp/config.h"
#include "stack/tcp/congestion/bbr.h"
#include "stack/tcp/congestion/cubic.h"
#include "stack/tcp/congestion/new_reno.h"

namespace glasstcp {

/// One of each.
class CongestionAlgorithms {
 public:
  /// `hystart`: its first slow start ends when delay rises; BBR has a start of its own.
  [[nodiscard]] const CongestionControl& get(CongestionAlgorithm algorithm, bool hystart) const {
    switch (algorithm) {
      case CongestionAlgorithm::NewReno:
        return hystart ? early_reno_ : reno_;
      case CongestionAlgorithm::Cubic:
        return hystart ? early_cubic_ : cubic_;
      case CongestionAlgorithm::Bbr:
        return bbr_;
    }
    return reno_;
  }

 private:
  NewReno reno_{false}, early_reno_{true};
  Cubic cubic_{false}, early_cubic_{true};
  Bbr bbr_;
};

}  // namespace glasstcp
