// Busy polling learns from the sleeps that it did not avoid.
#include <gtest/gtest.h>

#include "tun/loop/spin_budget.h"

namespace glasstcp {
namespace {

TEST(SpinBudget, WithoutALimitItNeverSpins) {
  SpinBudget budget(Duration::zero());
  EXPECT_EQ(budget.current(), Duration::zero());
  budget.on_slept(1us);
  EXPECT_EQ(budget.current(), Duration::zero());
}

TEST(SpinBudget, GivesUpAfterASleepThatSpinningWouldNotHaveAvoided) {
  SpinBudget budget(50us);
  EXPECT_EQ(budget.current(), 50us);
  budget.on_slept(1ms);
  EXPECT_EQ(budget.current(), Duration::zero());
}

TEST(SpinBudget, GrowsBackWhilePacketsComeWithinTheLimit) {
  SpinBudget budget(50us);
  budget.on_slept(1ms);
  budget.on_slept(40us);
  EXPECT_EQ(budget.current(), 10us);
  budget.on_slept(40us);
  EXPECT_EQ(budget.current(), 20us);
  for (int i = 0; i < 5; ++i) budget.on_slept(40us);
  EXPECT_EQ(budget.current(), 50us);
}

}  // namespace
}  // namespace glasstcp
