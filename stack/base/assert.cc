// The end of a program that found a bug of its own. See assert.h.
#include "stack/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace glasstcp {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "glasstcp: internal error: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace glasstcp
