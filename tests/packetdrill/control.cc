// Two pipes and a thread. See control.h.
#include "tests/packetdrill/control.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace glasstcp::packetdrill {
namespace {

constexpr const char* kEnd = "end";

// Left behind when the tool exits without freeing us, which is how it reports a failure.
std::string& folder_to_remove() {
  static std::string folder;
  return folder;
}

void remove_folder() {
  if (folder_to_remove().empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_to_remove(), ignored);
  folder_to_remove().clear();
}

}  // namespace

Control::Control(Answer answer) : answer_(std::move(answer)) {
  std::string pattern = std::filesystem::temp_directory_path() / "glasstcp-drill-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return;
  folder_ = folder_to_remove() = pattern;
  static_cast<void>(std::atexit(remove_folder));
  mkfifo((folder_ + "/ask").c_str(), 0600);
  mkfifo((folder_ + "/answer").c_str(), 0600);
  setenv("GLASSTCP_DRILL", folder_.c_str(), 1);
  thread_ = std::thread([this] { serve(); });
}

Control::~Control() {
  if (!thread_.joinable()) return;
  std::ofstream(folder_ + "/ask") << kEnd << std::endl;
  thread_.join();
  remove_folder();
}

void Control::serve() {
  for (;;) {
    std::string question;
    std::getline(std::ifstream(folder_ + "/ask"), question);  // waits for one who asks
    if (question.empty() || question == kEnd) return;
    const std::string text = answer_(question);
    std::ofstream(folder_ + "/answer") << text;  // waits for one who listens
  }
}

}  // namespace glasstcp::packetdrill
