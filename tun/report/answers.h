// What the functions share that look for answers: they walk over a capture and add findings.
//
// Invariants:
//   1. A kind that found nothing leaves one finding that is not shown: the question stands.
//   2. At most kMostAlike findings of a kind for one connection (questions.h).
//
// Next: questions.h, transfer_questions.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tun/report/model.h"
#include "tun/report/questions.h"

namespace glasstcp::report {

using Kind = FindingKind;
using Name = ValueName;

/// Collects the findings of one kind, and keeps them few.
class Answers {
 public:
  Answers(Capture& capture, Kind kind) : capture_(capture), kind_(kind) {}
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;
  // Nothing found: the question stands, and its answer is that the capture does not show it.
  ~Answers() {
    if (any_) return;
    Finding finding;
    finding.kind = kind_;
    capture_.findings.push_back(std::move(finding));
  }

  void add(std::uint32_t connection, std::vector<Evidence> frames, std::vector<Value> values,
           std::optional<std::uint32_t> message = {}) {
    const bool is_enough = any_ && connection == connection_ && in_connection_ >= kMostAlike;
    if (is_enough || count_ >= kMostOfKind) {
      ++capture_.findings.back().alike;
      return;
    }
    in_connection_ = any_ && connection == connection_ ? in_connection_ + 1 : 1;
    any_ = true;
    ++count_;
    connection_ = connection;
    Finding finding;
    finding.kind = kind_;
    finding.is_shown = true;
    finding.connection = connection;
    finding.message = message;
    finding.frames = std::move(frames);
    finding.values = std::move(values);
    capture_.findings.push_back(std::move(finding));
  }

 private:
  Capture& capture_;
  Kind kind_;
  bool any_ = false;
  std::size_t count_ = 0;
  std::uint32_t connection_ = 0;
  std::size_t in_connection_ = 0;
};

inline Value number_of(Name name, std::int64_t number) {
  return {name, number, {}};
}
inline Value text_of(Name name, std::string text) {
  return {name, 0, std::move(text)};
}

/// Calls f(connection, index) for every connection.
template <typename F>
void for_each(const Capture& capture, F f) {
  for (std::uint32_t i = 0; i < capture.connections.size(); ++i) f(capture.connections[i], i);
}

/// Calls f(connection, index, message, index) for every message.
template <typename F>
void for_each_message(const Capture& capture, F f) {
  for_each(capture, [&](const Connection& c, std::uint32_t i) {
    for (std::uint32_t k = 0; k < c.messages.size(); ++k) f(c, i, c.messages[k], k);
  });
}

}  // namespace glasstcp::report
