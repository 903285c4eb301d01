// Rows of the goodput table on standard output, as a program for WebAssembly: the whole stack runs,
// and every number must be the one of any other machine. See run.
//
// Next: ../golden/goodput.h.
#include "tests/golden/goodput.h"

#include <cstdio>

int main() {
  using glasstcp::test::goodput_row;
  for (const double loss : {0.0, 1.0}) {
    for (const int rtt : {20, 300}) std::fputs(goodput_row("loss", loss, rtt).c_str(), stdout);
  }
  std::fputs(goodput_row("reorder", 1, 20).c_str(), stdout);
  return 0;
}
