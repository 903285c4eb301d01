// What the server keeps of a connection, and of bytes that it lent to the stack.
//
// Next: server.cc.
#pragma once

#include <cstdint>

#include "http/server.h"

namespace glasstcp::http {

/// One connection. Inherits its timer, so that the wheel's answer is the slot.
struct HttpServer::Slot : TimerNode {
  Slot(const ConnectionServices& services, ConnectionId connection_id, const Moment& at) noexcept
      : http(services, at), id(connection_id) {}
  HttpConnection http;
  ConnectionId id;
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
