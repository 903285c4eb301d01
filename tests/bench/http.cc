// What one request costs in HTTP alone: parser, site, connection; no TCP. Prints nanoseconds and
// allocations per request.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>

#include "http/http_connection.h"
#include "http/memory_store.h"

namespace {

std::size_t allocations = 0;

using glasstcp::Instant;
using namespace glasstcp::http;  // NOLINT: a program of one file

/// Answers `request` over and over on one connection, as a server would.
void measure(const char* name, const std::string& request, ConnectionServices& services) {
  constexpr int kRounds = 1'000'000;
  const Moment at{Instant{}, 1767323045};
  HttpConnection connection(services, at);
  std::size_t bytes = 0;
  const auto one = [&] {
    std::size_t taken = 0;
    while (taken < request.size()) {
      taken += connection.on_bytes(as_bytes(std::string_view(request).substr(taken)), at);
      while (connection.front_piece(at) != nullptr) bytes += connection.take_piece(at).bytes.size();
    }
    connection.on_all_acknowledged(at);
  };
  for (int i = 0; i < 1000; ++i) one();
  const std::size_t allocations_before = allocations;
  const std::clock_t start = std::clock();  // CPU time: the machine may be busy with other things
  for (int i = 0; i < kRounds; ++i) one();
  const double nanoseconds = static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC;
  std::printf("%-28s %7.1f ns  %zu allocations\n", name, nanoseconds / kRounds,
              (allocations - allocations_before) / kRounds);
}

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

int main() {
  MemoryStore store;
  BufferPool pool(64u << 20);
  const MediaTypes types;
  Site site(store, pool, types, {});
  const ConnectionConfig config;
  PartialHeads heads(8u << 20);
  LimitCounters counters;
  ConnectionServices services{.site = site, .config = config, .heads = heads, .counters = counters};
  const std::string small(1200, 'x');
  const std::string large(1u << 20, 'x');
  store.put("small.html", as_bytes(small), 1767000000);
  store.put("large.html", as_bytes(large), 1767000000);

  const std::string browser =
      "Host: 192.0.2.2\r\nConnection: keep-alive\r\nCache-Control: "
      "max-age=0\r\nUpgrade-Insecure-Requests: 1\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/120.0 Safari/537.36\r\n"
      "Accept: "
      "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
      "Accept-Encoding: gzip, deflate\r\nAccept-Language: en-US,en;q=0.9,zh;q=0.8\r\n";
  const std::string host = "Host: 192.0.2.2\r\n";
  const std::string line = "GET /small.html HTTP/1.1\r\n";
  measure("GET small", line + host + "\r\n", services);
  measure("GET small, as a browser", line + browser + "\r\n", services);
  measure("GET large", "GET /large.html HTTP/1.1\r\n" + host + "\r\n", services);
  measure("GET, HTTP/1.0 keep-alive", "GET /small.html HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
          services);
  measure("If-Modified-Since: 304",
          line + host + "If-Modified-Since: Fri, 02 Jan 2026 02:47:25 GMT\r\n\r\n", services);
  measure("one range", line + host + "Range: bytes=0-99\r\n\r\n", services);
  measure("404", "GET /missing HTTP/1.1\r\n" + host + "\r\n", services);
  measure("PUT with 100 bytes, refused",
          "PUT / HTTP/1.1\r\n" + host + "Content-Length: 100\r\n\r\n" + small.substr(0, 100),
          services);
}
