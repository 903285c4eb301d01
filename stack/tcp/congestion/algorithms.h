// The congestion control algorithms by name (RFC 9293 §3.8.2 MAY-18): one object of each, which all
// connections of a stack share.
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
  explicit CongestionAlgorithms(bool hystart) : reno_(hystart), cubic_(hystart) {}

  [[nodiscard]] const CongestionControl& get(CongestionAlgorithm algorithm) const {
    switch (algorithm) {
      case CongestionAlgorithm::NewReno:
        return reno_;
      case CongestionAlgorithm::Cubic:
        return cubic_;
      case CongestionAlgorithm::Bbr:
        return bbr_;
    }
    return reno_;
  }

 private:
  NewReno reno_;
  Cubic cubic_;
  Bbr bbr_;
};

}  // namespace glasstcp
