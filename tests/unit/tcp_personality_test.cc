// The table of personalities as readers see it. tests/script/personality_test.cc holds its rows
// against their scripts.
#include <gtest/gtest.h>

#include "tests/support/book.h"

namespace glasstcp::test {
namespace {

TEST(PersonalityTable, StandsInTheBook) {
  expect_in_book("## As whom a stack behaves", personality_table());
}

}  // namespace
}  // namespace glasstcp::test
