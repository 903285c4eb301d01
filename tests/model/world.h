// The small world: every situation that a conversation can reach here, and every segment that may
// arrive in it.
//
// A Situation is told as a script of steps; it is played to the model and to the stack alike. The
// segments lie at the edges that matter: of the window, of what was sent and acknowledged, with
// every combination of flags.
//
// Next: segment_arrives_test.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/model/real_end.h"
#include "tests/model/tcp_model.h"

namespace glasstcp::model {

/// A step of a script.
struct Step {
  enum class Kind { Open, Send, Close, Leave, Arrive };
  Kind kind = Kind::Arrive;
  Number octets = 0;
  Arriving seg;
  Packet packet;  ///< seg, as it is written
};

/// Where the numbers of both directions lie: `base` is added to all of them.
struct Place {
  Number base = 0;    ///< 0: the wrap of 2^32 lies in the middle of window and flight
  Number window = 8;  ///< what the receive window shall be when the case begins
};

/// A situation, with the steps that lead to it.
struct Situation {
  std::string name;
  Terms terms;
  std::vector<Step> steps;
  Model model;  ///< as it is at the end
  bool uses_timestamps = false;
};

/// The names of all situations.
[[nodiscard]] const std::vector<std::string>& situation_names();
/// Whether the receive window of this situation can be chosen.
[[nodiscard]] bool has_window(const std::string& name);
/// Makes it; `adjust` changes how both ends are made.
[[nodiscard]] Situation situation(const std::string& name, const Place& place, Choices choices = {},
                                  const std::function<void(Terms&)>& adjust = nullptr);
/// Plays the steps on the stack.
void play(const Situation& s, RealEnd& real);

/// Calls f for every segment of the world at this situation.
void for_each_segment(const Situation& s, const std::function<void(const Arriving&)>& f);
/// Plays the case on the stack and on the model, and what follows from it; empty: they agree.
std::string compare(const Situation& s, RealEnd& real, const Arriving& seg);

/// In words, for the reader of a failure.
[[nodiscard]] std::string text_of(const Arriving& seg, const Terms& terms);
[[nodiscard]] std::string text_of(const std::vector<Leaving>& leaving, const Terms& terms);

}  // namespace glasstcp::model
