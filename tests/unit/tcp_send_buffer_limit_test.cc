// SendBufferLimit alone, where it counts bytes; where it counts Linux's memory:
// socket_personality_test.cc.
#include <gtest/gtest.h>

#include "stack/tcp/send/send_buffer_limit.h"

namespace glasstcp {
namespace {

struct Buffer {
  TcpConfig config;
  ConnectionSettings settings;
  SendBufferFacts facts;

  Buffer() {
    config.initial_send_buffer = 10000;
    settings.send_buffer = 100000;
  }
  [[nodiscard]] SendBufferLimit limit(LinuxSendSpace* memory = nullptr) const {
    return {config, settings, facts, memory};
  }
};

TEST(SendBufferLimit, FollowsTwoCongestionWindowsUpToTheSetting) {
  Buffer b;
  EXPECT_EQ(b.limit().admit(1), 10000U);
  b.facts.cwnd = 20000;
  EXPECT_EQ(b.limit().admit(1), 40000U);
  b.facts.queued = 39999;
  EXPECT_EQ(b.limit().admit(1), 1U);
  b.facts.queued = 40001;  // the window was larger
  EXPECT_EQ(b.limit().admit(1), 0U);
  b.facts.cwnd = 1000000;
  EXPECT_EQ(b.limit().admit(1), 100000U - 40001U);
}

TEST(SendBufferLimit, AChosenSizeStays) {
  Buffer b;
  b.settings.send_buffer_chosen = true;
  EXPECT_EQ(b.limit().admit(1), 100000U);
}

TEST(SendBufferLimit, AWriterIsToldOnceWakingItIsWorthIt) {
  Buffer b;
  b.facts.queued = 7500;
  EXPECT_FALSE(b.limit().wakes_writer());  // while it grows, at three quarters
  b.facts.queued = 7499;
  EXPECT_TRUE(b.limit().wakes_writer());
  b.settings.send_buffer = 10000;
  EXPECT_FALSE(b.limit().wakes_writer());  // then at a half
  b.facts.queued = 4999;
  EXPECT_TRUE(b.limit().wakes_writer());
}

TEST(SendBufferLimit, NothingIsAdmittedWhileTooMuchIsUnsent) {
  Buffer b;
  b.settings.unsent_low = 100;
  b.facts.queued = b.facts.unsent = 100;
  EXPECT_EQ(b.limit().admit(1), 0U);
  EXPECT_FALSE(b.limit().is_writable());
  EXPECT_FALSE(b.limit().wakes_writer());
}

TEST(SendBufferLimit, AWriterThatWaitsWithoutHavingFilledTheWindowEnlargesTheMemory) {
  Buffer b;
  LinuxSendSpace memory;
  b.facts.cwnd = 100000;
  b.facts.full_segment = 1000;
  b.facts.peer_mss = 1000;
  b.facts.is_window_known = true;
  EXPECT_TRUE(b.limit(&memory).wakes_writer());
  EXPECT_EQ(memory.limit(), 0U);  // the window is full
  b.facts.cwnd_space = 1;
  EXPECT_TRUE(b.limit(&memory).wakes_writer());
  EXPECT_GT(memory.limit(), 2 * b.settings.send_buffer);
  EXPECT_EQ(b.limit(&memory).size(), memory.limit());
}

}  // namespace
}  // namespace glasstcp
