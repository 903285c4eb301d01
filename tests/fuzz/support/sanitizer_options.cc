// What the sanitizers of every target do without being told in the environment: a world is made and
// freed for each input, so freed memory is kept back only for a while, and a stack trace of where
// it was allocated is short.
extern "C" const char* __asan_default_options();  // NOLINT: the sanitizer's name

extern "C" const char* __asan_default_options() {  // NOLINT
  return "quarantine_size_mb=4:thread_local_quarantine_size_kb=512:malloc_context_size=4:"
         "max_malloc_fill_size=1024:allocator_may_return_null=1";
}
