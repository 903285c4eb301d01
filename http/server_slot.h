// What the server keeps of a connection, and of bytes that it lent to the stack.
//
// Next: server.cc.
#pragma once

#include <cstdint>

#include "http/server.h"

namespace glasstcp::http {

/// One connection. Inherits its timer, so that the wheel's answer is the slot. One that is between
/// requests has no HttpState after some seconds: its timer's deadline is all that it remembers.
struct HttpServer::Slot : TimerNode {
  explicit Slot(ConnectionId connection_id) noexcept : id(connection_id) {}
  ConnectionId id;
  std::uint32_t index = kNone;  // its own
  std::uint32_t state = kNone;  // of its HttpState; kNone: it is at rest
};

/// What HTTP knows of a connection.
struct HttpServer::HttpState {
  HttpState(const ConnectionServices& services, const Moment& at) noexcept : http(services, at) {}
  HttpConnection http;
  std::uint32_t lent = 0;  // bytes of the pool of answers that the stack holds for it
};

/// Bytes that the stack holds; its cookie is the index of this.
struct HttpServer::Loan {
  // What it keeps of the pool is counted in these.
  static constexpr std::size_t kUnit = BufferPool::kSmallest;
  // What it keeps of its slot's generation.
  static constexpr std::uint32_t kGenerationMask = 0x3fffffU;

  Shared* owner = nullptr;
  std::uint32_t slot = kNone;
  std::uint32_t generation : 22 = 0;
  std::uint32_t units : 9 = 0;
  std::uint32_t wakes : 1 = 0;  // the connection waits for room: its turn comes with this release
};
static_assert(BufferPool::kLargest / BufferPool::kSmallest < 512, "the units of a loan");

}  // namespace glasstcp::http
