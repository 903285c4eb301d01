// The way by which commands of a script reach the stack: a folder with two pipes, ask and answer,
// and the file `sysctl` with what other systems' names were set to.
//
// The folder's name is in GLASSTCP_DRILL, for the stand-ins in tests/packetdrill/bin.
//
// Invariants:
//   1. One question, one answer; the answer is made on a thread of its own, so it locks.
//
// Next: listing.h.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace glasstcp::packetdrill {

/// Open from construction to destruction.
class Control {
 public:
  using Answer = std::function<std::string(const std::string& question)>;

  explicit Control(Answer answer);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  void serve();

  Answer answer_;
  std::string folder_;
  std::thread thread_;
};

}  // namespace glasstcp::packetdrill
