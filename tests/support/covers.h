// COVERS: names the requirement that a test shows.
//
// The first statement of a test; a script joins these names with the anchors in the code into
// tests/CONFORMANCE.md.
// At run time it records the id as a property of the test, so that a report of the run carries it
// too.
#pragma once

#include <gtest/gtest.h>

/// Says which requirement ids (of conformance/requirements.tsv or tests/requirements.tsv) this test
/// shows: COVERS("MUST-1", "SHLD-7").
#define COVERS(...) ::glasstcp::test::covers({__VA_ARGS__})

namespace glasstcp::test {

inline void covers(std::initializer_list<const char*> ids) {
  for (const char* id : ids) ::testing::Test::RecordProperty(id, "covered");
}

}  // namespace glasstcp::test
